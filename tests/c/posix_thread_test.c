/* POSIX threads: start, end, join, attributes. The host's own threads are the reference. */
#define _GNU_SOURCE
#ifndef _REENTRANT
#define _REENTRANT /* flockfile; -pthread does it */
#endif

#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#define MANY 1000

static void *echo(void *argument)
{
    return argument;
}

static void a_joiner_gets_what_the_thread_returned(void)
{
    int values[64];
    pthread_t threads[64];
    for (size_t i = 0; i < test_threads(); i++)
        EXPECT_EQ(pthread_create(&threads[i], NULL, echo, &values[i]), 0);
    for (size_t i = 0; i < test_threads(); i++) {
        void *result = NULL;
        EXPECT_EQ(pthread_join(threads[i], &result), 0);
        EXPECT(result == &values[i]);
    }
}

static void a_thousand_threads_one_after_the_other(void)
{
    size_t right = 0;
    for (size_t i = 0; i < MANY; i++) {
        pthread_t thread;
        void *result = NULL;
        right += pthread_create(&thread, NULL, echo, &right) == 0 &&
                 pthread_join(thread, &result) == 0 && result == &right;
    }
    EXPECT_EQ(right, MANY);
}

static _Thread_local int local = 5;
static _Thread_local unsigned char zeros[100];

static void *use_locals(void *argument)
{
    int fresh = local == 5 && zeros[0] == 0 && zeros[99] == 0;
    local = 6;
    zeros[0] = zeros[99] = 1;
    return fresh ? argument : NULL;
}

static void each_thread_starts_with_fresh_locals(void)
{
    local = 7;
    size_t fresh = 0;
    for (size_t round = 0; round < 20; round++) {
        pthread_t threads[64];
        for (size_t i = 0; i < test_threads(); i++)
            EXPECT_EQ(pthread_create(&threads[i], NULL, use_locals, &fresh), 0);
        for (size_t i = 0; i < test_threads(); i++) {
            void *result = NULL;
            EXPECT_EQ(pthread_join(threads[i], &result), 0);
            fresh += result != NULL;
        }
    }
    EXPECT_EQ(fresh, 20 * test_threads());
    EXPECT_EQ(local, 7);
}

/* Each level starts two threads and joins them: 2^(depth + 1) - 1 threads at once. */
static void *tree(void *argument)
{
    size_t depth = (size_t)argument, sum = 1;
    pthread_t threads[2];
    void *result;
    if (depth == 0)
        return (void *)sum;
    for (int i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, tree, (void *)(depth - 1)) != 0)
            return NULL;
    }
    for (int i = 0; i < 2; i++) {
        if (pthread_join(threads[i], &result) != 0)
            return NULL;
        sum += (size_t)result;
    }
    return (void *)sum;
}

static void threads_start_threads_while_everybody_joins(void)
{
    size_t depth = test_threads() == 1 ? 1 : test_threads() == 4 ? 3 : 4;
    EXPECT_EQ((size_t)tree((void *)depth), ((size_t)2 << depth) - 1);
}

static pthread_t seen_by_itself;

static void *note_self(void *argument)
{
    (void)argument;
    seen_by_itself = pthread_self();
    return (void *)(size_t)(pthread_join(pthread_self(), NULL) == EDEADLK);
}

static void a_thread_knows_itself(void)
{
    pthread_t thread;
    void *result = NULL;
    EXPECT_EQ(pthread_create(&thread, NULL, note_self, NULL), 0);
    EXPECT(!pthread_equal(thread, pthread_self()));
    EXPECT_EQ(pthread_join(thread, &result), 0);
    EXPECT(pthread_equal(thread, seen_by_itself));
    EXPECT_EQ((size_t)result, 1);
    EXPECT(pthread_equal(pthread_self(), pthread_self()));
}

static void leave(size_t depth);
static void (*volatile leave_from_below)(size_t) = leave;

static void leave(size_t depth)
{
    volatile char frame[64];
    memset((char *)frame, (int)depth, sizeof frame);
    if (depth == 0)
        pthread_exit((void *)77);
    leave_from_below(depth - 1);
    frame[0] = 1;
}

static void *leave_deep(void *argument)
{
    leave(100);
    return argument;
}

static void pthread_exit_leaves_from_any_depth(void)
{
    for (int i = 0; i < 50; i++) {
        pthread_t thread;
        void *result = NULL;
        EXPECT_EQ(pthread_create(&thread, NULL, leave_deep, NULL), 0);
        EXPECT_EQ(pthread_join(thread, &result), 0);
        EXPECT_EQ((size_t)result, 77);
    }
}

static atomic_size_t detached_ran;
static sem_t detached_go, detached_done;

static void *detached_body(void *argument)
{
    if (argument != NULL)
        pthread_detach(pthread_self());
    sem_wait(&detached_go);
    atomic_fetch_add(&detached_ran, 1);
    sem_post(&detached_done);
    return NULL;
}

