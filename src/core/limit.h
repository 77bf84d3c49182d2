/* limit.h: how locks, channels and the like sleep; the scheduler sleeps by sleep.c.
 *
 * Invariant L1: a thread sleeps only while the word that it names holds the value that it
 * read when it found that it must wait; whoever ends the cause changes the word first and
 * wakes afterwards.
 * Invariant L2: whatever weft__limit_sleep returns, its caller looks once more before it
 * gives up, so a wake-up that comes together with the limit is not lost.
 * Invariant L3: no task runs in here.
 * Invariant L4: while a worker is between weft__limit_begin and weft__limit_end, its record
 * `waiting` names what it waits for. A thread that dies in between cannot be followed (T1):
 * the object counts or names it among those that wait.
 * Invariant L5: the host ends a wait as a time limit does. So an object never knows, and
 * the waiter has left it when weft__limit_end gives up the stack. */
#ifndef WEFT_CORE_LIMIT_H
#define WEFT_CORE_LIMIT_H

#include "../platform/platform.h"
#include "block.h"

#include <weft/lock.h>

/* Looks at a word before sleeping on it, as most waits are short. The model check has
 * none. */
#ifndef WEFT__LOCK_SPINS
#define WEFT__LOCK_SPINS 100u
#endif

struct weft__limit {
    int64_t timeout_ns;  /* 0: never sleep; negative: no limit */
    int64_t deadline_ns; /* when timeout_ns is positive */
    bool leaf;           /* who ends the wait waits for nobody: no spare worker is needed */
};

/* The number of each is known to js-glue/src/watch.js. */
enum weft__wait_kind {
    WEFT__WAIT_NOTHING = 0,
    WEFT__WAIT_MUTEX = 1,
    WEFT__WAIT_CONDITION = 2,
    WEFT__WAIT_READ_LOCK = 3,
    WEFT__WAIT_WRITE_LOCK = 4,
    WEFT__WAIT_SEMAPHORE = 5,
    WEFT__WAIT_EVENT = 6,
    WEFT__WAIT_CHANNEL = 7,
    WEFT__WAIT_BARRIER = 8,
    WEFT__WAIT_RING = 9,
    WEFT__WAIT_ONCE = 10
};

/* A worker's record of the wait that it is in. */
struct weft__waiting {
    _Atomic uint32_t kind; /* written after `object`, cleared last */
    _Atomic(const void *) object;
    _Atomic(_Atomic uint32_t *) word; /* that it sleeps on; NULL: awake */
    _Atomic uint32_t timed;           /* it has a limit */
    _Atomic uint32_t number;          /* of the sleep: raised by each */
};

struct weft__limit weft__limit_begin(enum weft__wait_kind kind, const void *object,
                                     int64_t timeout_ns);

/* Follows each weft__limit_begin, with what the wait came to, which it returns. */
enum weft_status weft__limit_end(enum weft_status status);

/* Sleeps while *word == expected, or less.
 * Errors: WEFT_ERR_TIMEOUT, WEFT_ERR_WOULD_BLOCK, WEFT_ERR_CANCELLED (by the host). */
enum weft_status weft__limit_sleep(const struct weft__limit *limit, _Atomic uint32_t *word,
                                   uint32_t expected);

/* Takes a mutex that is only ever held for a few instructions. Never fails: a thread that
 * must not sleep spins. */
void weft__mutex_lock_leaf_slow(weft_mutex *mutex);

static inline void weft__mutex_lock_leaf(weft_mutex *mutex)
{
    uint32_t free = 0;
    /* Acquire: pairs with the release in weft_mutex_unlock. */
    weft__critical_begin(weft__front);
    if (!atomic_compare_exchange_strong_explicit(&mutex->state, &free, WEFT__MUTEX_HELD,
                                                 memory_order_acquire, memory_order_relaxed))
        weft__mutex_lock_leaf_slow(mutex);
}

static inline void weft__mutex_unlock_leaf(weft_mutex *mutex)
{
    (void)weft_mutex_unlock(mutex);
    weft__critical_end(weft__front);
}

#endif
