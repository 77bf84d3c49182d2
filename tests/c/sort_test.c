/* Sorting by a comparison: in order, stable, and no item is lost whatever happens. The
 * typed sorts are in sort_keys_test.c. */
#include "kernels_everywhere.h"

/* Items of at least 8 bytes begin so; the rest follows from it. */
struct head {
    uint32_t key;
    uint32_t number; /* place before the sort */
};

static const size_t sizes[] = {1, 2, 4, 5, 8, 12, 16, 24, 128, 129, 200, 4096};
#define SIZES (sizeof sizes / sizeof sizes[0])

/* Around the sizes at which the method changes. */
static const size_t counts[] = {0,  1,  2,   3,   4,   11,  12,   13,   24,   25,   63,
                                64, 65, 511, 512, 513, 999, 2048, 2049, 4099, 20011};
#define COUNTS (sizeof counts / sizeof counts[0])

enum { SHAPES = 7 };

static uint32_t key_of_shape(size_t shape, size_t i, size_t count, uint64_t noise)
{
    switch (shape) {
    case 0: return (uint32_t)noise;
    case 1: return (uint32_t)noise % 10;
    case 2: return (uint32_t)i;
    case 3: return (uint32_t)(count - i);
    case 4: return 7;
    case 5: return (uint32_t)(i % 100);
    default: return i % 50 == 3 ? (uint32_t)(noise % (count + 1)) : (uint32_t)i;
    }
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void fill_rest(unsigned char *item, size_t bytes)
{
    for (size_t i = sizeof(struct head); i < bytes; i++)
        item[i] = (unsigned char)(item[i % 8] + i);
}

static void make_items(unsigned char *items, size_t count, size_t bytes, size_t shape)
{
    for (size_t i = 0; i < count; i++) {
        struct head head = {key_of_shape(shape, i, count, mix(i * SHAPES + shape)), (uint32_t)i};
        unsigned char whole[WEFT_SORT_BYTES_MAX];
        memcpy(whole, &head, sizeof head);
        fill_rest(whole, bytes);
        memcpy(items + i * bytes, whole, bytes);
    }
}

/* Equal for two arrays that hold the same items in any order, and hardly else. */
static uint64_t content(const unsigned char *items, size_t count, size_t bytes)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = 1;
        for (size_t b = 0; b < bytes; b++)
            hash = (hash + items[i * bytes + b]) * UINT64_C(0x9e3779b97f4a7c15);
        sum += mix(hash);
    }
    return sum;
}

/* ---- comparisons ---- */

struct comparison {
    size_t bytes;
    _Atomic size_t calls;
    size_t cancel_at; /* 0: never */
};

/* The key alone, so that equal keys show whether the sort is stable. */
static int by_key(void *context, const void *a, const void *b)
{
    struct comparison *comparison = context;
    size_t bytes = comparison->bytes < 4 ? comparison->bytes : 4;
    size_t calls = atomic_fetch_add_explicit(&comparison->calls, 1, memory_order_relaxed) + 1;
    uint32_t x = 0, y = 0;
    memcpy(&x, a, bytes);
    memcpy(&y, b, bytes);
    if (calls == comparison->cancel_at)
        weft_cancel();
    return (x > y) - (x < y);
}

static int always_above(void *context, const void *a, const void *b)
{
    (void)context, (void)a, (void)b;
    return 1;
}

static int always_below(void *context, const void *a, const void *b)
{
    (void)context, (void)a, (void)b;
    return -1;
}

/* Scissors, paper, stone. */
static int in_a_circle(void *context, const void *a, const void *b)
{
    struct head x, y;
    (void)context;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x.key % 3 == y.key % 3 ? 0 : (x.key + 1) % 3 == y.key % 3 ? -1 : 1;
}

/* Different answers to the same question. */
static int at_random(void *context, const void *a, const void *b)
{
    struct comparison *comparison = context;
    (void)a, (void)b;
    size_t calls = atomic_fetch_add_explicit(&comparison->calls, 1, memory_order_relaxed);
    return (int)(mix(calls) % 3) - 1;
}

/* ---- checks ---- */

static bool in_order(const unsigned char *items, size_t count, size_t bytes)
{
    for (size_t i = 1; i < count; i++) {
        struct head x = {0, 0}, y = {0, 0};
        size_t head = bytes < sizeof x ? bytes : sizeof x;
        if (bytes < 8) /* there is no whole number to see the stability by */
            head = bytes < 4 ? bytes : 4;
        memcpy(&x, items + (i - 1) * bytes, head);
        memcpy(&y, items + i * bytes, head);
        if (x.key > y.key || (bytes >= 8 && x.key == y.key && x.number > y.number))
            return false;
    }
    return true;
}

static void check_sort(unsigned char *items, size_t count, size_t bytes, size_t shape)
{
    struct comparison comparison = {.bytes = bytes};
    make_items(items, count, bytes, shape);
    items[count * bytes] = 47;
    uint64_t before = content(items, count, bytes);
    enum weft_status status = weft_sort(items, count, bytes, by_key, &comparison);
    bool right = status == WEFT_OK && in_order(items, count, bytes) &&
                 content(items, count, bytes) == before && items[count * bytes] == 47;
    if (!right)
        fprintf(stderr, "%zu items of %zu bytes, shape %zu\n", count, bytes, shape);
    EXPECT(right);
}

