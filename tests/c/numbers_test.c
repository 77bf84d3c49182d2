/* numbers_test.c: sums, means, variances, extremes, prefix sums, histograms and sorts of
 * every type of number. */
#include "kernels_everywhere.h"

#include <math.h>

/* Around lanes, blocks and slices. */
static const size_t lengths[] = {0,     1,     2,     3,      7,     8,     9,     15,
                                 16,    17,    255,   1023,   1024,  1025,  4095,  4096,
                                 4097,  8191,  8192,  8193,   9217,  16383, 16384, 16385,
                                 32769, 65535, 65536, 100003, 270001};
#define LENGTHS   (sizeof lengths / sizeof lengths[0])
#define COUNT_MAX 270001

static void record(uint64_t *trace, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    for (size_t i = 0; i < size; i++)
        *trace = (*trace ^ from[i]) * UINT64_C(0x100000001b3);
}

/* A NaN counts as any other: its sign is left open. */
static void record_f64(uint64_t *trace, double x)
{
    double seen = isnan(x) ? 0.5 : x;
    record(trace, &seen, sizeof seen);
}

#define WEFT_TEMPLATE "numbers_test_template.h"
#include "kernels/each_number.h"

#define EVERY_NUMBER(DO)                                                                           \
    DO(i8) DO(u8) DO(i16) DO(u16) DO(i32) DO(u32) DO(i64) DO(u64) DO(f32) DO(f64)

/* What all results of one type hash to: the same bits on any number of threads and on
 * every target. */
static const uint64_t wanted_i8 = UINT64_C(0xc8788a0459a9a4dc);
static const uint64_t wanted_u8 = UINT64_C(0x06fefd4aca3b8c92);
static const uint64_t wanted_i16 = UINT64_C(0x2e1de964fa837265);
static const uint64_t wanted_u16 = UINT64_C(0x16c1bc5964673378);
static const uint64_t wanted_i32 = UINT64_C(0x4e5e4e7717fba6d5);
static const uint64_t wanted_u32 = UINT64_C(0x6dda59c2feb9f60b);
static const uint64_t wanted_i64 = UINT64_C(0x80ffd6a0170bccd0);
static const uint64_t wanted_u64 = UINT64_C(0xb7f537dfd274b968);
static const uint64_t wanted_f32 = UINT64_C(0xef59e60f1c1e8774);
static const uint64_t wanted_f64 = UINT64_C(0x0362a4f4674d38eb);

static void expect_trace(const char *name, uint64_t trace, uint64_t wanted)
{
    if (trace != wanted)
        fprintf(stderr, "%s: 0x%016" PRIx64 "\n", name, trace);
    EXPECT_EQ(trace, wanted);
}

#define CHECK_TYPE(name)                                                                           \
    static void check_##name(void *context)                                                        \
    {                                                                                              \
        uint64_t trace = UINT64_C(0xcbf29ce484222325);                                             \
        (void)context;                                                                             \
        check_all_##name(&trace);                                                                  \
        check_parts_##name(&trace);                                                                \
        check_limits_##name();                                                                     \
        check_refusals_##name();                                                                   \
        expect_trace(#name, trace, wanted_##name);                                                 \
    }                                                                                              \
    static void name##_agrees_with_plain_loops_and_has_the_same_bits_everywhere(void)              \
    {                                                                                              \
        everywhere(check_##name, NULL);                                                            \
    }

EVERY_NUMBER(CHECK_TYPE)

static void special_values_of_floats_have_their_places(void)
{
    everywhere(check_special_f32, NULL);
    everywhere(check_special_f64, NULL);
}

static void a_cancelled_call_says_so_and_loses_no_value(void)
{
#define CHECK_CANCELLED(name) cancelled(check_cancelled_##name, NULL);
    EVERY_NUMBER(CHECK_CANCELLED)
}

static void a_counting_sort_cancelled_at_any_moment_loses_no_value(void)
{
    check_sort_against_cancel_i8();
    check_sort_against_cancel_u8();
    check_sort_against_cancel_i16();
    check_sort_against_cancel_u16();
}

static void check_wide(void *context)
{
    int64_t *xs = context;
    uint64_t *us = context;
    for (size_t i = 0; i < COUNT_MAX; i++)
        xs[i] = INT64_MAX;
    EXPECT(weft_mean_i64(xs, COUNT_MAX) == 0x1p63);
    EXPECT_EQ(weft_sum_i64(xs, COUNT_MAX), (uint64_t)INT64_MAX * COUNT_MAX);
    for (size_t i = 0; i < COUNT_MAX; i++)
        us[i] = UINT64_MAX;
    EXPECT(weft_mean_u64(us, COUNT_MAX) == 0x1p64);
    EXPECT_EQ(weft_sum_u64(us, COUNT_MAX), -(uint64_t)COUNT_MAX);
    for (size_t i = 0; i < COUNT_MAX - 1; i++)
        xs[i] = i % 2 == 0 ? INT64_MIN : INT64_MAX;
    EXPECT(weft_mean_i64(xs, COUNT_MAX - 1) == -0.5);
}

static void the_mean_of_large_integers_is_exact(void)
{
    int64_t *xs = must_alloc(COUNT_MAX * sizeof *xs);
    everywhere(check_wide, xs);
    free(xs);
}

TEST_MAIN(TEST(i8_agrees_with_plain_loops_and_has_the_same_bits_everywhere),
          TEST(u8_agrees_with_plain_loops_and_has_the_same_bits_everywhere),
          TEST(i16_agrees_with_plain_loops_and_has_the_same_bits_everywhere),
          TEST(u16_agrees_with_plain_loops_and_has_the_same_bits_everywhere),
          TEST(i32_agrees_with_plain_loops_and_has_the_same_bits_everywhere),
          TEST(u32_agrees_with_plain_loops_and_has_the_same_bits_everywhere),
          TEST(i64_agrees_with_plain_loops_and_has_the_same_bits_everywhere),
          TEST(u64_agrees_with_plain_loops_and_has_the_same_bits_everywhere),
          TEST(f32_agrees_with_plain_loops_and_has_the_same_bits_everywhere),
          TEST(f64_agrees_with_plain_loops_and_has_the_same_bits_everywhere),
          TEST(special_values_of_floats_have_their_places),
          TEST(a_cancelled_call_says_so_and_loses_no_value),
          TEST(a_counting_sort_cancelled_at_any_moment_loses_no_value),
          TEST(the_mean_of_large_integers_is_exact))
