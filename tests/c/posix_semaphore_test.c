/* Unnamed POSIX semaphores. */
#define _GNU_SOURCE

#include "posix_threads.h"

#include <errno.h>
#include <limits.h>
#include <semaphore.h>
#include <stdatomic.h>

#define ROUNDS 3000

static sem_t semaphore, back;
static atomic_int inside, most;

static void *pass(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT_EQ(sem_wait(&semaphore), 0);
        int in = atomic_fetch_add(&inside, 1) + 1, before = atomic_load(&most);
        while (in > before && !atomic_compare_exchange_weak(&most, &before, in))
            ;
        atomic_fetch_sub(&inside, 1);
        EXPECT_EQ(sem_post(&semaphore), 0);
    }
    return NULL;
}

static void no_more_get_in_than_there_are_units(void)
{
    int value = -1;
    EXPECT_EQ(sem_init(&semaphore, 0, 2), 0);
    posix_run(pass, NULL);
    EXPECT(atomic_load(&most) <= 2);
    EXPECT_EQ(sem_getvalue(&semaphore, &value), 0);
    EXPECT_EQ(value, 2);
    EXPECT_EQ(sem_destroy(&semaphore), 0);
}

static void *answer(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT_EQ(sem_wait(&semaphore), 0);
        EXPECT_EQ(sem_post(&back), 0);
    }
    return NULL;
}

static void every_post_lets_one_go(void)
{
    pthread_t threads[POSIX_THREADS_MOST];
    EXPECT_EQ(sem_init(&semaphore, 0, 0), 0);
    EXPECT_EQ(sem_init(&back, 0, 0), 0);
    for (size_t i = 0; i < test_threads(); i++)
        EXPECT_EQ(pthread_create(&threads[i], NULL, answer, NULL), 0);
    for (size_t i = 0; i < ROUNDS * test_threads(); i++) {
        EXPECT_EQ(sem_post(&semaphore), 0);
        if (i % 2 == 1) {
            EXPECT_EQ(sem_wait(&back), 0);
            EXPECT_EQ(sem_wait(&back), 0);
        }
    }
    if (ROUNDS * test_threads() % 2 == 1)
        EXPECT_EQ(sem_wait(&back), 0);
    for (size_t i = 0; i < test_threads(); i++)
        EXPECT_EQ(pthread_join(threads[i], NULL), 0);
    EXPECT_EQ(sem_trywait(&back), -1);
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_EQ(sem_destroy(&semaphore), 0);
    EXPECT_EQ(sem_destroy(&back), 0);
}

static void failures_are_told_in_errno(void)
{
    struct timespec past = {1, 0}, wrong = {1, -1}, soon = posix_time(CLOCK_REALTIME, 30);
    errno = 0;
    EXPECT_EQ(sem_init(&semaphore, 0, (unsigned)SEM_VALUE_MAX + 1u), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(sem_init(&semaphore, 0, SEM_VALUE_MAX), 0);
    EXPECT_EQ(sem_post(&semaphore), -1);
    EXPECT_EQ(errno, EOVERFLOW);
    EXPECT_EQ(sem_destroy(&semaphore), 0);
    EXPECT_EQ(sem_init(&semaphore, 0, 1), 0);
    EXPECT_EQ(sem_timedwait(&semaphore, &past), 0); /* no need to wait */
    EXPECT_EQ(sem_trywait(&semaphore), -1);
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_EQ(sem_timedwait(&semaphore, &past), -1);
    EXPECT_EQ(errno, ETIMEDOUT);
    EXPECT_EQ(sem_timedwait(&semaphore, &wrong), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(sem_timedwait(&semaphore, &soon), -1);
    EXPECT_EQ(errno, ETIMEDOUT);
    EXPECT(posix_reached(CLOCK_REALTIME, &soon));
    EXPECT_EQ(sem_post(&semaphore), 0);
    EXPECT_EQ(sem_trywait(&semaphore), 0);
    EXPECT_EQ(sem_destroy(&semaphore), 0);
}

TEST_MAIN(TEST(no_more_get_in_than_there_are_units), TEST(every_post_lets_one_go),
          TEST(failures_are_told_in_errno))
