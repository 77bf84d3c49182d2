/* weft/parallel.h: loops and reductions over index ranges. */
#ifndef WEFT_PARALLEL_H
#define WEFT_PARALLEL_H

#include <weft/base.h>
#include <weft/status.h>

/* Works on the indices first..last-1; called with first < last, on any thread. */
typedef void (*weft_range_fn)(void *context, size_t first, size_t last);

/* Writes the value of the indices first..last-1 into *partial, which is aligned as
 * malloc aligns and holds nothing yet. */
typedef void (*weft_reduce_fn)(void *context, size_t first, size_t last, void *partial);

/* Makes *into the value of its own indices followed by those of *from. Must be
 * associative up to rounding; need not be commutative. */
typedef void (*weft_combine_fn)(void *context, void *into, const void *from);

/* The largest value that weft_reduce carries, in bytes. */
#define WEFT_REDUCE_BYTES_MAX 4096

/* The same as fn(context, first, last) cut into slices that run in any order, at the
 * same time, on all threads. Slices are cut finer only while a thread has nothing to
 * do, so `grain`, the least number of indices in a slice, is rarely needed: 0 lets
 * weft choose. Nothing happens when first >= last. If the job is cancelled the
 * remaining slices are left out. Outside of a job it becomes one; a thread that must not
 * sleep (a browser's main thread) runs all of it itself.
 *
 * Threads: any thread; may be nested. */
void weft_for(size_t first, size_t last, size_t grain, weft_range_fn fn, void *context);

/* Reduces the indices first..last-1 to one value of `bytes` bytes. The slices and the
 * order in which they are combined depend on last - first and grain alone, so the
 * result has the same bits on any number of threads. `grain` is the least number of
 * indices in a slice; 0 lets weft choose (at most 512 slices). A thread that must not
 * sleep runs all of it itself.
 *
 *     static void part(void *context, size_t first, size_t last, void *partial)
 *     {
 *         const double *xs = context;
 *         double sum = 0;
 *         for (size_t i = first; i < last; i++) sum += xs[i];
 *         *(double *)partial = sum;
 *     }
 *     static void add(void *context, void *into, const void *from)
 *     {
 *         *(double *)into += *(const double *)from;
 *     }
 *     double sum = 0;
 *     status = weft_reduce(0, count, 0, part, add, xs, &sum, sizeof sum);
 *
 * Ownership: *result is the caller's; unchanged when first >= last or after an error.
 * Errors:    WEFT_ERR_INVALID    a null pointer; bytes is 0 or above
 *                                WEFT_REDUCE_BYTES_MAX
 *            WEFT_ERR_CANCELLED  the job was cancelled
 * Threads:   any thread; may be nested. */
WEFT_NODISCARD enum weft_status weft_reduce(size_t first, size_t last, size_t grain,
                                            weft_reduce_fn fn, weft_combine_fn combine,
                                            void *context, void *result, size_t bytes);

#endif
