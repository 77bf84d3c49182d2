/* once.c
 *
 * weft_once.state:
 *     value     meaning                        set by
 *     0         nobody has succeeded           weft_once_run, when the function failed
 *     RUNNING   a thread runs its function     that thread
 *     SLEEPERS  the same, and some may sleep   who waits
 *     DONE      for ever                       the thread whose function succeeded
 *
 * Invariant: a thread sleeps only on SLEEPERS, and who leaves that value wakes everybody. */
#include "limit.h"

#include <weft/once.h>

#define RUNNING  1u
#define SLEEPERS 2u
#define DONE     WEFT__ONCE_DONE

static enum weft_status run(weft_once *once, weft_once_fn fn, void *context)
{
    enum weft_status status = fn(context);
    /* Release: pairs with the acquire in weft_once_run and in the exchange below, by
     * which the next one takes over. */
    uint32_t before =
        atomic_exchange_explicit(&once->state, status == WEFT_OK ? DONE : 0, memory_order_release);
    if (before == SLEEPERS)
        weft__plat_wake(&once->state, UINT32_MAX);
    return status;
}

enum weft_status weft__once_run_slow(weft_once *once, weft_once_fn fn, void *context,
                                     int64_t timeout_ns)
{
    if (once == NULL || fn == NULL)
        return WEFT_ERR_INVALID;
    struct weft__limit limit = weft__limit_begin(WEFT__WAIT_ONCE, once, timeout_ns);
    enum weft_status status = WEFT_OK;
    for (;;) {
        uint32_t state = 0;
        /* Acquire, also when it fails: pairs with the release in run(). */
        if (atomic_compare_exchange_strong_explicit(&once->state, &state, RUNNING,
                                                    memory_order_acquire, memory_order_acquire)) {
            (void)weft__limit_end(WEFT_OK); /* the wait is over: it may wait in there */
            return run(once, fn, context);
        }
        if (state == DONE)
            return weft__limit_end(WEFT_OK);
        if (status != WEFT_OK || timeout_ns == 0)
            return weft__limit_end(status != WEFT_OK ? status : WEFT_ERR_TIMEOUT);
        if (state == SLEEPERS ||
            atomic_compare_exchange_strong_explicit(&once->state, &state, SLEEPERS,
                                                    memory_order_relaxed, memory_order_relaxed))
            status = weft__limit_sleep(&limit, &once->state, SLEEPERS);
    }
}
