/* lock.c: mutex and condition.
 *
 * weft_mutex.state:
 *     bit    name     meaning                          set by         cleared by
 *     0      HELD     somebody holds it                who takes it   unlock
 *     1      HANDED   free, but only for a waiter      unlock         the waiter
 *     2      WAKING   a waiter is awake, see M2        unlock         a waiter
 *     3      STARVED  the next unlock sets HANDED      a waiter       a waiter
 *     4..31  waiters  threads in the slow path         +1 and -1 by each
 *
 * Invariant M1: a waiter sleeps only on a value with HELD set and WAKING clear, and who
 * clears HELD while there are waiters sets WAKING, and wakes one if it was clear.
 * Invariant M2: while WAKING is set, some waiter is awake or has been woken, and it will
 * exchange the state (taking the mutex, leaving, or clearing WAKING before it sleeps), so
 * another wake-up would be idle. If the wake-up found nobody asleep, each waiter still
 * had a look ahead of it, as the value to sleep on is gone.
 * Invariant M3: HANDED implies WAKING and at least one waiter. A waiter leaves only by an
 * exchange from a value with HELD set, so what was handed to it is taken.
 * M1 and M2 give: whenever the mutex is free and there are waiters, one of them is going
 * to look. With STARVED, nobody overtakes the waiters.
 *
 * weft_cond. Invariant C1: a waiter reads `signals` while it holds the mutex, and sleeps
 * only while it has not changed. A signal raises it before it wakes, so a thread that
 * waited before the signal either sleeps and can be woken, or does not fall asleep.
 * Invariant C2: a host need not wake in order of arrival, so the wake-up may reach a
 * thread that came after the signal. That one finds `signals` as it was, and passes the
 * wake-up on before it returns. */
#include "limit.h"
#include "look.h"

#define HELD    WEFT__MUTEX_HELD
#define HANDED  2u
#define WAKING  4u
#define STARVED 8u
#define WAITER  16u

/* Wake-ups in vain after which a waiter is starved. */
#ifndef WEFT__MUTEX_LOSSES
#define WEFT__MUTEX_LOSSES 16u
#endif

enum weft_status weft_mutex_init(weft_mutex *mutex)
{
    if (mutex == NULL)
        return WEFT_ERR_INVALID;
    atomic_init(&mutex->state, 0);
    atomic_init(&mutex->owner, 0);
    return WEFT_OK;
}

/* Waits a moment for the mutex to be free of `busy`; the last state seen. */
static uint32_t spin(weft_mutex *mutex, uint32_t busy)
{
    uint32_t state = atomic_load_explicit(&mutex->state, memory_order_relaxed);
    for (uint32_t i = 0; (state & busy) != 0 && i < WEFT__LOCK_SPINS; i++) {
        weft__plat_relax();
        state = WEFT__PEEK(&mutex->state);
    }
    return state;
}

/* Takes the mutex for somebody who is not a waiter. */
static bool take_free(weft_mutex *mutex, uint32_t state)
{
    while ((state & (HELD | HANDED)) == 0)
        /* Acquire: pairs with the release in unlock. */
        if (atomic_compare_exchange_weak_explicit(&mutex->state, &state, state | HELD,
                                                  memory_order_acquire, memory_order_relaxed))
            return true;
    return false;
}

/* The state when a waiter, starved or not, is none any more. */
static uint32_t without_waiter(uint32_t state, bool starved)
{
    state = (state & ~(HANDED | WAKING)) - WAITER;
    return starved || state < WAITER ? state & ~STARVED : state;
}

void weft__mutex_join(weft_mutex *mutex)
{
    /* Relaxed: announces a waiter, no data. */
    (void)atomic_fetch_add_explicit(&mutex->state, WAITER, memory_order_relaxed);
}

enum weft_status weft__mutex_look(weft_mutex *mutex, bool starved, bool leaves, uint32_t *asleep)
{
    uint32_t state = atomic_load_explicit(&mutex->state, memory_order_relaxed);
    for (;;) {
        bool free = (state & HELD) == 0;
        uint32_t next = free || leaves ? without_waiter(state, starved) | HELD
                                       : (state & ~WAKING) | (starved ? STARVED : 0);
        /* Acquire: pairs with the release in unlock. */
        if (next != state &&
            !atomic_compare_exchange_weak_explicit(&mutex->state, &state, next,
                                                   memory_order_acquire, memory_order_relaxed))
            continue;
        *asleep = next;
        if (free)
            return WEFT_OK;
        return leaves ? WEFT_ERR_TIMEOUT : WEFT_ERR_WOULD_BLOCK;
    }
}

static enum weft_status lock_as_waiter(weft_mutex *mutex, const struct weft__limit *limit)
{
    enum weft_status status = WEFT_OK;
    uint32_t losses = 0, asleep = 0;
    weft__mutex_join(mutex);
    for (;;) {
        enum weft_status look =
            weft__mutex_look(mutex, losses >= WEFT__MUTEX_LOSSES, status != WEFT_OK, &asleep);
        if (look != WEFT_ERR_WOULD_BLOCK)
            return look == WEFT_OK ? WEFT_OK : status;
        status = weft__limit_sleep(limit, &mutex->state, asleep);
        losses++;
        (void)spin(mutex, HELD);
    }
}

