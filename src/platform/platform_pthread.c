/* platform_pthread.c: starting and joining threads, for hosts with POSIX threads. */
#define _POSIX_C_SOURCE 200809L

#include "platform.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static_assert(sizeof(pthread_t) <= sizeof(uintptr_t), "weft__plat_thread holds a pthread_t");

/* From the starter to its thread, which frees it. */
struct start {
    void (*fn)(void *);
    void *context;
};

static void *thread_main(void *argument)
{
    struct start start = *(struct start *)argument;
    free(argument);
    start.fn(start.context);
    return NULL;
}

/* The least size that pthreads accepts for a stack of at least `bytes` bytes. */
static size_t stack_size(size_t bytes)
{
    long least = sysconf(_SC_THREAD_STACK_MIN);
    long page = sysconf(_SC_PAGESIZE);
    size_t unit = page > 0 ? (size_t)page : 65536;
    if (least > 0 && bytes < (size_t)least)
        bytes = (size_t)least;
    if (bytes > SIZE_MAX - unit)
        return bytes; /* pthread_create will refuse it */
    return (bytes + unit - 1) / unit * unit;
}

/* Starts the thread with every signal blocked, so that the application's handlers run
 * on the application's own threads. */
static int create_quietly(pthread_t *thread, const pthread_attr_t *attributes, struct start *start)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(thread, attributes, thread_main, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

enum weft_status weft__plat_thread_start(weft__plat_thread *thread, size_t stack_bytes,
                                         void (*fn)(void *), void *context)
{
    struct start *start = malloc(sizeof *start);
    if (start == NULL)
        return WEFT_ERR_NOMEM;
    *start = (struct start){fn, context};

    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) {
        free(start);
        return WEFT_ERR_NOMEM;
    }
    pthread_t handle;
    int failure = pthread_attr_setstacksize(&attributes, stack_size(stack_bytes));
    if (failure == 0)
        failure = create_quietly(&handle, &attributes, start);
    pthread_attr_destroy(&attributes);
    if (failure != 0) {
        free(start);
        return failure == ENOMEM ? WEFT_ERR_NOMEM : WEFT_ERR_WORKER;
    }
    thread->handle = (uintptr_t)handle;
    return WEFT_OK;
}

bool weft__plat_thread_followable(weft__plat_thread thread)
{
    (void)thread;
    return false; /* POSIX threads end by themselves or with the process */
}

void weft__plat_thread_hold(weft__plat_thread thread, bool held)
{
    (void)thread;
    (void)held;
}

void weft__plat_thread_join(weft__plat_thread thread)
{
    pthread_join((pthread_t)thread.handle, NULL);
}
