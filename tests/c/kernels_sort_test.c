/* kernels_sort_test.c: weft_sort_u64 and weft_sort_f64. */
#include "kernels_everywhere.h"

typedef int32_t (*sort_fn)(void *xs, size_t count);

static int32_t sort_u64(void *xs, size_t count)
{
    return weft_sort_u64(xs, count);
}

static int32_t sort_u64_serial(void *xs, size_t count)
{
    return weft_sort_u64_serial(xs, count);
}

static int32_t sort_f64(void *xs, size_t count)
{
    return weft_sort_f64(xs, count);
}

static int32_t sort_f64_serial(void *xs, size_t count)
{
    return weft_sort_f64_serial(xs, count);
}

/* ---- what sorted means, written apart from the kernel ---- */

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool is_nan_bits(uint64_t bits)
{
    return (bits & (UINT64_MAX >> 1)) > UINT64_C(0x7ff0000000000000);
}

/* The order that kernels.h promises for doubles, on their bits. */
static int compare_f64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    bool x_negative = x >> 63 != 0, y_negative = y >> 63 != 0;
    if (is_nan_bits(x) != is_nan_bits(y))
        return is_nan_bits(x) ? 1 : -1;
    if (x_negative != y_negative)
        return x_negative == is_nan_bits(x) ? 1 : -1;
    return x_negative ? compare_u64(&y, &x) : compare_u64(&x, &y);
}

/* Equal for two arrays that hold the same values in any order, and hardly else. */
static uint64_t content(const uint64_t *xs, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t mixed = (xs[i] ^ xs[i] >> 31) * UINT64_C(0x7fb5d329728ea185);
        sum += (mixed ^ mixed >> 27) * UINT64_C(0x81dadef4bc2dd44d);
    }
    return sum;
}

static bool in_order(const uint64_t *xs, size_t count, int (*compare)(const void *, const void *))
{
    for (size_t i = 1; i < count; i++) {
        if (compare(&xs[i - 1], &xs[i]) > 0)
            return false;
    }
    return true;
}

/* ---- arrays that sorts go wrong or slow on ---- */

static const char *const shapes[] = {
    "noise",      "equal",         "two values",   "hundred values", "sorted",      "reverse",
    "low bits",   "high bits",     "middle bits",  "one outlier",    "exponential", "sawtooth",
    "organ pipe", "nearly sorted", "two clusters", "shared digits"};
#define SHAPES (sizeof shapes / sizeof shapes[0])

static uint64_t element(size_t shape, uint64_t noise, size_t i, size_t count)
{
    switch (shape) {
    case 0: return noise;
    case 1: return 42;
    case 2: return (noise & 1) << 63;
    case 3: return noise % 100 * UINT64_C(0x0123456789abcdef);
    case 4: return i * UINT64_C(0x100000001);
    case 5: return (count - i) * UINT64_C(0x100000001);
    case 6: return UINT64_C(0xabcdef) << 40 | noise >> 48;
    case 7: return noise << 50;
    case 8: return noise >> 20 << 30 >> 10;
    case 9: return i == count / 2 ? UINT64_MAX : noise >> 44;
    case 10: return noise >> (noise & 63);
    case 11: return i % 1000;
    case 12: return i < count / 2 ? i : count - i;
    case 13: return i % 1000 == 7 ? noise % count : i;
    case 14: return (noise & 1 ? UINT64_C(0xfff) << 52 : 0) | (noise >> 1 & 0xffffff);
    default: return (noise & UINT64_C(0xff000000000000ff)) | (noise & 1) << 30;
    }
}

static void make_shape(uint64_t *xs, size_t count, size_t shape)
{
    weft_fill_noise_u64_serial(xs, count, shape);
    for (size_t i = 0; i < count; i++)
        xs[i] = element(shape, xs[i], i, count);
}

