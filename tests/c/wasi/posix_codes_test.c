/* What POSIX leaves open and pthread.h of the thread layer promises. */
#define _GNU_SOURCE

#include "../posix_threads.h"

#include <errno.h>
#include <limits.h>
#include <semaphore.h>
#include <unistd.h>

static void destroying_what_is_in_use_answers_busy(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
    EXPECT_EQ(pthread_mutex_destroy(&mutex), EBUSY);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    EXPECT_EQ(pthread_mutex_destroy(&mutex), 0);
    EXPECT_EQ(pthread_rwlock_rdlock(&lock), 0);
    EXPECT_EQ(pthread_rwlock_destroy(&lock), EBUSY);
    EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
    EXPECT_EQ(pthread_rwlock_destroy(&lock), 0);
}

static void unlocking_what_is_free_answers_not_permitted(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
    pthread_mutex_t checking = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    EXPECT_EQ(pthread_mutex_unlock(&mutex), EPERM);
    EXPECT_EQ(pthread_mutex_unlock(&recursive), EPERM);
    EXPECT_EQ(pthread_mutex_unlock(&checking), EPERM);
    EXPECT_EQ(pthread_rwlock_unlock(&lock), EPERM);
    EXPECT_EQ(pthread_mutex_lock(&recursive), 0);
    EXPECT_EQ(pthread_mutex_lock(&recursive), 0);
    EXPECT_EQ(pthread_mutex_lock(&checking), 0);
    EXPECT_EQ(pthread_mutex_lock(&checking), EDEADLK);
}

static void *unlock_rwlock(void *lock)
{
    return (void *)(long)pthread_rwlock_unlock(lock);
}

static void a_writer_knows_itself(void)
{
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    EXPECT_EQ(pthread_rwlock_wrlock(&lock), 0);
    EXPECT_EQ(pthread_rwlock_wrlock(&lock), EDEADLK);
    EXPECT_EQ(pthread_rwlock_rdlock(&lock), EDEADLK);
    EXPECT_EQ(posix_ask(unlock_rwlock, &lock), EPERM);
    EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
}

static void what_there_is_not_answers_not_supported(void)
{
    pthread_attr_t attributes;
    pthread_mutexattr_t mutex;
    struct sched_param urgent = {.sched_priority = 1};
    EXPECT_EQ(pthread_attr_init(&attributes), 0);
    EXPECT_EQ(pthread_attr_setstack(&attributes, &attributes, 1 << 20), ENOTSUP);
    EXPECT_EQ(pthread_attr_setscope(&attributes, PTHREAD_SCOPE_PROCESS), ENOTSUP);
    EXPECT_EQ(pthread_attr_setschedpolicy(&attributes, SCHED_FIFO), ENOTSUP);
    EXPECT_EQ(pthread_attr_setschedparam(&attributes, &urgent), ENOTSUP);
    EXPECT_EQ(pthread_mutexattr_init(&mutex), 0);
    EXPECT_EQ(pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST), ENOTSUP);
    EXPECT_EQ(pthread_mutexattr_setprotocol(&mutex, PTHREAD_PRIO_INHERIT), ENOTSUP);
    EXPECT_EQ(pthread_setschedparam(pthread_self(), SCHED_RR, &urgent), ENOTSUP);
    EXPECT(sem_open("/name", 0) == SEM_FAILED);
    EXPECT_EQ(errno, ENOSYS);
}

