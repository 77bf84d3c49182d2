/* numbers_histogram_template.h: see numbers_histogram.c. */

static WEFT__NOINLINE void NAME(count_numbers)(const struct histogram *all, const NUMBER *xs,
                                               size_t count, size_t *even, size_t *odd)
{
    const struct histogram rules = *all; /* the counters might alias it */
    const f64x2 min = {rules.min, rules.min}, max = {rules.max, rules.max};
    size_t i = 0;
    for (; count - i >= 2; i += 2) {
        f64x2 two = {(double)xs[i], (double)xs[i + 1]};
        i64x2 inside = (two >= min) & (two <= max);
        if ((inside[0] & inside[1]) != 0) {
            i64x2 bins = bins_of(&rules, two);
            even[(size_t)bins[0]]++;
            odd[(size_t)bins[1]]++;
        } else {
            even[bin_of(&rules, two[0])]++;
            odd[bin_of(&rules, two[1])]++;
        }
    }
    if (i < count)
        even[bin_of(&rules, (double)xs[i])]++;
}

static void NAME(count_slices)(void *context, size_t first, size_t last)
{
    const struct histogram *all = context;
    for (size_t slice = first; slice < last; slice++) {
        size_t begin = slice * all->length;
        begin = begin < all->count ? begin : all->count;
        size_t left = all->count - begin;
        size_t *even = all->tables + 2 * slice * all->stride;
        memset(even, 0, 2 * all->stride * sizeof *even);
        const NUMBER *xs = (const NUMBER *)all->xs + begin;
        size_t count = left < all->length ? left : all->length;
        if (sizeof(NUMBER) == 1)
            count_bytes(all, (const void *)xs, count, (NUMBER)-1 < (NUMBER)1, even);
        else
            NAME(count_numbers)(all, xs, count, even, even + all->stride);
    }
}

WEFT_EXPORT int32_t NAME(weft_histogram)(const NUMBER *xs, size_t count, double min, double max,
                                         uint32_t bins, size_t *counts)
{
    struct histogram all = {
        .xs = xs, .count = count, .min = min, .max = max, .bins = bins, .counts = counts};
    return (int32_t)fill(&all, NAME(count_slices));
}
