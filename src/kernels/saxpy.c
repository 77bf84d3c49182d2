/* saxpy.c: ys += a * xs, and arrays of noise to try kernels on. */
#include "kernels.h"
#include "slices.h"
#include "vector.h"

#define SERIAL_SLICE 65536

struct saxpy {
    float a;
    const float *xs;
    float *ys;
};

static void saxpy_slice(void *context, size_t first, size_t last)
{
    const struct saxpy *job = context;
    const float *xs = job->xs;
    float *ys = job->ys;
    float a = job->a;
    size_t i = first;
    for (; last - i >= 16; i += 16) {
        const f32x4_unaligned *x = (const f32x4_unaligned *)(xs + i);
        f32x4_unaligned *y = (f32x4_unaligned *)(ys + i);
        y[0] += a * x[0];
        y[1] += a * x[1];
        y[2] += a * x[2];
        y[3] += a * x[3];
    }
    for (; i < last; i++)
        ys[i] += a * xs[i];
}

WEFT_EXPORT void weft_saxpy(float a, const float *xs, float *ys, size_t count)
{
    struct saxpy job = {a, xs, ys};
    weft_for(0, count, 0, saxpy_slice, &job);
}

WEFT_EXPORT void weft_saxpy_serial(float a, const float *xs, float *ys, size_t count)
{
    struct saxpy job = {a, xs, ys};
    serial_for(0, count, SERIAL_SLICE, saxpy_slice, &job);
}

struct noise {
    void *xs;
    uint64_t seed;
};

/* Output number `index` of SplitMix64. */
static inline uint64_t splitmix64(uint64_t seed, uint64_t index)
{
    uint64_t z = seed + (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
    /* Keeps the loops scalar: neither SSE2 nor WebAssembly on x86-64 has a vector
     * multiplication of 64-bit integers, and its replacement is three times slower. */
    __asm__("" : "+r"(z));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void noise_u64_slice(void *context, size_t first, size_t last)
{
    const struct noise *noise = context;
    uint64_t *xs = noise->xs;
    for (size_t i = first; i < last; i++)
        xs[i] = splitmix64(noise->seed, i);
}

static void noise_f64_slice(void *context, size_t first, size_t last)
{
    const struct noise *noise = context;
    double *xs = noise->xs;
    for (size_t i = first; i < last; i++)
        xs[i] = (double)(int64_t)(splitmix64(noise->seed, i) >> 11) * 0x1p-53;
}

WEFT_EXPORT void weft_fill_noise_u64(uint64_t *xs, size_t count, uint64_t seed)
{
    struct noise noise = {xs, seed};
    weft_for(0, count, 0, noise_u64_slice, &noise);
}

WEFT_EXPORT void weft_fill_noise_u64_serial(uint64_t *xs, size_t count, uint64_t seed)
{
    struct noise noise = {xs, seed};
    serial_for(0, count, SERIAL_SLICE, noise_u64_slice, &noise);
}

WEFT_EXPORT void weft_fill_noise_f64(double *xs, size_t count, uint64_t seed)
{
    struct noise noise = {xs, seed};
    weft_for(0, count, 0, noise_f64_slice, &noise);
}

WEFT_EXPORT void weft_fill_noise_f64_serial(double *xs, size_t count, uint64_t seed)
{
    struct noise noise = {xs, seed};
    serial_for(0, count, SERIAL_SLICE, noise_f64_slice, &noise);
}
