/* weft_mpi_sort: what weft_sort gives, however the array is laid out over the ranks. */
#include "together.h"

#include "mpi/ranks.h"

struct item {
    uint32_t key;
    uint32_t place; /* before */
};

static int by_key(void *context, const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    (void)context;
    return (x->key > y->key) - (x->key < y->key);
}

enum data { RANDOM, FEW_KEYS, ONE_KEY, SORTED, REVERSED, DATA };

static uint32_t key_at(enum data data, size_t i)
{
    switch (data) {
    case RANDOM: return (uint32_t)mix(i);
    case FEW_KEYS: return (uint32_t)mix(i) % 5;
    case ONE_KEY: return 9;
    case SORTED: return (uint32_t)i / 3;
    case REVERSED: return UINT32_MAX - (uint32_t)i / 2;
    case DATA: break;
    }
    return 0;
}

static void check_items(enum data data, size_t count, enum layout layout)
{
    struct part part = layout_part(layout, count);
    struct item *all = make_bytes(count * sizeof *all), *xs = make_bytes(part.count * sizeof *xs);
    for (size_t i = 0; i < count; i++)
        all[i] = (struct item){key_at(data, i), (uint32_t)i};
    memcpy(xs, all + part.first, part.count * sizeof *xs);
    EXPECT_EQ(weft_sort(all, count, sizeof *all, by_key, NULL), WEFT_OK);
    EXPECT_EQ(weft_mpi_sort(ranks, xs, part.count, sizeof *xs, by_key, NULL), WEFT_OK);
    EXPECT(memcmp(xs, all + part.first, part.count * sizeof *xs) == 0);
    free(xs);
    free(all);
}

static void items_are_sorted_as_on_one_machine(void)
{
    static const size_t counts[] = {0, 1, 2, 5, 100, 4097, 60000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (int layout = EVEN; layout < LAYOUTS; layout++)
            for (int data = RANDOM; data < DATA; data++)
                check_items((enum data)data, counts[i], (enum layout)layout);
}

static void messages_may_be_longer_than_a_piece(void)
{
    size_t before = weft__mpi_piece_bytes;
    static const size_t pieces[] = {1, 7, 1000, 4096};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        weft__mpi_piece_bytes = pieces[i];
        check_items(REVERSED, 3000, EVEN);
        check_items(RANDOM, 3000, RISING);
    }
    weft__mpi_piece_bytes = before;
}

/* ---- large items ---- */

#define LARGE_BYTES 1000

static int by_first_bytes(void *context, const void *a, const void *b)
{
    (void)context;
    return memcmp(a, b, 2);
}

static void large_items_travel_whole(void)
{
    size_t count = 3000;
    struct part part = layout_part(EVEN, count);
    uint8_t *all = make_bytes(count * LARGE_BYTES), *xs = make_bytes(part.count * LARGE_BYTES);
    for (size_t i = 0; i < count * LARGE_BYTES; i++)
        all[i] = (uint8_t)mix(i / 3);
    memcpy(xs, all + part.first * LARGE_BYTES, part.count * LARGE_BYTES);
    EXPECT_EQ(weft_sort(all, count, LARGE_BYTES, by_first_bytes, NULL), WEFT_OK);
    EXPECT_EQ(weft_mpi_sort(ranks, xs, part.count, LARGE_BYTES, by_first_bytes, NULL), WEFT_OK);
    EXPECT(memcmp(xs, all + part.first * LARGE_BYTES, part.count * LARGE_BYTES) == 0);
    free(xs);
    free(all);
}

/* ---- keys ---- */

static void keys_are_sorted_as_on_one_machine(void)
{
    static const enum weft_key types[] = {WEFT_KEY_U32, WEFT_KEY_I32, WEFT_KEY_F32,
                                          WEFT_KEY_U64, WEFT_KEY_I64, WEFT_KEY_F64};
    size_t count = 30000;
    struct part part = layout_part(RISING, count);
    for (size_t type = 0; type < sizeof types / sizeof types[0]; type++) {
        size_t bytes = types[type] >= WEFT_KEY_U64 ? 8 : 4;
        uint8_t *all = make_bytes(count * bytes), *xs = make_bytes(part.count * bytes);
        for (size_t i = 0; i < count; i++) { /* any bits; some NaN, infinite, equal */
            uint64_t word = mix(i % 25000);
            if (i % 16 == 0)
                word |= bytes == 8 ? UINT64_C(0x7ff) << 52 : 0xffu << 23;
            if (i % 64 == 0)
                word &= ~UINT64_C(0xfffff);
            memcpy(all + i * bytes, &word, bytes);
        }
        memcpy(xs, all + part.first * bytes, part.count * bytes);
        EXPECT_EQ(weft_sort_keys(all, count, types[type]), WEFT_OK);
        EXPECT_EQ(weft_mpi_sort_keys(ranks, xs, part.count, types[type]), WEFT_OK);
        EXPECT(memcmp(xs, all + part.first * bytes, part.count * bytes) == 0);
        free(xs);
        free(all);
    }
}

/* ---- a compare that is no order ---- */

static int by_whim(void *context, const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    (void)context;
    return (int)(mix(x->key * UINT64_C(7919) + y->key) % 3) - 1;
}

static void no_item_is_lost_where_compare_contradicts_itself(void)
{
    size_t count = 5000;
    struct part part = layout_part(EVEN, count);
    struct item *xs = make_bytes(part.count * sizeof *xs);
    uint64_t before = 0, after = 0;
    for (size_t i = 0; i < part.count; i++) {
        xs[i] = (struct item){(uint32_t)mix(part.first + i), (uint32_t)(part.first + i)};
        before += mix(xs[i].place);
    }
    EXPECT_EQ(weft_mpi_sort(ranks, xs, part.count, sizeof *xs, by_whim, NULL), WEFT_OK);
    for (size_t i = 0; i < part.count; i++)
        after += mix(xs[i].place);
    EXPECT_EQ(sum_of_ranks(after), sum_of_ranks(before));
    free(xs);
}

RANKS_MAIN(TEST(items_are_sorted_as_on_one_machine), TEST(messages_may_be_longer_than_a_piece),
           TEST(large_items_travel_whole), TEST(keys_are_sorted_as_on_one_machine),
           TEST(no_item_is_lost_where_compare_contradicts_itself))
