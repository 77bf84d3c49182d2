/* posix_barrier.c: barriers, spin locks, once. */
#include "posix.h"

#include <assert.h>
#include <errno.h>

#define SPIN_COUNT  250
#define SPINS_YIELD 1000 /* then the holder has most likely lost its CPU */

struct barrier {
    uint32_t count;              /* constant */
    _Atomic uint32_t arrived;    /* of this round */
    _Atomic uint32_t generation; /* the last of a round adds one; the wait word */
    _Atomic uint32_t inside;     /* a gate */
};

static_assert(sizeof(struct barrier) <= sizeof(pthread_barrier_t), "fits the C library's type");

static struct barrier *barrier_of(pthread_barrier_t *barrier)
{
    return (struct barrier *)(void *)barrier;
}

int pthread_barrier_init(pthread_barrier_t *restrict object,
                         const pthread_barrierattr_t *restrict attributes, unsigned count)
{
    (void)attributes;
    if (count == 0 || count > INT_MAX)
        return EINVAL;
    *barrier_of(object) = (struct barrier){.count = count};
    return 0;
}

int pthread_barrier_destroy(pthread_barrier_t *object)
{
    struct barrier *barrier = barrier_of(object);
    if (atomic_load(&barrier->arrived) != 0)
        return EBUSY;
    weft__gate_close(&barrier->inside);
    return 0;
}

static void await_round(struct barrier *barrier, uint32_t generation)
{
    for (int i = 0; i < SPIN_COUNT && WEFT__PEEK(&barrier->generation) == generation; i++)
        weft__plat_relax();
    while (atomic_load(&barrier->generation) == generation)
        (void)weft__plat_wait(&barrier->generation, generation, -1);
}

int pthread_barrier_wait(pthread_barrier_t *object)
{
    struct barrier *barrier = barrier_of(object);
    if (barrier->count > 1 && !weft__plat_may_sleep())
        return EDEADLK;
    weft__gate_enter(&barrier->inside);
    uint32_t generation = atomic_load(&barrier->generation); /* stands until this thread arrives */
    bool last = atomic_fetch_add(&barrier->arrived, 1) + 1 == barrier->count;
    if (last) {
        atomic_store(&barrier->arrived, 0);
        atomic_fetch_add(&barrier->generation, 1);
        weft__plat_wake(&barrier->generation, UINT32_MAX);
    } else {
        await_round(barrier, generation);
    }
    weft__gate_leave(&barrier->inside);
    return last ? PTHREAD_BARRIER_SERIAL_THREAD : 0;
}

/* Spin locks. */

static _Atomic uint32_t *word_of(pthread_spinlock_t *lock)
{
    return (_Atomic uint32_t *)(void *)lock;
}

int pthread_spin_init(pthread_spinlock_t *lock, int shared)
{
    (void)shared;
    *lock = 0;
    return 0;
}

int pthread_spin_destroy(pthread_spinlock_t *lock)
{
    return atomic_load(word_of(lock)) != 0 ? EBUSY : 0;
}

int pthread_spin_trylock(pthread_spinlock_t *lock)
{
    uint32_t unlocked = 0;
    return atomic_compare_exchange_strong(word_of(lock), &unlocked, 1) ? 0 : EBUSY;
}

int pthread_spin_lock(pthread_spinlock_t *lock)
{
    for (uint32_t spins = 1; pthread_spin_trylock(lock) != 0; spins++) {
        if (spins % SPINS_YIELD == 0)
            sched_yield();
        else
            weft__plat_relax();
    }
    return 0;
}

int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    atomic_store(word_of(lock), 0);
    return 0;
}

/* Once. */

enum { ONCE_NEVER = 0, ONCE_RUNS = 1, ONCE_DONE = 2, ONCE_AWAITED = 3 /* runs, some sleep */ };

static void once_set(void *object, uint32_t state)
{
    _Atomic uint32_t *word = object;
    if (atomic_exchange(word, state) == ONCE_AWAITED)
        weft__plat_wake(word, UINT32_MAX);
}

/* The routine was left by pthread_exit: the next caller runs it again. */
static void once_undo(void *object)
{
    once_set(object, ONCE_NEVER);
}

static void once_run(_Atomic uint32_t *word, void (*routine)(void))
{
    pthread_cleanup_push(once_undo, word);
    routine();
    pthread_cleanup_pop(0);
    once_set(word, ONCE_DONE);
}

int pthread_once(pthread_once_t *once, void (*routine)(void))
{
    _Atomic uint32_t *word = (_Atomic uint32_t *)(void *)once;
    /* Acquire: pairs with the exchange in once_set; what the routine did is seen. */
    uint32_t state = atomic_load_explicit(word, memory_order_acquire);
    while (state != ONCE_DONE) {
        if (state == ONCE_NEVER) {
            if (atomic_compare_exchange_strong(word, &state, ONCE_RUNS)) {
                once_run(word, routine);
                return 0;
            }
        } else if (state == ONCE_AWAITED ||
                   atomic_compare_exchange_strong(word, &state, ONCE_AWAITED)) {
            if (weft__plat_wait(word, ONCE_AWAITED, -1) == WEFT_ERR_WOULD_BLOCK)
                weft__plat_relax();
            state = atomic_load(word);
        }
    }
    return 0;
}
