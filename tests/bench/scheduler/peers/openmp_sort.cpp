// openmp_sort.cpp: see openmp_sort.h. The balanced quicksort is its fastest on two threads.
#include "openmp_sort.h"

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
