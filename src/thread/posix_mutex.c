/* posix_mutex.c: mutexes.
 *
 * bits of word | means
 * -------------|------------------------------------------------------------------
 * 0-1          | 0 free, 1 held, 2 held and somebody may sleep, as in lock.h
 * 30           | the type is not PTHREAD_MUTEX_NORMAL; constant
 *
 * So the swaps of the two short ways, for a normal mutex that nobody else wants, fail for
 * all that is not that. */
#include "posix.h"

#include <assert.h>
#include <errno.h>

#define STATE      UINT32_C(3)
#define CHECKED    UINT32_C(0x40000000)
#define SPIN_COUNT 100

struct mutex {
    _Atomic uint32_t word;
    uint32_t type; /* PTHREAD_MUTEX_...; constant */
    /* Of the checked types: who holds it, 0 if nobody does, and how many times over. Only
     * the holder writes its own record there. */
    _Atomic uint32_t owner;
    uint32_t depth;
};

static_assert(sizeof(struct mutex) <= sizeof(pthread_mutex_t), "fits the C library's type");
static_assert(offsetof(struct mutex, type) == 4, "pthread.h's initialisers set it");
static_assert(CHECKED == 0x40000000, "pthread.h's initialisers set it");

static struct mutex *mutex_of(pthread_mutex_t *mutex)
{
    return (struct mutex *)(void *)mutex;
}

static uint32_t self_id(void)
{
    return (uint32_t)(uintptr_t)pthread_self();
}

/* The bits of `word` that stay. */
static uint32_t constant_bits(const struct mutex *mutex)
{
    return mutex->type != PTHREAD_MUTEX_NORMAL ? CHECKED : 0;
}

static bool swap(struct mutex *mutex, uint32_t from, uint32_t to)
{
    return atomic_compare_exchange_strong(&mutex->word, &from, to);
}

/* Takes a mutex that somebody holds. Where it may not sleep, it spins. */
static int await(struct mutex *mutex, const struct timespec *deadline)
{
    uint32_t bits = constant_bits(mutex);
    for (int i = 0; i < SPIN_COUNT; i++) {
        if (WEFT__PEEK(&mutex->word) == bits && swap(mutex, bits, bits | 1))
            return 0;
        weft__plat_relax();
    }
    while (atomic_exchange(&mutex->word, bits | 2) != bits) {
        int failure = weft__posix_wait(&mutex->word, bits | 2, CLOCK_REALTIME, deadline);
        if (failure == EDEADLK)
            weft__plat_relax();
        else if (failure != 0)
            return failure;
    }
    return 0;
}

/* True when the calling thread holds it already; *result is then the answer. */
static bool held(struct mutex *mutex, uint32_t self, int busy, int *result)
{
    if (atomic_load_explicit(&mutex->owner, memory_order_relaxed) != self)
        return false;
    if (mutex->type == PTHREAD_MUTEX_ERRORCHECK)
        *result = busy;
    else if (mutex->depth == UINT32_MAX)
        *result = EAGAIN;
    else {
        mutex->depth++;
        *result = 0;
    }
    return true;
}

static void own(struct mutex *mutex, uint32_t self)
{
    atomic_store_explicit(&mutex->owner, self, memory_order_relaxed);
    mutex->depth = 1;
}

/* All that is not the short way. */
WEFT__NOINLINE static int lock_slow(struct mutex *mutex, const struct timespec *deadline)
{
    if (mutex->type == PTHREAD_MUTEX_NORMAL)
        return await(mutex, deadline);
    uint32_t self = self_id();
    int result = 0;
    if (held(mutex, self, EDEADLK, &result))
        return result;
    if (!swap(mutex, CHECKED, CHECKED | 1))
        result = await(mutex, deadline);
    if (result == 0)
        own(mutex, self);
    return result;
}

WEFT__NOINLINE static int try_lock_slow(struct mutex *mutex)
{
    int result = EBUSY;
    if (mutex->type == PTHREAD_MUTEX_NORMAL)
        return result;
    uint32_t self = self_id();
    if (held(mutex, self, EBUSY, &result) || !swap(mutex, CHECKED, CHECKED | 1))
        return result;
    own(mutex, self);
    return 0;
}

WEFT__NOINLINE static int unlock_slow(struct mutex *mutex)
{
    uint32_t bits = constant_bits(mutex);
    if (bits != 0) {
        if (atomic_load_explicit(&mutex->owner, memory_order_relaxed) != self_id())
            return EPERM;
        if (--mutex->depth != 0)
            return 0;
        atomic_store_explicit(&mutex->owner, 0, memory_order_relaxed);
    }
    /* The mutex may be gone after this. */
    uint32_t state = atomic_exchange(&mutex->word, bits) & STATE;
    if (state == 2)
        weft__plat_wake(&mutex->word, 1);
    return state != 0 ? 0 : EPERM;
}

int(pthread_mutex_lock)(pthread_mutex_t *object)
{
    struct mutex *mutex = mutex_of(object);
    return WEFT__LIKELY(swap(mutex, 0, 1)) ? 0 : lock_slow(mutex, NULL);
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict object,
                            const struct timespec *restrict deadline)
{
    struct mutex *mutex = mutex_of(object);
    return WEFT__LIKELY(swap(mutex, 0, 1)) ? 0 : lock_slow(mutex, deadline);
}

int pthread_mutex_trylock(pthread_mutex_t *object)
{
    struct mutex *mutex = mutex_of(object);
    return WEFT__LIKELY(swap(mutex, 0, 1)) ? 0 : try_lock_slow(mutex);
}

int(pthread_mutex_unlock)(pthread_mutex_t *object)
{
    struct mutex *mutex = mutex_of(object);
    return WEFT__LIKELY(swap(mutex, 1, 0)) ? 0 : unlock_slow(mutex);
}

int pthread_mutex_init(pthread_mutex_t *restrict object,
                       const pthread_mutexattr_t *restrict attributes)
{
    int type = PTHREAD_MUTEX_DEFAULT;
    if (attributes != NULL)
        pthread_mutexattr_gettype(attributes, &type);
    struct mutex *mutex = mutex_of(object);
    *mutex = (struct mutex){.type = (uint32_t)type};
    atomic_init(&mutex->word, constant_bits(mutex));
    return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *object)
{
    return (atomic_load(&mutex_of(object)->word) & STATE) != 0 ? EBUSY : 0;
}

/* What goes with robust mutexes and with priorities. */

int pthread_mutex_consistent(pthread_mutex_t *mutex)
{
    (void)mutex;
    return EINVAL;
}

int pthread_mutex_getprioceiling(const pthread_mutex_t *restrict mutex, int *restrict ceiling)
{
    (void)mutex;
    (void)ceiling;
    return EINVAL;
}

int pthread_mutex_setprioceiling(pthread_mutex_t *restrict mutex, int ceiling, int *restrict before)
{
    (void)mutex;
    (void)ceiling;
    (void)before;
    return EINVAL;
}
