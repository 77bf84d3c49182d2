/* The typed sorts: the documented order of each type, values that follow their keys. */
#include "kernels_everywhere.h"

static const enum weft_key types[] = {WEFT_KEY_U32, WEFT_KEY_I32, WEFT_KEY_F32,
                                      WEFT_KEY_U64, WEFT_KEY_I64, WEFT_KEY_F64};
#define TYPES (sizeof types / sizeof types[0])

static bool is_wide(enum weft_key type)
{
    return type == WEFT_KEY_U64 || type == WEFT_KEY_I64 || type == WEFT_KEY_F64;
}

static size_t key_bytes(enum weft_key type)
{
    return is_wide(type) ? 8 : 4;
}

static uint64_t bits_at(const void *keys, enum weft_key type, size_t i)
{
    return is_wide(type) ? ((const uint64_t *)keys)[i] : ((const uint32_t *)keys)[i];
}

static void set_bits(void *keys, enum weft_key type, size_t i, uint64_t bits)
{
    if (is_wide(type))
        ((uint64_t *)keys)[i] = bits;
    else
        ((uint32_t *)keys)[i] = (uint32_t)bits;
}

/* ---- what sorted means, written apart from the sort ---- */

static int compare_unsigned(uint64_t x, uint64_t y)
{
    return (x > y) - (x < y);
}

/* The order that sort.h promises for numbers, on their bits. */
static int compare_floats(uint64_t x, uint64_t y, uint64_t sign, uint64_t infinity)
{
    bool x_nan = (x & ~sign) > infinity, y_nan = (y & ~sign) > infinity;
    bool x_negative = (x & sign) != 0, y_negative = (y & sign) != 0;
    if (x_nan != y_nan)
        return x_nan ? 1 : -1;
    if (x_negative != y_negative)
        return x_negative == x_nan ? 1 : -1;
    return x_negative ? compare_unsigned(y, x) : compare_unsigned(x, y);
}

static int compare_keys(const void *keys, enum weft_key type, size_t i, size_t j)
{
    uint64_t x = bits_at(keys, type, i), y = bits_at(keys, type, j);
    switch (type) {
    case WEFT_KEY_U32:
    case WEFT_KEY_U64: break;
    case WEFT_KEY_I32:
        return ((int32_t)(uint32_t)x > (int32_t)(uint32_t)y) -
               ((int32_t)(uint32_t)x < (int32_t)(uint32_t)y);
    case WEFT_KEY_I64: return ((int64_t)x > (int64_t)y) - ((int64_t)x < (int64_t)y);
    case WEFT_KEY_F32: return compare_floats(x, y, UINT64_C(1) << 31, UINT64_C(0x7f800000));
    case WEFT_KEY_F64: return compare_floats(x, y, UINT64_C(1) << 63, UINT64_C(0x7ff) << 52);
    }
    return compare_unsigned(x, y);
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* ---- keys that sorts go wrong or slow on ---- */

enum { SHAPES = 8 };

static uint64_t key_of_shape(size_t shape, size_t i, size_t count)
{
    uint64_t noise = mix(i + UINT64_C(0x9e3779b97f4a7c15) * (shape + 1));
    switch (shape) {
    case 0: return noise;
    case 1: return (noise & 3) * UINT64_C(0x4000000040000000);
    case 2: return i;
    case 3: return count - i;
    case 4: return 42;
    case 5: return noise >> (noise & 63); /* far apart in size */
    case 6: return i == count / 2 ? UINT64_MAX : noise & 0xfff;
    default: return noise & UINT64_C(0xff0000ffff0000ff);
    }
}

/* Two of each: what a sort changes, and how it was. */
struct arrays {
    void *keys, *old_keys;
    uint32_t *values;
};

static void make_keys(const struct arrays *all, enum weft_key type, size_t count, size_t shape)
{
    for (size_t i = 0; i < count; i++) {
        set_bits(all->keys, type, i, key_of_shape(shape, i, count));
        all->values[i] = (uint32_t)i;
    }
    memcpy(all->old_keys, all->keys, count * key_bytes(type));
}

/* Each old place once, and each key still with its value. */
static bool is_whole(const struct arrays *all, enum weft_key type, size_t count)
{
    unsigned char *met = must_alloc(count);
    bool whole = true;
    memset(met, 0, count);
    for (size_t i = 0; i < count && whole; i++) {
        size_t old = all->values[i];
        whole = old < count && met[old]++ == 0 &&
                bits_at(all->keys, type, i) == bits_at(all->old_keys, type, old);
    }
    free(met);
    return whole;
}

static bool in_order(const struct arrays *all, enum weft_key type, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        int above = compare_keys(all->keys, type, i - 1, i);
        if (above > 0 || (above == 0 && all->values[i - 1] > all->values[i]))
            return false;
    }
    return true;
}

