/* platform_test.c: what every host must answer to platform.h. */
#include "platform/platform.h"
#include "test.h"

#define LIMIT_NS     INT64_C(100000000000) /* far above anything that a test waits for */
#define TIMEOUT_NS   INT64_C(20000000)
#define STACK_BYTES  65536
#define THREADS_MOST 64

static void wait_returns_at_once_when_the_word_differs(void)
{
    _Atomic uint32_t word = 1;
    EXPECT_EQ(weft__plat_wait(&word, 0, WEFT_FOREVER), WEFT_OK);
}

static void wait_times_out_not_before_its_limit(void)
{
    _Atomic uint32_t word = 0;
    int64_t before = weft__plat_now_ns();
    int64_t passed = 0;
    enum weft_status status = WEFT_OK;
    while (status == WEFT_OK && passed < LIMIT_NS) { /* it may return early without cause */
        int64_t left = TIMEOUT_NS - passed;
        status = weft__plat_wait(&word, 0, left > 0 ? left : 0);
        passed = weft__plat_now_ns() - before;
    }
    EXPECT_EQ(status, WEFT_ERR_TIMEOUT);
    /* Node's clock has a grain of some microseconds. */
    EXPECT(passed >= TIMEOUT_NS - 100000);
}

static void wait_with_no_time_only_looks(void)
{
    _Atomic uint32_t word = 0;
    EXPECT_EQ(weft__plat_wait(&word, 0, 0), WEFT_ERR_TIMEOUT);
}

static void this_thread_may_sleep(void)
{
    EXPECT(weft__plat_may_sleep());
}

static void the_clock_never_runs_backwards(void)
{
    int64_t last = weft__plat_now_ns();
    for (int i = 0; i < 10000; i++) {
        int64_t now = weft__plat_now_ns();
        EXPECT(now >= last);
        last = now;
    }
}

static void there_is_a_cpu_and_a_rule(void)
{
    const char *rule = NULL;
    size_t count = weft__plat_cpu_count(&rule);
    EXPECT(count >= 1);
    EXPECT(rule != NULL && (strcmp(rule, "host") == 0 || strcmp(rule, "affinity") == 0 ||
                            strcmp(rule, "cgroup") == 0));
}

static _Thread_local int private_number = 7;

struct visit {
    _Atomic uint32_t visits;
    _Atomic uint32_t wrong;
};

static void visit(void *context)
{
    struct visit *visit = context;
    if (private_number != 7)
        atomic_fetch_add(&visit->wrong, 1);
    private_number = 8; /* another thread must not see this */
    unsigned char stack[STACK_BYTES / 4];
    memset(stack, 0xa5, sizeof stack);
    /* Through a volatile pointer, so that the array is really on this stack. */
    const volatile unsigned char *seen = stack;
    if (seen[0] != 0xa5 || seen[sizeof stack - 1] != 0xa5)
        atomic_fetch_add(&visit->wrong, 1);
    atomic_fetch_add(&visit->visits, 1);
}

/* Starts and joins as many threads as the test is told to, three times over. */
static void threads_run_have_their_own_variables_and_end(void)
{
    size_t count = test_threads() < THREADS_MOST ? test_threads() : THREADS_MOST;
    weft__plat_thread threads[THREADS_MOST];
    struct visit visits = {0};
    for (int round = 0; round < 3; round++) {
        size_t started = 0;
        while (started < count &&
               weft__plat_thread_start(&threads[started], STACK_BYTES, visit, &visits) == WEFT_OK)
            started++;
        EXPECT_EQ(started, count);
        for (size_t i = 0; i < started; i++)
            weft__plat_thread_join(threads[i]);
    }
    EXPECT_EQ(visits.visits, 3 * count);
    EXPECT_EQ(visits.wrong, 0);
}

static void what_a_thread_wrote_is_there_after_the_join(void)
{
    for (int round = 0; round < 20; round++) {
        struct visit visits = {0};
        weft__plat_thread thread;
        EXPECT_EQ(weft__plat_thread_start(&thread, STACK_BYTES, visit, &visits), WEFT_OK);
        weft__plat_thread_join(thread);
        EXPECT_EQ(visits.visits, 1);
    }
}

