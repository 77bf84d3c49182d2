/* Running totals: the totals of the plain loop, on any number of threads. */
#include "kernels_everywhere.h"

#include <math.h>

static const size_t counts[] = {0, 1, 2, 3, 4, 5, 2047, 2048, 2049, 4097, 100003, 1100003};
#define COUNT_MAX 1100003

static const enum weft_scan_kind kinds[] = {WEFT_SCAN_INCLUSIVE, WEFT_SCAN_EXCLUSIVE};

/* ---- an operation that shows any other order: functions x -> a * x + b ---- */

struct affine {
    uint32_t a, b;
};

static void compose(void *context, void *into, const void *from)
{
    struct affine *f = into;
    const struct affine *g = from;
    if (*(const uint32_t *)context != 4711)
        abort();
    *f = (struct affine){f->a * g->a, f->b * g->a + g->b};
}

static uint32_t magic = 4711;

static void make_functions(struct affine *xs, size_t count)
{
    uint64_t *words = (uint64_t *)(void *)xs;
    weft_fill_noise_u64_serial(words, count, 5);
}

/* Compares with the plain loop. */
static size_t wrong_functions(enum weft_scan_kind kind, const struct affine *xs, size_t count,
                              const struct affine *initial, const struct affine *ys)
{
    struct affine total = initial != NULL ? *initial : (struct affine){1, 0};
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct affine before = total;
        compose(&magic, &total, &xs[i]);
        struct affine wanted = kind == WEFT_SCAN_EXCLUSIVE ? before : total;
        wrong += ys[i].a != wanted.a || ys[i].b != wanted.b;
    }
    return wrong;
}

struct functions {
    struct affine *xs, *ys;
};

static void check_functions(void *context)
{
    struct functions *all = context;
    static const struct affine initial = {3, 8};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (size_t k = 0; k < 3; k++) {
            const struct affine *start = k == 2 ? NULL : &initial;
            enum weft_scan_kind kind = kinds[k % 2];
            size_t bytes = counts[c] * sizeof *all->xs;
            make_functions(all->xs, counts[c]);
            EXPECT_EQ(weft_scan(kind, all->xs, counts[c], sizeof *all->xs, compose, &magic, start,
                                all->ys),
                      WEFT_OK);
            EXPECT_EQ(wrong_functions(kind, all->xs, counts[c], start, all->ys), 0);
            EXPECT_EQ(weft_scan(kind, all->xs, counts[c], sizeof *all->xs, compose, &magic, start,
                                all->xs),
                      WEFT_OK);
            EXPECT(memcmp(all->xs, all->ys, bytes) == 0);
        }
}

static void any_operation_gives_the_totals_of_the_plain_loop(void)
{
    struct functions all = {must_alloc(COUNT_MAX * 8), must_alloc(COUNT_MAX * 8)};
    everywhere(check_functions, &all);
    free(all.xs);
    free(all.ys);
}

/* ---- elements of any size ---- */

static void add_bytes(void *context, void *into, const void *from)
{
    unsigned char *sum = into;
    const unsigned char *more = from;
    for (size_t i = 0; i < *(size_t *)context; i++)
        sum[i] = (unsigned char)(sum[i] + more[i]);
}

static void check_sizes(void *context)
{
    static const size_t sizes[] = {1, 3, 24, 1000, WEFT_REDUCE_BYTES_MAX};
    (void)context;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        size_t bytes = sizes[s], count = 50001 / (bytes < 50 ? 1 : bytes / 20), wrong = 0;
        unsigned char *xs = must_alloc(count * bytes + 8), *ys = must_alloc(count * bytes + 1);
        weft_fill_noise_u64_serial((uint64_t *)(void *)xs, count * bytes / 8 + 1, s);
        ys[count * bytes] = 99;
        EXPECT_EQ(weft_scan(WEFT_SCAN_INCLUSIVE, xs, count, bytes, add_bytes, &bytes, NULL, ys),
                  WEFT_OK);
        for (size_t i = bytes; i < count * bytes; i++)
            wrong += ys[i] != (unsigned char)(ys[i - bytes] + xs[i]);
        EXPECT(memcmp(xs, ys, bytes) == 0);
        EXPECT_EQ(wrong, 0);
        EXPECT_EQ(ys[count * bytes], 99);
        free(xs);
        free(ys);
    }
}

static void elements_may_have_any_size(void)
{
    everywhere(check_sizes, NULL);
}

/* ---- typed sums ---- */

static void check_integers(void *context)
{
    uint64_t *xs = context, *ys = xs + COUNT_MAX;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (size_t k = 0; k < 2; k++) {
            size_t count = counts[c], wrong = 0;
            uint64_t total = 0;
            weft_fill_noise_u64_serial(xs, count, c);
            EXPECT_EQ(weft_scan_u64(kinds[k], xs, count, ys), WEFT_OK);
            for (size_t i = 0; i < count; i++) {
                wrong += kinds[k] == WEFT_SCAN_EXCLUSIVE && ys[i] != total;
                total += xs[i];
                wrong += kinds[k] == WEFT_SCAN_INCLUSIVE && ys[i] != total;
            }
            EXPECT_EQ(wrong, 0);
            EXPECT_EQ(weft_scan_i64(kinds[k], (int64_t *)(void *)xs, count, (int64_t *)(void *)xs),
                      WEFT_OK);
            EXPECT(memcmp(xs, ys, count * sizeof *xs) == 0);
        }
}