/* Pairs first; their keys are then what the keys alone must come to. */
static void check_type(const struct arrays *all, enum weft_key type, size_t count, size_t shape)
{
    size_t bytes = count * key_bytes(type);
    make_keys(all, type, count, shape);
    enum weft_status status = weft_sort_pairs(all->keys, type, all->values, count);
    bool right = status == WEFT_OK && is_whole(all, type, count) && in_order(all, type, count);
    void *again = must_alloc(bytes), *alone = must_alloc(bytes);
    memcpy(again, all->old_keys, bytes);
    memcpy(alone, all->old_keys, bytes);
    right = right && weft_sort_keys(again, count, type) == WEFT_OK &&
            memcmp(again, all->keys, bytes) == 0;
    right = right && weft_sort_keys_serial(alone, count, type) == WEFT_OK &&
            memcmp(alone, all->keys, bytes) == 0;
    if (!right)
        fprintf(stderr, "%zu keys of type %d, shape %zu\n", count, (int)type, shape);
    EXPECT(right);
    free(again);
    free(alone);
}

static struct arrays make_arrays(size_t count)
{
    return (struct arrays){must_alloc(count * 8), must_alloc(count * 8),
                           must_alloc(count * sizeof(uint32_t))};
}

static void free_arrays(const struct arrays *all)
{
    free(all->keys);
    free(all->old_keys);
    free(all->values);
}

/* Around the sizes at which the method changes. */
static const size_t counts[] = {0,   1,   2,   3,   10,   23,   24,   25,    100,
                                127, 128, 129, 130, 1000, 4096, 4097, 65536, 65537};
#define COUNT_MAX 65537

static void check_counts(void *context)
{
    for (size_t t = 0; t < TYPES; t++)
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
            for (size_t shape = 0; shape<SHAPES; shape += counts[c]> 5000 ? 4 : 1)
                check_type(context, types[t], counts[c], shape);
}

static void every_type_is_sorted_stably(void)
{
    struct arrays all = make_arrays(COUNT_MAX);
    everywhere(check_counts, &all);
    free_arrays(&all);
}

#define MANY 270001 /* several blocks, which threads share out */

static void check_many(void *context)
{
    for (size_t t = 0; t < TYPES; t++)
        for (size_t shape = t % 2; shape < SHAPES; shape += 5)
            check_type(context, types[t], MANY, shape);
}

static void large_arrays_are_sorted_stably(void)
{
    struct arrays all = make_arrays(MANY);
    everywhere(check_many, &all);
    free_arrays(&all);
}

/* ---- special numbers ---- */

static const uint64_t ordered_f64[] = {UINT64_C(0xfff0000000000000),
                                       UINT64_C(0xffefffffffffffff),
                                       UINT64_C(0xbff0000000000000),
                                       UINT64_C(0x8000000000000001),
                                       UINT64_C(0x8000000000000000),
                                       0, /* -0, +0 */
                                       1,
                                       UINT64_C(0x3ff0000000000000),
                                       UINT64_C(0x7fefffffffffffff),
                                       UINT64_C(0x7ff0000000000000),
                                       UINT64_C(0x7ff0000000000001), /* +infinity, NaNs */
                                       UINT64_C(0x7fffffffffffffff),
                                       UINT64_C(0xffffffffffffffff),
                                       UINT64_C(0xfff0000000000001)};
static const uint64_t ordered_f32[] = {
    0xff800000u, 0xff7fffffu, 0xbf800000u, 0x80000001u, 0x80000000u, 0, /* -0, +0 */
    1,           0x3f800000u, 0x7f7fffffu, 0x7f800000u, 0x7f800001u,    /* +infinity, NaNs */
    0x7fffffffu, 0xffffffffu, 0xff800001u};
#define SPECIALS 14

