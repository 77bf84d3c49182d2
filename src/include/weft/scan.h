/* weft/scan.h: running totals (prefix sums) of arrays. */
#ifndef WEFT_SCAN_H
#define WEFT_SCAN_H

#include <weft/base.h>
#include <weft/parallel.h>
#include <weft/status.h>

/* What ys[i] is to hold: the total of xs[0..i], or of xs[0..i-1]. */
enum weft_scan_kind {
    WEFT_SCAN_INCLUSIVE = 0,
    WEFT_SCAN_EXCLUSIVE = 1,
};

/* Running totals of `count` elements of `bytes` bytes, 1..WEFT_REDUCE_BYTES_MAX. The same
 * as this, with the additions grouped otherwise:
 *
 *     memcpy(total, initial, bytes);
 *     for (i = 0; i < count; i++) {
 *         if (kind == WEFT_SCAN_EXCLUSIVE) memcpy(ys + i * bytes, total, bytes);
 *         combine(context, total, xs + i * bytes);
 *         if (kind == WEFT_SCAN_INCLUSIVE) memcpy(ys + i * bytes, total, bytes);
 *     }
 *
 * `combine` (see weft_reduce) must be associative up to rounding and need not be
 * commutative. The grouping depends on count and bytes alone, so the result has the same
 * bits on any number of threads. `initial` may be null for an inclusive scan: the first
 * total then is the first element. ys may be xs, but must not overlap it otherwise.
 *
 *     static void larger(void *context, void *into, const void *from)
 *     {
 *         if (*(const int *)from > *(int *)into) *(int *)into = *(const int *)from;
 *     }
 *     status = weft_scan(WEFT_SCAN_INCLUSIVE, heights, count, sizeof heights[0], larger, NULL,
 *                        NULL, highest_so_far);
 *
 * Ownership: totals live in memory aligned as malloc aligns; elements need no alignment
 *            but what combine needs of them.
 * Errors:    WEFT_ERR_INVALID    combine is null; xs or ys is null and count is not 0;
 *                                initial is null and the scan exclusive; bytes is out of
 *                                range, or count * bytes above SIZE_MAX; no such kind
 *            WEFT_ERR_NOMEM      no room for a few hundred totals; ys is unchanged
 *            WEFT_ERR_CANCELLED  the job was cancelled; some of ys may be written
 * Threads:   any thread; may be nested. */
WEFT_NODISCARD enum weft_status weft_scan(enum weft_scan_kind kind, const void *xs, size_t count,
                                          size_t bytes, weft_combine_fn combine, void *context,
                                          const void *initial, void *ys);

/* weft_scan of sums from 0, at the speed of memory. Integers wrap around. Doubles are
 * added in groups that depend on count alone: the same bits on any number of threads, but
 * rounded otherwise than when added one after the other, and so where a group begins a
 * total of positive numbers may be a rounding error below the one before it.
 *
 * Errors:  as weft_scan
 * Threads: any thread; may be nested. */
WEFT_NODISCARD enum weft_status weft_scan_f64(enum weft_scan_kind kind, const double *xs,
                                              size_t count, double *ys);
WEFT_NODISCARD enum weft_status weft_scan_u64(enum weft_scan_kind kind, const uint64_t *xs,
                                              size_t count, uint64_t *ys);
WEFT_NODISCARD enum weft_status weft_scan_i64(enum weft_scan_kind kind, const int64_t *xs,
                                              size_t count, int64_t *ys);
WEFT_NODISCARD enum weft_status weft_scan_u32(enum weft_scan_kind kind, const uint32_t *xs,
                                              size_t count, uint32_t *ys);

#endif
