/* POSIX condition variables. */
#define _GNU_SOURCE

#include "posix_threads.h"

#include <errno.h>

#define ITEMS 5000
#define ROOM  8

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* A bounded buffer: producers and consumers, one of each per thread. */

static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static unsigned buffer[ROOM];
static size_t used, first;
static unsigned long taken_sum;
static size_t taken_count;

static void *produce(void *context)
{
    (void)context;
    for (unsigned i = 1; i <= ITEMS; i++) {
        pthread_mutex_lock(&mutex);
        while (used == ROOM)
            pthread_cond_wait(&not_full, &mutex);
        buffer[(first + used++) % ROOM] = i;
        pthread_cond_signal(&not_empty);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *consume(void *context)
{
    struct timespec limit = posix_time(CLOCK_REALTIME, 100000);
    for (unsigned i = 0; i < ITEMS; i++) {
        pthread_mutex_lock(&mutex);
        while (used == 0) {
            if (pthread_cond_timedwait(&not_empty, &mutex, &limit) == ETIMEDOUT) {
                pthread_mutex_unlock(&mutex);
                return context; /* the test fails by its count */
            }
        }
        taken_sum += buffer[first];
        taken_count++;
        first = (first + 1) % ROOM;
        used--;
        pthread_cond_signal(&not_full);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void every_item_goes_from_a_producer_to_one_consumer(void)
{
    pthread_t producers[POSIX_THREADS_MOST];
    for (size_t i = 0; i < test_threads(); i++)
        EXPECT_EQ(pthread_create(&producers[i], NULL, produce, NULL), 0);
    posix_run(consume, NULL);
    for (size_t i = 0; i < test_threads(); i++)
        EXPECT_EQ(pthread_join(producers[i], NULL), 0);
    EXPECT_EQ(taken_count, ITEMS * test_threads());
    EXPECT_EQ(taken_sum, (unsigned long)ITEMS * (ITEMS + 1) / 2 * test_threads());
    EXPECT_EQ(pthread_cond_destroy(&not_full), 0);
    EXPECT_EQ(pthread_cond_destroy(&not_empty), 0);
}

/* Rounds in which everybody waits for a broadcast. */

static pthread_cond_t next_round = PTHREAD_COND_INITIALIZER, all_wait = PTHREAD_COND_INITIALIZER;
static size_t waiting, round_number, left_rounds;

static void *wait_for_rounds(void *context)
{
    size_t rounds = *(const size_t *)context;
    for (size_t i = 0; i < rounds; i++) {
        pthread_mutex_lock(&mutex);
        size_t before = round_number;
        if (++waiting == test_threads())
            pthread_cond_signal(&all_wait);
        while (round_number == before)
            pthread_cond_wait(&next_round, &mutex);
        left_rounds++;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void a_broadcast_wakes_everybody(void)
{
    size_t rounds = 200;
    pthread_t threads[POSIX_THREADS_MOST];
    for (size_t i = 0; i < test_threads(); i++)
        EXPECT_EQ(pthread_create(&threads[i], NULL, wait_for_rounds, &rounds), 0);
    for (size_t i = 0; i < rounds; i++) {
        pthread_mutex_lock(&mutex);
        while (waiting != test_threads())
            pthread_cond_wait(&all_wait, &mutex);
        waiting = 0;
        round_number++;
        pthread_cond_broadcast(&next_round);
        pthread_mutex_unlock(&mutex);
    }
    for (size_t i = 0; i < test_threads(); i++)
        EXPECT_EQ(pthread_join(threads[i], NULL), 0);
    EXPECT_EQ(left_rounds, rounds * test_threads());
    EXPECT_EQ(pthread_cond_destroy(&next_round), 0);
    EXPECT_EQ(pthread_cond_destroy(&all_wait), 0);
}

/* Signals without the mutex, one at a time: each must wake somebody who waits. */

static pthread_cond_t token_came = PTHREAD_COND_INITIALIZER;
static size_t tokens, tokens_taken;

static void *take_tokens(void *context)
{
    size_t wanted = *(const size_t *)context;
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < wanted; i++) {
        while (tokens == 0)
            pthread_cond_wait(&token_came, &mutex);
        tokens--;
        tokens_taken++;
    }
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static void a_signal_after_the_unlock_is_not_lost(void)
{
    size_t each = 1000;
    pthread_t threads[POSIX_THREADS_MOST];
    for (size_t i = 0; i < test_threads(); i++)
        EXPECT_EQ(pthread_create(&threads[i], NULL, take_tokens, &each), 0);
    for (size_t i = 0; i < each * test_threads(); i++) {
        pthread_mutex_lock(&mutex);
        tokens++;
        pthread_mutex_unlock(&mutex);
        pthread_cond_signal(&token_came);
    }
    for (size_t i = 0; i < test_threads(); i++)
        EXPECT_EQ(pthread_join(threads[i], NULL), 0);
    EXPECT_EQ(tokens_taken, each * test_threads());
    EXPECT_EQ(pthread_cond_destroy(&token_came), 0);
}

static void a_timed_wait_gives_up_at_its_deadline(void)
{
    clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC};
    for (int i = 0; i < 2; i++) {
        pthread_condattr_t attributes;
        pthread_cond_t condition;
        clockid_t got;
        struct timespec past = posix_time(clocks[i], -1000), wrong = {1, 1000000000};
        EXPECT_EQ(pthread_condattr_init(&attributes), 0);
        EXPECT_EQ(pthread_condattr_setclock(&attributes, clocks[i]), 0);
        EXPECT_EQ(pthread_condattr_getclock(&attributes, &got), 0);
        EXPECT(got == clocks[i]);
        EXPECT_EQ(pthread_cond_init(&condition, &attributes), 0);
        EXPECT_EQ(pthread_condattr_destroy(&attributes), 0);
        EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
        EXPECT_EQ(pthread_cond_timedwait(&condition, &mutex, &past), ETIMEDOUT);
        EXPECT_EQ(pthread_cond_timedwait(&condition, &mutex, &wrong), EINVAL);
        struct timespec soon = posix_time(clocks[i], 30);
        int failure = 0;
        while (failure == 0)
            failure = pthread_cond_timedwait(&condition, &mutex, &soon);
        EXPECT_EQ(failure, ETIMEDOUT);
        EXPECT(posix_reached(clocks[i], &soon));
        EXPECT_EQ(pthread_mutex_unlock(&mutex), 0); /* it was locked again */
        EXPECT_EQ(pthread_cond_destroy(&condition), 0);
    }
}

/* The condition is gone as soon as the broadcast is out and the mutex free. */

struct brief {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    size_t waiting;
    int over;
};

static void *wait_briefly(void *context)
{
    struct brief *brief = context;
    pthread_mutex_lock(&brief->mutex);
    brief->waiting++;
    while (!brief->over)
        pthread_cond_wait(&brief->condition, &brief->mutex);
    brief->waiting--;
    pthread_mutex_unlock(&brief->mutex);
    return NULL;
}

static void a_condition_may_be_destroyed_after_its_broadcast(void)
{
    for (int round = 0; round < 50; round++) {
        struct brief brief = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
        pthread_t threads[POSIX_THREADS_MOST];
        for (size_t i = 0; i < test_threads(); i++)
            EXPECT_EQ(pthread_create(&threads[i], NULL, wait_briefly, &brief), 0);
        size_t present = 0;
        while (present != test_threads()) {
            pthread_mutex_lock(&brief.mutex);
            present = brief.waiting;
            pthread_mutex_unlock(&brief.mutex);
        }
        pthread_mutex_lock(&brief.mutex);
        brief.over = 1;
        pthread_cond_broadcast(&brief.condition);
        pthread_mutex_unlock(&brief.mutex);
        EXPECT_EQ(pthread_cond_destroy(&brief.condition), 0);
        memset(&brief.condition, 0x55, sizeof brief.condition);
        for (size_t i = 0; i < test_threads(); i++)
            EXPECT_EQ(pthread_join(threads[i], NULL), 0);
    }
}

TEST_MAIN(TEST(every_item_goes_from_a_producer_to_one_consumer), TEST(a_broadcast_wakes_everybody),
          TEST(a_signal_after_the_unlock_is_not_lost), TEST(a_timed_wait_gives_up_at_its_deadline),
          TEST(a_condition_may_be_destroyed_after_its_broadcast))
