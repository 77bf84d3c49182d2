/* posix_cancel.c: sleeping, and the end of a sleep by cancellation; cleanup handlers.
 *
 * A thread that sleeps at a cancellation point says on which word, then looks whether it is
 * cancelled, then sleeps. Who cancels it sets `cancelled` and wakes that word until the
 * thread says that it sleeps no more: the thread may be between its look and its sleep. All
 * that wait on a word re-check why, so that a wake-up too many does no harm. */
#include "posix.h"

#include <errno.h>

#define SECOND_NS INT64_C(1000000000)

bool weft__posix_is_time(const struct timespec *time)
{
    return time->tv_nsec >= 0 && time->tv_nsec < SECOND_NS;
}

/* Nanoseconds until the deadline: from 0 on, and no more than some years. */
static int64_t time_left(clockid_t clock, const struct timespec *deadline)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0)
        return 0;
    int64_t seconds;
    if (__builtin_sub_overflow((int64_t)deadline->tv_sec, (int64_t)now.tv_sec, &seconds))
        return deadline->tv_sec < 0 ? 0 : INT64_MAX / 2;
    if (seconds > INT64_MAX / 2 / SECOND_NS)
        return INT64_MAX / 2;
    if (seconds < -1)
        return 0;
    int64_t left = seconds * SECOND_NS + deadline->tv_nsec - now.tv_nsec;
    return left < 0 ? 0 : left;
}

int weft__posix_wait(_Atomic uint32_t *word, uint32_t expected, clockid_t clock,
                     const struct timespec *deadline)
{
    int64_t timeout_ns = -1;
    if (deadline != NULL) {
        if (!weft__posix_is_time(deadline))
            return EINVAL;
        timeout_ns = time_left(clock, deadline);
        if (timeout_ns == 0)
            return ETIMEDOUT;
    }
    /* Time has passed only when its clock says so: the next call looks at it. */
    return weft__plat_wait(word, expected, timeout_ns) == WEFT_ERR_WOULD_BLOCK ? EDEADLK : 0;
}

static bool must_cancel(struct __pthread *self)
{
    return !self->cancel_disabled && atomic_load(&self->cancelled) != 0;
}

int weft__posix_wait_cancellable(_Atomic uint32_t *word, uint32_t expected, clockid_t clock,
                                 const struct timespec *deadline)
{
    struct __pthread *self = pthread_self();
    if (self->cancel_disabled)
        return weft__posix_wait(word, expected, clock, deadline);
    int failure = 0;
    atomic_store(&self->sleeps_on, (uint32_t)(uintptr_t)word);
    if (atomic_load(&self->cancelled) == 0)
        failure = weft__posix_wait(word, expected, clock, deadline);
    atomic_store(&self->sleeps_on, 0);
    return must_cancel(self) ? ECANCELED : failure;
}

_Noreturn void weft__posix_cancel_now(void)
{
    pthread_exit(PTHREAD_CANCELED);
}

void pthread_testcancel(void)
{
    if (must_cancel(pthread_self()))
        weft__posix_cancel_now();
}

int pthread_cancel(pthread_t thread)
{
    uint32_t word;
    atomic_store(&thread->cancelled, 1);
    while ((word = atomic_load(&thread->sleeps_on)) != 0) {
        weft__plat_wake((_Atomic uint32_t *)(uintptr_t)word, UINT32_MAX);
        weft__plat_relax();
    }
    return 0;
}

int pthread_setcancelstate(int state, int *before)
{
    struct __pthread *self = pthread_self();
    if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE)
        return EINVAL;
    if (before != NULL)
        *before = self->cancel_disabled ? PTHREAD_CANCEL_DISABLE : PTHREAD_CANCEL_ENABLE;
    if (!self->exiting)
        self->cancel_disabled = state == PTHREAD_CANCEL_DISABLE;
    return 0;
}

int pthread_setcanceltype(int type, int *before)
{
    struct __pthread *self = pthread_self();
    if (type != PTHREAD_CANCEL_DEFERRED && type != PTHREAD_CANCEL_ASYNCHRONOUS)
        return EINVAL;
    if (before != NULL)
        *before = self->cancel_asynchronous ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED;
    self->cancel_asynchronous = type == PTHREAD_CANCEL_ASYNCHRONOUS;
    return 0;
}

void _pthread_cleanup_push(struct __ptcb *handler, void (*routine)(void *), void *argument)
{
    struct __pthread *self = pthread_self();
    *handler = (struct __ptcb){routine, argument, self->cleanup};
    self->cleanup = handler;
}

void _pthread_cleanup_pop(struct __ptcb *handler, int execute)
{
    pthread_self()->cleanup = handler->__next;
    if (execute != 0)
        handler->__f(handler->__x);
}