static void check_sort(sort_fn fn, int (*compare)(const void *, const void *), uint64_t *xs,
                       size_t count, size_t shape)
{
    make_shape(xs, count, shape);
    xs[count] = 4711;
    uint64_t before = content(xs, count);
    int32_t status = fn(xs, count);
    bool right = status == WEFT_OK && in_order(xs, count, compare) &&
                 content(xs, count) == before && xs[count] == 4711;
    if (!right)
        fprintf(stderr, "%zu elements of shape '%s'\n", count, shapes[shape]);
    EXPECT(right);
}

/* Around the sizes at which the method changes. */
static const size_t counts[] = {0,   1,   2,   3,    10,   23,   24,   25,    40,
                                127, 128, 129, 1000, 4095, 4096, 4097, 65536, 65537};
#define COUNT_MAX 65537

static void check_counts(void *context)
{
    uint64_t *xs = context;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        for (size_t shape = 0; shape < SHAPES; shape++) {
            check_sort(sort_u64, compare_u64, xs, counts[i], shape);
            check_sort(sort_f64, compare_f64, xs, counts[i], shape);
        }
    }
}

static void any_count_and_shape_is_sorted(void)
{
    uint64_t *xs = must_alloc((COUNT_MAX + 1) * sizeof *xs);
    everywhere(check_counts, xs);
    free(xs);
}

static void the_serial_twins_sort_too(void)
{
    uint64_t *xs = must_alloc((COUNT_MAX + 1) * sizeof *xs);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        for (size_t shape = 0; shape < SHAPES; shape++) {
            check_sort(sort_u64_serial, compare_u64, xs, counts[i], shape);
            check_sort(sort_f64_serial, compare_f64, xs, counts[i], shape);
        }
    }
    free(xs);
}

#define MANY      300001 /* several blocks, which threads share out */
#define VERY_MANY 1000003

static void check_large(void *context)
{
    uint64_t *xs = context;
    for (size_t shape = 0; shape < SHAPES; shape++) {
        check_sort(sort_u64, compare_u64, xs, MANY, shape);
        check_sort(sort_f64, compare_f64, xs, MANY, shape);
    }
    check_sort(sort_u64, compare_u64, xs, VERY_MANY, 9); /* dealt out twice */
    check_sort(sort_f64, compare_f64, xs, VERY_MANY, 10);
}

static void large_arrays_are_sorted(void)
{
    uint64_t *xs = must_alloc((VERY_MANY + 1) * sizeof *xs);
    everywhere(check_large, xs);
    check_sort(sort_u64_serial, compare_u64, xs, VERY_MANY, 9);
    check_sort(sort_f64_serial, compare_f64, xs, MANY, 0);
    free(xs);
}

/* ---- doubles ---- */

static void check_special_values(void *context)
{
    /* In the order that kernels.h promises. */
    static const uint64_t ordered[] = {UINT64_C(0xfff0000000000000), /* -infinity */
                                       UINT64_C(0xffefffffffffffff),
                                       UINT64_C(0xbff0000000000000), /* -largest, -1 */
                                       UINT64_C(0x8010000000000000),
                                       UINT64_C(0x8000000000000001), /* -least normal, -least */
                                       UINT64_C(0x8000000000000000),
                                       0, /* -0, +0 */
                                       1,
                                       UINT64_C(0x3ff0000000000000),
                                       UINT64_C(0x7fefffffffffffff),
                                       UINT64_C(0x7ff0000000000000), /* +infinity */
                                       UINT64_C(0x7ff0000000000001),
                                       UINT64_C(0x7ff8000000000000), /* NaNs, */
                                       UINT64_C(0x7fffffffffffffff),
                                       UINT64_C(0xffffffffffffffff),
                                       UINT64_C(0xfff8000000000000), /* with the sign bit */
                                       UINT64_C(0xfff0000000000001)};
    enum { VALUES = sizeof ordered / sizeof ordered[0] };
    sort_fn fn = *(sort_fn *)context;
    for (size_t copies = 1; copies <= 10000; copies *= 100) {
        size_t count = VALUES * copies, wrong = 0;
        uint64_t *xs = must_alloc(count * sizeof *xs);
        for (size_t i = 0; i < count; i++) /* 5 shares no factor with VALUES: a mix */
            xs[i] = ordered[i * 5 % VALUES];
        EXPECT_EQ(fn(xs, count), WEFT_OK);
        for (size_t i = 0; i < count; i++)
            wrong += xs[i] != ordered[i / copies];
        EXPECT_EQ(wrong, 0);
        free(xs);
    }
}

