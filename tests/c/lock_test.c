/* Mutex, condition and reader-writer lock. */
#include "threads.h"

#include <weft.h>

#define ROUNDS 5000

/* ---- Mutex --------------------------------------------------------------------------- */

static weft_mutex mutex = WEFT_MUTEX_INIT;
static uint64_t total; /* under the mutex */

static void count_many(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT_EQ(weft_mutex_lock(&mutex, TEST_LIMIT_NS), WEFT_OK);
        total++;
        EXPECT_EQ(weft_mutex_unlock(&mutex), WEFT_OK);
    }
}

static void mutex_lets_one_thread_in_at_a_time(void)
{
    total = 0;
    test_team_run(test_team_size(), count_many, NULL);
    EXPECT_EQ(total, ROUNDS * test_team_size());
    EXPECT_EQ(weft_mutex_fini(&mutex), WEFT_OK);
}

/* Tries, short limits and patience, mixed; the count says whether exclusion held. */
static _Atomic uint64_t successes;

static void count_with_limits(void *context)
{
    static const int64_t limits[] = {0, 1000, WEFT_FOREVER, 50000};
    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        enum weft_status status = weft_mutex_lock(&mutex, limits[i % 4]);
        if (status == WEFT_OK) {
            total++;
            atomic_fetch_add(&successes, 1);
            EXPECT_EQ(weft_mutex_unlock(&mutex), WEFT_OK);
        } else {
            EXPECT_EQ(status, WEFT_ERR_TIMEOUT);
            EXPECT(limits[i % 4] != WEFT_FOREVER);
        }
    }
}

static void mutex_loses_no_wake_up_to_a_limit(void)
{
    total = 0;
    atomic_store(&successes, 0);
    test_team_run(test_team_size(), count_with_limits, NULL);
    EXPECT_EQ(total, atomic_load(&successes));
    EXPECT(total >= ROUNDS / 4 * test_team_size());
    EXPECT_EQ(weft_mutex_fini(&mutex), WEFT_OK);
}

static void count_slice(void *context, size_t first, size_t last)
{
    (void)context;
    for (size_t i = first; i < last; i++) {
        EXPECT_EQ(weft_mutex_lock(&mutex, TEST_LIMIT_NS), WEFT_OK);
        total++;
        EXPECT_EQ(weft_mutex_unlock(&mutex), WEFT_OK);
    }
}

static void mutex_serves_tasks(void)
{
    weft_options options = {.threads = test_threads()};
    total = 0;
    EXPECT_EQ(weft_runtime_start(&options), WEFT_OK);
    for (int round = 0; round < 5; round++)
        weft_for(0, ROUNDS, 1, count_slice, NULL);
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
    EXPECT_EQ(total, 5 * ROUNDS);
}

/* A thread that gives the mutex back only to take it again at once must let others in. */
static _Atomic uint32_t hog_stops;

static void hog(void *context)
{
    (void)context;
    while (atomic_load(&hog_stops) == 0) {
        EXPECT_EQ(weft_mutex_lock(&mutex, TEST_LIMIT_NS), WEFT_OK);
        for (int i = 0; i < 2000; i++)
            (void)atomic_load(&hog_stops); /* keeps it for a while */
        EXPECT_EQ(weft_mutex_unlock(&mutex), WEFT_OK);
    }
}

static void mutex_starves_nobody(void)
{
    struct test_team team = {.count = 0};
    atomic_store(&hog_stops, 0);
    test_team_start(&team, hog, NULL);
    for (int i = 0; i < 50; i++) {
        EXPECT_EQ(weft_mutex_lock(&mutex, TEST_LIMIT_NS), WEFT_OK);
        EXPECT_EQ(weft_mutex_unlock(&mutex), WEFT_OK);
    }
    atomic_store(&hog_stops, 1);
    test_team_join(&team);
}