static void a_stack_that_no_host_can_give_is_refused(void)
{
    weft__plat_thread thread;
    struct visit visits = {0};
    enum weft_status status = weft__plat_thread_start(&thread, SIZE_MAX - 100, visit, &visits);
    EXPECT(status == WEFT_ERR_NOMEM || status == WEFT_ERR_WORKER);
    EXPECT_EQ(visits.visits, 0);
}

/* The ball: its owner adds one, wakes the others and waits for its next turn. */
struct ring {
    _Atomic uint32_t ball;
    _Atomic uint32_t next_place;
    uint32_t players;
    uint32_t throws;
    _Atomic uint32_t late;
};

static void play(void *context)
{
    struct ring *ring = context;
    uint32_t place = atomic_fetch_add(&ring->next_place, 1);
    for (uint32_t mine = place; mine < ring->throws; mine += ring->players) {
        uint32_t seen;
        while ((seen = atomic_load(&ring->ball)) != mine) {
            if (weft__plat_wait(&ring->ball, seen, LIMIT_NS) == WEFT_ERR_TIMEOUT) {
                atomic_fetch_add(&ring->late, 1);
                return;
            }
        }
        atomic_store(&ring->ball, mine + 1);
        weft__plat_wake(&ring->ball, UINT32_MAX);
    }
}

static void no_wake_is_lost_when_threads_take_turns(void)
{
    size_t count = test_threads() < 2 ? 2 : test_threads();
    if (count > THREADS_MOST)
        count = THREADS_MOST;
    struct ring ring = {.players = (uint32_t)count, .throws = 2000};
    weft__plat_thread threads[THREADS_MOST];
    for (size_t i = 0; i + 1 < count; i++)
        EXPECT_EQ(weft__plat_thread_start(&threads[i], STACK_BYTES, play, &ring), WEFT_OK);
    play(&ring);
    for (size_t i = 0; i + 1 < count; i++)
        weft__plat_thread_join(threads[i]);
    EXPECT_EQ(ring.late, 0);
    EXPECT_EQ(ring.ball, ring.throws);
}

/* Sleepers that wait for one word, and how many have left. */
struct dormitory {
    _Atomic uint32_t door;
    _Atomic uint32_t left;
    _Atomic uint32_t late;
};

static void sleep_until_the_door_opens(void *context)
{
    struct dormitory *dormitory = context;
    while (atomic_load(&dormitory->door) == 0) {
        if (weft__plat_wait(&dormitory->door, 0, LIMIT_NS) == WEFT_ERR_TIMEOUT) {
            atomic_fetch_add(&dormitory->late, 1);
            return;
        }
    }
    atomic_fetch_add(&dormitory->left, 1);
    weft__plat_wake(&dormitory->left, 1);
}

static void single_wakes_reach_every_sleeper(void)
{
    enum { SLEEPERS = 5 };
    weft__plat_thread threads[SLEEPERS];
    struct dormitory dormitory = {0};
    for (size_t i = 0; i < SLEEPERS; i++)
        EXPECT_EQ(weft__plat_thread_start(&threads[i], STACK_BYTES, sleep_until_the_door_opens,
                                          &dormitory),
                  WEFT_OK);
    atomic_store(&dormitory.door, 1);
    for (size_t i = 0; i < SLEEPERS; i++)
        weft__plat_wake(&dormitory.door, 1);
    for (size_t i = 0; i < SLEEPERS; i++)
        weft__plat_thread_join(threads[i]);
    EXPECT_EQ(dormitory.left, SLEEPERS);
    EXPECT_EQ(dormitory.late, 0);
}

TEST_MAIN(TEST(wait_returns_at_once_when_the_word_differs),
          TEST(wait_times_out_not_before_its_limit), TEST(wait_with_no_time_only_looks),
          TEST(this_thread_may_sleep), TEST(the_clock_never_runs_backwards),
          TEST(there_is_a_cpu_and_a_rule), TEST(threads_run_have_their_own_variables_and_end),
          TEST(what_a_thread_wrote_is_there_after_the_join),
          TEST(a_stack_that_no_host_can_give_is_refused),
          TEST(no_wake_is_lost_when_threads_take_turns), TEST(single_wakes_reach_every_sleeper))
