/* Barrier, event and once. */
#include "threads.h"

#include <weft.h>

#define ROUNDS 1000

/* ---- Barrier ------------------------------------------------------------------------- */

static weft_barrier barrier;
static _Atomic uint32_t came[ROUNDS], serials[ROUNDS];

static void meet_often(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        bool serial = false;
        atomic_fetch_add(&came[i], 1);
        EXPECT_EQ(weft_barrier_wait(&barrier, &serial, TEST_LIMIT_NS), WEFT_OK);
        EXPECT_EQ(atomic_load(&came[i]), barrier.count);
        atomic_fetch_add(&serials[i], serial);
    }
}

static void nobody_passes_before_all_have_come(void)
{
    memset(came, 0, sizeof came);
    memset(serials, 0, sizeof serials);
    EXPECT_EQ(weft_barrier_init(&barrier, test_team_size()), WEFT_OK);
    test_team_run(test_team_size(), meet_often, NULL);
    for (int i = 0; i < ROUNDS; i++)
        EXPECT_EQ(atomic_load(&serials[i]), 1);
    EXPECT_EQ(weft_barrier_fini(&barrier), WEFT_OK);
}

/* Threads that give up and come again do not disturb the count. */
static void meet_with_little_patience(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS / 10; i++) {
        enum weft_status status = WEFT_ERR_TIMEOUT;
        int64_t end = weft__plat_now_ns() + TEST_LIMIT_NS;
        atomic_fetch_add(&came[i], 1);
        while (status == WEFT_ERR_TIMEOUT && weft__plat_now_ns() < end)
            status = weft_barrier_wait(&barrier, NULL, 20000);
        EXPECT_EQ(status, WEFT_OK);
        EXPECT_EQ(atomic_load(&came[i]), barrier.count);
    }
}

static void giving_up_takes_the_caller_off_the_count(void)
{
    memset(came, 0, sizeof came);
    EXPECT_EQ(weft_barrier_init(&barrier, 2), WEFT_OK);
    EXPECT_EQ(weft_barrier_wait(&barrier, NULL, 0), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_barrier_wait(&barrier, NULL, TEST_SHORT_NS), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_barrier_fini(&barrier), WEFT_OK);
    test_team_run(2, meet_with_little_patience, NULL);
    EXPECT_EQ(weft_barrier_fini(&barrier), WEFT_OK);
}

static void barrier_of_one_never_waits(void)
{
    bool serial = false;
    EXPECT_EQ(weft_barrier_init(&barrier, 1), WEFT_OK);
    EXPECT_EQ(weft_barrier_wait(&barrier, &serial, 0), WEFT_OK);
    EXPECT(serial);
}

static void numbers_out_of_range_are_refused(void)
{
    EXPECT_EQ(weft_barrier_init(NULL, 1), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_barrier_init(&barrier, 0), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_barrier_init(&barrier, (size_t)WEFT_BARRIER_MAX + 1), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_barrier_init(&barrier, WEFT_BARRIER_MAX), WEFT_OK);
    EXPECT_EQ(weft_barrier_wait(NULL, NULL, 0), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_barrier_fini(NULL), WEFT_OK);
}

/* ---- Event --------------------------------------------------------------------------- */

static weft_event event = WEFT_EVENT_INIT;
static weft_event ready = WEFT_EVENT_INIT;
static int plain; /* written before the event is set */
static _Atomic uint32_t passed;

static void await_event(void *context)
{
    (void)context;
    EXPECT_EQ(weft_event_wait(&event, TEST_LIMIT_NS), WEFT_OK);
    EXPECT_EQ(plain, 1);
    atomic_fetch_add(&passed, 1);
}

static void set_lets_everybody_through(void)
{
    for (int round = 0; round < 20; round++) {
        struct test_team team = {.count = 0};
        plain = 0;
        atomic_store(&passed, 0);
        EXPECT_EQ(weft_event_reset(&event), WEFT_OK);
        while (team.count < test_team_size())
            test_team_start(&team, await_event, NULL);
        plain = 1;
        EXPECT_EQ(weft_event_set(&event), WEFT_OK);
        test_team_join(&team);
        EXPECT_EQ(atomic_load(&passed), test_team_size());
        EXPECT_EQ(weft_event_wait(&event, 0), WEFT_OK);
    }
}

static void reset_event_times_out(void)
{
    weft_event other;
    EXPECT_EQ(weft_event_init(&other), WEFT_OK);
    EXPECT_EQ(weft_event_wait(&other, 0), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_event_wait(&other, TEST_SHORT_NS), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_event_set(&other), WEFT_OK);
    EXPECT_EQ(weft_event_set(&other), WEFT_OK);
    EXPECT_EQ(weft_event_wait(&other, WEFT_FOREVER), WEFT_OK);
    EXPECT_EQ(weft_event_reset(&other), WEFT_OK);
    EXPECT_EQ(weft_event_wait(&other, 0), WEFT_ERR_TIMEOUT);
    weft_event_fini(&other);
}

