/* posix_c11.c: C11 threads on POSIX threads. */
#include "posix.h"

#include <assert.h>
#include <errno.h>
#include <threads.h>

static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t), "a mtx_t is a pthread_mutex_t");
static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t), "a cnd_t is a pthread_cond_t");
static_assert(sizeof(once_flag) == sizeof(pthread_once_t), "a once_flag is a pthread_once_t");

static int answer(int failure)
{
    switch (failure) {
    case 0: return thrd_success;
    case EBUSY: return thrd_busy;
    case ETIMEDOUT: return thrd_timedout;
    case EAGAIN:
    case ENOMEM: return thrd_nomem;
    default: return thrd_error;
    }
}

static pthread_mutex_t *mutex_of(mtx_t *mutex)
{
    return (pthread_mutex_t *)(void *)mutex;
}

static pthread_cond_t *condition_of(cnd_t *condition)
{
    return (pthread_cond_t *)(void *)condition;
}

int thrd_create(thrd_t *thread, thrd_start_t start, void *argument)
{
    /* In WebAssembly both kinds of function are (i32) -> i32. */
    void *(*function)(void *) = (void *(*)(void *))(void (*)(void))start;
    return answer(pthread_create(thread, NULL, function, argument));
}

_Noreturn void thrd_exit(int result)
{
    pthread_exit((void *)(intptr_t)result);
}

int thrd_join(thrd_t thread, int *result)
{
    void *value = NULL;
    int failure = pthread_join(thread, &value);
    if (failure == 0 && result != NULL)
        *result = (int)(intptr_t)value;
    return answer(failure);
}

int thrd_detach(thrd_t thread)
{
    return answer(pthread_detach(thread));
}

thrd_t thrd_current(void)
{
    return pthread_self();
}

int(thrd_equal)(thrd_t a, thrd_t b)
{
    return a == b;
}

int thrd_sleep(const struct timespec *time, struct timespec *left)
{
    return clock_nanosleep(CLOCK_REALTIME, 0, time, left) == 0 ? 0 : -2;
}

void thrd_yield(void)
{
    sched_yield();
}

void call_once(once_flag *once, void (*routine)(void))
{
    pthread_once(once, routine);
}

int mtx_init(mtx_t *mutex, int type)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    if (type & mtx_recursive)
        pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    return answer(pthread_mutex_init(mutex_of(mutex), &attributes));
}

void mtx_destroy(mtx_t *mutex)
{
    pthread_mutex_destroy(mutex_of(mutex));
}

int mtx_lock(mtx_t *mutex)
{
    return answer(pthread_mutex_lock(mutex_of(mutex)));
}

int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict deadline)
{
    return answer(pthread_mutex_timedlock(mutex_of(mutex), deadline));
}

int mtx_trylock(mtx_t *mutex)
{
    return answer(pthread_mutex_trylock(mutex_of(mutex)));
}

int mtx_unlock(mtx_t *mutex)
{
    return answer(pthread_mutex_unlock(mutex_of(mutex)));
}

int cnd_init(cnd_t *condition)
{
    return answer(pthread_cond_init(condition_of(condition), NULL));
}

void cnd_destroy(cnd_t *condition)
{
    pthread_cond_destroy(condition_of(condition));
}

int cnd_broadcast(cnd_t *condition)
{
    return answer(pthread_cond_broadcast(condition_of(condition)));
}

int cnd_signal(cnd_t *condition)
{
    return answer(pthread_cond_signal(condition_of(condition)));
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
                  const struct timespec *restrict deadline)
{
    return answer(pthread_cond_timedwait(condition_of(condition), mutex_of(mutex), deadline));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return answer(pthread_cond_wait(condition_of(condition), mutex_of(mutex)));
}

int tss_create(tss_t *key, tss_dtor_t destructor)
{
    return answer(pthread_key_create(key, destructor));
}

void tss_delete(tss_t key)
{
    pthread_key_delete(key);
}

int tss_set(tss_t key, void *value)
{
    return answer(pthread_setspecific(key, value));
}

void *tss_get(tss_t key)
{
    return pthread_getspecific(key);
}
