/* numbers_histogram.c: histograms of every type of number. */
#include "numbers.h"
#include "vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_LEAST 32768
#define SLICES_MAX  64

/* Bins, then what is below, above, and NaN. */
enum { BELOW = 0, ABOVE = 1, NOT_A_NUMBER = 2, BESIDE = 3 };

/* Each slice counts into two tables of its own, even and odd elements apart: equal ones
 * in a row would wait for each other's additions to the same word. */
struct histogram {
    const void *xs;
    size_t count;
    size_t length; /* of a slice, except the last */
    size_t slices;
    double min, max, scale;
    uint32_t bins;
    size_t stride; /* of a table */
    size_t *tables;
    size_t *counts;
};

static inline size_t bin_of(const struct histogram *all, double x)
{
    if (x >= all->min && x <= all->max) {
        uint32_t bin = (uint32_t)(int32_t)((x - all->min) * all->scale);
        return bin < all->bins ? bin : all->bins - 1;
    }
    return all->bins + (size_t)(x < all->min ? BELOW : x > all->max ? ABOVE : NOT_A_NUMBER);
}

/* The bins of two numbers that have one. A conversion to an integer that must not trap is slow in
 * WebAssembly; the sum with 2^52 has the nearest integer in its last bits, of which the vector
 * takes one off where that is above the number. */
static inline i64x2 bins_of(const struct histogram *all, f64x2 xs)
{
    const f64x2 shift = {0x1p52, 0x1p52};
    const int64_t last = (int64_t)all->bins - 1;
    f64x2 at = (xs - all->min) * all->scale;
    f64x2 shifted = at + shift;
    i64x2 bins = (i64x2)shifted - (i64x2)shift + (i64x2)(shifted - shift > at);
    i64x2 over = bins > (i64x2){last, last};
    return (bins & ~over) | ((i64x2){last, last} & over);
}

/* Bytes are counted by their values; those find their bins afterwards. */
static WEFT__NOINLINE void count_bytes(const struct histogram *all, const uint8_t *bytes,
                                       size_t count, bool is_signed, size_t *table)
{
    size_t seen[2][256] = {{0}};
    size_t i = 0;
    for (; count - i >= 2; i += 2) {
        seen[0][bytes[i]]++;
        seen[1][bytes[i + 1]]++;
    }
    if (i < count)
        seen[0][bytes[i]]++;
    for (int byte = 0; byte < 256; byte++)
        table[bin_of(all, is_signed ? (int8_t)byte : byte)] += seen[0][byte] + seen[1][byte];
}

static void add_tables(void *context, size_t first, size_t last)
{
    const struct histogram *all = context;
    memcpy(all->counts + first, all->tables + first, (last - first) * sizeof *all->counts);
    for (size_t table = 1; table < 2 * all->slices; table++) {
        const size_t *from = all->tables + table * all->stride;
        for (size_t i = first; i < last; i++)
            all->counts[i] += from[i];
    }
}

static enum weft_status fill(struct histogram *all, weft_range_fn count_slices)
{
    double range = all->max - all->min;
    if (all->counts == NULL || (all->xs == NULL && all->count > 0) || all->bins == 0 ||
        all->bins > WEFT_HISTOGRAM_BINS_MAX || !(range > 0) || isinf(range))
        return WEFT_ERR_INVALID;
    all->scale = all->bins / range;
    if (isinf(all->scale))
        return WEFT_ERR_INVALID;
    all->stride = ((size_t)all->bins + BESIDE + 15) & ~(size_t)15; /* whole cache lines */
    /* As many slices as threads can use, as long as counting outweighs adding tables. */
    size_t least = 4 * all->stride > SLICE_LEAST ? 4 * all->stride : SLICE_LEAST;
    all->slices = all->count / least;
    all->slices = all->slices < 1 ? 1 : all->slices > SLICES_MAX ? SLICES_MAX : all->slices;
    all->length = all->count / all->slices + 1;
    all->tables = malloc(2 * all->slices * all->stride * sizeof *all->tables);
    if (all->tables == NULL)
        return WEFT_ERR_NOMEM;
    weft_for(0, all->slices, 1, count_slices, all);
    if (!weft_cancelled())
        weft_for(0, (size_t)all->bins + BESIDE, 4096, add_tables, all);
    free(all->tables);
    return weft_cancelled() ? WEFT_ERR_CANCELLED : WEFT_OK;
}

#define WEFT_TEMPLATE "numbers_histogram_template.h"
#include "each_number.h"
