/* C11 threads. */
#include "test.h"

#include <stdatomic.h>
#include <threads.h>
#include <time.h>

#define MOST 64

static mtx_t mutex;
static cnd_t condition;
static size_t counter, turn;

static int count(void *context)
{
    size_t index = *(const size_t *)context;
    for (int i = 0; i < 500; i++) {
        if (mtx_lock(&mutex) != thrd_success)
            return -1;
        while (turn % test_threads() != index)
            cnd_wait(&condition, &mutex);
        counter++;
        turn++;
        cnd_broadcast(&condition);
        mtx_unlock(&mutex);
    }
    return (int)index - 1000;
}

static void threads_take_turns(void)
{
    thrd_t threads[MOST];
    size_t indices[MOST];
    EXPECT_EQ(mtx_init(&mutex, mtx_plain), thrd_success);
    EXPECT_EQ(cnd_init(&condition), thrd_success);
    for (size_t i = 0; i < test_threads(); i++) {
        indices[i] = i;
        EXPECT_EQ(thrd_create(&threads[i], count, &indices[i]), thrd_success);
    }
    for (size_t i = 0; i < test_threads(); i++) {
        int result = 0;
        EXPECT_EQ(thrd_join(threads[i], &result), thrd_success);
        EXPECT_EQ(result, (int)i - 1000);
    }
    EXPECT_EQ(counter, 500 * test_threads());
    cnd_destroy(&condition);
    mtx_destroy(&mutex);
}

static int try_lock(void *context)
{
    (void)context;
    int result = mtx_trylock(&mutex);
    if (result == thrd_success)
        mtx_unlock(&mutex);
    return result;
}

static int ask(thrd_start_t start, void *context)
{
    thrd_t thread;
    int result = -1;
    EXPECT_EQ(thrd_create(&thread, start, context), thrd_success);
    EXPECT_EQ(thrd_join(thread, &result), thrd_success);
    return result;
}

static int timed_lock(void *context)
{
    return mtx_timedlock(&mutex, context);
}

static void mutexes_answer_busy_and_timed_out(void)
{
    struct timespec past = {1, 0};
    EXPECT_EQ(mtx_init(&mutex, mtx_timed | mtx_recursive), thrd_success);
    EXPECT_EQ(mtx_lock(&mutex), thrd_success);
    EXPECT_EQ(mtx_lock(&mutex), thrd_success);
    EXPECT_EQ(ask(try_lock, NULL), thrd_busy);
    EXPECT_EQ(ask(timed_lock, &past), thrd_timedout);
    EXPECT_EQ(cnd_init(&condition), thrd_success);
    EXPECT_EQ(mtx_unlock(&mutex), thrd_success);
    EXPECT_EQ(cnd_timedwait(&condition, &mutex, &past), thrd_timedout);
    EXPECT_EQ(mtx_unlock(&mutex), thrd_success);
    EXPECT_EQ(ask(try_lock, NULL), thrd_success);
    cnd_destroy(&condition);
    mtx_destroy(&mutex);
}

static once_flag once = ONCE_FLAG_INIT;
static atomic_size_t runs, destroyed;
static tss_t key;

static void run_once(void)
{
    atomic_fetch_add(&runs, 1);
}

static void destroy(void *value)
{
    atomic_fetch_add(&destroyed, *(const size_t *)value);
}

static size_t one = 1;

static int use_key_and_leave(void *context)
{
    call_once(&once, run_once);
    EXPECT(tss_get(key) == NULL);
    EXPECT_EQ(tss_set(key, context), thrd_success);
    EXPECT(tss_get(key) == context);
    EXPECT(thrd_equal(thrd_current(), thrd_current()));
    thrd_yield();
    thrd_exit(42);
}

static void keys_once_and_exit(void)
{
    EXPECT_EQ(tss_create(&key, destroy), thrd_success);
    for (int i = 0; i < 10; i++)
        EXPECT_EQ(ask(use_key_and_leave, &one), 42);
    EXPECT_EQ(atomic_load(&runs), 1);
    EXPECT_EQ(atomic_load(&destroyed), 10);
    tss_delete(key);
}

static atomic_int detached_done;

static int finish(void *context)
{
    (void)context;
    atomic_store(&detached_done, 1);
    return 0;
}

static void a_detached_thread_runs_and_a_sleep_lasts(void)
{
    thrd_t thread;
    struct timespec brief = {0, 10000000}, before, after;
    EXPECT_EQ(thrd_create(&thread, finish, NULL), thrd_success);
    EXPECT_EQ(thrd_detach(thread), thrd_success);
    while (atomic_load(&detached_done) == 0)
        thrd_sleep(&brief, NULL);
    timespec_get(&before, TIME_UTC);
    EXPECT_EQ(thrd_sleep(&brief, NULL), 0);
    timespec_get(&after, TIME_UTC);
    EXPECT((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >= 8000000);
}

static int said;

static int say_one(void *context)
{
    (void)context;
    mtx_lock(&mutex);
    said = 1;
    cnd_signal(&condition);
    mtx_unlock(&mutex);
    return 5;
}

static void a_signal_wakes_the_one_that_waits(void)
{
    thrd_t thread;
    int result = 0;
    EXPECT_EQ(mtx_init(&mutex, mtx_plain), thrd_success);
    EXPECT_EQ(cnd_init(&condition), thrd_success);
    EXPECT_EQ(mtx_lock(&mutex), thrd_success);
    EXPECT_EQ(thrd_create(&thread, say_one, NULL), thrd_success);
    while (!said)
        EXPECT_EQ(cnd_wait(&condition, &mutex), thrd_success);
    EXPECT_EQ(mtx_unlock(&mutex), thrd_success);
    EXPECT_EQ(thrd_join(thread, &result), thrd_success);
    EXPECT_EQ(result, 5);
    cnd_destroy(&condition);
    mtx_destroy(&mutex);
}

TEST_MAIN(TEST(threads_take_turns), TEST(a_signal_wakes_the_one_that_waits),
          TEST(mutexes_answer_busy_and_timed_out), TEST(keys_once_and_exit),
          TEST(a_detached_thread_runs_and_a_sleep_lasts))
