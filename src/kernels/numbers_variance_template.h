/* numbers_variance_template.h: see numbers_variance.c. */

/* Two passes; the sum of the distances, 0 but for rounding, corrects that of their
 * squares. */
static WEFT__NOINLINE struct moments NAME(take_block)(const NUMBER *xs, size_t count)
{
    double sums[LANES] = {0}, errors[LANES] = {0}, squares[LANES] = {0};
    size_t i = 0, whole = count - count % LANES;
    for (; i < whole; i += LANES) {
        for (int lane = 0; lane < LANES; lane++)
            sums[lane] += (double)xs[i + (size_t)lane];
    }
    for (; i < count; i++)
        sums[i - whole] += (double)xs[i];
    double mean = add_lanes(sums) / (double)count;
    for (i = 0; i < whole; i += LANES) {
        for (int lane = 0; lane < LANES; lane++) {
            double distance = (double)xs[i + (size_t)lane] - mean;
            errors[lane] += distance;
            squares[lane] += distance * distance;
        }
    }
    for (; i < count; i++) {
        double distance = (double)xs[i] - mean;
        errors[i - whole] += distance;
        squares[i - whole] += distance * distance;
    }
    double error = add_lanes(errors);
    double sum = add_lanes(squares) - error * error / (double)count;
    return (struct moments){(double)count, mean, sum < 0 ? 0 : sum};
}

static void NAME(take_slice)(void *context, size_t first, size_t last, void *partial)
{
    const NUMBER *xs = context;
    struct moments *all = partial;
    *all = NAME(take_block)(xs + first, last - first < BLOCK ? last - first : BLOCK);
    for (size_t i = first + BLOCK; i < last && i > first; i += BLOCK) {
        struct moments block = NAME(take_block)(xs + i, last - i < BLOCK ? last - i : BLOCK);
        combine(NULL, all, &block);
    }
}

WEFT_EXPORT double NAME(weft_variance)(const NUMBER *xs, size_t count, uint32_t sample)
{
    struct moments all = {0, 0, 0};
    enum weft_status status = weft_reduce(0, count, SLICE_LEAST, NAME(take_slice), combine,
                                          (void *)(uintptr_t)xs, &all, sizeof all);
    return status == WEFT_OK ? divide(&all, count, sample) : (double)NAN;
}
