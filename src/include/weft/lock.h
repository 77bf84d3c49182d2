/* weft/lock.h: mutex, condition and reader-writer lock. */
#ifndef WEFT_LOCK_H
#define WEFT_LOCK_H

#include <weft/base.h>
#include <weft/status.h>
#include <weft/task.h>

/* All of these live in the caller's memory and own nothing. A thread that waits for one
 * sleeps and runs no task in the meantime, so what it holds is never found held by a task
 * further up on its own stack. Time limits are in nanoseconds: 0 never sleeps,
 * WEFT_FOREVER (or any other negative number) has no limit. Any thread may call any of the
 * functions but where it is said otherwise.
 *
 * None of the locks asks who its owner is: a thread that takes a mutex twice, or takes it
 * and then waits for a task that needs it, waits for itself. A JavaScript host notices, and
 * ends such a wait: it then returns WEFT_ERR_CANCELLED, and the wait's object is as if the
 * time limit had passed. */

/* ---- Mutex --------------------------------------------------------------------------- */

/* At most one thread holds it. A thread that arrives may overtake those that sleep, but
 * none is overtaken for ever: one that was woken several times in vain is handed the
 * mutex by the next unlock.
 *
 *     static weft_mutex lock = WEFT_MUTEX_INIT;
 *     status = weft_mutex_lock(&lock, WEFT_FOREVER);
 *     total += mine;
 *     weft_mutex_unlock(&lock);
 *
 * The field is private. */
typedef struct weft_mutex {
    _Atomic uint32_t state;  /* see src/core/lock.c */
    _Atomic uintptr_t owner; /* the name of who took it last; for messages only */
} weft_mutex;

/* clang-format off */
#define WEFT_MUTEX_INIT {0, 0}
/* clang-format on */
#define WEFT__MUTEX_HELD 1u

/* Makes a free mutex; the same as WEFT_MUTEX_INIT.
 *
 * Errors: WEFT_ERR_INVALID  mutex is NULL */
enum weft_status weft_mutex_init(weft_mutex *mutex);

WEFT_NODISCARD enum weft_status weft__mutex_lock_slow(weft_mutex *mutex, int64_t timeout_ns);
enum weft_status weft__mutex_unlock_slow(weft_mutex *mutex);

/* Takes the mutex, sleeping up to `timeout_ns` nanoseconds.
 *
 * Errors:  WEFT_ERR_INVALID      mutex is NULL
 *          WEFT_ERR_TIMEOUT      still held by another thread
 *          WEFT_ERR_WOULD_BLOCK  held, timeout_ns is not 0, and this thread must not
 *                                sleep (a browser's main thread)
 * Threads: any thread. */
WEFT_NODISCARD static inline enum weft_status weft_mutex_lock(weft_mutex *mutex, int64_t timeout_ns)
{
    uint32_t free = 0;
    /* Acquire: pairs with the release in unlock. */
    if (WEFT__LIKELY(mutex != NULL && atomic_compare_exchange_strong_explicit(
                                          &mutex->state, &free, WEFT__MUTEX_HELD,
                                          memory_order_acquire, memory_order_relaxed))) {
        WEFT__POKE(&mutex->owner, WEFT__PEEK(&weft__front->name));
        return WEFT_OK;
    }
    return weft__mutex_lock_slow(mutex, timeout_ns);
}

/* Takes the mutex if it is free: weft_mutex_lock with no time. */
WEFT_NODISCARD static inline enum weft_status weft_mutex_try_lock(weft_mutex *mutex)
{
    return weft_mutex_lock(mutex, 0);
}

/* Gives the mutex back. Whoever holds the mutex next may end it (fini) and free its
 * memory although this call has not returned yet.
 *
 * Errors:  WEFT_ERR_INVALID  mutex is NULL
 *          WEFT_ERR_STATE    it was not held; nothing changed
 * Threads: the one that took it. */
static inline enum weft_status weft_mutex_unlock(weft_mutex *mutex)
{
    uint32_t held = WEFT__MUTEX_HELD;
    /* Release: pairs with the acquire in lock. */
    if (WEFT__LIKELY(mutex != NULL &&
                     atomic_compare_exchange_strong_explicit(
                         &mutex->state, &held, 0, memory_order_release, memory_order_relaxed)))
        return WEFT_OK;
    return weft__mutex_unlock_slow(mutex);
}

/* Ends the mutex; NULL does nothing.
 *
 * Errors: WEFT_ERR_STATE  somebody holds it or waits for it; nothing changed */
enum weft_status weft_mutex_fini(weft_mutex *mutex);

/* ---- Condition ----------------------------------------------------------------------- */

/* Threads that hold a mutex wait for others to change what it guards. A wait may end
 * without a signal, so it belongs in a loop:
 *
 *     while (queue_is_empty() && status == WEFT_OK)
 *         status = weft_cond_wait(&filled, &lock, WEFT_FOREVER);
 *
 * The fields are private. */
typedef struct weft_cond {
    _Atomic uint32_t signals; /* how many there were */
    _Atomic uint32_t waiters; /* inside weft_cond_wait */
} weft_cond;

/* clang-format off */
#define WEFT_COND_INIT {0, 0}
/* clang-format on */

/* Makes a condition that nobody waits for; the same as WEFT_COND_INIT.
 *
 * Errors: WEFT_ERR_INVALID  cond is NULL */
