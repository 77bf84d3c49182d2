/* weft/event.h: a flag that threads wait for. */
#ifndef WEFT_EVENT_H
#define WEFT_EVENT_H

#include <weft/base.h>
#include <weft/status.h>

/* Is set or not. Once set it lets everybody through until it is reset. Lives in the
 * caller's memory. The field is private. */
typedef struct weft_event {
    _Atomic uint32_t state; /* see src/core/event.c */
} weft_event;

/* clang-format off */
#define WEFT_EVENT_INIT {0}
/* clang-format on */

/* Makes an event that is not set; the same as WEFT_EVENT_INIT.
 *
 * Errors: WEFT_ERR_INVALID  event is NULL */
enum weft_status weft_event_init(weft_event *event);

/* Sets the event and lets every thread go on that waits for it, even if it is reset at
 * once. What the caller did before is seen by those that were let through. One of them
 * may end the event (fini) and free its memory although this call has not returned yet.
 *
 * Errors:  WEFT_ERR_INVALID  event is NULL
 * Threads: any thread. Never sleeps. */
enum weft_status weft_event_set(weft_event *event);

/* Makes later waits sleep again.
 *
 * Errors:  WEFT_ERR_INVALID  event is NULL
 * Threads: any thread. Never sleeps. */
enum weft_status weft_event_reset(weft_event *event);

/* Sleeps up to `timeout_ns` nanoseconds for the event to be set; 0 only looks,
 * WEFT_FOREVER (or any other negative number) has no limit.
 *
 * Errors:  WEFT_ERR_INVALID      event is NULL
 *          WEFT_ERR_TIMEOUT      it was not set in time
 *          WEFT_ERR_WOULD_BLOCK  it is not set, timeout_ns is not 0, and this thread must
 *                                not sleep (a browser's main thread)
 * Threads: any thread. */
WEFT_NODISCARD enum weft_status weft_event_wait(weft_event *event, int64_t timeout_ns);

/* Ends the event; NULL does nothing. No thread may be inside weft_event_wait, but for
 * those that a set has let through. */
void weft_event_fini(weft_event *event);

#endif
