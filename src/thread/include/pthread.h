/* pthread.h: POSIX threads on weft's thread layer, for a wasi-libc that has none.
 *
 * The types are the C library's own (bits/alltypes.h); an object that is all zero is
 * initialised with the defaults. What differs from other systems:
 *
 * - There is one process, so PTHREAD_PROCESS_SHARED is taken and means nothing more.
 *   There are no priorities, no robust mutexes and no stacks of the caller's: ENOTSUP.
 * - Cancellation is deferred, whatever the type says. It is acted on in
 *   pthread_testcancel, pthread_join, pthread_cond_wait, sem_wait and the timed forms of
 *   these, and in the sleep functions. Input and output are no cancellation points.
 * - pthread_exit and cancellation leave the frames of C without running destructors of
 *   C++ objects in them.
 * - A page's main thread may not sleep. There the calls that take a lock, and the sleep
 *   functions, spin; those that wait for something to happen (pthread_join,
 *   pthread_cond_wait, pthread_barrier_wait, sem_wait) answer EDEADLK at once.
 * - pthread_create answers EAGAIN when PTHREAD_THREADS_MAX threads run or no memory is
 *   left for the stack. The default stack is 1 MiB, and no stack is below 64 KiB.
 * - errno is shared by all threads, see errno.h. */
#ifndef _PTHREAD_H
#define _PTHREAD_H

#include <features.h>

#define __NEED_time_t
#define __NEED_clockid_t
#define __NEED_struct_timespec
#define __NEED_pthread_t
#define __NEED_pthread_attr_t
#define __NEED_pthread_mutexattr_t
#define __NEED_pthread_condattr_t
#define __NEED_pthread_rwlockattr_t
#define __NEED_pthread_barrierattr_t
#define __NEED_pthread_mutex_t
#define __NEED_pthread_cond_t
#define __NEED_pthread_rwlock_t
#define __NEED_pthread_barrier_t
#define __NEED_pthread_spinlock_t
#define __NEED_pthread_key_t
#define __NEED_pthread_once_t
#define __NEED_size_t
#include <bits/alltypes.h>

#include <limits.h>
#include <sched.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PTHREAD_CREATE_JOINABLE 0
#define PTHREAD_CREATE_DETACHED 1

#define PTHREAD_MUTEX_NORMAL     0
#define PTHREAD_MUTEX_DEFAULT    0
#define PTHREAD_MUTEX_RECURSIVE  1
#define PTHREAD_MUTEX_ERRORCHECK 2

#define PTHREAD_MUTEX_STALLED 0
#define PTHREAD_MUTEX_ROBUST  1

#define PTHREAD_PRIO_NONE    0
#define PTHREAD_PRIO_INHERIT 1
#define PTHREAD_PRIO_PROTECT 2

#define PTHREAD_INHERIT_SCHED  0
#define PTHREAD_EXPLICIT_SCHED 1

#define PTHREAD_SCOPE_SYSTEM  0
#define PTHREAD_SCOPE_PROCESS 1

#define PTHREAD_PROCESS_PRIVATE 0
#define PTHREAD_PROCESS_SHARED  1

#define PTHREAD_CANCEL_ENABLE       0
#define PTHREAD_CANCEL_DISABLE      1
#define PTHREAD_CANCEL_MASKED       2
#define PTHREAD_CANCEL_DEFERRED     0
#define PTHREAD_CANCEL_ASYNCHRONOUS 1
#define PTHREAD_CANCELED            ((void *)-1)

#define PTHREAD_BARRIER_SERIAL_THREAD (-1)

/* clang-format off */
#define PTHREAD_MUTEX_INITIALIZER  {{{0}}}
#define PTHREAD_COND_INITIALIZER   {{{0}}}
#define PTHREAD_RWLOCK_INITIALIZER {{{0}}}
#define PTHREAD_ONCE_INIT          0
#if defined(_GNU_SOURCE)
#define PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP  {{{0x40000000, PTHREAD_MUTEX_RECURSIVE}}}
#define PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP {{{0x40000000, PTHREAD_MUTEX_ERRORCHECK}}}
#endif
/* clang-format on */

/* Threads. */

int pthread_create(pthread_t *__restrict thread, const pthread_attr_t *__restrict attributes,
                   void *(*start)(void *), void *__restrict argument);
int pthread_join(pthread_t thread, void **result);
int pthread_detach(pthread_t thread);
_Noreturn void pthread_exit(void *result);
pthread_t pthread_self(void);
int pthread_equal(pthread_t a, pthread_t b);
#ifndef __cplusplus
#define pthread_equal(a, b) ((a) == (b))
#endif

int pthread_attr_init(pthread_attr_t *attributes);
int pthread_attr_destroy(pthread_attr_t *attributes);
int pthread_attr_getdetachstate(const pthread_attr_t *attributes, int *state);
int pthread_attr_setdetachstate(pthread_attr_t *attributes, int state);
int pthread_attr_getstacksize(const pthread_attr_t *__restrict attributes,
                              size_t *__restrict bytes);
