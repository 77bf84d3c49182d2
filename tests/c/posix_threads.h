/* posix_threads.h: what the tests of POSIX threads share. */
#ifndef WEFT_TEST_POSIX_THREADS_H
#define WEFT_TEST_POSIX_THREADS_H

#include "test.h"

#include <pthread.h>
#include <time.h>

#define POSIX_THREADS_MOST 64

/* Runs fn(context) on test_threads() threads and joins them. */
static inline void posix_run(void *(*fn)(void *), void *context)
{
    pthread_t threads[POSIX_THREADS_MOST];
    size_t count = test_threads() < POSIX_THREADS_MOST ? test_threads() : POSIX_THREADS_MOST;
    for (size_t i = 0; i < count; i++)
        EXPECT_EQ(pthread_create(&threads[i], NULL, fn, context), 0);
    for (size_t i = 0; i < count; i++)
        EXPECT_EQ(pthread_join(threads[i], NULL), 0);
}

/* Runs fn(context) on one thread and returns what it returned, as a number. */
static inline long posix_ask(void *(*fn)(void *), void *context)
{
    pthread_t thread;
    void *result = NULL;
    EXPECT_EQ(pthread_create(&thread, NULL, fn, context), 0);
    EXPECT_EQ(pthread_join(thread, &result), 0);
    return (long)result;
}

/* The time on the clock, `milliseconds` from here. */
static inline struct timespec posix_time(clockid_t clock, long milliseconds)
{
    struct timespec time;
    clock_gettime(clock, &time);
    time.tv_sec += milliseconds / 1000;
    time.tv_nsec += milliseconds % 1000 * 1000000;
    if (time.tv_nsec < 0) {
        time.tv_nsec += 1000000000;
        time.tv_sec--;
    }
    if (time.tv_nsec >= 1000000000) {
        time.tv_nsec -= 1000000000;
        time.tv_sec++;
    }
    return time;
}

/* True once the time on the clock has been reached. */
static inline int posix_reached(clockid_t clock, const struct timespec *time)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec > time->tv_sec ||
           (now.tv_sec == time->tv_sec && now.tv_nsec >= time->tv_nsec);
}

#endif
