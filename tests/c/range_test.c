/* Loops over two and three dimensions: every cell once, in tiles of the promised size. */
#include "test.h"

#include <weft.h>

#define CELLS_MAX 40000

static _Atomic uint8_t seen[CELLS_MAX];

struct grid {
    size_t extent[3];
    size_t grain[3]; /* 0: any */
    _Atomic uint32_t tiles;
    _Atomic uint32_t wrong;
};

static void start(size_t threads)
{
    weft_options options = {.threads = threads};
    EXPECT_EQ(weft_runtime_start(&options), WEFT_OK);
}

static bool is_right(size_t first, size_t last, size_t extent, size_t grain)
{
    size_t least = grain < extent ? grain : extent;
    return first < last && last <= extent && last - first >= least;
}

static void see_3d(void *context, const weft_range_3d *tile)
{
    struct grid *grid = context;
    atomic_fetch_add(&grid->tiles, 1);
    if (!is_right(tile->plane_first, tile->plane_last, grid->extent[0], grid->grain[0]) ||
        !is_right(tile->row_first, tile->row_last, grid->extent[1], grid->grain[1]) ||
        !is_right(tile->col_first, tile->col_last, grid->extent[2], grid->grain[2])) {
        atomic_fetch_add(&grid->wrong, 1);
        return;
    }
    for (size_t z = tile->plane_first; z < tile->plane_last; z++)
        for (size_t y = tile->row_first; y < tile->row_last; y++)
            for (size_t x = tile->col_first; x < tile->col_last; x++)
                atomic_fetch_add_explicit(&seen[(z * grid->extent[1] + y) * grid->extent[2] + x], 1,
                                          memory_order_relaxed);
}

static void see_2d(void *context, const weft_range_2d *tile)
{
    see_3d(context, &(weft_range_3d){0, 1, tile->row_first, tile->row_last, tile->col_first,
                                     tile->col_last});
}

static void check_seen(struct grid *grid)
{
    size_t cells = grid->extent[0] * grid->extent[1] * grid->extent[2], wrong = 0;
    for (size_t i = 0; i < CELLS_MAX; i++)
        wrong += atomic_load_explicit(&seen[i], memory_order_relaxed) != (i < cells);
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(atomic_load(&grid->wrong), 0);
    EXPECT(atomic_load(&grid->tiles) <= 512);
    memset((void *)seen, 0, sizeof seen);
}

static void check_2d(size_t rows, size_t cols, size_t grain_rows, size_t grain_cols)
{
    struct grid grid = {.extent = {1, rows, cols}, .grain = {1, grain_rows, grain_cols}};
    weft_for_2d(rows, cols, grain_rows, grain_cols, see_2d, &grid);
    check_seen(&grid);
}

static void check_3d(size_t planes, size_t rows, size_t cols, size_t grain)
{
    struct grid grid = {.extent = {planes, rows, cols}, .grain = {grain, grain, grain}};
    weft_for_3d(planes, rows, cols, grain, grain, grain, see_3d, &grid);
    check_seen(&grid);
}

static void check_shapes(void *context)
{
    static const size_t sides[][2] = {{1, 1},   {1, 2},   {2, 1},     {3, 5},    {1, 9999},
                                      {777, 1}, {64, 64}, {199, 201}, {7, 5000}, {5000, 7}};
    static const size_t grains[][2] = {{0, 0}, {1, 1}, {3, 50}, {100, 1}, {SIZE_MAX, SIZE_MAX}};
    (void)context;
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++)
        for (size_t g = 0; g < sizeof grains / sizeof grains[0]; g++)
            check_2d(sides[i][0], sides[i][1], grains[g][0], grains[g][1]);
    static const size_t boxes[][3] = {
        {1, 1, 1}, {2, 3, 4}, {33, 34, 35}, {1000, 1, 3}, {3, 1, 999}};
    for (size_t i = 0; i < sizeof boxes / sizeof boxes[0]; i++)
        for (size_t grain = 0; grain < 9; grain += 4)
            check_3d(boxes[i][0], boxes[i][1], boxes[i][2], grain);
}

static void every_cell_is_visited_once(void)
{
    check_shapes(NULL);
    start(test_threads());
    check_shapes(NULL);
    EXPECT_EQ(weft_run(check_shapes, NULL), WEFT_OK);
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

static void an_empty_range_calls_nothing(void)
{
    struct grid grid = {.extent = {1, 1, 1}};
    weft_for_2d(0, 5, 0, 0, see_2d, &grid);
    weft_for_2d(5, 0, 0, 0, see_2d, &grid);
    weft_for_3d(0, 5, 5, 0, 0, 0, see_3d, &grid);
    weft_for_3d(5, 0, 5, 0, 0, 0, see_3d, &grid);
    weft_for_3d(5, 5, 0, 0, 0, 0, see_3d, &grid);
    EXPECT_EQ(atomic_load(&grid.tiles), 0);
}

/* Sums the sides of tiles, modulo the size of a word. */
struct huge {
    _Atomic uint64_t cells;
    _Atomic uint32_t outside;
};

static void add_area(void *context, const weft_range_2d *tile)
{
    struct huge *huge = context;
    size_t rows = tile->row_last - tile->row_first, cols = tile->col_last - tile->col_first;
    if (tile->row_first >= tile->row_last || tile->col_first >= tile->col_last)
        atomic_fetch_add(&huge->outside, 1);
    atomic_fetch_add(&huge->cells, (uint64_t)rows * (uint64_t)cols);
}

static void sides_may_be_as_large_as_size_t(void)
{
    start(test_threads());
    static const size_t sides[][2] = {{SIZE_MAX, SIZE_MAX}, {SIZE_MAX, 3}, {1, SIZE_MAX}};
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        struct huge huge = {0, 0};
        weft_for_2d(sides[i][0], sides[i][1], 0, 0, add_area, &huge);
        EXPECT_EQ(atomic_load(&huge.cells), (uint64_t)sides[i][0] * (uint64_t)sides[i][1]);
        EXPECT_EQ(atomic_load(&huge.outside), 0);
    }
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

static void cancel_at_once(void *context, const weft_range_2d *tile)
{
    (void)tile;
    atomic_fetch_add((_Atomic uint32_t *)context, 1);
    weft_cancel();
}

static void run_cancelled_loop(void *context)
{
    weft_for_2d(10000, 10000, 1, 1, cancel_at_once, context);
}

static void a_cancelled_loop_leaves_out_the_rest(void)
{
    start(test_threads());
    for (int round = 0; round < 20; round++) {
        _Atomic uint32_t tiles = 0;
        EXPECT_EQ(weft_run(run_cancelled_loop, &tiles), WEFT_ERR_CANCELLED);
        EXPECT(atomic_load(&tiles) >= 1);
        EXPECT(atomic_load(&tiles) < 512);
    }
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

TEST_MAIN(TEST(every_cell_is_visited_once), TEST(an_empty_range_calls_nothing),
          TEST(sides_may_be_as_large_as_size_t), TEST(a_cancelled_loop_leaves_out_the_rest))