static void check_sizes(void *context)
{
    for (size_t s = 0; s < SIZES; s++)
        for (size_t c = 0; c < COUNTS; c++) {
            if (counts[c] * sizes[s] > 250000)
                continue;
            for (size_t shape = 0; shape<SHAPES; shape += sizes[s]> 1000 ? 3 : 1)
                check_sort(context, counts[c], sizes[s], shape);
        }
}

static void items_of_any_size_are_sorted_stably(void)
{
    unsigned char *items = must_alloc(250001);
    everywhere(check_sizes, items);
    free(items);
}

#define MANY 100003

static void check_many(void *context)
{
    for (size_t shape = 0; shape < SHAPES; shape++)
        check_sort(context, MANY, 8, shape);
    check_sort(context, MANY, 4, 0);
}

static void large_arrays_are_sorted_stably(void)
{
    unsigned char *items = must_alloc(MANY * 8 + 1);
    everywhere(check_many, items);
    free(items);
}

static void items_in_order_cost_one_comparison_each(void)
{
    unsigned char *items = must_alloc(MANY * 8);
    struct comparison comparison = {.bytes = 8};
    make_items(items, MANY, 8, 2);
    EXPECT_EQ(start_threads(test_threads()), WEFT_OK);
    EXPECT_EQ(weft_sort(items, MANY, 8, by_key, &comparison), WEFT_OK);
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
    EXPECT_EQ(atomic_load(&comparison.calls), MANY - 1);
    free(items);
}

static void check_contradictions(void *context)
{
    static const weft_compare_fn contradictions[] = {always_above, always_below, in_a_circle,
                                                     at_random};
    for (size_t f = 0; f < 4; f++)
        for (size_t c = 0; c < COUNTS; c++)
            for (size_t bytes = 8; bytes <= 136; bytes += bytes == 8 ? 16 : 112) {
                struct comparison comparison = {.bytes = bytes};
                size_t count = counts[c] * bytes > 250000 ? 999 : counts[c];
                make_items(context, count, bytes, 0);
                uint64_t before = content(context, count, bytes);
                EXPECT_EQ(weft_sort(context, count, bytes, contradictions[f], &comparison),
                          WEFT_OK);
                EXPECT_EQ(content(context, count, bytes), before);
            }
}

static void a_comparison_that_contradicts_itself_loses_nothing(void)
{
    unsigned char *items = must_alloc(250001);
    everywhere(check_contradictions, items);
    free(items);
}

static void a_cancelled_sort_loses_nothing(void)
{
    static const size_t cases[] = {8, 24, 136};
    unsigned char *items = must_alloc(MANY * 8);
    EXPECT_EQ(start_threads(test_threads()), WEFT_OK);
    for (size_t round = 0; round < 36; round++) {
        size_t bytes = cases[round % 3], count = MANY * 8 / bytes;
        struct comparison comparison = {.bytes = bytes,
                                        .cancel_at = 1 + round * round * round * 37};
        make_items(items, count, bytes, 0);
        uint64_t before = content(items, count, bytes);
        enum weft_status status = weft_sort(items, count, bytes, by_key, &comparison);
        bool reached = atomic_load(&comparison.calls) >= comparison.cancel_at;
        EXPECT_EQ(status, reached ? WEFT_ERR_CANCELLED : WEFT_OK);
        EXPECT_EQ(content(items, count, bytes), before);
    }
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
    free(items);
}

static void bad_arguments_are_refused(void)
{
    uint64_t items[] = {3, 2, 1};
    struct comparison comparison = {.bytes = 8};
    volatile size_t too_many = SIZE_MAX / 8 + 1, far_too_many = SIZE_MAX;
    EXPECT_EQ(weft_sort(NULL, 1, 8, by_key, &comparison), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_sort(items, 3, 0, by_key, &comparison), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_sort(items, 3, WEFT_SORT_BYTES_MAX + 1, by_key, &comparison), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_sort(items, 3, 8, NULL, NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_sort(items, too_many, 8, by_key, &comparison), WEFT_ERR_NOMEM);
    EXPECT_EQ(weft_sort(items, far_too_many, 4096, by_key, &comparison), WEFT_ERR_NOMEM);
    EXPECT_EQ(weft_sort(NULL, 0, 8, by_key, &comparison), WEFT_OK);
    EXPECT_EQ(atomic_load(&comparison.calls), 0);
    EXPECT(items[0] == 3 && items[1] == 2 && items[2] == 1);
}

TEST_MAIN(TEST(items_of_any_size_are_sorted_stably), TEST(large_arrays_are_sorted_stably),
          TEST(items_in_order_cost_one_comparison_each),
          TEST(a_comparison_that_contradicts_itself_loses_nothing),
          TEST(a_cancelled_sort_loses_nothing), TEST(bad_arguments_are_refused))
