/* weft_mpi_scan: the bits of weft_scan, however the array is laid out over the ranks. */
#include "together.h"

static const size_t counts[] = {0, 1, 3, 2047, 2048, 2049, 20000, 1100000};
#define COUNTS (sizeof counts / sizeof counts[0])

static double double_at(size_t i)
{
    return (double)(int64_t)mix(i) * ((i & 1) != 0 ? 0x1p-70 : 0x1p-30);
}

static void check_f64(enum weft_scan_kind kind, size_t count, enum layout layout, bool in_place)
{
    struct part part = layout_part(layout, count);
    double *all = make_bytes(count * sizeof *all), *wanted = make_bytes(count * sizeof *wanted);
    double *xs = make_bytes(part.count * sizeof *xs);
    double *ys = in_place ? xs : make_bytes(part.count * sizeof *ys);
    for (size_t i = 0; i < count; i++)
        all[i] = double_at(i);
    EXPECT_EQ(weft_scan_f64(kind, all, count, wanted), WEFT_OK);
    memcpy(xs, all + part.first, part.count * sizeof *xs);
    EXPECT_EQ(weft_mpi_scan_f64(ranks, kind, xs, part.count, ys), WEFT_OK);
    EXPECT(memcmp(ys, wanted + part.first, part.count * sizeof *ys) == 0);
    if (!in_place)
        free(ys);
    free(xs);
    free(wanted);
    free(all);
}

static void sums_of_doubles_have_the_bits_of_one_machine(void)
{
    for (size_t i = 0; i < COUNTS; i++)
        for (int layout = EVEN; layout < LAYOUTS; layout++) {
            check_f64(WEFT_SCAN_INCLUSIVE, counts[i], (enum layout)layout, false);
            check_f64(WEFT_SCAN_EXCLUSIVE, counts[i], (enum layout)layout, true);
        }
}

static void sums_of_integers_wrap_around(void)
{
    struct part part = layout_part(EVEN, 100000);
    uint64_t *xs = make_bytes(part.count * sizeof *xs), total = 0;
    for (size_t i = 0; i < part.count; i++)
        xs[i] = mix(part.first + i);
    EXPECT_EQ(weft_mpi_scan_u64(ranks, WEFT_SCAN_INCLUSIVE, xs, part.count, xs), WEFT_OK);
    for (size_t i = 0, wrong = 0; i < part.first + part.count && wrong == 0; i++) {
        total += mix(i);
        wrong = i >= part.first && xs[i - part.first] != total;
        EXPECT_EQ(wrong, 0);
    }
    free(xs);
}

/* Affine maps, composed: associative, not commutative. */
struct map {
    uint64_t a, b;
};

static void compose(void *context, void *into, const void *from)
{
    struct map *first = into;
    const struct map *then = from;
    (void)context;
    *first = (struct map){then->a * first->a, then->a * first->b + then->b};
}

static struct map map_at(size_t i)
{
    return (struct map){mix(i) | 1, mix(i + 77)};
}

static void check_maps(enum weft_scan_kind kind, size_t count, enum layout layout,
                       const struct map *initial)
{
    struct part part = layout_part(layout, count);
    struct map *all = make_bytes(count * sizeof *all), *xs = make_bytes(part.count * sizeof *xs);
    for (size_t i = 0; i < count; i++)
        all[i] = map_at(i);
    memcpy(xs, all + part.first, part.count * sizeof *xs);
    EXPECT_EQ(weft_scan(kind, all, count, sizeof *all, compose, NULL, initial, all), WEFT_OK);
    EXPECT_EQ(weft_mpi_scan(ranks, kind, xs, part.count, sizeof *xs, compose, NULL, initial, xs),
              WEFT_OK);
    EXPECT(memcmp(xs, all + part.first, part.count * sizeof *xs) == 0);
    free(xs);
    free(all);
}

static void any_type_is_combined_in_order(void)
{
    static const struct map initial = {3, 5};
    for (size_t i = 0; i + 1 < COUNTS; i++)
        for (int layout = EVEN; layout < LAYOUTS; layout++) {
            check_maps(WEFT_SCAN_INCLUSIVE, counts[i], (enum layout)layout, NULL);
            check_maps(WEFT_SCAN_INCLUSIVE, counts[i], (enum layout)layout, &initial);
            check_maps(WEFT_SCAN_EXCLUSIVE, counts[i], (enum layout)layout, &initial);
        }
}

RANKS_MAIN(TEST(sums_of_doubles_have_the_bits_of_one_machine), TEST(sums_of_integers_wrap_around),
           TEST(any_type_is_combined_in_order))
