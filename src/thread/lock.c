/* lock.c: the contended side of lock.h. */
#include "lock.h"

#define SPIN_COUNT 200

void weft__lock_slow(weft__lock *lock)
{
    for (int i = 0; i < SPIN_COUNT; i++) {
        uint32_t unlocked = 0;
        if (WEFT__PEEK(&lock->word) == 0 &&
            atomic_compare_exchange_strong_explicit(&lock->word, &unlocked, 1, memory_order_acquire,
                                                    memory_order_relaxed))
            return;
        weft__plat_relax();
    }
    /* Acquire: pairs with the release in unlock. */
    while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) != 0)
        (void)weft__wasm_wait(&lock->word, 2, -1);
}
