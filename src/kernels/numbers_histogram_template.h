/* numbers_histogram_template.h: see numbers_histogram.c. */

static WEFT__NOINLINE void NAME(count_numbers)(const struct histogram *all, const NUMBER *xs,
                                               size_t count, size_t *even, size_t *odd)
{
    const struct histogram rules = *all; /* the counters might alias it */
    size_t i = 0;
    for (; count - i >= 2; i += 2) {
        even[bin_of(&rules, (double)xs[i])]++;
        odd[bin_of(&rules, (double)xs[i + 1])]++;
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
        NAME(count_numbers)
        (all, (const NUMBER *)all->xs + begin, left < all->length ? left : all->length, even,
         even + all->stride);
    }
}

WEFT_EXPORT int32_t NAME(weft_histogram)(const NUMBER *xs, size_t count, double min, double max,
                                         uint32_t bins, size_t *counts)
{
    struct histogram all = {
        .xs = xs, .count = count, .min = min, .max = max, .bins = bins, .counts = counts};
    return (int32_t)fill(&all, NAME(count_slices));
}