static void held_mutex_times_out(void)
{
    weft_mutex held = WEFT_MUTEX_INIT;
    EXPECT_EQ(weft_mutex_try_lock(&held), WEFT_OK);
    EXPECT_EQ(weft_mutex_try_lock(&held), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_mutex_lock(&held, 0), WEFT_ERR_TIMEOUT);
    int64_t before = weft__plat_now_ns();
    EXPECT_EQ(weft_mutex_lock(&held, TEST_SHORT_NS), WEFT_ERR_TIMEOUT);
    EXPECT(weft__plat_now_ns() - before >= TEST_SHORT_NS - 100000);
    EXPECT_EQ(weft_mutex_fini(&held), WEFT_ERR_STATE);
    EXPECT_EQ(weft_mutex_unlock(&held), WEFT_OK);
    EXPECT_EQ(weft_mutex_fini(&held), WEFT_OK);
}

static void misuse_of_a_mutex_is_reported(void)
{
    weft_mutex unused;
    EXPECT_EQ(weft_mutex_init(&unused), WEFT_OK);
    EXPECT_EQ(weft_mutex_unlock(&unused), WEFT_ERR_STATE);
    EXPECT_EQ(weft_mutex_try_lock(&unused), WEFT_OK);
    EXPECT_EQ(weft_mutex_unlock(&unused), WEFT_OK);
    EXPECT_EQ(weft_mutex_unlock(&unused), WEFT_ERR_STATE);
    EXPECT_EQ(weft_mutex_init(NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_mutex_lock(NULL, 0), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_mutex_unlock(NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_mutex_fini(NULL), WEFT_OK);
}

/* ---- Condition ----------------------------------------------------------------------- */

static weft_cond filled = WEFT_COND_INIT;
static uint32_t stock, finished; /* under the mutex */

static void take_some(void *context)
{
    (void)context;
    EXPECT_EQ(weft_mutex_lock(&mutex, TEST_LIMIT_NS), WEFT_OK);
    for (int i = 0; i < ROUNDS / 10; i++) {
        while (stock == 0)
            EXPECT_EQ(weft_cond_wait(&filled, &mutex, TEST_LIMIT_NS), WEFT_OK);
        stock--;
    }
    finished++;
    EXPECT_EQ(weft_mutex_unlock(&mutex), WEFT_OK);
}

static void cond_wakes_one_for_each_signal(void)
{
    struct test_team team = {.count = 0};
    stock = finished = 0;
    size_t takers = test_team_size();
    while (team.count < takers)
        test_team_start(&team, take_some, NULL);
    for (size_t i = 0; i < takers * (ROUNDS / 10); i++) {
        EXPECT_EQ(weft_mutex_lock(&mutex, TEST_LIMIT_NS), WEFT_OK);
        stock++;
        if (i % 2 == 0)
            EXPECT_EQ(weft_cond_signal(&filled), WEFT_OK);
        EXPECT_EQ(weft_mutex_unlock(&mutex), WEFT_OK);
        if (i % 2 != 0)
            EXPECT_EQ(weft_cond_signal(&filled), WEFT_OK);
    }
    test_team_join(&team);
    EXPECT_EQ(stock, 0);
    EXPECT_EQ(finished, takers);
    EXPECT_EQ(weft_cond_fini(&filled), WEFT_OK);
}

static weft_cond opened = WEFT_COND_INIT;
static bool is_open;           /* under the mutex */
static uint32_t before_opened; /* under the mutex */

static void pass_when_open(void *context)
{
    (void)context;
    EXPECT_EQ(weft_mutex_lock(&mutex, TEST_LIMIT_NS), WEFT_OK);
    before_opened++;
    while (!is_open)
        EXPECT_EQ(weft_cond_wait(&opened, &mutex, TEST_LIMIT_NS), WEFT_OK);
    finished++;
    EXPECT_EQ(weft_mutex_unlock(&mutex), WEFT_OK);
}

static void cond_broadcast_wakes_all(void)
{
    for (int round = 0; round < 20; round++) {
        struct test_team team = {.count = 0};
        uint32_t there = 0;
        finished = before_opened = 0;
        is_open = false;
        while (team.count < test_team_size())
            test_team_start(&team, pass_when_open, NULL);
        while (there < test_team_size()) { /* all of them wait, as they hold no mutex */
            EXPECT_EQ(weft_mutex_lock(&mutex, TEST_LIMIT_NS), WEFT_OK);
            there = before_opened;
            is_open = there == test_team_size();
            EXPECT_EQ(weft_mutex_unlock(&mutex), WEFT_OK);
        }
        EXPECT_EQ(weft_cond_broadcast(&opened), WEFT_OK);
        test_team_join(&team);
        EXPECT_EQ(finished, test_team_size());
    }
}

static void cond_wait_times_out_with_the_mutex(void)
{
    weft_cond never = WEFT_COND_INIT;
    EXPECT_EQ(weft_cond_wait(&never, &mutex, 0), WEFT_ERR_STATE);
    EXPECT_EQ(weft_mutex_lock(&mutex, 0), WEFT_OK);
    EXPECT_EQ(weft_cond_wait(&never, &mutex, 0), WEFT_ERR_TIMEOUT);
    int64_t end = weft__plat_now_ns() + TEST_LIMIT_NS;
    enum weft_status status;
    do /* it may return early without cause */
        status = weft_cond_wait(&never, &mutex, TEST_SHORT_NS);
    while (status == WEFT_OK && weft__plat_now_ns() < end);
    EXPECT_EQ(status, WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_mutex_try_lock(&mutex), WEFT_ERR_TIMEOUT); /* held again */
    EXPECT_EQ(weft_mutex_unlock(&mutex), WEFT_OK);
}

static void misuse_of_a_condition_is_reported(void)
{
    weft_cond cond;
    EXPECT_EQ(weft_cond_init(&cond), WEFT_OK);
    EXPECT_EQ(weft_cond_init(NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_cond_wait(NULL, &mutex, 0), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_cond_wait(&cond, NULL, 0), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_cond_signal(NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_cond_broadcast(NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_cond_signal(&cond), WEFT_OK); /* nobody there */
    EXPECT_EQ(weft_cond_fini(NULL), WEFT_OK);
    EXPECT_EQ(weft_cond_fini(&cond), WEFT_OK);
}

/* ---- Reader-writer lock -------------------------------------------------------------- */

static weft_rwlock rwlock = WEFT_RWLOCK_INIT;
static uint64_t pair[2]; /* equal, under the lock */
static _Atomic uint64_t reads, writes;

static void read_and_write(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        int64_t limit = i % 3 == 0 ? 20000 : TEST_LIMIT_NS;
        bool write = i % 8 == 0;
        enum weft_status status =
            write ? weft_rwlock_write_lock(&rwlock, limit) : weft_rwlock_read_lock(&rwlock, limit);
        if (status != WEFT_OK) {
            EXPECT_EQ(status, WEFT_ERR_TIMEOUT);
            EXPECT(i % 3 == 0);
        } else if (write) {
            pair[0]++;
            pair[1]++;
            atomic_fetch_add(&writes, 1);
            EXPECT_EQ(weft_rwlock_write_unlock(&rwlock), WEFT_OK);
        } else {
            EXPECT_EQ(pair[0], pair[1]);
            atomic_fetch_add(&reads, 1);
            EXPECT_EQ(weft_rwlock_read_unlock(&rwlock), WEFT_OK);
        }
    }
}

static void rwlock_keeps_writers_from_readers(void)
{
    pair[0] = pair[1] = 0;
    atomic_store(&writes, 0);
    test_team_run(test_team_size(), read_and_write, NULL);
    EXPECT_EQ(pair[0], atomic_load(&writes));
    EXPECT_EQ(pair[1], atomic_load(&writes));
    EXPECT_EQ(weft_rwlock_fini(&rwlock), WEFT_OK);
}

static void readers_share_and_writers_do_not(void)
{
    EXPECT_EQ(weft_rwlock_try_read_lock(&rwlock), WEFT_OK);
    EXPECT_EQ(weft_rwlock_try_read_lock(&rwlock), WEFT_OK);
    EXPECT_EQ(weft_rwlock_try_write_lock(&rwlock), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_rwlock_write_lock(&rwlock, TEST_SHORT_NS), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_rwlock_try_read_lock(&rwlock), WEFT_OK); /* the writer has gone */
    EXPECT_EQ(weft_rwlock_fini(&rwlock), WEFT_ERR_STATE);
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(weft_rwlock_read_unlock(&rwlock), WEFT_OK);
    EXPECT_EQ(weft_rwlock_try_write_lock(&rwlock), WEFT_OK);
    EXPECT_EQ(weft_rwlock_try_write_lock(&rwlock), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_rwlock_read_lock(&rwlock, TEST_SHORT_NS), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_rwlock_write_unlock(&rwlock), WEFT_OK);
    EXPECT_EQ(weft_rwlock_fini(&rwlock), WEFT_OK);
}

static void write_once(void *context)
{
    (void)context;
    EXPECT_EQ(weft_rwlock_write_lock(&rwlock, TEST_LIMIT_NS), WEFT_OK);
    EXPECT_EQ(weft_rwlock_write_unlock(&rwlock), WEFT_OK);
}

/* While a writer waits no reader gets in, though only readers hold the lock. */
static void waiting_writer_comes_first(void)
{
    struct test_team team = {.count = 0};
    int64_t end = weft__plat_now_ns() + TEST_LIMIT_NS;
    EXPECT_EQ(weft_rwlock_try_read_lock(&rwlock), WEFT_OK);
    test_team_start(&team, write_once, NULL);
    while (weft_rwlock_try_read_lock(&rwlock) == WEFT_OK && weft__plat_now_ns() < end)
        EXPECT_EQ(weft_rwlock_read_unlock(&rwlock), WEFT_OK);
    EXPECT(weft__plat_now_ns() < end);
    EXPECT_EQ(weft_rwlock_read_unlock(&rwlock), WEFT_OK);
    test_team_join(&team);
    EXPECT_EQ(weft_rwlock_try_read_lock(&rwlock), WEFT_OK);
    EXPECT_EQ(weft_rwlock_read_unlock(&rwlock), WEFT_OK);
}

static void more_readers_than_fit_are_refused(void)
{
    for (int i = 0; i < WEFT_RWLOCK_READERS_MAX; i++)
        if (weft_rwlock_try_read_lock(&rwlock) != WEFT_OK)
            EXPECT_EQ(i, WEFT_RWLOCK_READERS_MAX);
    EXPECT_EQ(weft_rwlock_try_read_lock(&rwlock), WEFT_ERR_LIMIT);
    for (int i = 0; i < WEFT_RWLOCK_READERS_MAX; i++)
        (void)weft_rwlock_read_unlock(&rwlock);
    EXPECT_EQ(weft_rwlock_fini(&rwlock), WEFT_OK);
}

static void misuse_of_a_rwlock_is_reported(void)
{
    weft_rwlock lock;
    EXPECT_EQ(weft_rwlock_init(&lock), WEFT_OK);
    EXPECT_EQ(weft_rwlock_init(NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_rwlock_read_lock(NULL, 0), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_rwlock_write_lock(NULL, 0), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_rwlock_read_unlock(NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_rwlock_write_unlock(NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_rwlock_read_unlock(&lock), WEFT_ERR_STATE);
    EXPECT_EQ(weft_rwlock_write_unlock(&lock), WEFT_ERR_STATE);
    EXPECT_EQ(weft_rwlock_try_write_lock(&lock), WEFT_OK);
    EXPECT_EQ(weft_rwlock_read_unlock(&lock), WEFT_ERR_STATE);
    EXPECT_EQ(weft_rwlock_write_unlock(&lock), WEFT_OK);
    EXPECT_EQ(weft_rwlock_fini(NULL), WEFT_OK);
}

TEST_MAIN(TEST(mutex_lets_one_thread_in_at_a_time), TEST(mutex_loses_no_wake_up_to_a_limit),
          TEST(mutex_serves_tasks), TEST(mutex_starves_nobody), TEST(held_mutex_times_out),
          TEST(misuse_of_a_mutex_is_reported), TEST(cond_wakes_one_for_each_signal),
          TEST(cond_broadcast_wakes_all), TEST(cond_wait_times_out_with_the_mutex),
          TEST(misuse_of_a_condition_is_reported), TEST(rwlock_keeps_writers_from_readers),
          TEST(readers_share_and_writers_do_not), TEST(waiting_writer_comes_first),
          TEST(more_readers_than_fit_are_refused), TEST(misuse_of_a_rwlock_is_reported))
