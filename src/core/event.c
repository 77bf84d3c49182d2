/* event.c
 *
 * weft_event.state:
 *     bits   what                      changed by
 *     0      SET                       set, reset
 *     1      SLEEPERS: some may sleep  waiters set it, set clears it
 *     2..31  how often it was set      set, when it was not
 *
 * Invariant: a thread sleeps only on a value with SLEEPERS and without SET; every set
 * changes the number, so a waiter that finds another number was let through by it. */
#include "limit.h"
#include "look.h"

#include <weft/event.h>

#define SET      1u
#define SLEEPERS 2u
#define NUMBER   4u

enum weft_status weft_event_init(weft_event *event)
{
    if (event == NULL)
        return WEFT_ERR_INVALID;
    atomic_init(&event->state, 0);
    return WEFT_OK;
}

enum weft_status weft_event_set(weft_event *event)
{
    if (event == NULL)
        return WEFT_ERR_INVALID;
    uint32_t state = atomic_load_explicit(&event->state, memory_order_relaxed);
    uint32_t next;
    weft__critical_begin(weft__front); /* T1: until the wake-up is given */
    do {
        next = (state & SET) != 0 ? state : ((state & ~SLEEPERS) + NUMBER) | SET;
        /* Release: pairs with the acquire in weft_event_wait; also when it is set already. */
    } while (!atomic_compare_exchange_weak_explicit(&event->state, &state, next,
                                                    memory_order_release, memory_order_relaxed));
    /* The event may be gone; waking a word that nobody waits on does no harm. */
    if ((state & SLEEPERS) != 0)
        weft__plat_wake(&event->state, UINT32_MAX);
    weft__critical_end(weft__front);
    return WEFT_OK;
}

enum weft_status weft_event_reset(weft_event *event)
{
    if (event == NULL)
        return WEFT_ERR_INVALID;
    /* Acquire and release: keeps the place of the sets before it in the chain. */
    atomic_fetch_and_explicit(&event->state, ~SET, memory_order_acq_rel);
    return WEFT_OK;
}

uint32_t weft__event_join(weft_event *event)
{
    return atomic_load_explicit(&event->state, memory_order_relaxed) / NUMBER;
}

bool weft__event_look(weft_event *event, uint32_t number, uint32_t *asleep)
{
    /* Acquire, here and below: pairs with the release in weft_event_set. */
    uint32_t state = atomic_load_explicit(&event->state, memory_order_acquire);
    while ((state & SET) == 0 && state / NUMBER == number) {
        *asleep = state | SLEEPERS;
        if (state == *asleep ||
            atomic_compare_exchange_weak_explicit(&event->state, &state, *asleep,
                                                  memory_order_acquire, memory_order_acquire))
            return false;
    }
    return true;
}

enum weft_status weft_event_wait(weft_event *event, int64_t timeout_ns)
{
    if (event == NULL)
        return WEFT_ERR_INVALID;
    /* Acquire: pairs with the release in weft_event_set. */
    uint32_t state = atomic_load_explicit(&event->state, memory_order_acquire);
    uint32_t number = state / NUMBER, asleep = 0;
    if ((state & SET) != 0)
        return WEFT_OK;
    if (timeout_ns == 0)
        return WEFT_ERR_TIMEOUT;
    for (uint32_t i = 0; i < WEFT__LOCK_SPINS && WEFT__PEEK(&event->state) == state; i++)
        weft__plat_relax();
    struct weft__limit limit = weft__limit_begin(WEFT__WAIT_EVENT, event, timeout_ns);
    enum weft_status status = WEFT_OK;
    while (!weft__event_look(event, number, &asleep)) {
        if (status != WEFT_OK)
            return weft__limit_end(status);
        status = weft__limit_sleep(&limit, &event->state, asleep);
    }
    return weft__limit_end(WEFT_OK);
}

void weft_event_fini(weft_event *event)
{
    (void)event;
}
