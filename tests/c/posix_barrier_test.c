/* POSIX barriers, spin locks, pthread_once. */
#define _GNU_SOURCE

#include "posix_threads.h"

#include <errno.h>
#include <stdatomic.h>

#define ROUNDS 300

static pthread_barrier_t barrier;
static atomic_size_t arrived, serial, early;

static void *pass_often(void *context)
{
    (void)context;
    for (size_t i = 1; i <= ROUNDS; i++) {
        atomic_fetch_add(&arrived, 1);
        int result = pthread_barrier_wait(&barrier);
        EXPECT(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
        if (result == PTHREAD_BARRIER_SERIAL_THREAD)
            atomic_fetch_add(&serial, 1);
        if (atomic_load(&arrived) < i * test_threads())
            atomic_fetch_add(&early, 1);
    }
    return NULL;
}

static void nobody_passes_a_barrier_before_all_have_come(void)
{
    EXPECT_EQ(pthread_barrier_init(&barrier, NULL, 0), EINVAL);
    EXPECT_EQ(pthread_barrier_init(&barrier, NULL, (unsigned)test_threads()), 0);
    posix_run(pass_often, NULL);
    EXPECT_EQ(atomic_load(&serial), ROUNDS);
    EXPECT_EQ(atomic_load(&early), 0);
    EXPECT_EQ(pthread_barrier_destroy(&barrier), 0);
}

struct brief {
    pthread_barrier_t barrier;
};

static void *pass_and_destroy(void *context)
{
    struct brief *brief = context;
    if (pthread_barrier_wait(&brief->barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
        EXPECT_EQ(pthread_barrier_destroy(&brief->barrier), 0);
        memset(brief, 0x55, sizeof *brief);
        free(brief);
    }
    return NULL;
}

static void the_serial_thread_may_destroy_the_barrier(void)
{
    for (int i = 0; i < 50; i++) {
        struct brief *brief = malloc(sizeof *brief);
        EXPECT_EQ(pthread_barrier_init(&brief->barrier, NULL, (unsigned)test_threads()), 0);
        posix_run(pass_and_destroy, brief);
    }
}

static pthread_spinlock_t spin;
static size_t counter;

static void *count_with_a_spin_lock(void *context)
{
    (void)context;
    for (int i = 0; i < 5000; i++) {
        if (i % 2 == 0)
            EXPECT_EQ(pthread_spin_lock(&spin), 0);
        else
            while (pthread_spin_trylock(&spin) == EBUSY)
                ;
        counter++;
        EXPECT_EQ(pthread_spin_unlock(&spin), 0);
    }
    return NULL;
}

static void a_spin_lock_excludes(void)
{
    EXPECT_EQ(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE), 0);
    posix_run(count_with_a_spin_lock, NULL);
    EXPECT_EQ(counter, 5000 * test_threads());
    EXPECT_EQ(pthread_spin_lock(&spin), 0);
    EXPECT_EQ(pthread_spin_trylock(&spin), EBUSY);
    EXPECT_EQ(pthread_spin_unlock(&spin), 0);
    EXPECT_EQ(pthread_spin_destroy(&spin), 0);
}

static pthread_once_t once[ROUNDS];
static size_t runs; /* only the routine writes it */
static atomic_size_t incomplete;

static void routine(void)
{
    size_t before = runs;
    for (volatile int i = 0; i < 1000; i++)
        ;
    runs = before + 1;
}

static void *go_once(void *context)
{
    (void)context;
    for (size_t i = 0; i < ROUNDS; i++) {
        EXPECT_EQ(pthread_once(&once[i], routine), 0);
        if (*(volatile size_t *)&runs < i + 1)
            atomic_fetch_add(&incomplete, 1);
    }
    return NULL;
}

static void a_routine_runs_once_and_everybody_waits_for_it(void)
{
    static const pthread_once_t fresh = PTHREAD_ONCE_INIT;
    for (size_t i = 0; i < ROUNDS; i++)
        memcpy(&once[i], &fresh, sizeof fresh);
    go_once(NULL);
    EXPECT_EQ(runs, ROUNDS);
}

static pthread_once_t shared_once = PTHREAD_ONCE_INIT;
static atomic_size_t shared_runs;

static void shared_routine(void)
{
    struct timespec brief = {0, 20000000};
    nanosleep(&brief, NULL); /* so that the others come meanwhile */
    atomic_fetch_add(&shared_runs, 1);
}

static void *go_shared(void *context)
{
    (void)context;
    EXPECT_EQ(pthread_once(&shared_once, shared_routine), 0);
    if (atomic_load(&shared_runs) != 1)
        atomic_fetch_add(&incomplete, 1);
    return NULL;
}

static void threads_that_come_meanwhile_wait_for_the_routine(void)
{
    posix_run(go_shared, NULL);
    EXPECT_EQ(atomic_load(&shared_runs), 1);
    EXPECT_EQ(atomic_load(&incomplete), 0);
}

static pthread_once_t left_once = PTHREAD_ONCE_INIT;
static size_t left_runs;

static void leave_the_first_time(void)
{
    if (left_runs++ == 0)
        pthread_exit(NULL);
}

static void *go_left(void *context)
{
    pthread_once(&left_once, leave_the_first_time);
    return context;
}

static void a_routine_that_was_left_runs_again(void)
{
    EXPECT_EQ(posix_ask(go_left, &left_runs), 0);
    EXPECT(posix_ask(go_left, &left_runs) != 0);
    EXPECT_EQ(left_runs, 2);
}

TEST_MAIN(TEST(nobody_passes_a_barrier_before_all_have_come),
          TEST(the_serial_thread_may_destroy_the_barrier), TEST(a_spin_lock_excludes),
          TEST(a_routine_runs_once_and_everybody_waits_for_it),
          TEST(threads_that_come_meanwhile_wait_for_the_routine),
          TEST(a_routine_that_was_left_runs_again))
