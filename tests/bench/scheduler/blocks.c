/* blocks.c: see blocks.h. */
#include "blocks.h"

uint64_t bench_work(uint64_t seed, uint32_t steps)
{
    uint64_t x = seed;
    for (uint32_t i = 0; i < steps; i++) /* the shift keeps compilers from merging steps */
        x = (x ^ (x >> 29)) * UINT64_C(6364136223846793005);
    return x;
}

double bench_sum_block(const double *xs, size_t first, size_t last)
{
    double a[8] = {0};
    size_t i = first;
    for (; last - i >= 8; i += 8)
        for (size_t lane = 0; lane < 8; lane++)
            a[lane] += xs[i + lane];
    double sum = ((a[0] + a[1]) + (a[2] + a[3])) + ((a[4] + a[5]) + (a[6] + a[7]));
    for (; i < last; i++)
        sum += xs[i];
    return sum;
}

void bench_saxpy_block(float a, const float *restrict xs, float *restrict ys, size_t first,
                       size_t last)
{
    for (size_t i = first; i < last; i++)
        ys[i] += a * xs[i];
}
