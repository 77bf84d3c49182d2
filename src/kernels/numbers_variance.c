/* numbers_variance.c: variances of every type of number. */
#include "numbers.h"

#include <math.h>

#define SLICE_LEAST 8192
#define BLOCK       1024 /* stays in the first cache between its two passes */
#define LANES       8

/* Count, mean, and sum of squared distances from the mean. */
struct moments {
    double count, mean, squares;
};

/* Chan, Golub, LeVeque (1983), equation 1.5, by means instead of sums. */
static void combine(void *context, void *into, const void *from)
{
    (void)context;
    struct moments *a = into;
    const struct moments *b = from;
    double count = a->count + b->count, distance = b->mean - a->mean;
    a->mean += distance * (b->count / count);
    a->squares += b->squares + distance * distance * (a->count * (b->count / count));
    a->count = count;
}

static double add_lanes(const double lanes[LANES])
{
    return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) +
           ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

static double divide(const struct moments *all, size_t count, uint32_t sample)
{
    size_t most = sample != 0 ? 1 : 0;
    return count <= most ? (double)NAN : all->squares / (double)(count - most);
}

#define WEFT_TEMPLATE "numbers_variance_template.h"
#include "each_number.h"
