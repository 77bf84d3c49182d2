/* Calls at the edge of what is allowed, or beyond: nested, from inside tasks, with limits and
 * counts that no program means. Each has a documented answer and leaves the runtime whole. */
#include "runtime.h"
#include "threads.h"

#include <weft.h>

static void count_indices(void *context, size_t first, size_t last)
{
    atomic_fetch_add((_Atomic uint32_t *)context, (uint32_t)(last - first));
}

/* ---- Inside a task ------------------------------------------------------------------- */

static void misuse_the_runtime(void *context, size_t first, size_t last)
{
    weft_job job;
    weft_job_init(&job, bump, context);
    for (size_t i = first; i < last; i++) {
        EXPECT_EQ(weft_runtime_start(NULL), WEFT_ERR_STATE);
        EXPECT_EQ(weft_runtime_stop(), WEFT_ERR_STATE);
        EXPECT_EQ(weft_job_wait(&job, 0), WEFT_ERR_STATE);
        EXPECT_EQ(weft_job_wait(&job, WEFT_FOREVER), WEFT_ERR_STATE);
        EXPECT_EQ(weft_run(NULL, NULL), WEFT_ERR_INVALID);
        EXPECT_EQ(weft_run(bump, context), WEFT_OK); /* a plain call */
    }
}

static void a_task_neither_starts_nor_stops_nor_waits_for_a_job(void)
{
    _Atomic uint32_t runs = 0;
    weft_for(0, 50, 1, misuse_the_runtime, (void *)&runs); /* no runtime: also inside of none */
    start();
    atomic_store(&runs, 0);
    weft_for(0, 200, 1, misuse_the_runtime, (void *)&runs);
    EXPECT_EQ(atomic_load(&runs), 200);
    stop();
}

static void run_deeper(void *context)
{
    uint32_t *depth = context;
    if (++*depth < 200)
        EXPECT_EQ(weft_run(run_deeper, depth), WEFT_OK);
}

static void jobs_nest_as_plain_calls(void)
{
    uint32_t depth = 0;
    start();
    EXPECT_EQ(weft_run(run_deeper, &depth), WEFT_OK);
    EXPECT_EQ(depth, 200);
    stop();
    depth = 0;
    EXPECT_EQ(weft_run(run_deeper, &depth), WEFT_OK);
    EXPECT_EQ(depth, 200);
}

static void cancel_below(void *context)
{
    EXPECT_EQ(weft_run(bump, context), WEFT_OK);
    weft_cancel();
    EXPECT_EQ(weft_run(bump, context), WEFT_ERR_CANCELLED); /* it ran, in a cancelled job */
}

static void cancelling_reaches_calls_that_are_nested(void)
{
    _Atomic uint32_t runs = 0;
    start();
    EXPECT_EQ(weft_run(cancel_below, (void *)&runs), WEFT_ERR_CANCELLED);
    EXPECT_EQ(atomic_load(&runs), 2);
    EXPECT_EQ(weft_run(bump, (void *)&runs), WEFT_OK); /* the next job is not cancelled */
    stop();
    weft_cancel(); /* no job: nothing */
    EXPECT(!weft_cancelled());
}

/* ---- Jobs ---------------------------------------------------------------------------- */

static void a_job_is_submitted_once_and_waited_for_once(void)
{
    _Atomic uint32_t runs = 0;
    weft_job job;
    start();
    weft_job_init(&job, bump, (void *)&runs);
    EXPECT_EQ(weft_job_wait(&job, 0), WEFT_ERR_STATE); /* not submitted */
    EXPECT_EQ(weft_job_submit(&job), WEFT_OK);
    EXPECT_EQ(weft_job_submit(&job), WEFT_ERR_STATE);
    EXPECT_EQ(weft_job_wait(&job, TEST_LIMIT_NS), WEFT_OK);
    EXPECT_EQ(atomic_load(&runs), 1);
    weft_job_init(&job, NULL, NULL);
    EXPECT_EQ(weft_job_submit(&job), WEFT_ERR_INVALID);
    stop();
}

struct foreign {
    weft_job *job;
    enum weft_status status;
};

static void wait_on_another_thread(void *context)
{
    struct foreign *self = context;
    self->status = weft_job_wait(self->job, TEST_LIMIT_NS);
}

static void a_job_may_be_waited_for_by_another_thread(void)
{
    _Atomic uint32_t runs = 0;
    weft_job job;
    struct test_team team = {.count = 0};
    struct foreign foreign = {&job, WEFT_ERR_STATE};
    start();
    weft_job_init(&job, bump, (void *)&runs);
    EXPECT_EQ(weft_job_submit(&job), WEFT_OK);
    test_team_start(&team, wait_on_another_thread, &foreign);
    test_team_join(&team);
    EXPECT_EQ(foreign.status, WEFT_OK);
    EXPECT_EQ(atomic_load(&runs), 1);
    stop();
}

