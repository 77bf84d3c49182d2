// tbb.cpp: oneTBB.
#include "../blocks.h"
#include "../peer.h"
#include "../uts_tree.h"

#include <oneapi/tbb.h>

#include <functional>
#include <memory>
#include <string>

namespace
{

std::unique_ptr<tbb::global_control> control; // holds for as long as it lives

const char *start(size_t threads, const char *)
{
    static std::string what;
    control = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism,
                                                    threads);
    what = std::string("oneTBB ") + TBB_runtime_version() + ", loops by static_partitioner";
    return what.c_str();
}

void loop(size_t count, bench_range_fn fn, void *context)
{
    tbb::parallel_for(
        tbb::blocked_range<size_t>(0, count),
        [=](const tbb::blocked_range<size_t> &r) { fn(context, r.begin(), r.end()); },
        tbb::static_partitioner());
}

void pair(bench_range_fn fn, void *context)
{
    tbb::parallel_for(
        tbb::blocked_range<size_t>(0, 2, 1),
        [=](const tbb::blocked_range<size_t> &r) { fn(context, r.begin(), r.end()); },
        tbb::simple_partitioner());
}

uint64_t fib(unsigned n)
{
    if (n < 2)
        return n;
    uint64_t other = 0;
    tbb::task_group group;
    group.run([&other, n] { other = fib(n - 2); });
    uint64_t result = fib(n - 1);
    group.wait();
    return result + other;
}

void search(uts_siblings *all)
{
    uts_node child;
    uts_siblings below;
    if (!uts_next_inner(all, &child, &below))
        return;
    tbb::task_group group;
    group.run([all] { search(all); });
    search(&below);
    group.wait();
    uts_add(&all->counts, &below.counts);
}

bool uts(unsigned tree, uint64_t out[3])
{
    uts_node root;
    uts_siblings all;
    if (!uts_begin(tree, &root, &all))
        return false;
    search(&all);
    out[0] = all.counts.nodes;
    out[1] = all.counts.depth;
    out[2] = all.counts.leaves;
    return true;
}

bool sort_u64(uint64_t *xs, size_t count)
{
    tbb::parallel_sort(xs, xs + count);
    return true;
}

bool sort_f64(double *xs, size_t count)
{
    tbb::parallel_sort(xs, xs + count);
    return true;
}

double sum(const double *xs, size_t count)
{
    return tbb::parallel_reduce(
        tbb::blocked_range<size_t>(0, count, 4096), 0.0,
        [=](const tbb::blocked_range<size_t> &r, double before) {
            return before + bench_sum_block(xs, r.begin(), r.end());
        },
        std::plus<double>());
}

void saxpy(float a, const float *xs, float *ys, size_t count)
{
    tbb::parallel_for(tbb::blocked_range<size_t>(0, count, 4096),
                      [=](const tbb::blocked_range<size_t> &r) {
                          bench_saxpy_block(a, xs, ys, r.begin(), r.end());
                      });
}

} // namespace

extern "C" const struct bench_peer bench_peer = {
    start, nullptr, loop, nullptr, nullptr, nullptr, pair, fib, uts, sort_u64, sort_f64, sum, saxpy,
};
