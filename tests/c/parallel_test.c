/* Loops and reductions: every index once, the same bits on any number of threads. */
#include "test.h"

#include <weft.h>

#define COUNT 100003

static _Atomic uint8_t seen[COUNT];

static void start(size_t threads)
{
    weft_options options = {.threads = threads};
    EXPECT_EQ(weft_runtime_start(&options), WEFT_OK);
}

static void see(void *context, size_t first, size_t last)
{
    size_t offset = *(size_t *)context;
    EXPECT(first < last);
    for (size_t i = first; i < last; i++)
        atomic_fetch_add_explicit(&seen[i - offset], 1, memory_order_relaxed);
}

static void expect_seen(size_t count)
{
    size_t wrong = 0;
    for (size_t i = 0; i < COUNT; i++)
        wrong += atomic_load(&seen[i]) != (i < count);
    EXPECT_EQ(wrong, 0);
    memset((void *)seen, 0, sizeof seen);
}

static void for_visits_every_index_once(void)
{
    static const size_t counts[] = {0, 1, 2, 3, 7, 64, 127, 128, 129, 1000, 65536, COUNT};
    static const size_t grains[] = {0, 1, 2, 100, 1000000};
    size_t offset = 0;
    start(test_threads());
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (size_t g = 0; g < sizeof grains / sizeof grains[0]; g++) {
            weft_for(0, counts[c], grains[g], see, &offset);
            expect_seen(counts[c]);
        }
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
    weft_for(0, 1000, 0, see, &offset);
    expect_seen(1000);
}

static void for_takes_ranges_up_to_the_last_index(void)
{
    size_t offset = SIZE_MAX - 1000;
    start(test_threads());
    weft_for(offset, SIZE_MAX, 0, see, &offset);
    expect_seen(1000);
    offset = 5;
    weft_for(5, 5, 0, see, &offset);
    weft_for(6, 5, 0, see, &offset);
    expect_seen(0);
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

struct grid {
    _Atomic uint32_t total;
};

static void inner(void *context, size_t first, size_t last)
{
    struct grid *grid = context;
    atomic_fetch_add(&grid->total, (uint32_t)(last - first));
}

static void outer(void *context, size_t first, size_t last)
{
    for (size_t i = first; i < last; i++)
        weft_for(0, 100, 0, inner, context);
}

static void for_nests(void)
{
    start(test_threads());
    for (int round = 0; round < 20; round++) {
        struct grid grid = {0};
        weft_for(0, 100, 0, outer, &grid);
        EXPECT_EQ(atomic_load(&grid.total), 10000);
    }
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

static void cancel_at_once(void *context, size_t first, size_t last)
{
    (void)first;
    (void)last;
    atomic_fetch_add((_Atomic uint32_t *)context, 1);
    weft_cancel();
}

static void run_cancelled_loop(void *context)
{
    weft_for(0, 1000000, 1, cancel_at_once, context);
}

static void a_cancelled_loop_leaves_out_the_rest(void)
{
    start(test_threads());
    for (int round = 0; round < 20; round++) {
        _Atomic uint32_t slices = 0;
        EXPECT_EQ(weft_run(run_cancelled_loop, &slices), WEFT_ERR_CANCELLED);
        EXPECT(atomic_load(&slices) >= 1);
        EXPECT(atomic_load(&slices) <= 3 * test_threads());
    }
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

/* A sum whose rounding shows any other order. */
static void noisy_part(void *context, size_t first, size_t last, void *partial)
{
    (void)context;
    double sum = 0;
    for (size_t i = first; i < last; i++)
        sum += 1.0 / (double)(i + 1) * (i % 3 == 0 ? -1e8 : 1.0);
    *(double *)partial = sum;
}

static void noisy_add(void *context, void *into, const void *from)
{
    (void)context;
    *(double *)into += *(const double *)from;
}

static void reduce_gives_the_same_bits_on_any_number_of_threads(void)
{
    static const size_t counts[] = {1, 2, 511, 512, 513, 4096, 100003, 1000003};
    static const size_t threads[] = {1, 2, 3, 8, 16};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        double wanted = 0;
        EXPECT_EQ(
            weft_reduce(7, 7 + counts[c], 0, noisy_part, noisy_add, NULL, &wanted, sizeof wanted),
            WEFT_OK);
        for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
            start(threads[t]);
            for (int round = 0; round < 5; round++) {
                double got = 0;
                EXPECT_EQ(
                    weft_reduce(7, 7 + counts[c], 0, noisy_part, noisy_add, NULL, &got, sizeof got),
                    WEFT_OK);
                EXPECT(memcmp(&got, &wanted, sizeof got) == 0);
            }
            EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
        }
    }
}

/* A value that shows the order: the list of its indices. */
struct list {
    uint32_t count;
    uint32_t items[1000];
};

static void list_part(void *context, size_t first, size_t last, void *partial)
{
    (void)context;
    struct list *list = partial;
    list->count = 0;
    for (size_t i = first; i < last; i++)
        list->items[list->count++] = (uint32_t)i;
}

static void list_append(void *context, void *into, const void *from)
{
    (void)context;
    struct list *list = into;
    const struct list *more = from;
    memcpy(list->items + list->count, more->items, more->count * sizeof more->items[0]);
    list->count += more->count;
}

static void reduce_combines_in_index_order(void)
{
    start(test_threads());
    for (size_t grain = 0; grain < 100; grain += 9) {
        struct list list = {0, {0}};
        EXPECT_EQ(weft_reduce(0, 1000, grain, list_part, list_append, NULL, &list, sizeof list),
                  WEFT_OK);
        EXPECT_EQ(list.count, 1000);
        for (uint32_t i = 0; i < 1000; i++)
            EXPECT_EQ(list.items[i], i);
    }
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

static void reduce_refuses_bad_arguments(void)
{
    double value = 4;
    EXPECT_EQ(weft_reduce(0, 9, 0, NULL, noisy_add, NULL, &value, 8), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_reduce(0, 9, 0, noisy_part, NULL, NULL, &value, 8), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_reduce(0, 9, 0, noisy_part, noisy_add, NULL, NULL, 8), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_reduce(0, 9, 0, noisy_part, noisy_add, NULL, &value, 0), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_reduce(0, 9, 0, noisy_part, noisy_add, NULL, &value, WEFT_REDUCE_BYTES_MAX + 1),
              WEFT_ERR_INVALID);
    EXPECT_EQ(weft_reduce(9, 9, 0, noisy_part, noisy_add, NULL, &value, 8), WEFT_OK);
    EXPECT(value == 4);
}

static void cancelling_part(void *context, size_t first, size_t last, void *partial)
{
    weft_cancel();
    noisy_part(context, first, last, partial);
}

static void a_cancelled_reduction_leaves_the_result(void)
{
    start(test_threads());
    double value = 4;
    EXPECT_EQ(weft_reduce(0, 100000, 0, cancelling_part, noisy_add, NULL, &value, sizeof value),
              WEFT_ERR_CANCELLED);
    EXPECT(value == 4);
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

TEST_MAIN(TEST(for_visits_every_index_once), TEST(for_takes_ranges_up_to_the_last_index),
          TEST(for_nests), TEST(a_cancelled_loop_leaves_out_the_rest),
          TEST(reduce_gives_the_same_bits_on_any_number_of_threads),
          TEST(reduce_combines_in_index_order), TEST(reduce_refuses_bad_arguments),
          TEST(a_cancelled_reduction_leaves_the_result))
