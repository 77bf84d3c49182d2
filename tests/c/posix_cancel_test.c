/* Cleanup handlers and cancellation. */
#define _GNU_SOURCE

#include "posix_threads.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>

static char trace[16];
static size_t trace_length;

static void note(void *letter)
{
    trace[trace_length++] = *(const char *)letter;
}

static void *leave_inside_handlers(void *context)
{
    pthread_cleanup_push(note, "a");
    pthread_cleanup_push(note, "b");
    pthread_cleanup_pop(1);
    pthread_cleanup_push(note, "c");
    pthread_cleanup_pop(0);
    pthread_cleanup_push(note, "d");
    if (context != NULL)
        pthread_exit(NULL);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return NULL;
}

static void handlers_run_from_the_last_to_the_first(void)
{
    trace_length = 0;
    posix_ask(leave_inside_handlers, NULL);
    EXPECT_EQ(trace_length, 1);
    EXPECT(memcmp(trace, "b", 1) == 0);
    trace_length = 0;
    posix_ask(leave_inside_handlers, trace);
    EXPECT_EQ(trace_length, 3);
    EXPECT(memcmp(trace, "bda", 3) == 0);
}

static sem_t ready, never;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_t other;
static atomic_size_t cleaned;

static void count_cleanup(void *context)
{
    (void)context;
    atomic_fetch_add(&cleaned, 1);
}

static void unlock(void *held)
{
    EXPECT_EQ(pthread_mutex_unlock(held), 0); /* pthread_cond_wait has taken it again */
}

static void *in_cond_wait(void *context)
{
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock, &mutex);
    sem_post(&ready);
    for (;;)
        pthread_cond_wait(&condition, &mutex);
    pthread_cleanup_pop(0);
    return context;
}

static void *in_sem_wait(void *context)
{
    pthread_cleanup_push(count_cleanup, NULL);
    sem_post(&ready);
    sem_wait(&never);
    pthread_cleanup_pop(0);
    return context;
}

static void *in_sleep(void *context)
{
    struct timespec long_time = {1000, 0};
    sem_post(&ready);
    nanosleep(&long_time, NULL);
    return context;
}

static void *in_join(void *context)
{
    sem_post(&ready);
    pthread_join(other, NULL);
    return context;
}

static void *in_testcancel(void *context)
{
    sem_post(&ready);
    for (;;)
        pthread_testcancel();
    return context;
}

/* Cancels threads that have just begun to wait, and some that are about to. */
static void cancel_in(void *(*fn)(void *))
{
    for (int i = 0; i < 20; i++) {
        pthread_t threads[POSIX_THREADS_MOST];
        for (size_t k = 0; k < test_threads(); k++)
            EXPECT_EQ(pthread_create(&threads[k], NULL, fn, NULL), 0);
        for (size_t k = 0; k < test_threads(); k++)
            sem_wait(&ready);
        for (size_t k = 0; k < test_threads(); k++)
            EXPECT_EQ(pthread_cancel(threads[k]), 0);
        for (size_t k = 0; k < test_threads(); k++) {
            void *result = NULL;
            EXPECT_EQ(pthread_join(threads[k], &result), 0);
            EXPECT(result == PTHREAD_CANCELED);
        }
    }
}

static void *wait_for_never(void *context)
{
    sem_wait(&never);
    return context;
}

static void each_cancellation_point_can_be_left(void)
{
    EXPECT_EQ(sem_init(&ready, 0, 0), 0);
    EXPECT_EQ(sem_init(&never, 0, 0), 0);
    cancel_in(in_cond_wait);
    atomic_store(&cleaned, 0);
    cancel_in(in_sem_wait);
    EXPECT_EQ(atomic_load(&cleaned), 20 * test_threads());
    cancel_in(in_sleep);
    cancel_in(in_testcancel);
    EXPECT_EQ(pthread_mutex_trylock(&mutex), 0);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
}