static void check_narrow_integers(void *context)
{
    uint32_t *xs = context, *ys = xs + COUNT_MAX;
    for (size_t k = 0; k < 2; k++) {
        uint32_t total = 0;
        size_t wrong = 0;
        weft_fill_noise_u64_serial((uint64_t *)(void *)xs, COUNT_MAX / 2, 1);
        EXPECT_EQ(weft_scan_u32(kinds[k], xs, COUNT_MAX - 1, ys), WEFT_OK);
        for (size_t i = 0; i < COUNT_MAX - 1; i++) {
            wrong += kinds[k] == WEFT_SCAN_EXCLUSIVE && ys[i] != total;
            total += xs[i];
            wrong += kinds[k] == WEFT_SCAN_INCLUSIVE && ys[i] != total;
        }
        EXPECT_EQ(wrong, 0);
        EXPECT_EQ(weft_scan_u32(kinds[k], xs, COUNT_MAX - 1, xs), WEFT_OK);
        EXPECT(memcmp(xs, ys, (COUNT_MAX - 1) * sizeof *xs) == 0);
    }
}

static void sums_of_integers_wrap_around(void)
{
    uint64_t *xs = must_alloc(2 * COUNT_MAX * sizeof *xs);
    everywhere(check_integers, xs);
    everywhere(check_narrow_integers, xs);
    free(xs);
}

static void check_doubles(void *context)
{
    double *xs = context, *ys = xs + COUNT_MAX;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (size_t k = 0; k < 2; k++) {
            double total = 0;
            size_t count = counts[c], wrong = 0;
            weft_fill_noise_f64_serial(xs, count, c);
            EXPECT_EQ(weft_scan_f64(kinds[k], xs, count, ys), WEFT_OK);
            for (size_t i = 0; i < count; i++) {
                double before = total;
                total += xs[i];
                double wanted = kinds[k] == WEFT_SCAN_EXCLUSIVE ? before : total;
                wrong += !(fabs(ys[i] - wanted) <= 1e-9 * (1 + wanted));
            }
            EXPECT_EQ(wrong, 0);
            EXPECT_EQ(weft_scan_f64(kinds[k], xs, count, xs), WEFT_OK);
            EXPECT(memcmp(xs, ys, count * sizeof *xs) == 0);
        }
}

static void sums_of_doubles_are_right_up_to_rounding(void)
{
    double *xs = must_alloc(2 * COUNT_MAX * sizeof *xs);
    everywhere(check_doubles, xs);
    free(xs);
}

/* ---- errors and cancellation ---- */

static void bad_arguments_are_refused(void)
{
    uint64_t xs[2] = {1, 2}, ys[2] = {7, 7};
    size_t bytes = 8;
    volatile size_t too_many = SIZE_MAX / 8 + 1;
    enum weft_scan_kind in = WEFT_SCAN_INCLUSIVE, ex = WEFT_SCAN_EXCLUSIVE;
    enum weft_scan_kind none = (enum weft_scan_kind)2;
    EXPECT_EQ(weft_scan(in, NULL, 2, 8, add_bytes, &bytes, xs, ys), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_scan(in, xs, 2, 8, add_bytes, &bytes, xs, NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_scan(in, xs, 2, 8, NULL, &bytes, xs, ys), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_scan(in, xs, 2, 0, add_bytes, &bytes, xs, ys), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_scan(in, xs, 2, WEFT_REDUCE_BYTES_MAX + 1, add_bytes, &bytes, xs, ys),
              WEFT_ERR_INVALID);
    EXPECT_EQ(weft_scan(in, xs, too_many, 8, add_bytes, &bytes, xs, ys), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_scan(ex, xs, 2, 8, add_bytes, &bytes, NULL, ys), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_scan(none, xs, 2, 8, add_bytes, &bytes, xs, ys), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_scan_u64(in, NULL, 2, ys), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_scan_u64(in, xs, too_many, ys), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_scan_u64(none, xs, 2, ys), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_scan_u64(in, NULL, 0, NULL), WEFT_OK);
    EXPECT(ys[0] == 7 && ys[1] == 7);
}

static void cancelling_add(void *context, void *into, const void *from)
{
    weft_cancel();
    add_bytes(context, into, from);
}

static void a_cancelled_scan_says_so(void)
{
    enum { MANY = 50000 };
    size_t bytes = sizeof(uint64_t);
    uint64_t *xs = must_alloc(2 * MANY * sizeof *xs);
    memset(xs, 1, 2 * MANY * sizeof *xs);
    EXPECT_EQ(start_threads(test_threads()), WEFT_OK);
    EXPECT_EQ(
        weft_scan(WEFT_SCAN_INCLUSIVE, xs, MANY, bytes, cancelling_add, &bytes, NULL, xs + MANY),
        WEFT_ERR_CANCELLED);
    EXPECT_EQ(weft_scan(WEFT_SCAN_INCLUSIVE, xs, MANY, bytes, add_bytes, &bytes, NULL, xs + MANY),
              WEFT_OK);
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
    free(xs);
}

TEST_MAIN(TEST(any_operation_gives_the_totals_of_the_plain_loop), TEST(elements_may_have_any_size),
          TEST(sums_of_integers_wrap_around), TEST(sums_of_doubles_are_right_up_to_rounding),
          TEST(bad_arguments_are_refused), TEST(a_cancelled_scan_says_so))