int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t bytes);
int pthread_attr_getguardsize(const pthread_attr_t *__restrict attributes,
                              size_t *__restrict bytes);
int pthread_attr_setguardsize(pthread_attr_t *attributes, size_t bytes);
int pthread_attr_getstack(const pthread_attr_t *__restrict attributes, void **__restrict address,
                          size_t *__restrict bytes);
int pthread_attr_setstack(pthread_attr_t *attributes, void *address, size_t bytes);
int pthread_attr_getscope(const pthread_attr_t *__restrict attributes, int *__restrict scope);
int pthread_attr_setscope(pthread_attr_t *attributes, int scope);
int pthread_attr_getinheritsched(const pthread_attr_t *__restrict attributes,
                                 int *__restrict inherit);
int pthread_attr_setinheritsched(pthread_attr_t *attributes, int inherit);
int pthread_attr_getschedpolicy(const pthread_attr_t *__restrict attributes,
                                int *__restrict policy);
int pthread_attr_setschedpolicy(pthread_attr_t *attributes, int policy);
int pthread_attr_getschedparam(const pthread_attr_t *__restrict attributes,
                               struct sched_param *__restrict parameters);
int pthread_attr_setschedparam(pthread_attr_t *__restrict attributes,
                               const struct sched_param *__restrict parameters);

int pthread_getschedparam(pthread_t thread, int *__restrict policy,
                          struct sched_param *__restrict parameters);
int pthread_setschedparam(pthread_t thread, int policy, const struct sched_param *parameters);
int pthread_setschedprio(pthread_t thread, int priority);
int pthread_getconcurrency(void);
int pthread_setconcurrency(int level);
int pthread_getcpuclockid(pthread_t thread, clockid_t *clock);

/* There is no fork(): the handlers are never called. */
int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));

#if defined(_GNU_SOURCE) || defined(_BSD_SOURCE)
int pthread_setname_np(pthread_t thread, const char *name);
int pthread_getname_np(pthread_t thread, char *name, size_t bytes);
int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes);
int pthread_tryjoin_np(pthread_t thread, void **result);
int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *deadline);
#endif

/* Cancellation and cleanup. */

int pthread_cancel(pthread_t thread);
int pthread_setcancelstate(int state, int *before);
int pthread_setcanceltype(int type, int *before);
void pthread_testcancel(void);

struct __ptcb {
    void (*__f)(void *);
    void *__x;
    struct __ptcb *__next;
};

void _pthread_cleanup_push(struct __ptcb *handler, void (*routine)(void *), void *argument);
void _pthread_cleanup_pop(struct __ptcb *handler, int execute);

#define pthread_cleanup_push(routine, argument)                                                    \
    do {                                                                                           \
        struct __ptcb __handler;                                                                   \
        _pthread_cleanup_push(&__handler, routine, argument);
#define pthread_cleanup_pop(execute)                                                               \
    _pthread_cleanup_pop(&__handler, (execute));                                                   \
    }                                                                                              \
    while (0)

/* Mutexes. An unlock of a mutex that is free answers EPERM for every type; destroying one
 * that is held answers EBUSY. */

int pthread_mutex_init(pthread_mutex_t *__restrict mutex,
                       const pthread_mutexattr_t *__restrict attributes);
int pthread_mutex_destroy(pthread_mutex_t *mutex);
int pthread_mutex_lock(pthread_mutex_t *mutex);
int pthread_mutex_trylock(pthread_mutex_t *mutex);
int pthread_mutex_timedlock(pthread_mutex_t *__restrict mutex,
                            const struct timespec *__restrict deadline);
int pthread_mutex_unlock(pthread_mutex_t *mutex);
#if !defined(__cplusplus) && defined(__wasm_atomics__)
/* The short ways, see posix_mutex.c, without a call. */
static __inline int __weft_mutex_lock(pthread_mutex_t *__mutex)
{
    int __free = 0;
    if (__builtin_expect(__atomic_compare_exchange_n(&__mutex->__u.__i[0], &__free, 1, 0,
                                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED),
                         1))
        return 0;
    return (pthread_mutex_lock)(__mutex);
}
static __inline int __weft_mutex_unlock(pthread_mutex_t *__mutex)
{
    int __held = 1;
    if (__builtin_expect(__atomic_compare_exchange_n(&__mutex->__u.__i[0], &__held, 0, 0,
                                                     __ATOMIC_RELEASE, __ATOMIC_RELAXED),
                         1))
        return 0;
    return (pthread_mutex_unlock)(__mutex);
}
#define pthread_mutex_lock(mutex)   __weft_mutex_lock(mutex)
#define pthread_mutex_unlock(mutex) __weft_mutex_unlock(mutex)
#endif

int pthread_mutex_consistent(pthread_mutex_t *mutex);
int pthread_mutex_getprioceiling(const pthread_mutex_t *__restrict mutex, int *__restrict ceiling);
int pthread_mutex_setprioceiling(pthread_mutex_t *__restrict mutex, int ceiling,
                                 int *__restrict before);