static void special_values_have_their_places(void)
{
    sort_fn parallel = sort_f64, serial = sort_f64_serial;
    everywhere(check_special_values, &parallel);
    check_special_values(&serial);
}

static void plain_doubles_come_out_upwards(void)
{
    double xs[] = {3, -1, 0.5, -0.25, 1e300, -1e300, 0, 2};
    static const double wanted[] = {-1e300, -1, -0.25, 0, 0.5, 2, 3, 1e300};
    EXPECT_EQ(weft_sort_f64(xs, 8), WEFT_OK);
    for (int i = 0; i < 8; i++)
        EXPECT(xs[i] == wanted[i]);
}

/* ---- errors and cancellation ---- */

static void arguments_out_of_range_are_refused(void)
{
    uint64_t xs[30];
    make_shape(xs, 30, 0);
    uint64_t before = content(xs, 30), first = xs[0];
    EXPECT_EQ(weft_sort_u64(NULL, 1), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_sort_f64_serial(NULL, 100), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_sort_u64(NULL, 0), WEFT_OK);
    volatile size_t too_many = SIZE_MAX / 8 + 1;
    EXPECT_EQ(weft_sort_u64(xs, too_many), WEFT_ERR_NOMEM);
    EXPECT_EQ(weft_sort_f64((double *)(void *)xs, too_many), WEFT_ERR_NOMEM);
    EXPECT(content(xs, 30) == before && xs[0] == first);
}

#define CANCEL_COUNT 400001

struct race {
    uint64_t *xs;
    uint32_t delay;
    sort_fn fn;
    int32_t status;
};

static void run_sort(void *context)
{
    struct race *race = context;
    race->status = race->fn(race->xs, CANCEL_COUNT);
}

static void cancel_later(void *context)
{
    const struct race *race = context;
    for (volatile uint32_t i = 0; i < race->delay; i = i + 1)
        ;
    weft_cancel();
}

static void sort_against_cancel(void *context)
{
    weft_join(cancel_later, context, run_sort, context);
}

/* The moment of the cancellation moves through the sort as the delay grows; where it
 * falls does not matter for what must hold. */
static void a_cancelled_sort_loses_no_value(void)
{
    uint64_t *xs = must_alloc(CANCEL_COUNT * sizeof *xs);
    size_t cancelled_count = 0;
    EXPECT_EQ(start_threads(test_threads()), WEFT_OK);
    for (uint32_t round = 0; round < 30; round++) {
        sort_fn fn = round % 2 == 0 ? sort_u64 : sort_f64;
        struct race race = {xs, round * round * 20000, fn, WEFT_OK};
        make_shape(xs, CANCEL_COUNT, round % 3 == 0 ? 10 : 0);
        uint64_t before = content(xs, CANCEL_COUNT);
        EXPECT_EQ(weft_run(sort_against_cancel, &race), WEFT_ERR_CANCELLED);
        EXPECT_EQ(content(xs, CANCEL_COUNT), before);
        if (race.status == WEFT_ERR_CANCELLED)
            cancelled_count++;
        else
            EXPECT_EQ(in_order(xs, CANCEL_COUNT, fn == sort_u64 ? compare_u64 : compare_f64), 1);
    }
    EXPECT(cancelled_count > 0);
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
    free(xs);
}

TEST_MAIN(TEST(any_count_and_shape_is_sorted), TEST(the_serial_twins_sort_too),
          TEST(large_arrays_are_sorted), TEST(special_values_have_their_places),
          TEST(plain_doubles_come_out_upwards), TEST(arguments_out_of_range_are_refused),
          TEST(a_cancelled_sort_loses_no_value))
