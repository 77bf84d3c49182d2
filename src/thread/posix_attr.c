/* posix_attr.c: attributes of threads and locks, names, and what of scheduling there is. */
#define _GNU_SOURCE

#include "lock.h"
#include "posix.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#define STACK_BYTES_DEFAULT ((size_t)1 << 20)
#define GUARD_BYTES_DEFAULT 1024

struct attributes {
    size_t stack_bytes;
    size_t guard_bytes; /* what was asked for; the guard is thread.c's */
    int detach_state, inherit;
    void *stack; /* pthread_getattr_np only */
};

static_assert(sizeof(struct attributes) <= sizeof(pthread_attr_t), "fits the C library's type");

static struct attributes *of(pthread_attr_t *attributes)
{
    return (struct attributes *)(void *)attributes;
}

static const struct attributes *of_const(const pthread_attr_t *attributes)
{
    return (const struct attributes *)(const void *)attributes;
}

int pthread_attr_init(pthread_attr_t *attributes)
{
    *of(attributes) =
        (struct attributes){.stack_bytes = STACK_BYTES_DEFAULT, .guard_bytes = GUARD_BYTES_DEFAULT};
    return 0;
}

int pthread_attr_destroy(pthread_attr_t *attributes)
{
    (void)attributes;
    return 0;
}

int pthread_attr_getdetachstate(const pthread_attr_t *attributes, int *state)
{
    *state = of_const(attributes)->detach_state;
    return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t *attributes, int state)
{
    if (state != PTHREAD_CREATE_JOINABLE && state != PTHREAD_CREATE_DETACHED)
        return EINVAL;
    of(attributes)->detach_state = state;
    return 0;
}

int pthread_attr_getstacksize(const pthread_attr_t *restrict attributes, size_t *restrict bytes)
{
    *bytes = of_const(attributes)->stack_bytes;
    return 0;
}

int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t bytes)
{
    if (bytes < PTHREAD_STACK_MIN)
        return EINVAL;
    of(attributes)->stack_bytes = bytes;
    return 0;
}

int pthread_attr_getguardsize(const pthread_attr_t *restrict attributes, size_t *restrict bytes)
{
    *bytes = of_const(attributes)->guard_bytes;
    return 0;
}

int pthread_attr_setguardsize(pthread_attr_t *attributes, size_t bytes)
{
    of(attributes)->guard_bytes = bytes;
    return 0;
}

int pthread_attr_getstack(const pthread_attr_t *restrict attributes, void **restrict address,
                          size_t *restrict bytes)
{
    *address = of_const(attributes)->stack;
    *bytes = of_const(attributes)->stack_bytes;
    return 0;
}

int pthread_attr_setstack(pthread_attr_t *attributes, void *address, size_t bytes)
{
    (void)attributes;
    (void)address;
    (void)bytes;
    return ENOTSUP;
}

int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
    pthread_attr_init(attributes);
    of(attributes)->stack = thread->stack;
    of(attributes)->stack_bytes = thread->stack_bytes;
    of(attributes)->detach_state = atomic_load(&thread->state) == WEFT__POSIX_DETACHED;
    return 0;
}

/* Scheduling: there is one policy and one priority. */

int pthread_attr_getscope(const pthread_attr_t *restrict attributes, int *restrict scope)
{
    (void)attributes;
    *scope = PTHREAD_SCOPE_SYSTEM;
    return 0;
}

int pthread_attr_setscope(pthread_attr_t *attributes, int scope)
{
    (void)attributes;
    if (scope == PTHREAD_SCOPE_PROCESS)
        return ENOTSUP;
    return scope == PTHREAD_SCOPE_SYSTEM ? 0 : EINVAL;
}

int pthread_attr_getinheritsched(const pthread_attr_t *restrict attributes, int *restrict inherit)
{
    *inherit = of_const(attributes)->inherit;
    return 0;
}

int pthread_attr_setinheritsched(pthread_attr_t *attributes, int inherit)
{
    if (inherit != PTHREAD_INHERIT_SCHED && inherit != PTHREAD_EXPLICIT_SCHED)
        return EINVAL;
    of(attributes)->inherit = inherit;
    return 0;
}

int pthread_attr_getschedpolicy(const pthread_attr_t *restrict attributes, int *restrict policy)
{
    (void)attributes;
    *policy = SCHED_OTHER;
    return 0;
}

int pthread_attr_setschedpolicy(pthread_attr_t *attributes, int policy)
{
    (void)attributes;
    return policy == SCHED_OTHER ? 0 : ENOTSUP;
}

int pthread_attr_getschedparam(const pthread_attr_t *restrict attributes,
                               struct sched_param *restrict parameters)
{
    (void)attributes;
    parameters->sched_priority = 0;
    return 0;
}

int pthread_attr_setschedparam(pthread_attr_t *restrict attributes,
                               const struct sched_param *restrict parameters)
{
    (void)attributes;
    return parameters->sched_priority == 0 ? 0 : ENOTSUP;
}

int pthread_getschedparam(pthread_t thread, int *restrict policy,
                          struct sched_param *restrict parameters)
{
    (void)thread;
    *policy = SCHED_OTHER;
    parameters->sched_priority = 0;
    return 0;
}

int pthread_setschedparam(pthread_t thread, int policy, const struct sched_param *parameters)
{
    (void)thread;
    return policy == SCHED_OTHER && parameters->sched_priority == 0 ? 0 : ENOTSUP;
}

int pthread_setschedprio(pthread_t thread, int priority)
{
    (void)thread;
    return priority == 0 ? 0 : ENOTSUP;
}

