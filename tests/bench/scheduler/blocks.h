/* blocks.h: the serial pieces of work that all peers share. */
#ifndef BENCH_BLOCKS_H
#define BENCH_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A chain of `steps` dependent multiplications; the result depends on every one of them. */
uint64_t bench_work(uint64_t seed, uint32_t steps);

/* The sum of xs[first..last-1] by 8 running sums. */
double bench_sum_block(const double *xs, size_t first, size_t last);

/* ys[i] += a * xs[i] for first..last-1. */
void bench_saxpy_block(float a, const float *xs, float *ys, size_t first, size_t last);

/* Piece `piece` of `pieces` of 0..count-1 begins here. */
static inline size_t bench_cut(size_t count, size_t piece, size_t pieces)
{
    return count / pieces * piece + count % pieces * piece / pieces;
}

#ifdef __cplusplus
}
#endif

#endif
