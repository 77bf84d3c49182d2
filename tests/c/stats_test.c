/* The workers' counters: weft_stats_read. */
#include "platform/platform.h"
#include "test.h"

#include <weft.h>

#define LIMIT_NS INT64_C(100000000000) /* far above anything that a test waits for */

static weft_worker_stats stats[WEFT_THREADS_MAX];
static size_t workers;

static void start(int64_t spin_ns)
{
    weft_options options = {.threads = test_threads(), .spin_ns = spin_ns};
    EXPECT_EQ(weft_runtime_start(&options), WEFT_OK);
}

static void stop(void)
{
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

/* The sum over all workers. */
static weft_worker_stats total(void)
{
    weft_worker_stats sum = {0};
    EXPECT_EQ(weft_stats_read(stats, WEFT_THREADS_MAX, &workers), WEFT_OK);
    for (size_t i = 0; i < workers; i++) {
        sum.jobs += stats[i].jobs;
        sum.tasks_stolen += stats[i].tasks_stolen;
        sum.tasks_offered += stats[i].tasks_offered;
        sum.steals_failed += stats[i].steals_failed;
        sum.parks += stats[i].parks;
        sum.wakes += stats[i].wakes;
        sum.idle_ns += stats[i].idle_ns;
    }
    return sum;
}

static void nothing(void *context)
{
    (void)context;
}

static void no_runtime_has_no_workers(void)
{
    workers = 7;
    EXPECT_EQ(weft_stats_read(NULL, 0, &workers), WEFT_OK);
    EXPECT_EQ(workers, 0);
}

static void bad_pointers_are_refused(void)
{
    EXPECT_EQ(weft_stats_read(stats, 1, NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_stats_read(NULL, 1, &workers), WEFT_ERR_INVALID);
}

static void no_more_than_the_capacity_is_written(void)
{
    start(0);
    stats[0].jobs = stats[1].jobs = 99;
    EXPECT_EQ(weft_stats_read(stats, 1, &workers), WEFT_OK);
    EXPECT_EQ(workers, test_threads());
    EXPECT_EQ(stats[0].jobs, 0);
    EXPECT_EQ(stats[1].jobs, 99);
    stop();
}

static void every_job_is_counted_once(void)
{
    weft_job jobs[50];
    start(0);
    for (size_t i = 0; i < 50; i++) {
        weft_job_init(&jobs[i], nothing, NULL);
        EXPECT_EQ(weft_job_submit(&jobs[i]), WEFT_OK);
        EXPECT_EQ(weft_run(nothing, NULL), WEFT_OK);
    }
    for (size_t i = 0; i < 50; i++)
        EXPECT_EQ(weft_job_wait(&jobs[i], WEFT_FOREVER), WEFT_OK);
    EXPECT_EQ(total().jobs, test_threads() > 1 ? 100 : 50); /* else submit runs it itself */
    EXPECT_EQ(stats[test_threads() - 1].jobs, 50);
    stop();
}

static void fork_tree(void *context)
{
    uintptr_t depth = (uintptr_t)context;
    if (depth > 0)
        weft_join(fork_tree, (void *)(depth - 1), fork_tree, (void *)(depth - 1));
}

static void tasks_that_stay_home_are_not_counted(void)
{
    weft_options options = {.threads = 1};
    EXPECT_EQ(weft_runtime_start(&options), WEFT_OK);
    EXPECT_EQ(weft_run(fork_tree, (void *)(uintptr_t)10), WEFT_OK);
    weft_worker_stats sum = total();
    EXPECT_EQ(sum.jobs, 1);
    EXPECT_EQ(sum.tasks_offered + sum.tasks_stolen + sum.steals_failed, 0);
    EXPECT_EQ(sum.parks + sum.wakes + sum.idle_ns, 0);
    stop();
}

/* Both sides must run at once, so one of them is stolen. */

static _Atomic uint32_t met;

static void meet(void *context)
{
    (void)context;
    atomic_fetch_add(&met, 1);
    while (atomic_load(&met) < 2) {
    }
}

static void meet_both(void *context)
{
    (void)context;
    atomic_store(&met, 0);
    weft_join(meet, NULL, meet, NULL);
}

static void a_theft_is_counted_by_the_thief(void)
{
    if (test_threads() < 2)
        return; /* nobody to steal */
    start(0);
    for (uint64_t round = 1; round <= 10; round++) {
        EXPECT_EQ(weft_run(meet_both, NULL), WEFT_OK);
        EXPECT_EQ(total().tasks_stolen, round);
    }
    EXPECT_EQ(stats[test_threads() - 1].tasks_stolen, 0); /* the spawner's own */
    EXPECT(stats[test_threads() - 1].tasks_offered >= 10);
    stop();
}

/* Waits until every worker with a thread of its own sleeps. */
static bool all_parked(uint64_t parks)
{
    int64_t end = weft__plat_now_ns() + LIMIT_NS;
    while (total().parks < parks)
        if (weft__plat_now_ns() > end)
            return false;
    return true;
}

static void sleeps_wake_ups_and_idle_time_are_counted(void)
{
    if (test_threads() < 2)
        return; /* nobody sleeps */
    start(-1);
    EXPECT(all_parked(test_threads() - 1));
    EXPECT_EQ(total().wakes, 0);
    EXPECT(total().steals_failed >= test_threads() - 1); /* each looked before it slept */
    EXPECT_EQ(weft_run(meet_both, NULL), WEFT_OK);       /* wakes one for the task */
    EXPECT(total().wakes >= 1);
    EXPECT(total().idle_ns > 0);
    stop();
}

static bool grew(const weft_worker_stats *before, const weft_worker_stats *after)
{
    return before->jobs <= after->jobs && before->tasks_stolen <= after->tasks_stolen &&
           before->tasks_offered <= after->tasks_offered &&
           before->steals_failed <= after->steals_failed && before->parks <= after->parks &&
           before->wakes <= after->wakes && before->idle_ns <= after->idle_ns;
}

static void counts_only_grow_while_the_workers_go_on(void)
{
    weft_job job;
    start(0);
    weft_job_init(&job, fork_tree, (void *)(uintptr_t)18);
    EXPECT_EQ(weft_job_submit(&job), WEFT_OK);
    weft_worker_stats before = total();
    while (weft_job_wait(&job, 0) == WEFT_ERR_TIMEOUT) {
        weft_worker_stats after = total();
        EXPECT(grew(&before, &after));
        before = after;
    }
    stop();
}

static void note_self(void *context)
{
    *(size_t *)context = weft_stats_self();
}

static void a_task_can_tell_its_place(void)
{
    EXPECT_EQ(weft_stats_self(), SIZE_MAX);
    start(0);
    EXPECT_EQ(weft_stats_self(), SIZE_MAX);
    size_t self = SIZE_MAX;
    EXPECT_EQ(weft_run(note_self, &self), WEFT_OK);
    EXPECT_EQ(self, test_threads() - 1); /* of the thread inside weft_run */
    EXPECT_EQ(weft_stats_self(), SIZE_MAX);

    weft_job job;
    weft_job_init(&job, note_self, &self);
    EXPECT_EQ(weft_job_submit(&job), WEFT_OK);
    EXPECT_EQ(weft_job_wait(&job, WEFT_FOREVER), WEFT_OK);
    if (test_threads() == 1) {
        EXPECT_EQ(self, SIZE_MAX); /* submit has run it itself, as no worker */
    } else {
        EXPECT(self < test_threads());
        EXPECT_EQ(weft_stats_read(stats, WEFT_THREADS_MAX, &workers), WEFT_OK);
        EXPECT_EQ(stats[self].jobs, self == test_threads() - 1 ? 2 : 1);
    }
    stop();
}

TEST_MAIN(TEST(no_runtime_has_no_workers), TEST(bad_pointers_are_refused),
          TEST(no_more_than_the_capacity_is_written), TEST(every_job_is_counted_once),
          TEST(tasks_that_stay_home_are_not_counted), TEST(a_theft_is_counted_by_the_thief),
          TEST(sleeps_wake_ups_and_idle_time_are_counted),
          TEST(counts_only_grow_while_the_workers_go_on), TEST(a_task_can_tell_its_place))