/* ---- Threads that are no workers ------------------------------------------------------ */

struct outsider {
    _Atomic uint32_t calls, wrong;
};

static void add_indices(void *context, size_t first, size_t last, void *partial)
{
    (void)context;
    uint64_t sum = 0;
    for (size_t i = first; i < last; i++)
        sum += i;
    *(uint64_t *)partial = sum;
}

static void add_sums(void *context, void *into, const void *from)
{
    (void)context;
    *(uint64_t *)into += *(const uint64_t *)from;
}

/* A thread of the program forks, syncs, groups and loops outside of any job. */
static void work_outside(void *context)
{
    struct outsider *all = context;
    for (int round = 0; round < 50; round++) {
        _Atomic uint32_t runs = 0;
        weft_task first, second;
        weft_group group;
        uint64_t sum = 0;
        weft_spawn(&first, bump, (void *)&runs);
        weft_spawn(&second, bump, (void *)&runs);
        weft_group_init(&group);
        weft_group_run(&group, bump, (void *)&runs);
        bool ok = weft_group_wait(&group) == WEFT_OK;
        weft_sync(&second);
        weft_sync_call(&first, bump, (void *)&runs);
        weft_join(bump, (void *)&runs, bump, (void *)&runs);
        weft_for(0, 100, 0, count_indices, (void *)&runs);
        ok = ok && weft_reduce(0, 100, 0, add_indices, add_sums, NULL, &sum, sizeof sum) == WEFT_OK;
        if (!ok || atomic_load(&runs) != 105 || sum != 4950 || weft_cancelled())
            atomic_fetch_add(&all->wrong, 1);
        atomic_fetch_add(&all->calls, 1);
    }
}

static void threads_of_the_program_fork_and_loop_beside_the_workers(void)
{
    struct outsider all = {0, 0};
    size_t team = test_team_size();
    test_team_run(team, work_outside, &all); /* no runtime */
    start();
    test_team_run(team, work_outside, &all);
    stop();
    EXPECT_EQ(atomic_load(&all.wrong), 0);
    EXPECT_EQ(atomic_load(&all.calls), 2 * 50 * team);
}

/* ---- Limits -------------------------------------------------------------------------- */

static void wait_for_flag(void *context)
{
    _Atomic uint32_t *flag = context;
    while (atomic_load(flag) == 0)
        (void)weft__plat_wait(flag, 0, TEST_SHORT_NS);
}

struct late_flag {
    _Atomic uint32_t *flag;
    weft_event *entered;
};

static void raise_later(void *context)
{
    struct late_flag *late = context;
    EXPECT_EQ(weft_event_wait(late->entered, TEST_LIMIT_NS), WEFT_OK);
    (void)weft__plat_wait(late->flag, 0, TEST_SHORT_NS); /* so that the other is asleep, mostly */
    atomic_store(late->flag, 1);
    weft__plat_wake(late->flag, 1);
}

/* A limit beyond the end of the clock, or any negative one, is none. */
static void no_limit_is_too_large_or_too_small(void)
{
    static const int64_t none[] = {INT64_MAX, INT64_MAX - 1, INT64_MIN, -2};
    if (test_threads() < 2)
        return; /* the job would run here, and wait for ever */
    start();
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        _Atomic uint32_t flag = 0;
        weft_event entered;
        struct test_team team = {.count = 0};
        struct late_flag late = {&flag, &entered};
        weft_job job;
        EXPECT_EQ(weft_event_init(&entered), WEFT_OK);
        weft_job_init(&job, wait_for_flag, (void *)&flag);
        EXPECT_EQ(weft_job_submit(&job), WEFT_OK);
        test_team_start(&team, raise_later, &late);
        EXPECT_EQ(weft_event_set(&entered), WEFT_OK);
        EXPECT_EQ(weft_job_wait(&job, none[i]), WEFT_OK);
        EXPECT_EQ(atomic_load(&flag), 1);
        test_team_join(&team);
    }
    stop();
}

static void release_later(void *context)
{
    static _Atomic uint32_t never;
    (void)weft__plat_wait(&never, 0, TEST_SHORT_NS); /* the other is asleep then, mostly */
    EXPECT_EQ(weft_semaphore_release(context, 1), WEFT_OK);
}

static void locks_take_limits_beyond_the_clock(void)
{
    static const int64_t none[] = {INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        weft_semaphore semaphore;
        struct test_team team = {.count = 0};
        EXPECT_EQ(weft_semaphore_init(&semaphore, 0), WEFT_OK);
        test_team_start(&team, release_later, &semaphore);
        EXPECT_EQ(weft_semaphore_acquire(&semaphore, none[i]), WEFT_OK);
        test_team_join(&team);
    }
}

