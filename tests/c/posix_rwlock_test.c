/* POSIX read-write locks. */
#define _GNU_SOURCE

#include "posix_threads.h"

#include <errno.h>
#include <stdatomic.h>

#define ROUNDS 3000

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static size_t left_word, right_word; /* equal whenever no writer is in */
static atomic_size_t torn, readers_in, most_readers;

static void read_both(void)
{
    size_t in = atomic_fetch_add(&readers_in, 1) + 1, most = atomic_load(&most_readers);
    while (in > most && !atomic_compare_exchange_weak(&most_readers, &most, in))
        ;
    if (left_word != right_word)
        atomic_fetch_add(&torn, 1);
    atomic_fetch_sub(&readers_in, 1);
}

static void write_both(void)
{
    left_word++;
    if (atomic_load(&readers_in) != 0)
        atomic_fetch_add(&torn, 1);
    right_word++;
}

static void *read_and_write(void *context)
{
    (void)context;
    struct timespec limit = posix_time(CLOCK_REALTIME, 100000);
    for (int i = 0; i < ROUNDS; i++) {
        int failure =
            i % 2 ? pthread_rwlock_rdlock(&lock) : pthread_rwlock_timedrdlock(&lock, &limit);
        EXPECT_EQ(failure, 0);
        read_both();
        EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
        if (i % 4 != 0)
            continue;
        failure = i % 8 ? pthread_rwlock_wrlock(&lock) : pthread_rwlock_timedwrlock(&lock, &limit);
        EXPECT_EQ(failure, 0);
        write_both();
        EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
    }
    return NULL;
}

static void writers_are_alone_and_readers_see_whole_writes(void)
{
    posix_run(read_and_write, NULL);
    EXPECT_EQ(atomic_load(&torn), 0);
    EXPECT_EQ(left_word, (ROUNDS + 3) / 4 * test_threads());
    EXPECT_EQ(right_word, left_word);
}

static pthread_barrier_t meet;

static void *read_together(void *context)
{
    (void)context;
    EXPECT_EQ(pthread_rwlock_rdlock(&lock), 0);
    pthread_barrier_wait(&meet); /* passes only if all hold the lock at once */
    EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
    return NULL;
}

static void readers_hold_the_lock_together(void)
{
    EXPECT_EQ(pthread_barrier_init(&meet, NULL, (unsigned)test_threads()), 0);
    posix_run(read_together, NULL);
    EXPECT_EQ(pthread_barrier_destroy(&meet), 0);
}

static void *try_read(void *context)
{
    (void)context;
    int failure = pthread_rwlock_tryrdlock(&lock);
    if (failure == 0)
        pthread_rwlock_unlock(&lock);
    return (void *)(long)failure;
}

static void *try_write(void *context)
{
    (void)context;
    int failure = pthread_rwlock_trywrlock(&lock);
    if (failure == 0)
        pthread_rwlock_unlock(&lock);
    return (void *)(long)failure;
}

static void *timed_read(void *context)
{
    return (void *)(long)pthread_rwlock_timedrdlock(&lock, context);
}

static void *timed_write(void *context)
{
    return (void *)(long)pthread_rwlock_timedwrlock(&lock, context);
}

static void the_try_and_timed_forms_do_not_wait_too_long(void)
{
    struct timespec past = {1, 0}, soon = posix_time(CLOCK_REALTIME, 30);
    EXPECT_EQ(pthread_rwlock_rdlock(&lock), 0);
    EXPECT_EQ(posix_ask(try_read, NULL), 0);
    EXPECT_EQ(posix_ask(try_write, NULL), EBUSY);
    EXPECT_EQ(posix_ask(timed_write, &past), ETIMEDOUT);
    EXPECT_EQ(posix_ask(timed_write, &soon), ETIMEDOUT);
    EXPECT(posix_reached(CLOCK_REALTIME, &soon));
    EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
    EXPECT_EQ(pthread_rwlock_wrlock(&lock), 0);
    EXPECT_EQ(posix_ask(try_read, NULL), EBUSY);
    EXPECT_EQ(posix_ask(try_write, NULL), EBUSY);
    EXPECT_EQ(posix_ask(timed_read, &past), ETIMEDOUT);
    EXPECT_EQ(posix_ask(timed_write, &past), ETIMEDOUT);
    EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
    EXPECT_EQ(posix_ask(try_write, NULL), 0);
}

static void attributes_can_be_given(void)
{
    pthread_rwlockattr_t attributes;
    pthread_rwlock_t other;
    int shared = -1;
    EXPECT_EQ(pthread_rwlockattr_init(&attributes), 0);
    EXPECT_EQ(pthread_rwlockattr_getpshared(&attributes, &shared), 0);
    EXPECT_EQ(shared, PTHREAD_PROCESS_PRIVATE);
    EXPECT_EQ(pthread_rwlock_init(&other, &attributes), 0);
    EXPECT_EQ(pthread_rwlock_wrlock(&other), 0);
    EXPECT_EQ(pthread_rwlock_unlock(&other), 0);
    EXPECT_EQ(pthread_rwlock_destroy(&other), 0);
    EXPECT_EQ(pthread_rwlockattr_destroy(&attributes), 0);
}

TEST_MAIN(TEST(writers_are_alone_and_readers_see_whole_writes),
          TEST(readers_hold_the_lock_together), TEST(the_try_and_timed_forms_do_not_wait_too_long),
          TEST(attributes_can_be_given))
