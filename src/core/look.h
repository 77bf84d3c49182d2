/* look.h: the waits of locks and channels in steps, for a thread that must not sleep in
 * them: the host's, which has an event loop to serve.
 *
 * Who cannot go on at once joins, and from then on is a waiter like any other. It looks;
 * WEFT_ERR_WOULD_BLOCK means that it is to be woken on a word, as a sleeper is, provided
 * that the word still has the value to sleep on (if not, it looks again at once); then it
 * looks again. So invariant L1 of limit.h holds for it, and the invariants of lock.c,
 * semaphore.c, event.c and channel.c hold without a word about it: a step here is what a
 * sleeper does between two sleeps, in the same code.
 *
 * A waiter that gives up leaves by one more look (L2), which may find that it was served
 * after all. Where sleepers share a word, it may still be in the host's list of those to
 * wake; then it wakes everybody on the word, so that no wake-up reaches one that is gone. */
#ifndef WEFT_CORE_LOOK_H
#define WEFT_CORE_LOOK_H

#include <weft/channel.h>
#include <weft/event.h>
#include <weft/lock.h>
#include <weft/semaphore.h>

/* Mutex. A starved waiter is handed the mutex by the next unlock; once starved, always. */
void weft__mutex_join(weft_mutex *mutex);

/* WEFT_OK: taken. WEFT_ERR_WOULD_BLOCK: *asleep is the value to sleep on.
 * WEFT_ERR_TIMEOUT: `leaves`, and has left. */
enum weft_status weft__mutex_look(weft_mutex *mutex, bool starved, bool leaves, uint32_t *asleep);

/* Semaphore. True: took one. Else *asleep is the value to sleep on. Nobody joins, and who
 * leaves looks once more. */
bool weft__semaphore_look(weft_semaphore *semaphore, uint32_t *asleep);

/* Event. True: set, or was since weft__event_join returned `number`. Who leaves just goes. */
uint32_t weft__event_join(weft_event *event);
bool weft__event_look(weft_event *event, uint32_t number, uint32_t *asleep);

/* Channel. A waiter has a word of its own, and keeps its place until it is served or has
 * left. */
struct weft__line;

struct weft__waiter {
    struct weft__waiter *next, *before; /* in line; under the channel's lock */
    struct weft__line *line;            /* the one it joined */
    void *item;                         /* to send, or received; under the lock until served */
    enum weft_status status;            /* what came of it; written before SERVED */
    _Atomic uint32_t word;              /* see channel.c */
};

#define WEFT__WAITER_ASLEEP 1u /* the value to sleep on */

/* Sends or receives like weft_channel_send and weft_channel_recv with no time, but where
 * that would wait: joins the line with `self`, NULL only says so, WEFT_ERR_WOULD_BLOCK. */
enum weft_status weft__channel_offer(weft_channel *channel, void *item, struct weft__waiter *self);
enum weft_status weft__channel_ask(weft_channel *channel, void **item, struct weft__waiter *self);

/* What came of the wait, or WEFT_ERR_WOULD_BLOCK. */
enum weft_status weft__channel_look(struct weft__waiter *self);

/* True: the waiter is out of the line. False: it is being served at this moment, and will
 * be woken, if it is to be, as ever. */
bool weft__channel_leave(weft_channel *channel, struct weft__waiter *self);

/* Does anybody wait? */
bool weft__channel_awaited(weft_channel *channel);

#endif
