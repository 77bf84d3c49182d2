/* openmp.c: OpenMP, built once with gcc for libgomp and once with clang for libomp. */
#include "../blocks.h"
#include "../peer.h"
#include "../uts_tree.h"
#include "sorts.h"

#include <omp.h>

static const char *start(size_t threads, const char *variant)
{
    (void)variant;
    omp_set_dynamic(0);
    omp_set_num_threads((int)threads);
    return "default wait policy, a range per thread by hand";
}

/* `omp for` has bodies for single indices only; this is what it does with a static schedule. */
static void loop(size_t count, bench_range_fn fn, void *context)
{
#pragma omp parallel
    {
        size_t piece = (size_t)omp_get_thread_num(), pieces = (size_t)omp_get_num_threads();
        size_t first = bench_cut(count, piece, pieces), last = bench_cut(count, piece + 1, pieces);
        if (first < last)
            fn(context, first, last);
    }
}

static void pair(bench_range_fn fn, void *context)
{
#pragma omp parallel for schedule(static, 1)
    for (int i = 0; i < 2; i++)
        fn(context, (size_t)i, (size_t)i + 1);
}

static uint64_t fib_tasks(unsigned n)
{
    if (n < 2)
        return n;
    uint64_t other = 0;
#pragma omp task shared(other) firstprivate(n)
    other = fib_tasks(n - 2);
    uint64_t result = fib_tasks(n - 1);
#pragma omp taskwait
    return result + other;
}

static uint64_t fib(unsigned n)
{
    uint64_t result = 0;
#pragma omp parallel
#pragma omp single
    result = fib_tasks(n);
    return result;
}

static void search(struct uts_siblings *all)
{
    struct uts_node child;
    struct uts_siblings below;
    if (!uts_next_inner(all, &child, &below))
        return;
#pragma omp task firstprivate(all)
    search(all);
    search(&below);
#pragma omp taskwait
    uts_add(&all->counts, &below.counts);
}

static bool uts(unsigned tree, uint64_t out[3])
{
    struct uts_node root;
    struct uts_siblings all;
    if (!uts_begin(tree, &root, &all))
        return false;
#pragma omp parallel
#pragma omp single
    search(&all);
    out[0] = all.counts.nodes;
    out[1] = all.counts.depth;
    out[2] = all.counts.leaves;
    return true;
}

static double sum(const double *xs, size_t count)
{
    double total = 0;
#pragma omp parallel reduction(+ : total)
    {
        size_t piece = (size_t)omp_get_thread_num(), pieces = (size_t)omp_get_num_threads();
        total += bench_sum_block(xs, bench_cut(count, piece, pieces),
                                 bench_cut(count, piece + 1, pieces));
    }
    return total;
}

static void saxpy(float a, const float *xs, float *ys, size_t count)
{
#pragma omp parallel
    {
        size_t piece = (size_t)omp_get_thread_num(), pieces = (size_t)omp_get_num_threads();
        bench_saxpy_block(a, xs, ys, bench_cut(count, piece, pieces),
                          bench_cut(count, piece + 1, pieces));
    }
}

const struct bench_peer bench_peer = {
    .start = start,
    .loop = loop,
    .pair = pair,
    .fib = fib,
    .uts = uts,
    .sort_u64 = BENCH_PARALLEL_SORT(u64),
    .sort_f64 = BENCH_PARALLEL_SORT(f64),
    .sum = sum,
    .saxpy = saxpy,
};
