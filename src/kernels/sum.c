/* sum.c: sum and mean. */
#include "kernels.h"
#include "slices.h"
#include "vector.h"

#include <math.h>

/* The slices are ours and not those of weft_reduce so that the serial twin can follow
 * them and come to the same bits. */
#define SLICES_MAX   512
#define SLICE_LENGTH 4096 /* the least; 32 KiB, so that short sums stay on one thread */

struct sum {
    const double *xs;
    size_t count;
    size_t length; /* of a slice, except the last */
    double *partials;
};

/* Eight running sums: one would wait for the latency of each addition. */
static WEFT__NOINLINE double add_up(const double *xs, size_t count)
{
    f64x2 a = {0, 0}, b = {0, 0}, c = {0, 0}, d = {0, 0};
    size_t i = 0;
    for (; count - i >= 8; i += 8) {
        a += *(const f64x2_unaligned *)(xs + i);
        b += *(const f64x2_unaligned *)(xs + i + 2);
        c += *(const f64x2_unaligned *)(xs + i + 4);
        d += *(const f64x2_unaligned *)(xs + i + 6);
    }
    f64x2 lanes = (a + b) + (c + d);
    double sum = lanes[0] + lanes[1];
    for (; i < count; i++)
        sum += xs[i];
    return sum;
}

static void add_slices(void *context, size_t first, size_t last)
{
    const struct sum *sum = context;
    for (size_t i = first; i < last; i++) {
        size_t begin = i * sum->length;
        size_t left = sum->count - begin;
        sum->partials[i] = add_up(sum->xs + begin, left < sum->length ? left : sum->length);
    }
}

static double sum_f64(const double *xs, size_t count, bool parallel)
{
    double partials[SLICES_MAX];
    struct sum sum = {xs, count, SLICE_LENGTH, partials};
    if (count / SLICES_MAX >= SLICE_LENGTH) /* whole cache lines, rounded up */
        sum.length = (count / SLICES_MAX + 8) & ~(size_t)7;
    size_t slices = count / sum.length + (count % sum.length != 0);
    for (size_t i = 0; i < slices; i++)
        partials[i] = NAN; /* shows in the result if cancellation leaves the slice out */
    if (parallel)
        weft_for(0, slices, 1, add_slices, &sum);
    else
        serial_for(0, slices, 1, add_slices, &sum);
    double total = 0;
    for (size_t i = 0; i < slices; i++)
        total += partials[i];
    return total;
}

WEFT_EXPORT double weft_sum_f64(const double *xs, size_t count)
{
    return sum_f64(xs, count, true);
}

WEFT_EXPORT double weft_sum_f64_serial(const double *xs, size_t count)
{
    return sum_f64(xs, count, false);
}

WEFT_EXPORT double weft_mean_f64(const double *xs, size_t count)
{
    return count == 0 ? NAN : weft_sum_f64(xs, count) / (double)count;
}

WEFT_EXPORT double weft_mean_f64_serial(const double *xs, size_t count)
{
    return count == 0 ? NAN : weft_sum_f64_serial(xs, count) / (double)count;
}