static void check_specials(void *context)
{
    static const size_t copies[] = {1, 3, 10001};
    const struct arrays *all = context;
    for (size_t c = 0; c < 3; c++)
        for (size_t wide = 0; wide < 2; wide++) {
            const uint64_t *ordered = wide ? ordered_f64 : ordered_f32;
            enum weft_key type = wide ? WEFT_KEY_F64 : WEFT_KEY_F32;
            size_t count = SPECIALS * copies[c], wrong = 0;
            for (size_t i = 0; i < count; i++) /* 5 shares no factor with 14: a mix */
                set_bits(all->keys, type, i, ordered[i * 5 % SPECIALS]);
            EXPECT_EQ(weft_sort_keys(all->keys, count, type), WEFT_OK);
            for (size_t i = 0; i < count; i++)
                wrong += bits_at(all->keys, type, i) != ordered[i / copies[c]];
            EXPECT_EQ(wrong, 0);
        }
}

static void special_numbers_have_their_places(void)
{
    struct arrays all = make_arrays(SPECIALS * 10001);
    everywhere(check_specials, &all);
    free_arrays(&all);
}

static void signed_integers_come_out_upwards(void)
{
    int32_t xs[] = {3, INT32_MIN, -1, 0, INT32_MAX};
    int64_t ys[] = {3, INT64_MIN, -1, 0, INT64_MAX};
    EXPECT_EQ(weft_sort_keys(xs, 5, WEFT_KEY_I32), WEFT_OK);
    EXPECT_EQ(weft_sort_keys(ys, 5, WEFT_KEY_I64), WEFT_OK);
    EXPECT(xs[0] == INT32_MIN && xs[1] == -1 && xs[2] == 0 && xs[3] == 3 && xs[4] == INT32_MAX);
    EXPECT(ys[0] == INT64_MIN && ys[1] == -1 && ys[2] == 0 && ys[3] == 3 && ys[4] == INT64_MAX);
}

/* ---- errors and cancellation ---- */

static void bad_arguments_are_refused(void)
{
    uint64_t xs[] = {3, 2, 1};
    uint32_t values[] = {0, 1, 2};
    volatile size_t too_many = SIZE_MAX / 4;
    enum weft_key none = (enum weft_key)6;
    EXPECT_EQ(weft_sort_keys(NULL, 1, WEFT_KEY_U32), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_sort_keys_serial(NULL, 1, WEFT_KEY_U64), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_sort_keys(xs, 3, none), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_sort_pairs(NULL, WEFT_KEY_F64, values, 3), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_sort_pairs(xs, WEFT_KEY_F64, NULL, 3), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_sort_pairs(xs, none, values, 3), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_sort_keys(xs, too_many, WEFT_KEY_U64), WEFT_ERR_NOMEM);
    EXPECT_EQ(weft_sort_pairs(xs, WEFT_KEY_U32, values, too_many), WEFT_ERR_NOMEM);
    EXPECT_EQ(weft_sort_keys(NULL, 0, WEFT_KEY_U32), WEFT_OK);
    EXPECT_EQ(weft_sort_pairs(NULL, WEFT_KEY_U32, NULL, 0), WEFT_OK);
    EXPECT(xs[0] == 3 && xs[1] == 2 && xs[2] == 1 && values[0] == 0 && values[2] == 2);
}

struct race {
    const struct arrays *all;
    enum weft_key type;
    uint32_t delay;
    enum weft_status status;
};

static void run_pairs(void *context)
{
    struct race *race = context;
    race->status = weft_sort_pairs(race->all->keys, race->type, race->all->values, MANY);
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
    weft_join(cancel_later, context, run_pairs, context);
}

/* The moment of the cancellation moves through the sort as the delay grows; where it
 * falls does not matter for what must hold. */
static void a_cancelled_sort_keeps_pairs_together(void)
{
    struct arrays all = make_arrays(MANY);
    size_t cancelled_count = 0;
    EXPECT_EQ(start_threads(test_threads()), WEFT_OK);
    for (uint32_t round = 0; round < 18; round++) {
        struct race race = {&all, types[round % TYPES], round * round * 50000, WEFT_OK};
        make_keys(&all, race.type, MANY, round % 4 == 3 ? 5 : 0);
        EXPECT_EQ(weft_run(sort_against_cancel, &race), WEFT_ERR_CANCELLED);
        EXPECT(is_whole(&all, race.type, MANY));
        if (race.status == WEFT_ERR_CANCELLED)
            cancelled_count++;
        else
            EXPECT(in_order(&all, race.type, MANY));
    }
    EXPECT(cancelled_count > 0);
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
    free_arrays(&all);
}

TEST_MAIN(TEST(every_type_is_sorted_stably), TEST(large_arrays_are_sorted_stably),
          TEST(special_numbers_have_their_places), TEST(signed_integers_come_out_upwards),
          TEST(bad_arguments_are_refused), TEST(a_cancelled_sort_keeps_pairs_together))