int pthread_mutexattr_init(pthread_mutexattr_t *attributes);
int pthread_mutexattr_destroy(pthread_mutexattr_t *attributes);
int pthread_mutexattr_gettype(const pthread_mutexattr_t *__restrict attributes,
                              int *__restrict type);
int pthread_mutexattr_settype(pthread_mutexattr_t *attributes, int type);
int pthread_mutexattr_getpshared(const pthread_mutexattr_t *__restrict attributes,
                                 int *__restrict shared);
int pthread_mutexattr_setpshared(pthread_mutexattr_t *attributes, int shared);
int pthread_mutexattr_getprotocol(const pthread_mutexattr_t *__restrict attributes,
                                  int *__restrict protocol);
int pthread_mutexattr_setprotocol(pthread_mutexattr_t *attributes, int protocol);
int pthread_mutexattr_getprioceiling(const pthread_mutexattr_t *__restrict attributes,
                                     int *__restrict ceiling);
int pthread_mutexattr_setprioceiling(pthread_mutexattr_t *attributes, int ceiling);
int pthread_mutexattr_getrobust(const pthread_mutexattr_t *__restrict attributes,
                                int *__restrict robust);
int pthread_mutexattr_setrobust(pthread_mutexattr_t *attributes, int robust);

/* Condition variables. */

int pthread_cond_init(pthread_cond_t *__restrict condition,
                      const pthread_condattr_t *__restrict attributes);
int pthread_cond_destroy(pthread_cond_t *condition);
int pthread_cond_wait(pthread_cond_t *__restrict condition, pthread_mutex_t *__restrict mutex);
int pthread_cond_timedwait(pthread_cond_t *__restrict condition, pthread_mutex_t *__restrict mutex,
                           const struct timespec *__restrict deadline);
int pthread_cond_signal(pthread_cond_t *condition);
int pthread_cond_broadcast(pthread_cond_t *condition);

int pthread_condattr_init(pthread_condattr_t *attributes);
int pthread_condattr_destroy(pthread_condattr_t *attributes);
int pthread_condattr_getclock(const pthread_condattr_t *__restrict attributes,
                              clockid_t *__restrict clock);
int pthread_condattr_setclock(pthread_condattr_t *attributes, clockid_t clock);
int pthread_condattr_getpshared(const pthread_condattr_t *__restrict attributes,
                                int *__restrict shared);
int pthread_condattr_setpshared(pthread_condattr_t *attributes, int shared);

/* Read-write locks. A reader gets in while other readers hold the lock, though writers
 * wait, so a thread may take it twice for reading. */

int pthread_rwlock_init(pthread_rwlock_t *__restrict lock,
                        const pthread_rwlockattr_t *__restrict attributes);
int pthread_rwlock_destroy(pthread_rwlock_t *lock);
int pthread_rwlock_rdlock(pthread_rwlock_t *lock);
int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock);
int pthread_rwlock_timedrdlock(pthread_rwlock_t *__restrict lock,
                               const struct timespec *__restrict deadline);
int pthread_rwlock_wrlock(pthread_rwlock_t *lock);
int pthread_rwlock_trywrlock(pthread_rwlock_t *lock);
int pthread_rwlock_timedwrlock(pthread_rwlock_t *__restrict lock,
                               const struct timespec *__restrict deadline);
int pthread_rwlock_unlock(pthread_rwlock_t *lock);

int pthread_rwlockattr_init(pthread_rwlockattr_t *attributes);
int pthread_rwlockattr_destroy(pthread_rwlockattr_t *attributes);
int pthread_rwlockattr_getpshared(const pthread_rwlockattr_t *__restrict attributes,
                                  int *__restrict shared);
int pthread_rwlockattr_setpshared(pthread_rwlockattr_t *attributes, int shared);

/* Barriers, spin locks, once. */

int pthread_barrier_init(pthread_barrier_t *__restrict barrier,
                         const pthread_barrierattr_t *__restrict attributes, unsigned count);
int pthread_barrier_destroy(pthread_barrier_t *barrier);
int pthread_barrier_wait(pthread_barrier_t *barrier);

int pthread_barrierattr_init(pthread_barrierattr_t *attributes);
int pthread_barrierattr_destroy(pthread_barrierattr_t *attributes);
int pthread_barrierattr_getpshared(const pthread_barrierattr_t *__restrict attributes,
                                   int *__restrict shared);
int pthread_barrierattr_setpshared(pthread_barrierattr_t *attributes, int shared);

int pthread_spin_init(pthread_spinlock_t *lock, int shared);
int pthread_spin_destroy(pthread_spinlock_t *lock);
int pthread_spin_lock(pthread_spinlock_t *lock);
int pthread_spin_trylock(pthread_spinlock_t *lock);
int pthread_spin_unlock(pthread_spinlock_t *lock);

int pthread_once(pthread_once_t *once, void (*routine)(void));

/* Thread-specific data. */

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
int pthread_key_delete(pthread_key_t key);
void *pthread_getspecific(pthread_key_t key);
int pthread_setspecific(pthread_key_t key, const void *value);

#ifdef __cplusplus
}
#endif

#endif
