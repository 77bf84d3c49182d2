/* posix_rwlock.c: read-write locks.
 *
 * bits of word | means                                          | set by  | cleared by
 * -------------|------------------------------------------------|---------|-----------------
 * 0-30         | how many readers are in; all ones: a writer is | whoever comes in, out
 * 31           | somebody may sleep                             | sleeper | the last out, who
 *              |                                                |         | wakes all */
#include "posix.h"

#include <assert.h>
#include <errno.h>

#define SLEEPERS   UINT32_C(0x80000000)
#define WRITER     UINT32_C(0x7fffffff)
#define SPIN_COUNT 100

struct rwlock {
    _Atomic uint32_t word;
    _Atomic uint32_t writer; /* its record, 0 for none; the writer only */
};

static_assert(sizeof(struct rwlock) <= sizeof(pthread_rwlock_t), "fits the C library's type");

static struct rwlock *rwlock_of(pthread_rwlock_t *lock)
{
    return (struct rwlock *)(void *)lock;
}

static uint32_t self_id(void)
{
    return (uint32_t)(uintptr_t)pthread_self();
}

/* One attempt each: 0, EBUSY, and EAGAIN if there are too many readers. */

static int try_read(struct rwlock *lock)
{
    uint32_t word = atomic_load(&lock->word);
    while ((word & WRITER) < WRITER - 1) {
        if (atomic_compare_exchange_weak(&lock->word, &word, word + 1))
            return 0;
    }
    return (word & WRITER) == WRITER ? EBUSY : EAGAIN;
}

static int try_write(struct rwlock *lock)
{
    uint32_t word = atomic_load(&lock->word);
    while ((word & WRITER) == 0) {
        if (atomic_compare_exchange_weak(&lock->word, &word, word | WRITER)) {
            atomic_store_explicit(&lock->writer, self_id(), memory_order_relaxed);
            return 0;
        }
    }
    return EBUSY;
}

/* Sleeps until the lock may be free for `attempt`. */
static int await(struct rwlock *lock, const struct timespec *deadline)
{
    uint32_t word = atomic_load(&lock->word);
    if ((word & WRITER) == 0)
        return 0;
    if (!(word & SLEEPERS) && !atomic_compare_exchange_strong(&lock->word, &word, word | SLEEPERS))
        return 0;
    int failure = weft__posix_wait(&lock->word, word | SLEEPERS, CLOCK_REALTIME, deadline);
    if (failure != EDEADLK)
        return failure;
    weft__plat_relax();
    return 0;
}

static int take(struct rwlock *lock, int (*attempt)(struct rwlock *),
                const struct timespec *deadline)
{
    int failure = attempt(lock);
    if (failure != EBUSY)
        return failure;
    if (atomic_load_explicit(&lock->writer, memory_order_relaxed) == self_id())
        return EDEADLK;
    for (int i = 0; i < SPIN_COUNT && failure == EBUSY; i++) {
        weft__plat_relax();
        if ((WEFT__PEEK(&lock->word) & WRITER) != WRITER)
            failure = attempt(lock);
    }
    while (failure == EBUSY) {
        int limit = await(lock, deadline);
        if (limit != 0)
            return limit;
        failure = attempt(lock);
    }
    return failure;
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    return take(rwlock_of(lock), try_read, NULL);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict lock,
                               const struct timespec *restrict deadline)
{
    return take(rwlock_of(lock), try_read, deadline);
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    return try_read(rwlock_of(lock));
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    return take(rwlock_of(lock), try_write, NULL);
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict lock,
                               const struct timespec *restrict deadline)
{
    return take(rwlock_of(lock), try_write, deadline);
}

int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    return try_write(rwlock_of(lock));
}

int pthread_rwlock_unlock(pthread_rwlock_t *object)
{
    struct rwlock *lock = rwlock_of(object);
    uint32_t word = atomic_load(&lock->word), left;
    if ((word & WRITER) == WRITER) {
        if (atomic_load_explicit(&lock->writer, memory_order_relaxed) != self_id())
            return EPERM;
        atomic_store_explicit(&lock->writer, 0, memory_order_relaxed);
    }
    do {
        if ((word & WRITER) == 0)
            return EPERM;
        left = (word & WRITER) == WRITER || (word & WRITER) == 1 ? 0 : word - 1;
    } while (!atomic_compare_exchange_weak(&lock->word, &word, left));
    if (left == 0 && (word & SLEEPERS))
        weft__plat_wake(&lock->word, UINT32_MAX);
    return 0;
}

int pthread_rwlock_init(pthread_rwlock_t *restrict lock,
                        const pthread_rwlockattr_t *restrict attributes)
{
    (void)attributes;
    *rwlock_of(lock) = (struct rwlock){.word = 0};
    return 0;
}

int pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
    return atomic_load(&rwlock_of(lock)->word) != 0 ? EBUSY : 0;
}
