/* posix_time.c: sleeping and yielding, in place of the C library's, which ask the host to;
 * and what sysconf knows of threads. */
#define _GNU_SOURCE

#include "posix.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

/* Long enough for the host to take the thread off its CPU. */
#define YIELD_NS 1000

/* Nobody wakes it but pthread_cancel. */
static _Atomic uint32_t never;

/* Sleeps until the time on the clock. Where it may not sleep, it spins. */
static void sleep_until(clockid_t clock, const struct timespec *deadline)
{
    int failure = 0;
    while (failure == 0 || failure == EDEADLK) {
        failure = weft__posix_wait_cancellable(&never, 0, clock, deadline);
        if (failure == EDEADLK)
            weft__plat_relax();
    }
    if (failure == ECANCELED)
        weft__posix_cancel_now();
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left)
{
    (void)left; /* no signal ends the sleep early */
    struct timespec deadline = *time;
    if (!weft__posix_is_time(time) || (flags & ~TIMER_ABSTIME) != 0)
        return EINVAL;
    pthread_testcancel();
    if (!(flags & TIMER_ABSTIME)) {
        if (time->tv_sec < 0)
            return EINVAL;
        clock = CLOCK_MONOTONIC; /* for which the wall clock may be set meanwhile */
        if (clock_gettime(clock, &deadline) != 0)
            return EINVAL;
        deadline.tv_nsec += time->tv_nsec;
        deadline.tv_sec += deadline.tv_nsec / 1000000000;
        deadline.tv_nsec %= 1000000000;
        if (__builtin_add_overflow(deadline.tv_sec, time->tv_sec, &deadline.tv_sec))
            deadline.tv_sec = INT64_MAX;
    }
    sleep_until(clock, &deadline);
    return 0;
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
    int failure = clock_nanosleep(CLOCK_REALTIME, 0, time, left);
    if (failure == 0)
        return 0;
    errno = failure;
    return -1;
}

int usleep(unsigned microseconds)
{
    struct timespec time = {microseconds / 1000000, (long)(microseconds % 1000000) * 1000};
    return nanosleep(&time, NULL);
}

unsigned sleep(unsigned seconds)
{
    struct timespec time = {seconds, 0};
    return nanosleep(&time, NULL) == 0 ? 0 : seconds;
}

int sched_yield(void)
{
    if (weft__plat_wait(&never, 0, YIELD_NS) == WEFT_ERR_WOULD_BLOCK)
        weft__plat_relax();
    return 0;
}

int sched_get_priority_max(int policy)
{
    (void)policy;
    return 0;
}

int sched_get_priority_min(int policy)
{
    (void)policy;
    return 0;
}

/* The names are the linker's, see wrap.txt. */
#pragma clang diagnostic ignored "-Wreserved-identifier"
long __real_sysconf(int name);
long __wrap_sysconf(int name);

long __wrap_sysconf(int name)
{
    const char *rule;
    switch (name) {
    case _SC_NPROCESSORS_CONF:
    case _SC_NPROCESSORS_ONLN: return (long)weft__plat_cpu_count(&rule);
    case _SC_THREADS:
    case _SC_THREAD_SAFE_FUNCTIONS:
    case _SC_THREAD_ATTR_STACKSIZE:
    case _SC_BARRIERS:
    case _SC_SPIN_LOCKS:
    case _SC_READER_WRITER_LOCKS:
    case _SC_SEMAPHORES:
    case _SC_CLOCK_SELECTION: return _POSIX_VERSION;
    case _SC_THREAD_PRIORITY_SCHEDULING:
    case _SC_THREAD_PROCESS_SHARED:
    case _SC_THREAD_ATTR_STACKADDR: return -1;
    case _SC_THREAD_STACK_MIN: return PTHREAD_STACK_MIN;
    case _SC_THREAD_KEYS_MAX: return PTHREAD_KEYS_MAX;
    case _SC_THREAD_DESTRUCTOR_ITERATIONS: return PTHREAD_DESTRUCTOR_ITERATIONS;
    case _SC_THREAD_THREADS_MAX: return PTHREAD_THREADS_MAX;
    case _SC_SEM_VALUE_MAX: return SEM_VALUE_MAX;
    default: return __real_sysconf(name);
    }
}