static void detached_threads_run_and_cannot_be_joined(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int state = -1;
    EXPECT_EQ(sem_init(&detached_go, 0, 0), 0);
    EXPECT_EQ(sem_init(&detached_done, 0, 0), 0);
    EXPECT_EQ(pthread_attr_init(&attributes), 0);
    EXPECT_EQ(pthread_attr_getdetachstate(&attributes, &state), 0);
    EXPECT_EQ(state, PTHREAD_CREATE_JOINABLE);
    EXPECT_EQ(pthread_attr_setdetachstate(&attributes, 99), EINVAL);
    EXPECT_EQ(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED), 0);
    atomic_store(&detached_ran, 0);
    for (size_t i = 0; i < test_threads(); i++) {
        EXPECT_EQ(pthread_create(&thread, &attributes, detached_body, NULL), 0);
        EXPECT_EQ(pthread_create(&thread, NULL, detached_body, &state), 0);
        EXPECT_EQ(pthread_create(&thread, NULL, detached_body, NULL), 0);
        EXPECT_EQ(pthread_detach(thread), 0);
    }
    for (size_t i = 0; i < 3 * test_threads(); i++)
        sem_post(&detached_go);
    for (size_t i = 0; i < 3 * test_threads(); i++)
        sem_wait(&detached_done);
    EXPECT_EQ(atomic_load(&detached_ran), 3 * test_threads());
    EXPECT_EQ(pthread_attr_destroy(&attributes), 0);
}

static void *fill_stack(void *argument)
{
    size_t bytes = *(const size_t *)argument;
    volatile unsigned char *frame = __builtin_alloca(bytes);
    size_t sum = 0;
    for (size_t i = 0; i < bytes; i += 512)
        frame[i] = 1;
    for (size_t i = 0; i < bytes; i += 512)
        sum += frame[i];
    return (void *)sum;
}

static void a_thread_has_the_stack_that_was_asked_for(void)
{
    size_t sizes[] = {128 << 10, 1 << 20, 8 << 20};
    pthread_attr_t attributes;
    EXPECT_EQ(pthread_attr_init(&attributes), 0);
    EXPECT_EQ(pthread_attr_setstacksize(&attributes, 1), EINVAL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t got = 0, used = sizes[i] * 3 / 4;
        pthread_t thread;
        void *result = NULL;
        EXPECT_EQ(pthread_attr_setstacksize(&attributes, sizes[i]), 0);
        EXPECT_EQ(pthread_attr_getstacksize(&attributes, &got), 0);
        EXPECT_EQ(got, sizes[i]);
        EXPECT_EQ(pthread_create(&thread, &attributes, fill_stack, &used), 0);
        EXPECT_EQ(pthread_join(thread, &result), 0);
        EXPECT_EQ((size_t)result, used / 512);
    }
    EXPECT_EQ(pthread_attr_setguardsize(&attributes, 8192), 0);
    size_t guard = 0;
    EXPECT_EQ(pthread_attr_getguardsize(&attributes, &guard), 0);
    EXPECT_EQ(guard, 8192);
    EXPECT_EQ(pthread_attr_destroy(&attributes), 0);
}

static sem_t held;

static void *hold(void *argument)
{
    sem_wait(&held);
    return argument;
}

static void a_join_can_be_tried_and_limited(void)
{
    pthread_t thread;
    int value = 0;
    void *result = NULL;
    struct timespec past = {1, 0};
    EXPECT_EQ(sem_init(&held, 0, 0), 0);
    EXPECT_EQ(pthread_create(&thread, NULL, hold, &value), 0);
    EXPECT_EQ(pthread_tryjoin_np(thread, &result), EBUSY);
    EXPECT_EQ(pthread_timedjoin_np(thread, &result, &past), ETIMEDOUT);
    EXPECT_EQ(sem_post(&held), 0);
    EXPECT_EQ(pthread_join(thread, &result), 0);
    EXPECT(result == &value);
}

static void *write_pairs(void *stream)
{
    for (int i = 0; i < 200; i++) {
        if (i % 2 == 0)
            flockfile(stream);
        else
            while (ftrylockfile(stream) != 0)
                ;
        fputs("a", stream);
        fputs("b", stream);
        funlockfile(stream);
    }
    return NULL;
}

static void a_locked_stream_is_one_threads(void)
{
    char *text = NULL;
    size_t bytes = 0, wrong = 0;
    pthread_t threads[64];
    FILE *stream = open_memstream(&text, &bytes);
    for (size_t i = 0; i < test_threads(); i++)
        EXPECT_EQ(pthread_create(&threads[i], NULL, write_pairs, stream), 0);
    for (size_t i = 0; i < test_threads(); i++)
        EXPECT_EQ(pthread_join(threads[i], NULL), 0);
    EXPECT_EQ(fclose(stream), 0);
    EXPECT_EQ(bytes, 400 * test_threads());
    for (size_t i = 0; i < bytes; i++)
        wrong += text[i] != "ab"[i % 2];
    EXPECT_EQ(wrong, 0);
    free(text);
}

TEST_MAIN(TEST(a_joiner_gets_what_the_thread_returned),
          TEST(a_thousand_threads_one_after_the_other), TEST(each_thread_starts_with_fresh_locals),
          TEST(threads_start_threads_while_everybody_joins), TEST(a_thread_knows_itself),
          TEST(pthread_exit_leaves_from_any_depth), TEST(detached_threads_run_and_cannot_be_joined),
          TEST(a_thread_has_the_stack_that_was_asked_for), TEST(a_join_can_be_tried_and_limited),
          TEST(a_locked_stream_is_one_threads))
