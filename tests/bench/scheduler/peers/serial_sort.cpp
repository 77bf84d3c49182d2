// serial_sort.cpp: see sorts.h.
#include "sorts.h"

#include <algorithm>

bool bench_std_sort_u64(uint64_t *xs, size_t count)
{
    std::sort(xs, xs + count);
    return true;
}

bool bench_std_sort_f64(double *xs, size_t count)
{
    std::sort(xs, xs + count);
    return true;
}
