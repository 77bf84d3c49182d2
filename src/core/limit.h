/* limit.h: how locks, channels and the like sleep; the scheduler sleeps by sleep.c.
 *
 * Invariant L1: a thread sleeps only while the word that it names holds the value that it
 * read when it found that it must wait; whoever ends the cause changes the word first and
 * wakes afterwards.
 * Invariant L2: whatever weft__limit_sleep returns, its caller looks once more before it
 * gives up, so a wake-up that comes together with the limit is not lost.
 * Invariant L3: no task runs in here. */
#ifndef WEFT_CORE_LIMIT_H
#define WEFT_CORE_LIMIT_H

#include "../platform/platform.h"

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

struct weft__limit weft__limit_begin(int64_t timeout_ns);

/* Sleeps while *word == expected, or less.
 * Errors: WEFT_ERR_TIMEOUT, WEFT_ERR_WOULD_BLOCK. */
enum weft_status weft__limit_sleep(const struct weft__limit *limit, _Atomic uint32_t *word,
                                   uint32_t expected);

/* Takes a mutex that is only ever held for a few instructions. Never fails: a thread that
 * must not sleep spins. */
void weft__mutex_lock_leaf_slow(weft_mutex *mutex);

static inline void weft__mutex_lock_leaf(weft_mutex *mutex)
{
    uint32_t free = 0;
    /* Acquire: pairs with the release in weft_mutex_unlock. */
    if (!atomic_compare_exchange_strong_explicit(&mutex->state, &free, WEFT__MUTEX_HELD,
                                                 memory_order_acquire, memory_order_relaxed))
        weft__mutex_lock_leaf_slow(mutex);
}

#endif
