/* serial.c: one thread and no scheduler: what the others are compared with. */
#include "../blocks.h"
#include "../peer.h"
#include "sorts.h"

#include "kernels/kernels.h"

static const char *start(size_t threads, const char *variant)
{
    (void)threads, (void)variant;
    return "no scheduler";
}

static void loop(size_t count, bench_range_fn fn, void *context)
{
    fn(context, 0, count);
}

static void pair(bench_range_fn fn, void *context)
{
    fn(context, 0, 1);
    fn(context, 1, 2);
}

static uint64_t fib(unsigned n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static bool uts(unsigned tree, uint64_t out[3])
{
    return weft_uts_serial(tree, out) == WEFT_OK;
}

static double sum(const double *xs, size_t count)
{
    return bench_sum_block(xs, 0, count);
}

static void saxpy(float a, const float *xs, float *ys, size_t count)
{
    bench_saxpy_block(a, xs, ys, 0, count);
}

const struct bench_peer bench_peer = {
    .start = start,
    .loop = loop,
    .pair = pair,
    .fib = fib,
    .uts = uts,
    .sort_u64 = BENCH_SERIAL_SORT(u64),
    .sort_f64 = BENCH_SERIAL_SORT(f64),
    .sum = sum,
    .saxpy = saxpy,
};