static void there_is_one_policy_and_one_priority(void)
{
    pthread_attr_t attributes;
    struct sched_param usual = {.sched_priority = 0}, found = {.sched_priority = 7};
    int answer = -1;
    EXPECT_EQ(pthread_attr_init(&attributes), 0);
    EXPECT_EQ(pthread_attr_setscope(&attributes, PTHREAD_SCOPE_SYSTEM), 0);
    EXPECT_EQ(pthread_attr_setscope(&attributes, 7), EINVAL);
    EXPECT_EQ(pthread_attr_getscope(&attributes, &answer), 0);
    EXPECT_EQ(answer, PTHREAD_SCOPE_SYSTEM);
    EXPECT_EQ(pthread_attr_setinheritsched(&attributes, 7), EINVAL);
    EXPECT_EQ(pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED), 0);
    EXPECT_EQ(pthread_attr_getinheritsched(&attributes, &answer), 0);
    EXPECT_EQ(answer, PTHREAD_EXPLICIT_SCHED);
    EXPECT_EQ(pthread_attr_setschedpolicy(&attributes, SCHED_OTHER), 0);
    EXPECT_EQ(pthread_attr_getschedpolicy(&attributes, &answer), 0);
    EXPECT_EQ(answer, SCHED_OTHER);
    EXPECT_EQ(pthread_attr_setschedparam(&attributes, &usual), 0);
    EXPECT_EQ(pthread_attr_getschedparam(&attributes, &found), 0);
    EXPECT_EQ(found.sched_priority, 0);

    answer = -1;
    found.sched_priority = 7;
    EXPECT_EQ(pthread_setschedparam(pthread_self(), SCHED_OTHER, &usual), 0);
    EXPECT_EQ(pthread_getschedparam(pthread_self(), &answer, &found), 0);
    EXPECT_EQ(answer, SCHED_OTHER);
    EXPECT_EQ(found.sched_priority, 0);
    EXPECT_EQ(pthread_setschedprio(pthread_self(), 0), 0);
    EXPECT_EQ(pthread_setschedprio(pthread_self(), 1), ENOTSUP);
    EXPECT_EQ(sched_get_priority_max(SCHED_OTHER), 0);
    EXPECT_EQ(sched_get_priority_min(SCHED_OTHER), 0);
    EXPECT_EQ(pthread_setconcurrency(-1), EINVAL);
    EXPECT_EQ(pthread_setconcurrency(3), 0);
    EXPECT_EQ(pthread_getconcurrency(), 3);
    EXPECT_EQ(pthread_setconcurrency(0), 0);
}

static void a_mutex_has_no_ceiling_and_is_not_robust(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutexattr_t attributes;
    int answer = -1;
    EXPECT_EQ(pthread_mutex_consistent(&mutex), EINVAL);
    EXPECT_EQ(pthread_mutex_getprioceiling(&mutex, &answer), EINVAL);
    EXPECT_EQ(pthread_mutex_setprioceiling(&mutex, 1, &answer), EINVAL);
    EXPECT_EQ(pthread_mutexattr_init(&attributes), 0);
    EXPECT_EQ(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_PROTECT), ENOTSUP);
    EXPECT_EQ(pthread_mutexattr_setprotocol(&attributes, 7), EINVAL);
    EXPECT_EQ(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_NONE), 0);
    EXPECT_EQ(pthread_mutexattr_getprotocol(&attributes, &answer), 0);
    EXPECT_EQ(answer, PTHREAD_PRIO_NONE);
    EXPECT_EQ(pthread_mutexattr_setprioceiling(&attributes, 1), ENOTSUP);
    EXPECT_EQ(pthread_mutexattr_getprioceiling(&attributes, &answer), 0);
    EXPECT_EQ(answer, 0);
    EXPECT_EQ(pthread_mutexattr_setrobust(&attributes, 7), EINVAL);
    EXPECT_EQ(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_STALLED), 0);
    EXPECT_EQ(pthread_mutexattr_getrobust(&attributes, &answer), 0);
    EXPECT_EQ(answer, PTHREAD_MUTEX_STALLED);
    EXPECT_EQ(pthread_mutexattr_destroy(&attributes), 0);
}