static _Atomic uint32_t concurrency;

int pthread_getconcurrency(void)
{
    return (int)atomic_load(&concurrency);
}

int pthread_setconcurrency(int level)
{
    if (level < 0)
        return EINVAL;
    atomic_store(&concurrency, (uint32_t)level);
    return 0;
}

int pthread_getcpuclockid(pthread_t thread, clockid_t *clock)
{
    (void)thread;
    (void)clock;
    return ENOENT;
}

int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    (void)prepare;
    (void)parent;
    (void)child;
    return 0;
}

/* Names. */

static weft__lock names;

int pthread_setname_np(pthread_t thread, const char *name)
{
    size_t length = strnlen(name, WEFT__POSIX_NAME_BYTES);
    if (length == WEFT__POSIX_NAME_BYTES)
        return ERANGE;
    weft__lock_lock(&names);
    memcpy(thread->name, name, length + 1);
    weft__lock_unlock(&names);
    return 0;
}

int pthread_getname_np(pthread_t thread, char *name, size_t bytes)
{
    weft__lock_lock(&names);
    size_t length = strlen(thread->name);
    if (length < bytes)
        memcpy(name, thread->name, length + 1);
    weft__lock_unlock(&names);
    return length < bytes ? 0 : ERANGE;
}

/* Attributes of locks. Bit 0: shared between processes. */

#define SHARED    1u
#define MONOTONIC 2u

static int shared_set(unsigned *word, int shared)
{
    if (shared != PTHREAD_PROCESS_PRIVATE && shared != PTHREAD_PROCESS_SHARED)
        return EINVAL;
    *word = (*word & ~SHARED) | (shared == PTHREAD_PROCESS_SHARED ? SHARED : 0);
    return 0;
}

static int shared_get(unsigned word)
{
    return word & SHARED ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE;
}

#define DEFINE_COMMON(kind, word)                                                                  \
    int pthread_##kind##_init(pthread_##kind##_t *attributes)                                      \
    {                                                                                              \
        memset(attributes, 0, sizeof *attributes);                                                 \
        return 0;                                                                                  \
    }                                                                                              \
    int pthread_##kind##_destroy(pthread_##kind##_t *attributes)                                   \
    {                                                                                              \
        (void)attributes;                                                                          \
        return 0;                                                                                  \
    }                                                                                              \
    int pthread_##kind##_setpshared(pthread_##kind##_t *attributes, int shared)                    \
    {                                                                                              \
        return shared_set(&attributes->word, shared);                                              \
    }                                                                                              \
    int pthread_##kind##_getpshared(const pthread_##kind##_t *restrict attributes,                 \
                                    int *restrict shared)                                          \
    {                                                                                              \
        *shared = shared_get(attributes->word);                                                    \
        return 0;                                                                                  \
    }

DEFINE_COMMON(mutexattr, __attr)
DEFINE_COMMON(condattr, __attr)
DEFINE_COMMON(rwlockattr, __attr[0])
DEFINE_COMMON(barrierattr, __attr)

int pthread_condattr_setclock(pthread_condattr_t *attributes, clockid_t clock)
{
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
        return EINVAL;
    attributes->__attr =
        (attributes->__attr & ~MONOTONIC) | (clock == CLOCK_MONOTONIC ? MONOTONIC : 0);
    return 0;
}

int pthread_condattr_getclock(const pthread_condattr_t *restrict attributes,
                              clockid_t *restrict clock)
{
    *clock = attributes->__attr & MONOTONIC ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    return 0;
}

/* Of a mutex: its type is above the bit for shared. */

int pthread_mutexattr_settype(pthread_mutexattr_t *attributes, int type)
{
    if (type < PTHREAD_MUTEX_NORMAL || type > PTHREAD_MUTEX_ERRORCHECK)
        return EINVAL;
    attributes->__attr = (attributes->__attr & SHARED) | (unsigned)type << 1;
    return 0;
}

int pthread_mutexattr_gettype(const pthread_mutexattr_t *restrict attributes, int *restrict type)
{
    *type = (int)(attributes->__attr >> 1);
    return 0;
}

int pthread_mutexattr_setprotocol(pthread_mutexattr_t *attributes, int protocol)
{
    (void)attributes;
    if (protocol == PTHREAD_PRIO_INHERIT || protocol == PTHREAD_PRIO_PROTECT)
        return ENOTSUP;
    return protocol == PTHREAD_PRIO_NONE ? 0 : EINVAL;
}

int pthread_mutexattr_getprotocol(const pthread_mutexattr_t *restrict attributes,
                                  int *restrict protocol)
{
    (void)attributes;
    *protocol = PTHREAD_PRIO_NONE;
    return 0;
}

int pthread_mutexattr_setprioceiling(pthread_mutexattr_t *attributes, int ceiling)
{
    (void)attributes;
    (void)ceiling;
    return ENOTSUP;
}

int pthread_mutexattr_getprioceiling(const pthread_mutexattr_t *restrict attributes,
                                     int *restrict ceiling)
{
    (void)attributes;
    *ceiling = 0;
    return 0;
}

int pthread_mutexattr_setrobust(pthread_mutexattr_t *attributes, int robust)
{
    (void)attributes;
    if (robust == PTHREAD_MUTEX_ROBUST)
        return ENOTSUP;
    return robust == PTHREAD_MUTEX_STALLED ? 0 : EINVAL;
}

int pthread_mutexattr_getrobust(const pthread_mutexattr_t *restrict attributes,
                                int *restrict robust)
{
    (void)attributes;
    *robust = PTHREAD_MUTEX_STALLED;
    return 0;
}
