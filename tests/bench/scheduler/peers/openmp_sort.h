/* openmp_sort.h: the parallel mode of GNU's C++ library, which is built on libgomp. */
#ifndef BENCH_OPENMP_SORT_H
#define BENCH_OPENMP_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef BENCH_HAS_GNU_PARALLEL
#define BENCH_PARALLEL_SORT(type) bench_gnu_sort_##type
#else
#define BENCH_PARALLEL_SORT(type) NULL
#endif

#ifdef __cplusplus
extern "C" {
#endif

bool bench_gnu_sort_u64(uint64_t *xs, size_t count);
bool bench_gnu_sort_f64(double *xs, size_t count);

#ifdef __cplusplus
}
#endif

#endif
