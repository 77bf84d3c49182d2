/* weft/ring.h: a bounded queue of pointers from one thread to another. */
#ifndef WEFT_RING_H
#define WEFT_RING_H

#include <weft/base.h>
#include <weft/status.h>

/* The largest capacity. */
#define WEFT_RING_MAX 16777216

/* One thread sends, one thread receives; for more use a channel. Items leave in the order
 * in which they came. The try_ forms are wait-free: a fixed number of steps, whatever the
 * other thread does. A ring never owns what its pointers name.
 *
 *     status = weft_ring_send(samples, item, WEFT_FOREVER);    // in one thread
 *     status = weft_ring_recv(samples, &item, WEFT_FOREVER);   // in the other
 */
typedef struct weft_ring weft_ring;

/* Makes an empty ring that holds up to `capacity` items, 1..WEFT_RING_MAX.
 *
 * Ownership: *ring is the caller's, to be destroyed; unchanged after an error.
 * Errors:    WEFT_ERR_INVALID  ring is NULL, capacity is out of range
 *            WEFT_ERR_NOMEM    out of memory
 * Threads:   any thread. */
WEFT_NODISCARD enum weft_status weft_ring_create(size_t capacity, weft_ring **ring);

/* Adds an item, which may be NULL, if there is room. What the sender wrote before is seen
 * by the receiver of the item.
 *
 * Ownership: after an error the item is still the sender's.
 * Errors:    WEFT_ERR_INVALID  ring is NULL
 *            WEFT_ERR_TIMEOUT  the ring is full
 *            WEFT_ERR_CLOSED   the ring is closed
 * Threads:   the sender. Never sleeps. */
WEFT_NODISCARD enum weft_status weft_ring_try_send(weft_ring *ring, void *item);

/* Adds an item, sleeping up to `timeout_ns` nanoseconds for room; 0 only looks,
 * WEFT_FOREVER (or any other negative number) has no limit.
 *
 * Errors:  as weft_ring_try_send, and
 *          WEFT_ERR_WOULD_BLOCK  full, timeout_ns is not 0, and this thread must not
 *                                sleep (a browser's main thread)
 * Threads: the sender. */
WEFT_NODISCARD enum weft_status weft_ring_send(weft_ring *ring, void *item, int64_t timeout_ns);

/* Takes the oldest item if there is one.
 *
 * Ownership: *item is lent or given exactly as the sender meant it; unchanged after an
 *            error.
 * Errors:    WEFT_ERR_INVALID  a null pointer
 *            WEFT_ERR_TIMEOUT  the ring is empty
 *            WEFT_ERR_CLOSED   closed, and every item has been taken
 * Threads:   the receiver. Never sleeps. */
WEFT_NODISCARD enum weft_status weft_ring_try_recv(weft_ring *ring, void **item);

/* Takes the oldest item, sleeping up to `timeout_ns` nanoseconds for one to arrive; 0
 * only looks, WEFT_FOREVER (or any other negative number) has no limit.
 *
 * Errors:  as weft_ring_try_recv, and
 *          WEFT_ERR_WOULD_BLOCK  empty, timeout_ns is not 0, and this thread must not
 *                                sleep (a browser's main thread)
 * Threads: the receiver. */
WEFT_NODISCARD enum weft_status weft_ring_recv(weft_ring *ring, void **item, int64_t timeout_ns);

/* Ends the sending: items inside can still be received. Either side that waits is told
 * WEFT_ERR_CLOSED. Called by another thread than the sender, a send that is under way may
 * still succeed. A ring that is closed already, or NULL, is left as it is.
 *
 * Threads: any thread. */
void weft_ring_close(weft_ring *ring);

/* Frees the ring, closed or not; NULL does nothing. No thread may be inside a call on
 * it. */
void weft_ring_destroy(weft_ring *ring);

#endif
