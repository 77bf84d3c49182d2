/* kernels.h: stock kernels on the public API of weft.
 *
 * Each kernel uses every thread of the runtime. Its twin `..._serial` does the same work
 * on the caller alone, as the best plain program for one thread would; it is the
 * yardstick for speed and the reference in tests. Results have the same bits on any
 * number of threads, natively and as WebAssembly, and from both twins.
 *
 * All of them may be called from JavaScript by name. Sums, sorts and more for every type
 * of number are in numbers.h.
 *
 * Ownership: memory stays the caller's.
 * Threads:   any thread; may be nested in other parallel work. Different calls must not
 *            write to the same memory at the same time.
 *
 * In a job that is cancelled a kernel returns early; what its outputs then hold is said
 * with each. */
#ifndef WEFT_KERNELS_H
#define WEFT_KERNELS_H

#include "numbers.h"

#include <weft.h>

/* The sum of xs[0..count-1]; 0 when count is 0. Added in at most 512 slices that depend
 * on count alone, by 8 running sums in each slice: closer to the exact sum than adding
 * one after the other. NaN after cancellation. */
double weft_sum_f64(const double *xs, size_t count);
double weft_sum_f64_serial(const double *xs, size_t count);

/* weft_sum_f64 divided by count; NaN when count is 0, and after cancellation. */
double weft_mean_f64(const double *xs, size_t count);
double weft_mean_f64_serial(const double *xs, size_t count);

/* The same as `for (i = 0; i < count; i++) ys[i] += a * xs[i]`, product and sum rounded
 * one after the other. xs and ys may be the same array but must not overlap otherwise.
 * After cancellation some elements have been updated and some have not. */
void weft_saxpy(float a, const float *xs, float *ys, size_t count);
void weft_saxpy_serial(float a, const float *xs, float *ys, size_t count);

/* Fills xs[0..count-1] with pseudo-random values that depend on index and seed alone:
 * the generator SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
 * Generators", 2014) started at `seed`, of which element i is output number i. After
 * cancellation some elements are as they were. */
void weft_fill_noise_u64(uint64_t *xs, size_t count, uint64_t seed);
void weft_fill_noise_u64_serial(uint64_t *xs, size_t count, uint64_t seed);

/* The same generator; the top 53 bits as a multiple of 2^-53 in [0, 1). */
void weft_fill_noise_f64(double *xs, size_t count, uint64_t seed);
void weft_fill_noise_f64_serial(double *xs, size_t count, uint64_t seed);

/* Sorts xs[0..count-1] upwards. Needs as much memory again while it runs, except for the
 * smallest arrays. Returns an enum weft_status.
 *
 * Errors: WEFT_ERR_INVALID    xs is null and count is not 0
 *         WEFT_ERR_NOMEM      no room for the second array; xs is unchanged
 *         WEFT_ERR_CANCELLED  the job was cancelled; xs holds the values it held before,
 *                             in any order */
int32_t weft_sort_u64(uint64_t *xs, size_t count);
int32_t weft_sort_u64_serial(uint64_t *xs, size_t count);

/* weft_sort_u64 for doubles, in a total order of the bit patterns: -infinity, the
 * negative numbers, -0, +0, the positive numbers, +infinity, then every NaN: those with
 * the sign bit clear by rising payload, after them those with the sign bit set by
 * falling payload. No bit of a value is changed. */
int32_t weft_sort_f64(double *xs, size_t count);
int32_t weft_sort_f64_serial(double *xs, size_t count);

/* Counts the steps of z -> z*z + c from z = 0 until |z|^2 > 4, for the point
 * c = (left + px * step, top + py * step) of every pixel (px, py), into
 * iterations[py * width + px]:
 *
 *     while (n < max_iterations && !(zr * zr + zi * zi > 4)) {
 *         next = zr * zr - zi * zi + cr;  zi = 2 * zr * zi + ci;  zr = next;  n++;
 *     }
 *
 * Each operation is rounded to double, so plain JavaScript gives the same counts.
 * max_iterations: 0..65535, more counts as 65535. After cancellation some rows are as
 * they were. */
void weft_mandelbrot(uint16_t *iterations, uint32_t width, uint32_t height, double left, double top,
                     double step, uint32_t max_iterations);
void weft_mandelbrot_serial(uint16_t *iterations, uint32_t width, uint32_t height, double left,
                            double top, double step, uint32_t max_iterations);

/* The BLAKE3 hash of input[0..bytes-1] in its default mode, 32 bytes (O'Connor, Aumasson,
 * Neves, Wilcox-O'Hearn, "BLAKE3: one function, fast everywhere", 2020). `input` may be
 * null when bytes is 0. After cancellation the digest is meaningless. */
void weft_blake3(const void *input, size_t bytes, uint8_t digest[32]);
void weft_blake3_serial(const void *input, size_t bytes, uint8_t digest[32]);

/* A BLAKE3 hash of input that comes in pieces of any size. The fields are private.
 *
 *     weft_blake3_init(&state);
 *     while ((bytes = read(piece)) > 0) weft_blake3_update(&state, piece, bytes);
 *     weft_blake3_finish(&state, digest);
 */
typedef struct weft_blake3_state {
    uint64_t chunks;       /* of 1024 bytes, that are in the stack */
    uint32_t depth;        /* of the stack */
    uint32_t tail_bytes;   /* 1..1024 once there was any input */
    uint32_t stack[54][8]; /* full subtrees, each at least twice as large as the next */
    uint8_t tail[1024];    /* the end of the input, which may turn out to be the last chunk */
} weft_blake3_state;

/* The size of a state, for callers in JavaScript. */
size_t weft_blake3_state_bytes(void);

void weft_blake3_init(weft_blake3_state *state);

/* Adds input[0..bytes-1], which may be null when bytes is 0. Pieces from some 100 KiB on
 * use all threads, best if they are long. Calls for one state follow each other. After
 * cancellation the digest is meaningless. */
void weft_blake3_update(weft_blake3_state *state, const void *input, size_t bytes);

/* The digest of all input so far, as weft_blake3 gives it; more input may follow. */
void weft_blake3_finish(const weft_blake3_state *state, uint8_t digest[32]);

/* How many ways n queens can stand on an n x n board so that none attacks another;
 * mirrored and turned boards count. n: 1..32, 0 for any other; the time grows about
 * eightfold with each step above 13. 0 after cancellation. */
uint64_t weft_nqueens(uint32_t n);
uint64_t weft_nqueens_serial(uint32_t n);

/* Counts a tree of the Unbalanced Tree Search benchmark (Olivier, Huan, Liu, Prins,
 * Dinan, Sadayappan, Tseng, "UTS: An Unbalanced Tree Search Benchmark", 2006): out[0]
 * nodes, out[1] greatest depth (the root's is 0), out[2] leaves. The tree unfolds from
 * SHA-1 of the parent's state and the child's number, so nobody knows its shape
 * beforehand; each inner node is a task. Trees:
 *     1  T1: geometric, fixed shape, b0 4, depth 10, seed 19: 4,130,071 nodes
 *     3  T3: binomial, b0 2000, q 0.124875, m 8, seed 42: 4,112,897 nodes, 1572 deep,
 *        some 400 KiB of a worker's stack
 * Returns an enum weft_status.
 *
 * Errors: WEFT_ERR_INVALID    no such tree, or out is null; out is unchanged
 *         WEFT_ERR_CANCELLED  the job was cancelled; out is unchanged */
int32_t weft_uts(uint32_t tree, uint64_t out[3]);
int32_t weft_uts_serial(uint32_t tree, uint64_t out[3]);

#endif
