/* weft/barrier.h: threads wait until all of them have come. */
#ifndef WEFT_BARRIER_H
#define WEFT_BARRIER_H

#include <weft/base.h>
#include <weft/status.h>

/* `count` threads meet, go on together, and may meet again. Lives in the caller's memory.
 * All of them must be running at once: for the parts of a loop or of a fork this is not
 * so, end the loop instead. The fields are private. */
typedef struct weft_barrier {
    _Atomic uint32_t state; /* see src/core/barrier.c */
    uint32_t count;
} weft_barrier;

/* The most threads that can meet. */
#define WEFT_BARRIER_MAX 65535

/* Makes a barrier for 1..WEFT_BARRIER_MAX threads.
 *
 * Errors: WEFT_ERR_INVALID  barrier is NULL, count is out of range */
WEFT_NODISCARD enum weft_status weft_barrier_init(weft_barrier *barrier, size_t count);

/* Comes to the barrier and sleeps up to `timeout_ns` nanoseconds for the others; 0 never
 * sleeps, WEFT_FOREVER (or any other negative number) has no limit. For the one that came
 * last *serial is true, for the others false; serial may be NULL. After an error the
 * caller counts as not come, and *serial is unchanged.
 *
 * Errors:  WEFT_ERR_INVALID      barrier is NULL
 *          WEFT_ERR_TIMEOUT      others are missing
 *          WEFT_ERR_WOULD_BLOCK  others are missing, timeout_ns is not 0, and this thread
 *                                must not sleep (a browser's main thread)
 * Threads: any thread, no more than `count` at a time. */
WEFT_NODISCARD enum weft_status weft_barrier_wait(weft_barrier *barrier, bool *serial,
                                                  int64_t timeout_ns);

/* Ends the barrier; NULL does nothing. No thread may be inside weft_barrier_wait.
 *
 * Errors: WEFT_ERR_STATE  somebody waits; nothing changed */
enum weft_status weft_barrier_fini(weft_barrier *barrier);

#endif
