/* range.c: loops over two and three dimensions, as loops over numbered tiles.
 *
 * The whole is halved along one axis after the other, in a fixed order, until there are
 * TILES_MAX tiles or all have come down to the grain. The number of a tile holds, from
 * its highest bit down, which half it is in. So 2^k tiles from a multiple of 2^k on are
 * one tile of a coarser grid: the slices of numbers that weft__for_tiles hands out are
 * rectangles, and where it cuts the numbers in half it cuts a rectangle in half. */
#include "worker.h"

#define AXES       3
#define CUTS_MAX   9 /* 512 tiles: eight to a slice at first, one at the end */
#define LINE_WORTH 16

struct grid {
    size_t extent[AXES];
    unsigned cuts;
    uint8_t axis[CUTS_MAX]; /* of each cut, the coarsest first */
    weft_tile_2d_fn fn_2d;  /* one of the two */
    weft_tile_3d_fn fn_3d;
    void *context;
};

/* Half number `half` of 2^cuts equal parts of an extent starts here. */
static size_t part_first(size_t extent, unsigned cuts, size_t part)
{
    size_t parts = (size_t)1 << cuts;
    return part * (extent >> cuts) + (part * (extent & (parts - 1)) >> cuts);
}

/* Runs fn on the tile of the numbers first..first + 2^level - 1. */
static void run_tile(const struct grid *grid, size_t first, unsigned level)
{
    unsigned cuts[AXES] = {0};
    size_t part[AXES] = {0}, begin[AXES], end[AXES];
    for (unsigned cut = 0; cut < grid->cuts - level; cut++) {
        unsigned axis = grid->axis[cut];
        cuts[axis]++;
        part[axis] = part[axis] * 2 + (first >> (grid->cuts - 1 - cut) & 1);
    }
    for (unsigned axis = 0; axis < AXES; axis++) {
        begin[axis] = part_first(grid->extent[axis], cuts[axis], part[axis]);
        end[axis] = part_first(grid->extent[axis], cuts[axis], part[axis] + 1);
    }
    if (grid->fn_2d != NULL)
        grid->fn_2d(grid->context, &(weft_range_2d){begin[1], end[1], begin[2], end[2]});
    else
        grid->fn_3d(grid->context,
                    &(weft_range_3d){begin[0], end[0], begin[1], end[1], begin[2], end[2]});
}

static void run_tiles(void *context, size_t first, size_t last)
{
    const struct grid *grid = context;
    while (first < last) {
        unsigned level = 0;
        while (level < grid->cuts && (first >> level & 1) == 0 &&
               last - first >= (size_t)2 << level)
            level++;
        run_tile(grid, first, level);
        first += (size_t)1 << level;
    }
}

/* How much there is to gain from a cut along an axis: the length of a tile in grains.
 * Columns are mostly neighbours in memory and in the innermost loop: they are cut where
 * they are many times longer than the rest, or nothing else is left to cut. */
static size_t worth(unsigned axis, size_t length, size_t grain)
{
    size_t grains = length / grain;
    if (grains < 2)
        return 0;
    if (axis < AXES - 1)
        return grains;
    return grains < LINE_WORTH ? 1 : grains / LINE_WORTH;
}

static void run_grid(struct grid *grid, const size_t grain[AXES])
{
    size_t least[AXES]; /* the shortest tile, as cuts are made */
    for (unsigned axis = 0; axis < AXES; axis++)
        least[axis] = grid->extent[axis];
    for (grid->cuts = 0; grid->cuts < CUTS_MAX; grid->cuts++) {
        unsigned best = 0;
        size_t most = 0;
        for (unsigned axis = 0; axis < AXES; axis++) {
            size_t here = worth(axis, least[axis], grain[axis] != 0 ? grain[axis] : 1);
            if (here > most) {
                most = here;
                best = axis;
            }
        }
        if (most == 0)
            break;
        grid->axis[grid->cuts] = (uint8_t)best;
        least[best] /= 2;
    }
    weft__for_tiles((size_t)1 << grid->cuts, run_tiles, grid);
}

void weft_for_2d(size_t rows, size_t cols, size_t grain_rows, size_t grain_cols, weft_tile_2d_fn fn,
                 void *context)
{
    if (rows == 0 || cols == 0)
        return;
    struct grid grid = {.extent = {1, rows, cols}, .fn_2d = fn, .context = context};
    run_grid(&grid, (const size_t[AXES]){1, grain_rows, grain_cols});
}

void weft_for_3d(size_t planes, size_t rows, size_t cols, size_t grain_planes, size_t grain_rows,
                 size_t grain_cols, weft_tile_3d_fn fn, void *context)
{
    if (planes == 0 || rows == 0 || cols == 0)
        return;
    struct grid grid = {.extent = {planes, rows, cols}, .fn_3d = fn, .context = context};
    run_grid(&grid, (const size_t[AXES]){grain_planes, grain_rows, grain_cols});
}
