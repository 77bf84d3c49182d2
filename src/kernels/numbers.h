/* numbers.h: array algebra for every type of number, on all threads.
 *
 * Each function exists for int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t,
 * int64_t, uint64_t, float and double, under the suffixes i8, u8, i16, u16, i32, u32,
 * i64, u64, f32 and f64. WEFT_NUMBERS declares those of one type. Results have the same
 * bits on any number of threads, natively and as WebAssembly. All of them may be called
 * from JavaScript by name.
 *
 * Arrays are xs[0..count-1]; xs may be null when count is 0. A result of type int32_t is
 * an enum weft_status. After cancellation a sum is 0 or NaN, mean and variance are NaN,
 * and what the outputs hold is said below.
 *
 * Ownership: memory stays the caller's.
 * Threads:   any thread that may sleep, and any inside a job; may be nested. */
#ifndef WEFT_KERNELS_NUMBERS_H
#define WEFT_KERNELS_NUMBERS_H

#include <weft.h>

/* The most bins of a histogram. */
#define WEFT_HISTOGRAM_BINS_MAX (1u << 20)

/* `number`: the type; `name`: its suffix; `sum`: the type of its sums; `running`: the
 * type of its prefix sums.
 *
 * weft_sum_<name>       The sum; 0 of nothing. Of integers it is exact up to 64 bits and
 *                       wraps around above, which those of at most 32 bits cannot reach
 *                       below 2^32 elements. Floating-point numbers are added as doubles
 *                       in 8 running sums per slice, the slices in order; they depend on
 *                       count alone.
 *
 * weft_mean_<name>      The mean, NaN of nothing. That of integers comes from their exact
 *                       sum, also where that takes more than 64 bits.
 *
 * weft_variance_<name>  The mean square distance from the mean, with sample != 0 divided
 *                       by count - 1 instead of count; NaN for fewer than 1 (2) elements,
 *                       or when one is NaN or infinite. Blocks of 1024 elements are taken
 *                       in two passes and combined pairwise (Chan, Golub, LeVeque,
 *                       "Algorithms for computing the sample variance", 1983), so a mean
 *                       that is large beside the spread costs no digits.
 *
 * weft_minmax_<name>    values[0], places[0]: the least element and the index of its
 *                       first occurrence; values[1], places[1]: the greatest. -0 is below
 *                       +0, and if an element is NaN, the first of them is both.
 *                       Errors: WEFT_ERR_INVALID    count is 0, or a null pointer
 *                               WEFT_ERR_CANCELLED  the outputs are unchanged
 *
 * weft_prefix_sum_<name>  ys[i] becomes the sum of xs[0..i], with exclusive != 0 that of
 *                       xs[0..i-1]. Integers wrap around. Floats are added as doubles and
 *                       rounded last; for doubles see weft_scan_f64. ys may be xs where
 *                       the types are the same, and must not overlap it otherwise.
 *                       Errors: as weft_scan; WEFT_ERR_CANCELLED: some of ys is written
 *
 * weft_histogram_<name> Counts the elements in `bins` bins of equal width between min
 *                       and max: element x is counted in bin floor((x - min) * (bins /
 *                       (max - min))), max itself in the last one; all of it in doubles,
 *                       to which 64-bit integers are rounded. counts has bins + 3 elements;
 *                       the last three count what is below min, above max, and NaN.
 *                       Errors: WEFT_ERR_INVALID    a null pointer; bins is not in
 *                                                   1..WEFT_HISTOGRAM_BINS_MAX; min, max
 *                                                   and bins / (max - min) are not finite,
 *                                                   or min >= max
 *                               WEFT_ERR_NOMEM      no room for tables of a thread's own
 *                               WEFT_ERR_CANCELLED  counts is written in part
 *
 * weft_sort_<name>      Sorts upwards, as weft_sort_keys does; numbers of 8 and 16 bits
 *                       are counted instead, which needs a few MiB at most.
 *                       Errors: WEFT_ERR_INVALID    xs is null and count is not 0
 *                               WEFT_ERR_NOMEM      no room; xs is unchanged
 *                               WEFT_ERR_CANCELLED  the same values in any order */
#define WEFT_NUMBERS(number, name, sum, running)                                                   \
    sum weft_sum_##name(const number *xs, size_t count);                                           \
    double weft_mean_##name(const number *xs, size_t count);                                       \
    double weft_variance_##name(const number *xs, size_t count, uint32_t sample);                  \
    int32_t weft_minmax_##name(const number *xs, size_t count, number values[2],                   \
                               size_t places[2]);                                                  \
    int32_t weft_prefix_sum_##name(const number *xs, size_t count, uint32_t exclusive,             \
                                   running *ys);                                                   \
    int32_t weft_histogram_##name(const number *xs, size_t count, double min, double max,          \
                                  uint32_t bins, size_t *counts);                                  \
    int32_t weft_sort_##name(number *xs, size_t count);

WEFT_NUMBERS(int8_t, i8, int64_t, int32_t)
WEFT_NUMBERS(uint8_t, u8, uint64_t, uint32_t)
WEFT_NUMBERS(int16_t, i16, int64_t, int32_t)
WEFT_NUMBERS(uint16_t, u16, uint64_t, uint32_t)
WEFT_NUMBERS(int32_t, i32, int64_t, int32_t)
WEFT_NUMBERS(uint32_t, u32, uint64_t, uint32_t)
WEFT_NUMBERS(int64_t, i64, int64_t, int64_t)
WEFT_NUMBERS(uint64_t, u64, uint64_t, uint64_t)
WEFT_NUMBERS(float, f32, double, float)
WEFT_NUMBERS(double, f64, double, double)

#endif