static void a_cancelled_join_leaves_the_thread_joinable(void)
{
    pthread_t thread;
    void *result = NULL;
    EXPECT_EQ(pthread_create(&other, NULL, wait_for_never, &never), 0);
    EXPECT_EQ(pthread_create(&thread, NULL, in_join, NULL), 0);
    sem_wait(&ready);
    EXPECT_EQ(pthread_cancel(thread), 0);
    EXPECT_EQ(pthread_join(thread, &result), 0);
    EXPECT(result == PTHREAD_CANCELED);
    sem_post(&never);
    EXPECT_EQ(pthread_join(other, &result), 0);
    EXPECT(result == &never);
}

static void *disabled_then_enabled(void *context)
{
    int before = -1;
    EXPECT_EQ(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before), 0);
    EXPECT_EQ(before, PTHREAD_CANCEL_ENABLE);
    EXPECT_EQ(pthread_setcancelstate(99, &before), EINVAL);
    sem_post(&ready);
    sem_wait(&never); /* the cancellation is already there */
    pthread_testcancel();
    EXPECT_EQ(pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &before), 0);
    EXPECT_EQ(before, PTHREAD_CANCEL_DEFERRED);
    EXPECT_EQ(pthread_setcanceltype(99, &before), EINVAL);
    atomic_store((atomic_int *)context, 1);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &before);
    pthread_testcancel();
    atomic_store((atomic_int *)context, 2);
    return NULL;
}

static void a_disabled_cancellation_waits(void)
{
    atomic_int stage = 0;
    pthread_t thread;
    void *result = NULL;
    EXPECT_EQ(pthread_create(&thread, NULL, disabled_then_enabled, &stage), 0);
    sem_wait(&ready);
    EXPECT_EQ(pthread_cancel(thread), 0);
    sem_post(&never);
    EXPECT_EQ(pthread_join(thread, &result), 0);
    EXPECT(result == PTHREAD_CANCELED);
    EXPECT_EQ(atomic_load(&stage), 1);
}

/* A signal must not be lost in a waiter that is cancelled at the same time. */

static size_t tokens;
static atomic_size_t taken;

static void *take_token(void *context)
{
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock, &mutex);
    sem_post(&ready);
    while (tokens == 0)
        pthread_cond_wait(&condition, &mutex);
    tokens--;
    atomic_fetch_add(&taken, 1);
    pthread_cleanup_pop(1);
    return context;
}

static void a_cancelled_waiter_passes_its_signal_on(void)
{
    for (size_t round = 0; round < 200; round++) {
        pthread_t victim, heir;
        void *result = NULL;
        atomic_store(&taken, 0);
        tokens = 0;
        EXPECT_EQ(pthread_create(&victim, NULL, take_token, NULL), 0);
        EXPECT_EQ(pthread_create(&heir, NULL, take_token, NULL), 0);
        sem_wait(&ready);
        sem_wait(&ready);
        pthread_mutex_lock(&mutex); /* both wait from here on */
        tokens = 1;
        pthread_mutex_unlock(&mutex);
        pthread_cond_signal(&condition);
        pthread_cancel(victim);
        EXPECT_EQ(pthread_join(victim, &result), 0);
        if (result != PTHREAD_CANCELED) { /* it was quicker */
            pthread_mutex_lock(&mutex);
            tokens++;
            pthread_mutex_unlock(&mutex);
            pthread_cond_signal(&condition);
        }
        EXPECT_EQ(pthread_join(heir, &result), 0);
        EXPECT_EQ(tokens, 0);
    }
}

TEST_MAIN(TEST(handlers_run_from_the_last_to_the_first), TEST(each_cancellation_point_can_be_left),
          TEST(a_cancelled_join_leaves_the_thread_joinable), TEST(a_disabled_cancellation_waits),
          TEST(a_cancelled_waiter_passes_its_signal_on))
