/* semaphore.c
 *
 * weft_semaphore.state: bits 0..30 are the count; bit 31, SLEEPERS, says that somebody may
 * sleep. It is set by who is about to sleep and by who has slept; release clears it.
 *
 * Invariant: a thread sleeps only on the value SLEEPERS, that is with the count at 0. While
 * anybody sleeps, SLEEPERS is set or somebody who was woken has not looked yet; and who was
 * woken sets it again in the exchange that takes one, or before it sleeps or gives up. If
 * it leaves a count above 0, it wakes the next one.
 * So a count above 0 with sleepers always has somebody awake who will come to it. */
#include "limit.h"
#include "look.h"

#include <weft/semaphore.h>

#define SLEEPERS 0x80000000u
#define COUNT    0x7fffffffu

enum weft_status weft_semaphore_init(weft_semaphore *semaphore, size_t count)
{
    if (semaphore == NULL || count > WEFT_SEMAPHORE_MAX)
        return WEFT_ERR_INVALID;
    atomic_init(&semaphore->state, (uint32_t)count);
    return WEFT_OK;
}

/* Takes one, setting `mark` in the state in any case. */
static bool take(weft_semaphore *semaphore, uint32_t mark)
{
    uint32_t state = atomic_load_explicit(&semaphore->state, memory_order_relaxed);
    for (;;) {
        bool some = (state & COUNT) != 0;
        uint32_t next = (some ? state - 1 : state) | mark;
        if (!some && next == state)
            return false;
        /* Acquire: pairs with the release in weft_semaphore_release. */
        if (!atomic_compare_exchange_weak_explicit(&semaphore->state, &state, next,
                                                   memory_order_acquire, memory_order_relaxed))
            continue;
        if (some && mark != 0 && (next & COUNT) != 0)
            weft__plat_wake(&semaphore->state, 1);
        return some;
    }
}

bool weft__semaphore_look(weft_semaphore *semaphore, uint32_t *asleep)
{
    *asleep = SLEEPERS;
    return take(semaphore, SLEEPERS);
}

enum weft_status weft_semaphore_acquire(weft_semaphore *semaphore, int64_t timeout_ns)
{
    if (semaphore == NULL)
        return WEFT_ERR_INVALID;
    if (take(semaphore, 0))
        return WEFT_OK;
    if (timeout_ns == 0)
        return WEFT_ERR_TIMEOUT;
    for (uint32_t i = 0; i < WEFT__LOCK_SPINS; i++) {
        if ((WEFT__PEEK(&semaphore->state) & COUNT) != 0 && take(semaphore, 0))
            return WEFT_OK;
        weft__plat_relax();
    }
    struct weft__limit limit = weft__limit_begin(WEFT__WAIT_SEMAPHORE, semaphore, timeout_ns);
    enum weft_status status = WEFT_OK;
    uint32_t asleep = 0;
    while (!weft__semaphore_look(semaphore, &asleep)) {
        if (status != WEFT_OK)
            return weft__limit_end(status);
        status = weft__limit_sleep(&limit, &semaphore->state, asleep);
    }
    return weft__limit_end(WEFT_OK);
}

static enum weft_status release(weft_semaphore *semaphore, size_t count)
{
    uint32_t state = atomic_load_explicit(&semaphore->state, memory_order_relaxed);
    do {
        if (count > COUNT - (state & COUNT))
            return WEFT_ERR_LIMIT;
        if (count == 0)
            return WEFT_OK;
        /* Release: pairs with the acquire in take(). */
    } while (!atomic_compare_exchange_weak_explicit(&semaphore->state, &state,
                                                    (state & COUNT) + (uint32_t)count,
                                                    memory_order_release, memory_order_relaxed));
    /* The semaphore may be gone; waking a word that nobody waits on does no harm. */
    if ((state & SLEEPERS) != 0)
        weft__plat_wake(&semaphore->state, (uint32_t)count);
    return WEFT_OK;
}

enum weft_status weft_semaphore_release(weft_semaphore *semaphore, size_t count)
{
    if (semaphore == NULL)
        return WEFT_ERR_INVALID;
    weft__critical_begin(weft__front); /* T1: until the wake-up is given */
    enum weft_status status = release(semaphore, count);
    weft__critical_end(weft__front);
    return status;
}

void weft_semaphore_fini(weft_semaphore *semaphore)
{
    (void)semaphore;
}
