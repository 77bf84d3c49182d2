// openmp_sort.cpp: see sorts.h. The balanced quicksort is its fastest on two threads.
#include "sorts.h"

#include <parallel/algorithm>

bool bench_gnu_sort_u64(uint64_t *xs, size_t count)
{
    __gnu_parallel::sort(xs, xs + count, __gnu_parallel::balanced_quicksort_tag());
    return true;
}

bool bench_gnu_sort_f64(double *xs, size_t count)
{
    __gnu_parallel::sort(xs, xs + count, __gnu_parallel::balanced_quicksort_tag());
    return true;
}