enum weft_status weft_cond_init(weft_cond *cond);

/* Gives the mutex back and sleeps for a signal, as one step: a signal that is given by
 * somebody who has held the mutex since is not missed. The mutex is held again when the
 * call returns, whatever it returns; taking it back is not subject to the limit.
 *
 * Errors:  WEFT_ERR_INVALID      a null pointer
 *          WEFT_ERR_STATE        the mutex is not held
 *          WEFT_ERR_TIMEOUT      no signal came in time
 *          WEFT_ERR_WOULD_BLOCK  timeout_ns is not 0 and this thread must not sleep
 * Threads: the one that holds the mutex; all waiters of a condition use one mutex. */
WEFT_NODISCARD enum weft_status weft_cond_wait(weft_cond *cond, weft_mutex *mutex,
                                               int64_t timeout_ns);

/* Wakes at least one of the threads that wait, if any does.
 *
 * Errors:  WEFT_ERR_INVALID  cond is NULL
 * Threads: any thread, with or without the mutex. Never sleeps. */
enum weft_status weft_cond_signal(weft_cond *cond);

/* Wakes every thread that waits.
 *
 * Errors:  WEFT_ERR_INVALID  cond is NULL
 * Threads: any thread, with or without the mutex. Never sleeps. */
enum weft_status weft_cond_broadcast(weft_cond *cond);

/* Ends the condition; NULL does nothing. No thread may be inside a signal of it.
 *
 * Errors: WEFT_ERR_STATE  somebody waits for it; nothing changed */
enum weft_status weft_cond_fini(weft_cond *cond);

/* ---- Reader-writer lock -------------------------------------------------------------- */

/* Held by any number of readers or by one writer. Writers come first: while one waits no
 * new reader gets in, so a stream of writers keeps readers out, and a thread that reads
 * must not ask to read again (a writer between the two would block both for ever).
 * The fields are private. */
typedef struct weft_rwlock {
    _Atomic uint32_t state;           /* see src/core/rwlock.c */
    _Atomic uint32_t readers_waiting; /* those that sleep or are about to */
    _Atomic uint32_t reader_gate;     /* changes when readers are to look again */
    _Atomic uint32_t writer_gate;     /* the same for writers */
} weft_rwlock;

/* clang-format off */
#define WEFT_RWLOCK_INIT {0, 0, 0, 0}
/* clang-format on */

/* The most readers at a time. */
#define WEFT_RWLOCK_READERS_MAX 65535

/* Makes a free lock; the same as WEFT_RWLOCK_INIT.
 *
 * Errors: WEFT_ERR_INVALID  lock is NULL */
enum weft_status weft_rwlock_init(weft_rwlock *lock);

/* Takes the lock for reading, sleeping up to `timeout_ns` nanoseconds.
 *
 * Errors:  WEFT_ERR_INVALID      lock is NULL
 *          WEFT_ERR_TIMEOUT      a writer still holds it or waits for it
 *          WEFT_ERR_WOULD_BLOCK  the same, timeout_ns is not 0, and this thread must
 *                                not sleep
 *          WEFT_ERR_LIMIT        WEFT_RWLOCK_READERS_MAX readers hold it
 * Threads: any thread that does not hold it. */
WEFT_NODISCARD enum weft_status weft_rwlock_read_lock(weft_rwlock *lock, int64_t timeout_ns);

/* Takes the lock for reading if it can be had at once: weft_rwlock_read_lock with no time. */
WEFT_NODISCARD static inline enum weft_status weft_rwlock_try_read_lock(weft_rwlock *lock)
{
    return weft_rwlock_read_lock(lock, 0);
}

/* Gives back what weft_rwlock_read_lock took.
 *
 * Errors: WEFT_ERR_INVALID  lock is NULL
 *         WEFT_ERR_STATE    no reader holds it; nothing changed */
enum weft_status weft_rwlock_read_unlock(weft_rwlock *lock);

/* Takes the lock for writing, sleeping up to `timeout_ns` nanoseconds. Waiting writers
 * get it in no particular order.
 *
 * Errors:  WEFT_ERR_INVALID      lock is NULL
 *          WEFT_ERR_TIMEOUT      somebody still holds it
 *          WEFT_ERR_WOULD_BLOCK  the same, timeout_ns is not 0, and this thread must
 *                                not sleep
 *          WEFT_ERR_LIMIT        32767 writers wait already
 * Threads: any thread that does not hold it. */
WEFT_NODISCARD enum weft_status weft_rwlock_write_lock(weft_rwlock *lock, int64_t timeout_ns);

/* Takes the lock for writing if it is free: weft_rwlock_write_lock with no time. */
WEFT_NODISCARD static inline enum weft_status weft_rwlock_try_write_lock(weft_rwlock *lock)
{
    return weft_rwlock_write_lock(lock, 0);
}

/* Gives back what weft_rwlock_write_lock took.
 *
 * Errors: WEFT_ERR_INVALID  lock is NULL
 *         WEFT_ERR_STATE    no writer holds it; nothing changed */
enum weft_status weft_rwlock_write_unlock(weft_rwlock *lock);

/* Ends the lock; NULL does nothing. No thread may be inside a call on it.
 *
 * Errors: WEFT_ERR_STATE  somebody holds it or waits for it; nothing changed */
enum weft_status weft_rwlock_fini(weft_rwlock *lock);

#endif