static enum weft_status lock_slow(weft_mutex *mutex, int64_t timeout_ns)
{
    if (timeout_ns == 0)
        return take_free(mutex, atomic_load_explicit(&mutex->state, memory_order_relaxed))
                   ? WEFT_OK
                   : WEFT_ERR_TIMEOUT;
    if (take_free(mutex, spin(mutex, HELD | HANDED)))
        return WEFT_OK;
    struct weft__limit limit = weft__limit_begin(WEFT__WAIT_MUTEX, mutex, timeout_ns);
    return weft__limit_end(lock_as_waiter(mutex, &limit));
}

enum weft_status weft__mutex_lock_slow(weft_mutex *mutex, int64_t timeout_ns)
{
    if (mutex == NULL)
        return WEFT_ERR_INVALID;
    enum weft_status status = lock_slow(mutex, timeout_ns);
    if (status == WEFT_OK)
        WEFT__POKE(&mutex->owner, WEFT__PEEK(&weft__front->name));
    return status;
}

void weft__mutex_lock_leaf_slow(weft_mutex *mutex)
{
    const struct weft__limit limit = {.timeout_ns = WEFT_FOREVER, .leaf = true};
    if (!take_free(mutex, spin(mutex, HELD | HANDED)))
        (void)lock_as_waiter(mutex, &limit);
}

static enum weft_status unlock_slow(weft_mutex *mutex)
{
    uint32_t state = atomic_load_explicit(&mutex->state, memory_order_relaxed);
    uint32_t next;
    do {
        if ((state & HELD) == 0)
            return WEFT_ERR_STATE;
        next = state & ~HELD;
        if (state >= WAITER)
            next |= (state & STARVED) != 0 ? HANDED | WAKING : WAKING;
        /* Release: pairs with the acquire of who takes it. */
    } while (!atomic_compare_exchange_weak_explicit(&mutex->state, &state, next,
                                                    memory_order_release, memory_order_relaxed));
    /* The mutex may be gone; waking a word that nobody waits on does no harm. */
    if (state >= WAITER && (state & WAKING) == 0)
        weft__plat_wake(&mutex->state, 1);
    return WEFT_OK;
}

enum weft_status weft__mutex_unlock_slow(weft_mutex *mutex)
{
    if (mutex == NULL)
        return WEFT_ERR_INVALID;
    weft__critical_begin(weft__front); /* T1: until the wake-up is given */
    enum weft_status status = unlock_slow(mutex);
    weft__critical_end(weft__front);
    return status;
}

enum weft_status weft_mutex_fini(weft_mutex *mutex)
{
    bool busy = mutex != NULL && atomic_load_explicit(&mutex->state, memory_order_relaxed) != 0;
    return busy ? WEFT_ERR_STATE : WEFT_OK;
}

/* ---- Condition ----------------------------------------------------------------------- */

enum weft_status weft_cond_init(weft_cond *cond)
{
    if (cond == NULL)
        return WEFT_ERR_INVALID;
    atomic_init(&cond->signals, 0);
    atomic_init(&cond->waiters, 0);
    return WEFT_OK;
}

enum weft_status weft_cond_wait(weft_cond *cond, weft_mutex *mutex, int64_t timeout_ns)
{
    if (cond == NULL || mutex == NULL)
        return WEFT_ERR_INVALID;
    if ((atomic_load_explicit(&mutex->state, memory_order_relaxed) & HELD) == 0)
        return WEFT_ERR_STATE;
    if (timeout_ns == 0)
        return WEFT_ERR_TIMEOUT;
    if (!weft__plat_may_sleep())
        return WEFT_ERR_WOULD_BLOCK;
    struct weft__limit limit = weft__limit_begin(WEFT__WAIT_CONDITION, cond, timeout_ns);
    atomic_fetch_add(&cond->waiters, 1);
    uint32_t before = atomic_load(&cond->signals);
    (void)weft_mutex_unlock(mutex);
    enum weft_status status = weft__limit_sleep(&limit, &cond->signals, before);
    if (atomic_load(&cond->signals) != before)
        status = WEFT_OK;
    else if (status == WEFT_OK)
        weft__plat_wake(&cond->signals, 1); /* C2 */
    atomic_fetch_sub(&cond->waiters, 1);
    status = weft__limit_end(status);
    while (weft_mutex_lock(mutex, WEFT_FOREVER) != WEFT_OK)
        weft__plat_relax(); /* never: this thread may sleep, as it just did */
    return status;
}

/* Raises `signals` and wakes. Sequentially consistent: either the waiter is seen here, or it
 * took the mutex after this signal. */
static enum weft_status signal_up_to(weft_cond *cond, uint32_t count)
{
    if (cond == NULL)
        return WEFT_ERR_INVALID;
    if (atomic_load(&cond->waiters) != 0) {
        weft__critical_begin(weft__front); /* T1: until the wake-up is given */
        atomic_fetch_add(&cond->signals, 1);
        weft__plat_wake(&cond->signals, count);
        weft__critical_end(weft__front);
    }
    return WEFT_OK;
}

enum weft_status weft_cond_signal(weft_cond *cond)
{
    return signal_up_to(cond, 1);
}

enum weft_status weft_cond_broadcast(weft_cond *cond)
{
    return signal_up_to(cond, UINT32_MAX);
}

enum weft_status weft_cond_fini(weft_cond *cond)
{
    bool busy = cond != NULL && atomic_load_explicit(&cond->waiters, memory_order_relaxed) != 0;
    return busy ? WEFT_ERR_STATE : WEFT_OK;
}