/* ---- Ranges and counts --------------------------------------------------------------- */

static void set_partial(void *context, size_t first, size_t last, void *partial)
{
    (void)context;
    *(uint64_t *)partial = (uint64_t)(last - first);
}

static void add(void *context, void *into, const void *from)
{
    (void)context;
    *(uint64_t *)into += *(const uint64_t *)from;
}

static void run_ranges(void *context)
{
    _Atomic uint32_t *seen = context;
    uint64_t sum = 77;
    weft_for(5, 4, 0, count_indices, (void *)seen);
    weft_for(SIZE_MAX, 0, 0, count_indices, (void *)seen);
    weft_for(3, 3, 1, count_indices, (void *)seen);
    EXPECT_EQ(atomic_load(seen), 0);
    weft_for(0, 100, SIZE_MAX, count_indices, (void *)seen);
    weft_for(SIZE_MAX - 100, SIZE_MAX, 1, count_indices, (void *)seen);
    EXPECT_EQ(atomic_load(seen), 200);
    EXPECT_EQ(weft_reduce(9, 8, 1, set_partial, add, NULL, &sum, sizeof sum), WEFT_OK);
    EXPECT_EQ(sum, 77);
    EXPECT_EQ(weft_reduce(0, SIZE_MAX, 0, set_partial, add, NULL, &sum, sizeof sum), WEFT_OK);
    EXPECT_EQ(sum, SIZE_MAX);
    EXPECT_EQ(weft_reduce(1, SIZE_MAX, SIZE_MAX, set_partial, add, NULL, &sum, sizeof sum),
              WEFT_OK);
    EXPECT_EQ(sum, SIZE_MAX - 1);
}

static void ranges_may_be_empty_backwards_or_huge(void)
{
    _Atomic uint32_t seen = 0;
    run_ranges((void *)&seen);
    start();
    atomic_store(&seen, 0);
    run_ranges((void *)&seen);
    atomic_store(&seen, 0);
    EXPECT_EQ(weft_run(run_ranges, (void *)&seen), WEFT_OK);
    stop();
}

static int never_asked(void *context, const void *a, const void *b)
{
    (void)a, (void)b;
    bump(context);
    return 0;
}

static void counts_that_no_memory_holds_are_refused(void)
{
    static const size_t counts[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2, SIZE_MAX / 4 + 1};
    _Atomic uint32_t asked = 0;
    uint64_t item = 5, total = 6;
    uint32_t value = 7;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        size_t count = counts[i];
        weft_channel *channel = NULL;
        weft_ring *ring = NULL;
        EXPECT_EQ(weft_sort(&item, count, 8, never_asked, (void *)&asked), WEFT_ERR_NOMEM);
        EXPECT_EQ(weft_sort(&item, count, 200, never_asked, (void *)&asked), WEFT_ERR_NOMEM);
        EXPECT_EQ(weft_sort_keys(&item, count, WEFT_KEY_U64), WEFT_ERR_NOMEM);
        EXPECT_EQ(weft_sort_pairs(&item, WEFT_KEY_F64, &value, count), WEFT_ERR_NOMEM);
        EXPECT_EQ(weft_scan_u64(WEFT_SCAN_INCLUSIVE, &item, count, &total), WEFT_ERR_INVALID);
        EXPECT_EQ(weft_channel_create(count, &channel), WEFT_ERR_INVALID);
        EXPECT_EQ(weft_ring_create(count, &ring), WEFT_ERR_INVALID);
        EXPECT(channel == NULL && ring == NULL);
    }
    EXPECT_EQ(atomic_load(&asked), 0);
    EXPECT(item == 5 && total == 6 && value == 7);
}

static void more_threads_than_the_limit_are_refused(void)
{
    static const size_t counts[] = {WEFT_THREADS_MAX + 1, SIZE_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        weft_options options = {.threads = counts[i]};
        EXPECT_EQ(weft_runtime_start(&options), WEFT_ERR_INVALID);
    }
    start(); /* nothing is left of the attempts */
    stop();
}

TEST_MAIN(TEST(a_task_neither_starts_nor_stops_nor_waits_for_a_job), TEST(jobs_nest_as_plain_calls),
          TEST(cancelling_reaches_calls_that_are_nested),
          TEST(a_job_is_submitted_once_and_waited_for_once),
          TEST(a_job_may_be_waited_for_by_another_thread),
          TEST(threads_of_the_program_fork_and_loop_beside_the_workers),
          TEST(no_limit_is_too_large_or_too_small),
          TEST(locks_take_limits_beyond_the_clock), TEST(ranges_may_be_empty_backwards_or_huge),
          TEST(counts_that_no_memory_holds_are_refused),
          TEST(more_threads_than_the_limit_are_refused))
