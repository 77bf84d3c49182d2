/* summary.c: percentiles of numbers that JavaScript has parsed. */
#include <weft.h>

#include <stdbool.h>

enum { PERCENTILES = 3 };

struct summary {
    double sum;
    double percentiles[PERCENTILES]; /* 50, 90, 99 */
    size_t count;
};

static void add_up(void *context, size_t first, size_t last, void *partial)
{
    const double *values = context;
    double sum = 0;
    for (size_t i = first; i < last; i++)
        sum += values[i];
    *(double *)partial = sum;
}

static void add(void *context, void *into, const void *from)
{
    (void)context;
    *(double *)into += *(const double *)from;
}

/** Sorts the values and fills *out; false: no memory, or cancelled. */
WEFT_EXPORT bool summarise(double *values, size_t count, struct summary *out)
{
    static const double parts[PERCENTILES] = {0.50, 0.90, 0.99};
    *out = (struct summary){.count = count};
    if (count == 0)
        return true;
    if (weft_sort_keys(values, count, WEFT_KEY_F64) != WEFT_OK)
        return false;
    for (int i = 0; i < PERCENTILES; i++)
        out->percentiles[i] = values[(size_t)(parts[i] * (double)(count - 1))];
    return weft_reduce(0, count, 0, add_up, add, values, &out->sum, sizeof out->sum) == WEFT_OK;
}
