/* POSIX mutexes of every type. */
#define _GNU_SOURCE

#include "posix_threads.h"

#include <errno.h>

#define ROUNDS 20000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static size_t counter;

static void mutex_make(int type)
{
    pthread_mutexattr_t attributes;
    int got = -1;
    EXPECT_EQ(pthread_mutexattr_init(&attributes), 0);
    EXPECT_EQ(pthread_mutexattr_settype(&attributes, type), 0);
    EXPECT_EQ(pthread_mutexattr_gettype(&attributes, &got), 0);
    EXPECT_EQ(got, type);
    EXPECT_EQ(pthread_mutex_init(&mutex, &attributes), 0);
    EXPECT_EQ(pthread_mutexattr_destroy(&attributes), 0);
}

static void *count_with_each_form(void *context)
{
    (void)context;
    struct timespec limit = posix_time(CLOCK_REALTIME, 60000);
    for (int i = 0; i < ROUNDS; i++) {
        int failure = i % 3 == 0 ? pthread_mutex_lock(&mutex) : i % 3 == 1 ? EBUSY : -1;
        while (failure == EBUSY)
            failure = pthread_mutex_trylock(&mutex);
        if (failure == -1)
            failure = pthread_mutex_timedlock(&mutex, &limit);
        counter += failure == 0;
        EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    }
    return NULL;
}

static void expect_exact_count(void)
{
    counter = 0;
    posix_run(count_with_each_form, NULL);
    EXPECT_EQ(counter, ROUNDS * test_threads());
    EXPECT_EQ(pthread_mutex_destroy(&mutex), 0);
}

static void mutexes_of_every_type_exclude(void)
{
    expect_exact_count(); /* the static initialiser */
    int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
                   PTHREAD_MUTEX_DEFAULT};
    for (size_t i = 0; i < 4; i++) {
        mutex_make(types[i]);
        expect_exact_count();
    }
    EXPECT_EQ(pthread_mutex_init(&mutex, NULL), 0);
}

static void *try_lock(void *context)
{
    (void)context;
    int failure = pthread_mutex_trylock(&mutex);
    if (failure == 0)
        pthread_mutex_unlock(&mutex);
    return (void *)(long)failure;
}

static void *unlock(void *context)
{
    (void)context;
    return (void *)(long)pthread_mutex_unlock(&mutex);
}

static void *timed_lock(void *context)
{
    const struct timespec *limit = context;
    int failure = pthread_mutex_timedlock(&mutex, limit);
    if (failure == ETIMEDOUT && !posix_reached(CLOCK_REALTIME, limit))
        return (void *)-1L;
    if (failure == 0)
        pthread_mutex_unlock(&mutex);
    return (void *)(long)failure;
}

static void a_recursive_mutex_counts_its_holders_locks(void)
{
    mutex_make(PTHREAD_MUTEX_RECURSIVE);
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(i == 1 ? pthread_mutex_trylock(&mutex) : pthread_mutex_lock(&mutex), 0);
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(posix_ask(try_lock, NULL), EBUSY);
        EXPECT_EQ(posix_ask(unlock, NULL), EPERM);
        EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    }
    EXPECT_EQ(posix_ask(try_lock, NULL), 0);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), EPERM);
    EXPECT_EQ(pthread_mutex_destroy(&mutex), 0);
}

static void an_error_checking_mutex_reports_misuse(void)
{
    struct timespec limit = posix_time(CLOCK_REALTIME, 60000);
    mutex_make(PTHREAD_MUTEX_ERRORCHECK);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), EPERM);
    EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
    EXPECT_EQ(pthread_mutex_lock(&mutex), EDEADLK);
    EXPECT_EQ(pthread_mutex_timedlock(&mutex, &limit), EDEADLK);
    EXPECT_EQ(pthread_mutex_trylock(&mutex), EBUSY);
    EXPECT_EQ(posix_ask(unlock, NULL), EPERM);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    EXPECT_EQ(pthread_mutex_destroy(&mutex), 0);
}

static void a_timed_lock_gives_up_at_its_deadline(void)
{
    int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK};
    for (size_t i = 0; i < 3; i++) {
        struct timespec soon = posix_time(CLOCK_REALTIME, 30), past = {1, 0}, wrong = {1, -1};
        mutex_make(types[i]);
        EXPECT_EQ(posix_ask(timed_lock, &past), 0); /* free: no need to wait */
        EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
        EXPECT_EQ(posix_ask(timed_lock, &soon), ETIMEDOUT);
        EXPECT_EQ(posix_ask(timed_lock, &past), ETIMEDOUT);
        EXPECT_EQ(posix_ask(timed_lock, &wrong), EINVAL);
        EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
        EXPECT_EQ(posix_ask(try_lock, NULL), 0); /* a sleeper that gave up leaves it usable */
        EXPECT_EQ(pthread_mutex_destroy(&mutex), 0);
    }
}

static void unknown_attributes_are_refused(void)
{
    pthread_mutexattr_t attributes;
    int shared = -1, protocol = -1;
    EXPECT_EQ(pthread_mutexattr_init(&attributes), 0);
    EXPECT_EQ(pthread_mutexattr_settype(&attributes, 99), EINVAL);
    EXPECT_EQ(pthread_mutexattr_getpshared(&attributes, &shared), 0);
    EXPECT_EQ(shared, PTHREAD_PROCESS_PRIVATE);
    EXPECT_EQ(pthread_mutexattr_setpshared(&attributes, 99), EINVAL);
    EXPECT_EQ(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_NONE), 0);
    EXPECT_EQ(pthread_mutexattr_getprotocol(&attributes, &protocol), 0);
    EXPECT_EQ(protocol, PTHREAD_PRIO_NONE);
    EXPECT_EQ(pthread_mutexattr_setprotocol(&attributes, 99), EINVAL);
    EXPECT_EQ(pthread_mutexattr_destroy(&attributes), 0);
}

TEST_MAIN(TEST(mutexes_of_every_type_exclude), TEST(a_recursive_mutex_counts_its_holders_locks),
          TEST(an_error_checking_mutex_reports_misuse), TEST(a_timed_lock_gives_up_at_its_deadline),
          TEST(unknown_attributes_are_refused))
