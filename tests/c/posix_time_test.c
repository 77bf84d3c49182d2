/* Sleeping, yielding, and what a program asks of the machine. */
#define _GNU_SOURCE

#include "posix_threads.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void sleeps_last_as_long_as_they_should(void)
{
    struct timespec brief = {0, 20000000};
    int64_t start = now_ns();
    EXPECT_EQ(nanosleep(&brief, NULL), 0);
    EXPECT(now_ns() - start >= 20000000);
    start = now_ns();
    EXPECT_EQ(usleep(20000), 0);
    EXPECT(now_ns() - start >= 20000000);
    start = now_ns();
    EXPECT_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &brief, NULL), 0);
    EXPECT(now_ns() - start >= 20000000);
}

static void times_that_are_none_are_refused(void)
{
    struct timespec wrong = {0, 1000000000}, negative = {0, -1};
    EXPECT_EQ(nanosleep(&wrong, NULL), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(clock_nanosleep(CLOCK_REALTIME, 0, &negative, NULL), EINVAL);
}

static atomic_size_t arrived;

static void *arrive_and_yield(void *context)
{
    (void)context;
    atomic_fetch_add(&arrived, 1);
    while (atomic_load(&arrived) < test_threads())
        EXPECT_EQ(sched_yield(), 0);
    return NULL;
}

static void who_yields_lets_the_others_run(void)
{
    posix_run(arrive_and_yield, NULL);
    EXPECT_EQ(atomic_load(&arrived), test_threads());
}

static void the_machine_has_a_cpu(void)
{
    EXPECT(sysconf(_SC_NPROCESSORS_ONLN) >= 1);
    EXPECT(sysconf(_SC_NPROCESSORS_CONF) >= 1);
    EXPECT(sysconf(_SC_PAGESIZE) >= 4096);
    EXPECT(pthread_getconcurrency() == 0);
}

TEST_MAIN(TEST(sleeps_last_as_long_as_they_should), TEST(times_that_are_none_are_refused),
          TEST(who_yields_lets_the_others_run), TEST(the_machine_has_a_cpu))
