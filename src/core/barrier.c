/* barrier.c
 *
 * weft_barrier.state: bits 0..15 count those that have come, bits 16..31 are the number of
 * the phase, raised by the last one in the exchange that sets the count back to 0.
 *
 * Invariant: a thread is counted in one phase, and sleeps only on values of that phase;
 * it leaves when the phase has changed, or takes itself off the count while it has not. The
 * number cannot come round again meanwhile, as no phase ends without the sleeper. */
#include "limit.h"

#include <weft/barrier.h>

#define COUNT 0xffffu
#define PHASE 0x10000u

enum weft_status weft_barrier_init(weft_barrier *barrier, size_t count)
{
    if (barrier == NULL || count == 0 || count > WEFT_BARRIER_MAX)
        return WEFT_ERR_INVALID;
    atomic_init(&barrier->state, 0);
    barrier->count = (uint32_t)count;
    return WEFT_OK;
}

/* Counts the caller; true when it is the last. *state is the value that this left. */
static bool arrive(weft_barrier *barrier, uint32_t *state)
{
    uint32_t before = atomic_load_explicit(&barrier->state, memory_order_relaxed);
    bool last;
    do {
        last = (before & COUNT) + 1 == barrier->count;
        *state = last ? (before & ~COUNT) + PHASE : before + 1;
        /* Release and acquire: what each one did before is seen by all of them after. */
    } while (!atomic_compare_exchange_weak_explicit(&barrier->state, &before, *state,
                                                    memory_order_acq_rel, memory_order_relaxed));
    return last;
}

/* Takes the caller off the count; false when its phase is over. */
static bool withdraw(weft_barrier *barrier, uint32_t phase)
{
    /* Acquire: pairs with the exchange of the last one. */
    uint32_t state = atomic_load_explicit(&barrier->state, memory_order_acquire);
    while ((state & ~COUNT) == phase)
        if (atomic_compare_exchange_weak_explicit(&barrier->state, &state, state - 1,
                                                  memory_order_acq_rel, memory_order_acquire))
            return true;
    return false;
}

enum weft_status weft_barrier_wait(weft_barrier *barrier, bool *serial, int64_t timeout_ns)
{
    if (barrier == NULL)
        return WEFT_ERR_INVALID;
    struct weft__limit limit = weft__limit_begin(WEFT__WAIT_BARRIER, barrier, timeout_ns);
    enum weft_status status = WEFT_OK;
    uint32_t state;
    bool last = arrive(barrier, &state); /* T1: between weft__limit_begin and _end */
    uint32_t phase = state & ~COUNT;
    if (last)
        weft__plat_wake(&barrier->state, UINT32_MAX);
    for (uint32_t spins = 0; !last && (state & ~COUNT) == phase; spins++) {
        if (status != WEFT_OK && withdraw(barrier, phase))
            return weft__limit_end(status);
        if (spins < WEFT__LOCK_SPINS && timeout_ns != 0)
            weft__plat_relax();
        else
            status = weft__limit_sleep(&limit, &barrier->state, state);
        /* Acquire: pairs with the exchange of the last one. */
        state = atomic_load_explicit(&barrier->state, memory_order_acquire);
    }
    if (serial != NULL)
        *serial = last;
    return weft__limit_end(WEFT_OK);
}

enum weft_status weft_barrier_fini(weft_barrier *barrier)
{
    uint32_t state =
        barrier == NULL ? 0 : atomic_load_explicit(&barrier->state, memory_order_relaxed);
    return (state & COUNT) != 0 ? WEFT_ERR_STATE : WEFT_OK;
}
