/* weft/channel.h: a bounded queue of pointers between threads. */
#ifndef WEFT_CHANNEL_H
#define WEFT_CHANNEL_H

#include <weft/base.h>
#include <weft/status.h>

/* The largest capacity. */
#define WEFT_CHANNEL_MAX 16777216

/* Any number of threads may send and receive at once. Items leave in the order
 * in which their sends completed, and threads that wait are served in the order in which
 * they came. A channel never owns what its pointers name.
 *
 *     status = weft_channel_send(lines, item, WEFT_FOREVER);   // in the reader
 *     status = weft_channel_recv(lines, &item, WEFT_FOREVER);  // in each worker
 */
typedef struct weft_channel weft_channel;

/* Makes an empty channel that holds up to `capacity` items, 1..WEFT_CHANNEL_MAX. A larger
 * one lets the senders run further ahead.
 *
 * Ownership: *channel is the caller's, to be destroyed; unchanged after an error.
 * Errors:    WEFT_ERR_INVALID  channel is NULL, capacity is out of range
 *            WEFT_ERR_NOMEM    out of memory
 * Threads:   any thread. */
WEFT_NODISCARD enum weft_status weft_channel_create(size_t capacity, weft_channel **channel);

/* Adds an item, which may be NULL, sleeping up to `timeout_ns` nanoseconds for room; 0
 * only looks, WEFT_FOREVER (or any other negative number) has no limit. What the sender
 * wrote before is seen by the receiver of the item.
 *
 * Ownership: after an error the item is still the sender's.
 * Errors:    WEFT_ERR_INVALID      channel is NULL
 *            WEFT_ERR_TIMEOUT      there was no room in time
 *            WEFT_ERR_CLOSED       the channel is, or became, closed
 *            WEFT_ERR_WOULD_BLOCK  full, timeout_ns is not 0, and this thread must not
 *                                  sleep (a browser's main thread)
 * Threads:   any thread. */
WEFT_NODISCARD enum weft_status weft_channel_send(weft_channel *channel, void *item,
                                                  int64_t timeout_ns);

/* Takes the oldest item, sleeping up to `timeout_ns` nanoseconds for one to
 * arrive; 0 only looks, WEFT_FOREVER (or any other negative number) has no limit.
 *
 * Ownership: *item is lent or given exactly as the sender meant it.
 * Errors:    WEFT_ERR_INVALID      a null pointer
 *            WEFT_ERR_TIMEOUT      nothing arrived in time; *item unchanged
 *            WEFT_ERR_CLOSED       closed, and every item has been taken
 *            WEFT_ERR_WOULD_BLOCK  empty, timeout_ns is not 0, and this thread
 *                                  must not sleep (a browser's main thread)
 * Threads:   any thread. */
WEFT_NODISCARD enum weft_status weft_channel_recv(weft_channel *channel, void **item,
                                                  int64_t timeout_ns);

/* Ends the sending: no more items get in, those inside can still be received, and every
 * thread that waits and cannot be served is told WEFT_ERR_CLOSED. A channel that is
 * closed already, or NULL, is left as it is.
 *
 * Threads: any thread. */
void weft_channel_close(weft_channel *channel);

/* Frees the channel, closed or not; NULL does nothing. No thread may be inside a call on
 * it. */
void weft_channel_destroy(weft_channel *channel);

#endif
