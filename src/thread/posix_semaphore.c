/* posix_semaphore.c: unnamed semaphores. Bit 31 of the word says that somebody has slept on
 * it, and stays: a post must not touch the semaphore once it has added one, since whoever
 * it lets go may destroy it, so it cannot read how many sleep. */
#include "posix.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <semaphore.h>

#define SLEPT_ON   UINT32_C(0x80000000)
#define SPIN_COUNT 100

static_assert(SEM_VALUE_MAX == INT_MAX, "bit 31 is free");

static _Atomic uint32_t *word_of(sem_t *semaphore)
{
    return (_Atomic uint32_t *)(void *)semaphore;
}

/* A failure is told in errno. */
static int answer(int failure)
{
    if (failure == 0)
        return 0;
    errno = failure;
    return -1;
}

int sem_init(sem_t *semaphore, int shared, unsigned value)
{
    (void)shared;
    if (value > SEM_VALUE_MAX)
        return answer(EINVAL);
    atomic_init(word_of(semaphore), value);
    return 0;
}

int sem_destroy(sem_t *semaphore)
{
    (void)semaphore;
    return 0;
}

int sem_getvalue(sem_t *restrict semaphore, int *restrict value)
{
    *value = (int)(atomic_load(word_of(semaphore)) & ~SLEPT_ON);
    return 0;
}

int sem_post(sem_t *semaphore)
{
    _Atomic uint32_t *word = word_of(semaphore);
    uint32_t value = atomic_load(word);
    do {
        if ((value & ~SLEPT_ON) == SEM_VALUE_MAX)
            return answer(EOVERFLOW);
    } while (!atomic_compare_exchange_weak(word, &value, value + 1));
    if (value & SLEPT_ON)
        weft__plat_wake(word, 1);
    return 0;
}

static bool try_take(_Atomic uint32_t *word)
{
    uint32_t value = atomic_load(word);
    while ((value & ~SLEPT_ON) != 0) {
        if (atomic_compare_exchange_weak(word, &value, value - 1))
            return true;
    }
    return false;
}

int sem_trywait(sem_t *semaphore)
{
    return try_take(word_of(semaphore)) ? 0 : answer(EAGAIN);
}

/* Sleeps until somebody may have posted. */
static int await(_Atomic uint32_t *word, const struct timespec *deadline)
{
    uint32_t zero = 0;
    if (!atomic_compare_exchange_strong(word, &zero, SLEPT_ON) && zero != SLEPT_ON)
        return 0;
    int failure = weft__posix_wait_cancellable(word, SLEPT_ON, CLOCK_REALTIME, deadline);
    if (failure == ECANCELED) {
        weft__plat_wake(word, 1); /* the wake-up may have been a post's: it is for another */
        weft__posix_cancel_now();
    }
    return failure;
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict deadline)
{
    _Atomic uint32_t *word = word_of(semaphore);
    pthread_testcancel();
    for (int i = 0; i < SPIN_COUNT && (WEFT__PEEK(word) & ~SLEPT_ON) == 0; i++)
        weft__plat_relax();
    while (!try_take(word)) {
        int failure = await(word, deadline);
        if (failure != 0)
            return answer(failure);
    }
    return 0;
}

int sem_wait(sem_t *semaphore)
{
    return sem_timedwait(semaphore, NULL);
}

/* Named semaphores are for several processes. */

sem_t *sem_open(const char *name, int flags, ...)
{
    (void)name;
    (void)flags;
    errno = ENOSYS;
    return SEM_FAILED;
}

int sem_close(sem_t *semaphore)
{
    (void)semaphore;
    return answer(ENOSYS);
}

int sem_unlink(const char *name)
{
    (void)name;
    return answer(ENOSYS);
}
