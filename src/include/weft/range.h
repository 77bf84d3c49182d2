/* weft/range.h: loops over two and three dimensions. */
#ifndef WEFT_RANGE_H
#define WEFT_RANGE_H

#include <weft/base.h>

/* The rows row_first..row_last-1 of the columns col_first..col_last-1. */
typedef struct weft_range_2d {
    size_t row_first, row_last;
    size_t col_first, col_last;
} weft_range_2d;

/* The same of the planes plane_first..plane_last-1. */
typedef struct weft_range_3d {
    size_t plane_first, plane_last;
    size_t row_first, row_last;
    size_t col_first, col_last;
} weft_range_3d;

/* Works on one tile, which is not empty; called on any thread. */
typedef void (*weft_tile_2d_fn)(void *context, const weft_range_2d *tile);
typedef void (*weft_tile_3d_fn)(void *context, const weft_range_3d *tile);

/* The same as fn(context, {0, rows, 0, cols}) cut into tiles that run in any order, at
 * the same time, on all threads. The longer side is halved first, columns only where
 * they are many times longer than what else can be cut, and neighbouring tiles tend to run one
 * after the other on the same thread. As with weft_for, tiles are cut finer only while a thread has
 * nothing to do, into at most 512; grain_rows and grain_cols, the least number of each in a tile,
 * are rarely needed: 0 lets weft choose. Tiles may be large: a body that wants blocks to fit a
 * cache cuts them itself. Nothing happens when rows or cols is 0. If the job is cancelled the
 * remaining tiles are left out.
 *
 *     static void blur(void *context, const weft_range_2d *tile)
 *     {
 *         for (size_t y = tile->row_first; y < tile->row_last; y++)
 *             for (size_t x = tile->col_first; x < tile->col_last; x++)
 *                 blur_pixel(context, y, x);
 *     }
 *     weft_for_2d(height, width, 0, 0, blur, image);
 *
 * Threads: any thread; may be nested. */
void weft_for_2d(size_t rows, size_t cols, size_t grain_rows, size_t grain_cols, weft_tile_2d_fn fn,
                 void *context);

/* weft_for_2d with a third dimension, the outermost: planes.
 *
 * Threads: any thread; may be nested. */
void weft_for_3d(size_t planes, size_t rows, size_t cols, size_t grain_planes, size_t grain_rows,
                 size_t grain_cols, weft_tile_3d_fn fn, void *context);

#endif