/* Two threads answer each other through two events. */
static void answer(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT_EQ(weft_event_wait(&event, TEST_LIMIT_NS), WEFT_OK);
        EXPECT_EQ(weft_event_reset(&event), WEFT_OK);
        EXPECT_EQ(plain, i);
        plain++;
        EXPECT_EQ(weft_event_set(&ready), WEFT_OK);
    }
}

static void two_events_take_turns(void)
{
    struct test_team team = {.count = 0};
    EXPECT_EQ(weft_event_reset(&event), WEFT_OK);
    plain = 0;
    test_team_start(&team, answer, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT_EQ(weft_event_set(&event), WEFT_OK);
        EXPECT_EQ(weft_event_wait(&ready, TEST_LIMIT_NS), WEFT_OK);
        EXPECT_EQ(weft_event_reset(&ready), WEFT_OK);
        EXPECT_EQ(plain, i + 1);
    }
    test_team_join(&team);
}

static void null_events_are_refused(void)
{
    EXPECT_EQ(weft_event_init(NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_event_set(NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_event_reset(NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_event_wait(NULL, 0), WEFT_ERR_INVALID);
    weft_event_fini(NULL);
}

/* ---- Once ---------------------------------------------------------------------------- */

static weft_once once;
static uint32_t tries, fail_first; /* under the once */
static uint64_t table;             /* made by it */

static enum weft_status make_table(void *context)
{
    tries++;
    if (tries <= fail_first)
        return WEFT_ERR_NOMEM;
    table = *(const uint64_t *)context;
    return WEFT_OK;
}

static _Atomic uint32_t refused;

static void use_table(void *context)
{
    uint64_t value = 77;
    (void)context;
    enum weft_status status = weft_once_run(&once, make_table, &value, TEST_LIMIT_NS);
    if (status == WEFT_OK)
        EXPECT_EQ(table, 77);
    else
        atomic_fetch_add(&refused, 1);
}

static void function_runs_once(void)
{
    for (int round = 0; round < 50; round++) {
        once = (weft_once)WEFT_ONCE_INIT;
        tries = fail_first = 0;
        table = 0;
        test_team_run(test_team_size(), use_table, NULL);
        EXPECT_EQ(tries, 1);
    }
}

static void failed_function_runs_again(void)
{
    for (int round = 0; round < 50; round++) {
        once = (weft_once)WEFT_ONCE_INIT;
        tries = 0;
        fail_first = 1;
        atomic_store(&refused, 0);
        test_team_run(test_team_size(), use_table, NULL);
        EXPECT_EQ(tries, 2);
        EXPECT_EQ(atomic_load(&refused), 1);
    }
}

static enum weft_status wait_for_event(void *context)
{
    EXPECT_EQ(weft_event_set(&ready), WEFT_OK);
    return weft_event_wait(context, TEST_LIMIT_NS);
}

static void run_slow_once(void *context)
{
    EXPECT_EQ(weft_once_run(&once, wait_for_event, context, TEST_LIMIT_NS), WEFT_OK);
}

static void running_once_times_out(void)
{
    struct test_team team = {.count = 0};
    uint64_t value = 1;
    once = (weft_once)WEFT_ONCE_INIT;
    EXPECT_EQ(weft_event_reset(&ready), WEFT_OK);
    EXPECT_EQ(weft_event_reset(&event), WEFT_OK);
    test_team_start(&team, run_slow_once, &event);
    EXPECT_EQ(weft_event_wait(&ready, TEST_LIMIT_NS), WEFT_OK);
    EXPECT_EQ(weft_once_run(&once, make_table, &value, 0), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_once_run(&once, make_table, &value, TEST_SHORT_NS), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_event_set(&event), WEFT_OK);
    EXPECT_EQ(weft_once_run(&once, make_table, &value, WEFT_FOREVER), WEFT_OK);
    test_team_join(&team);
    EXPECT_EQ(weft_once_run(NULL, make_table, &value, 0), WEFT_ERR_INVALID);
    once = (weft_once)WEFT_ONCE_INIT;
    EXPECT_EQ(weft_once_run(&once, NULL, &value, 0), WEFT_ERR_INVALID);
}

TEST_MAIN(TEST(nobody_passes_before_all_have_come), TEST(giving_up_takes_the_caller_off_the_count),
          TEST(barrier_of_one_never_waits), TEST(numbers_out_of_range_are_refused),
          TEST(set_lets_everybody_through), TEST(reset_event_times_out),
          TEST(two_events_take_turns), TEST(null_events_are_refused), TEST(function_runs_once),
          TEST(failed_function_runs_again), TEST(running_once_times_out))
