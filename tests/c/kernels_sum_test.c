/* kernels_sum_test.c: weft_sum_f64 and weft_mean_f64. */
#include "kernels_everywhere.h"

#include <math.h>

static const size_t counts[] = {0,    1,    2,    7,     8,     9,       63,      64,      100,
                                4095, 4096, 4097, 12345, 65536, 1000001, 2097151, 2097152, 2500003};
#define COUNTS    (sizeof counts / sizeof counts[0])
#define COUNT_MAX 2500003

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static void check_whole_numbers(void *context)
{
    const double *xs = context;
    for (size_t i = 0; i < COUNTS; i++) {
        double n = (double)counts[i];
        double wanted = n * (n - 1) / 2; /* below 2^53, so no sum on the way is rounded */
        EXPECT(weft_sum_f64(xs, counts[i]) == wanted);
        EXPECT(weft_sum_f64_serial(xs, counts[i]) == wanted);
    }
}

static void sum_counts_every_element_once(void)
{
    double *xs = must_alloc(COUNT_MAX * sizeof *xs);
    for (size_t i = 0; i < COUNT_MAX; i++)
        xs[i] = (double)i;
    everywhere(check_whole_numbers, xs);
    free(xs);
}

static void check_same_bits(void *context)
{
    const double *xs = context;
    for (size_t i = 0; i < COUNTS; i++) {
        EXPECT_EQ(bits_of(weft_sum_f64(xs, counts[i])),
                  bits_of(weft_sum_f64_serial(xs, counts[i])));
        if (counts[i] > 0)
            EXPECT_EQ(bits_of(weft_mean_f64(xs, counts[i])),
                      bits_of(weft_mean_f64_serial(xs, counts[i])));
    }
}

static void sum_has_the_same_bits_on_any_number_of_threads(void)
{
    double *xs = must_alloc(COUNT_MAX * sizeof *xs);
    weft_fill_noise_f64(xs, COUNT_MAX, 3);
    for (size_t i = 0; i < COUNT_MAX; i += 3)
        xs[i] *= -1e10;
    everywhere(check_same_bits, xs);
    free(xs);
}

static void sum_is_more_exact_than_adding_in_order(void)
{
    double *xs = must_alloc(COUNT_MAX * sizeof *xs);
    weft_fill_noise_f64(xs, COUNT_MAX, 4);
    /* Kahan's compensated sum as the exact one. */
    double exact = 0, lost = 0, in_order = 0;
    for (size_t i = 0; i < COUNT_MAX; i++) {
        double term = xs[i] - lost, next = exact + term;
        lost = (next - exact) - term;
        exact = next;
        in_order += xs[i];
    }
    double error = fabs(weft_sum_f64(xs, COUNT_MAX) - exact);
    EXPECT(error <= fabs(in_order - exact));
    EXPECT(error <= 1e-14 * exact);
    EXPECT(fabs(weft_mean_f64(xs, COUNT_MAX) - 0.5) < 0.001);
    free(xs);
}

static void sum_of_nothing_is_zero_and_its_mean_not_a_number(void)
{
    EXPECT(weft_sum_f64(NULL, 0) == 0);
    EXPECT(weft_sum_f64_serial(NULL, 0) == 0);
    EXPECT(isnan(weft_mean_f64(NULL, 0)));
    EXPECT(isnan(weft_mean_f64_serial(NULL, 0)));
}

static void check_nan(void *context)
{
    double *xs = context;
    for (size_t i = 0; i < 100000; i += 9999) {
        double kept = xs[i];
        xs[i] = NAN;
        EXPECT(isnan(weft_sum_f64(xs, 100000)));
        EXPECT(isnan(weft_mean_f64_serial(xs, 100000)));
        xs[i] = kept;
    }
    EXPECT(!isnan(weft_sum_f64(xs, 100000)));
}

static void sum_passes_on_a_nan(void)
{
    double *xs = must_alloc(100000 * sizeof *xs);
    weft_fill_noise_f64(xs, 100000, 5);
    everywhere(check_nan, xs);
    free(xs);
}

static void check_cancelled(void *context)
{
    const double *xs = context;
    weft_cancel();
    EXPECT(isnan(weft_sum_f64(xs, 100000)));
    EXPECT(isnan(weft_mean_f64(xs, 100000)));
}

static void sum_is_not_a_number_after_cancellation(void)
{
    double *xs = must_alloc(100000 * sizeof *xs);
    weft_fill_noise_f64(xs, 100000, 6);
    cancelled(check_cancelled, xs);
    free(xs);
}

TEST_MAIN(TEST(sum_counts_every_element_once), TEST(sum_has_the_same_bits_on_any_number_of_threads),
          TEST(sum_is_more_exact_than_adding_in_order),
          TEST(sum_of_nothing_is_zero_and_its_mean_not_a_number), TEST(sum_passes_on_a_nan),
          TEST(sum_is_not_a_number_after_cancellation))
