/* weft.c: weft itself, by its public interface and its stock kernels. */
#include "../peer.h"

#include "kernels/kernels.h"

/* In WebAssembly the host has started the runtime before it calls. */
static const char *start(size_t threads, const char *variant)
{
    (void)variant;
    weft_info info;
    weft_runtime_info(&info);
    if (info.threads == 0 && weft_runtime_start(&(weft_options){.threads = threads}) != WEFT_OK)
        return NULL;
    weft_runtime_info(&info);
    return info.threads == threads ? "default spin window, weft_for inside a job" : NULL;
}

static void inside(void (*fn)(void *context), void *context)
{
    (void)weft_run(fn, context); /* nobody cancels it */
}

static void loop(size_t count, bench_range_fn fn, void *context)
{
    weft_for(0, count, 0, fn, context);
}

static void loop_grain(size_t count, size_t grain, bench_range_fn fn, void *context)
{
    weft_for(0, count, grain, fn, context);
}

struct tiles {
    bench_tile_fn fn;
    void *context;
};

static void tile_2d(void *context, const weft_range_2d *tile)
{
    const struct tiles *tiles = context;
    tiles->fn(tiles->context, (const size_t[]){0, tile->row_first, tile->col_first},
              (const size_t[]){1, tile->row_last, tile->col_last});
}

static void tile_3d(void *context, const weft_range_3d *tile)
{
    const struct tiles *tiles = context;
    tiles->fn(tiles->context, (const size_t[]){tile->plane_first, tile->row_first, tile->col_first},
              (const size_t[]){tile->plane_last, tile->row_last, tile->col_last});
}

static void tiles(size_t planes, size_t rows, size_t cols, bench_tile_fn fn, void *context)
{
    struct tiles all = {fn, context};
    if (planes == 1)
        weft_for_2d(rows, cols, 0, 0, tile_2d, &all);
    else
        weft_for_3d(planes, rows, cols, 0, 0, 0, tile_3d, &all);
}

/* A job that has said that it is done may take a moment to end: urgent ones take turns. */
static bool job(bool urgent, void (*fn)(void *context))
{
    static weft_job jobs[64], batch;
    static size_t next;
    weft_job *job = urgent ? &jobs[next++ % (sizeof jobs / sizeof jobs[0])] : &batch;
    weft_job_init(job, fn, NULL);
    return weft_job_submit_lane(job, urgent ? WEFT_INTERACTIVE : WEFT_BATCH) == WEFT_OK;
}

static void pair(bench_range_fn fn, void *context)
{
    weft_for(0, 2, 1, fn, context);
}

struct fib_call {
    unsigned n;
    uint64_t result;
};

static void fib_task(void *context);

static uint64_t fib(unsigned n)
{
    if (n < 2)
        return n;
    struct fib_call other;
    weft_task task;
    other.n = n - 2;
    weft_spawn(&task, fib_task, &other);
    uint64_t result = fib(n - 1);
    weft_sync_call(&task, fib_task, &other);
    return result + other.result;
}

static void fib_task(void *context)
{
    struct fib_call *call = context;
    call->result = fib(call->n);
}

static bool uts(unsigned tree, uint64_t out[3])
{
    return weft_uts(tree, out) == WEFT_OK;
}

static bool sort_u64(uint64_t *xs, size_t count)
{
    return weft_sort_u64(xs, count) == WEFT_OK;
}

static bool sort_f64(double *xs, size_t count)
{
    return weft_sort_f64(xs, count) == WEFT_OK;
}

const struct bench_peer bench_peer = {
    .start = start,
    .inside = inside,
    .loop = loop,
    .loop_grain = loop_grain,
    .tiles = tiles,
    .job = job,
    .pair = pair,
    .fib = fib,
    .uts = uts,
    .sort_u64 = sort_u64,
    .sort_f64 = sort_f64,
    .sum = weft_sum_f64,
    .saxpy = weft_saxpy,
};
