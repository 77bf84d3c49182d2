/* lock.h: a small mutual exclusion lock for short critical sections.
 *
 * word | means                           | set by            | cleared by
 * -----|---------------------------------|-------------------|-----------
 *    0 | free                            | unlock            |
 *    1 | held                            | lock              | unlock
 *    2 | held, and somebody may sleep    | lock, after spins | unlock, which wakes one
 *
 * (Drepper, "Futexes Are Tricky", 2011, the third mutex.) A thread that must not sleep
 * spins instead. */
#ifndef WEFT_THREAD_LOCK_H
#define WEFT_THREAD_LOCK_H

#include "../platform/platform_wasm_wait.h"

typedef struct weft__lock {
    _Atomic uint32_t word;
} weft__lock;

void weft__lock_slow(weft__lock *lock);

static inline bool weft__lock_try_lock(weft__lock *lock)
{
    uint32_t unlocked = 0;
    return atomic_compare_exchange_strong_explicit(&lock->word, &unlocked, 1, memory_order_acquire,
                                                   memory_order_relaxed);
}

static inline void weft__lock_lock(weft__lock *lock)
{
    if (!weft__lock_try_lock(lock))
        weft__lock_slow(lock);
}

static inline void weft__lock_unlock(weft__lock *lock)
{
    /* Release: pairs with the acquire in lock. */
    if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2)
        weft__plat_wake(&lock->word, 1);
}

#endif
