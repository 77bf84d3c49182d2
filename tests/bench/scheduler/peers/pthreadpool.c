/* pthreadpool.c: the library of that name, as Debian packages it. It has loops only. */
#include "../blocks.h"
#include "../peer.h"

#include <pthreadpool.h>

static pthreadpool_t pool;
static size_t pool_threads;

static const char *start(size_t threads, const char *variant)
{
    (void)variant;
    pool_threads = threads;
    pool = pthreadpool_create(threads);
    return pool != NULL ? "default flags, tiles of one range per thread by hand" : NULL;
}

struct tiles {
    bench_range_fn fn;
    void *context;
};

static void run_tile(void *context, size_t first, size_t count)
{
    const struct tiles *tiles = context;
    tiles->fn(tiles->context, first, first + count);
}

static void in_tiles(size_t count, size_t tile, bench_range_fn fn, void *context)
{
    struct tiles tiles = {fn, context};
    pthreadpool_parallelize_1d_tile_1d(pool, run_tile, &tiles, count, tile, 0);
}

static void loop(size_t count, bench_range_fn fn, void *context)
{
    in_tiles(count, (count + pool_threads - 1) / pool_threads, fn, context);
}

static void pair(bench_range_fn fn, void *context)
{
    in_tiles(2, 1, fn, context);
}

const struct bench_peer bench_peer = {.start = start, .loop = loop, .pair = pair};
