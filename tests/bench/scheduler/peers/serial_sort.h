/* serial_sort.h: std::sort, where there is a C++ library. */
#ifndef BENCH_SERIAL_SORT_H
#define BENCH_SERIAL_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef BENCH_HAS_CXX
#define BENCH_SERIAL_SORT(type) bench_std_sort_##type
#else
#define BENCH_SERIAL_SORT(type) NULL
#endif

#ifdef __cplusplus
extern "C" {
#endif

bool bench_std_sort_u64(uint64_t *xs, size_t count);
bool bench_std_sort_f64(double *xs, size_t count);

#ifdef __cplusplus
}
#endif

#endif
