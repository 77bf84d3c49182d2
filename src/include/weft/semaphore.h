/* weft/semaphore.h: a counter that threads wait for. */
#ifndef WEFT_SEMAPHORE_H
#define WEFT_SEMAPHORE_H

#include <weft/base.h>
#include <weft/status.h>

/* Counts what there is to have; acquire takes one, release brings some. Lives in the
 * caller's memory. The field is private.
 *
 *     weft_semaphore slots;
 *     status = weft_semaphore_init(&slots, 4);                  // at most 4 at a time
 *     status = weft_semaphore_acquire(&slots, WEFT_FOREVER);
 *     download();
 *     status = weft_semaphore_release(&slots, 1);
 */
typedef struct weft_semaphore {
    _Atomic uint32_t state; /* see src/core/semaphore.c */
} weft_semaphore;

/* The highest count. */
#define WEFT_SEMAPHORE_MAX 2147483647

/* Makes a semaphore with a count of 0..WEFT_SEMAPHORE_MAX.
 *
 * Errors: WEFT_ERR_INVALID  semaphore is NULL, count is out of range */
WEFT_NODISCARD enum weft_status weft_semaphore_init(weft_semaphore *semaphore, size_t count);

/* Takes one off the count, sleeping up to `timeout_ns` nanoseconds for it to be above 0;
 * 0 only looks, WEFT_FOREVER (or any other negative number) has no limit. Waiting threads
 * are served in no particular order.
 *
 * Errors:  WEFT_ERR_INVALID      semaphore is NULL
 *          WEFT_ERR_TIMEOUT      the count stayed 0
 *          WEFT_ERR_WOULD_BLOCK  it is 0, timeout_ns is not 0, and this thread must not
 *                                sleep (a browser's main thread)
 * Threads: any thread. */
WEFT_NODISCARD enum weft_status weft_semaphore_acquire(weft_semaphore *semaphore,
                                                       int64_t timeout_ns);

/* Takes one off the count if it is above 0: weft_semaphore_acquire with no time. */
WEFT_NODISCARD static inline enum weft_status weft_semaphore_try_acquire(weft_semaphore *semaphore)
{
    return weft_semaphore_acquire(semaphore, 0);
}

/* Adds `count` and wakes as many threads. Whoever takes the last one may end the
 * semaphore (fini) and free its memory although this call has not returned yet.
 *
 * Errors:  WEFT_ERR_INVALID  semaphore is NULL
 *          WEFT_ERR_LIMIT    the count would exceed WEFT_SEMAPHORE_MAX; it is unchanged
 * Threads: any thread. Never sleeps. */
enum weft_status weft_semaphore_release(weft_semaphore *semaphore, size_t count);

/* Ends the semaphore; NULL does nothing. No thread may be inside an acquire of it. */
void weft_semaphore_fini(weft_semaphore *semaphore);

#endif