/* The same for the attributes of each kind of object. */
#define EXPECT_SHARED_IS_KEPT(kind)                                                                \
    do {                                                                                           \
        pthread_##kind##_t attributes;                                                             \
        int answer = -1;                                                                           \
        EXPECT_EQ(pthread_##kind##_init(&attributes), 0);                                          \
        EXPECT_EQ(pthread_##kind##_getpshared(&attributes, &answer), 0);                           \
        EXPECT_EQ(answer, PTHREAD_PROCESS_PRIVATE);                                                \
        EXPECT_EQ(pthread_##kind##_setpshared(&attributes, 7), EINVAL);                            \
        EXPECT_EQ(pthread_##kind##_setpshared(&attributes, PTHREAD_PROCESS_SHARED), 0);            \
        EXPECT_EQ(pthread_##kind##_getpshared(&attributes, &answer), 0);                           \
        EXPECT_EQ(answer, PTHREAD_PROCESS_SHARED);                                                 \
        EXPECT_EQ(pthread_##kind##_destroy(&attributes), 0);                                       \
    } while (0)

static void sharing_between_processes_is_noted(void)
{
    EXPECT_SHARED_IS_KEPT(mutexattr);
    EXPECT_SHARED_IS_KEPT(condattr);
    EXPECT_SHARED_IS_KEPT(rwlockattr);
    EXPECT_SHARED_IS_KEPT(barrierattr);
}

static void what_belongs_to_processes_answers_so(void)
{
    clockid_t clock;
    sem_t semaphore;
    EXPECT_EQ(pthread_getcpuclockid(pthread_self(), &clock), ENOENT);
    EXPECT_EQ(pthread_atfork(NULL, NULL, NULL), 0);
    EXPECT_EQ(sem_init(&semaphore, 1, (unsigned)SEM_VALUE_MAX + 1), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(sem_init(&semaphore, 1, 0), 0);
    errno = 0;
    EXPECT_EQ(sem_close(&semaphore), -1);
    EXPECT_EQ(errno, ENOSYS);
    errno = 0;
    EXPECT_EQ(sem_unlink("/name"), -1);
    EXPECT_EQ(errno, ENOSYS);
}

static void *wait_and_end(void *semaphore)
{
    sem_wait(semaphore);
    return NULL;
}

static void joining_a_detached_thread_answers_invalid(void)
{
    sem_t *never = calloc(1, sizeof *never);
    pthread_t thread;
    EXPECT_EQ(sem_init(never, 0, 0), 0);
    EXPECT_EQ(pthread_create(&thread, NULL, wait_and_end, never), 0);
    EXPECT_EQ(pthread_detach(thread), 0);
    EXPECT_EQ(pthread_detach(thread), EINVAL);
    EXPECT_EQ(pthread_join(thread, NULL), EINVAL);
    EXPECT_EQ(sem_post(never), 0);
}

static void *return_stack(void *context)
{
    pthread_attr_t attributes;
    void *low = NULL;
    size_t bytes = 0;
    char here = 0;
    EXPECT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
    EXPECT_EQ(pthread_attr_getstack(&attributes, &low, &bytes), 0);
    EXPECT((uintptr_t)&here >= (uintptr_t)low && (uintptr_t)&here < (uintptr_t)low + bytes);
    EXPECT(bytes >= 1 << 16);
    return context;
}

static void a_thread_knows_its_stack(void)
{
    return_stack(NULL);
    posix_run(return_stack, NULL);
    EXPECT_EQ(sysconf(_SC_THREAD_THREADS_MAX), PTHREAD_THREADS_MAX);
}

static void *nothing(void *context)
{
    return context;
}

static int run_with_stack(size_t mebibytes)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, mebibytes << 20);
    int failure = pthread_create(&thread, &attributes, nothing, NULL);
    return failure != 0 ? failure : pthread_join(thread, NULL);
}

/* The memory has 256 MiB: it lasts neither for 100 stacks nor for two of the largest. */
static void stacks_are_used_again(void)
{
    for (size_t i = 0; i < 100; i++)
        EXPECT_EQ(run_with_stack(i % 3 * 8 + 8), 0);
    for (size_t i = 0; i < 6; i++)
        EXPECT_EQ(run_with_stack(i % 2 == 0 ? 180 : 20), 0);
}

static void when_memory_is_out_a_thread_can_be_had_again_later(void)
{
    sem_t go;
    pthread_attr_t attributes;
    pthread_t threads[100];
    for (int round = 0; round < 2; round++) {
        size_t count = 0;
        int failure = 0;
        EXPECT_EQ(sem_init(&go, 0, 0), 0);
        EXPECT_EQ(pthread_attr_init(&attributes), 0);
        EXPECT_EQ(pthread_attr_setstacksize(&attributes, 30 << 20), 0);
        while (count < 100 &&
               (failure = pthread_create(&threads[count], &attributes, wait_and_end, &go)) == 0)
            count++;
        EXPECT_EQ(failure, EAGAIN);
        EXPECT(count >= 6);
        for (size_t i = 0; i < count; i++)
            EXPECT_EQ(sem_post(&go), 0);
        for (size_t i = 0; i < count; i++)
            EXPECT_EQ(pthread_join(threads[i], NULL), 0);
    }
}

TEST_MAIN(TEST(destroying_what_is_in_use_answers_busy),
          TEST(unlocking_what_is_free_answers_not_permitted), TEST(a_writer_knows_itself),
          TEST(what_there_is_not_answers_not_supported), TEST(there_is_one_policy_and_one_priority),
          TEST(a_mutex_has_no_ceiling_and_is_not_robust), TEST(sharing_between_processes_is_noted),
          TEST(what_belongs_to_processes_answers_so),
          TEST(joining_a_detached_thread_answers_invalid), TEST(a_thread_knows_its_stack),
          TEST(stacks_are_used_again), TEST(when_memory_is_out_a_thread_can_be_had_again_later))
