/* sorts.h: sorts of the C++ library, where there is one: std::sort, and that of its parallel mode,
 * which is built on libgomp. */
#ifndef BENCH_SORTS_H
#define BENCH_SORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef BENCH_HAS_CXX
#define BENCH_SERIAL_SORT(type) bench_std_sort_##type
#else
#define BENCH_SERIAL_SORT(type) NULL
#endif

#ifdef BENCH_HAS_GNU_PARALLEL
#define BENCH_PARALLEL_SORT(type) bench_gnu_sort_##type
#else
#define BENCH_PARALLEL_SORT(type) NULL
#endif

#ifdef __cplusplus
extern "C" {
#endif

bool bench_std_sort_u64(uint64_t *xs, size_t count);
bool bench_std_sort_f64(double *xs, size_t count);
bool bench_gnu_sort_u64(uint64_t *xs, size_t count);
bool bench_gnu_sort_f64(double *xs, size_t count);

#ifdef __cplusplus
}
#endif

#endif
