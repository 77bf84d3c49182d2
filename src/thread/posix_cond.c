/* posix_cond.c: condition variables.
 *
 * A waiter reads `sequence` while it holds the mutex and sleeps until that changes. A
 * signal changes it, so whoever read it before and does not sleep yet will not, and wakes
 * one sleeper; the host wakes in the order in which threads fell asleep. */
#include "posix.h"

#include <assert.h>
#include <errno.h>

struct condition {
    _Atomic uint32_t sequence; /* any thread */
    _Atomic uint32_t waiters;  /* a gate: those between the two ends of `wait` */
    uint32_t monotonic;        /* 1: deadlines are of CLOCK_MONOTONIC; constant */
};

static_assert(sizeof(struct condition) <= sizeof(pthread_cond_t), "fits the C library's type");

static struct condition *condition_of(pthread_cond_t *condition)
{
    return (struct condition *)(void *)condition;
}

int pthread_cond_init(pthread_cond_t *restrict object,
                      const pthread_condattr_t *restrict attributes)
{
    clockid_t clock = CLOCK_REALTIME;
    if (attributes != NULL)
        pthread_condattr_getclock(attributes, &clock);
    *condition_of(object) = (struct condition){.monotonic = clock == CLOCK_MONOTONIC};
    return 0;
}

int pthread_cond_destroy(pthread_cond_t *object)
{
    struct condition *condition = condition_of(object);
    if (atomic_load(&condition->waiters) != 0) {
        /* They have been woken by a broadcast, and are about to leave. */
        (void)pthread_cond_broadcast(object);
        weft__gate_close(&condition->waiters);
    }
    return 0;
}

static void wake(pthread_cond_t *object, uint32_t count)
{
    struct condition *condition = condition_of(object);
    if (atomic_load(&condition->waiters) == 0)
        return;
    atomic_fetch_add(&condition->sequence, 1);
    weft__plat_wake(&condition->sequence, count);
}

int pthread_cond_signal(pthread_cond_t *object)
{
    wake(object, 1);
    return 0;
}

int pthread_cond_broadcast(pthread_cond_t *object)
{
    wake(object, UINT32_MAX);
    return 0;
}

/* Sleeps until the sequence changes, once; the mutex is free meanwhile. */
static int sleep_once(pthread_cond_t *object, pthread_mutex_t *mutex,
                      const struct timespec *deadline)
{
    struct condition *condition = condition_of(object);
    clockid_t clock = condition->monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    weft__gate_enter(&condition->waiters);
    uint32_t sequence = atomic_load(&condition->sequence);
    int failure = pthread_mutex_unlock(mutex);
    if (failure != 0) {
        weft__gate_leave(&condition->waiters);
        return failure;
    }
    do
        failure = weft__posix_wait_cancellable(&condition->sequence, sequence, clock, deadline);
    while (failure == 0 && atomic_load(&condition->sequence) == sequence);
    if (failure == ECANCELED)
        wake(object, 1); /* it may have been woken by a signal, which is not for it */
    weft__gate_leave(&condition->waiters);
    int locked = pthread_mutex_lock(mutex);
    return locked != 0 ? locked : failure;
}

int pthread_cond_timedwait(pthread_cond_t *restrict object, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict deadline)
{
    if (deadline != NULL && !weft__posix_is_time(deadline))
        return EINVAL;
    if (!weft__plat_may_sleep())
        return EDEADLK;
    pthread_testcancel();
    int failure = sleep_once(object, mutex, deadline);
    if (failure == ECANCELED)
        weft__posix_cancel_now();
    return failure;
}

int pthread_cond_wait(pthread_cond_t *restrict object, pthread_mutex_t *restrict mutex)
{
    return pthread_cond_timedwait(object, mutex, NULL);
}
