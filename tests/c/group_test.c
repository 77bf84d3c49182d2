/* Groups: tasks that add tasks, mixed with fork/join, cancelled. */
#include "platform/platform.h"
#include "runtime.h"

#include <weft.h>

static _Atomic uint32_t total;

static void count_one(void *context)
{
    (void)context;
    atomic_fetch_add(&total, 1);
}

static void run_flat(void *context)
{
    weft_group group;
    weft_group_init(&group);
    for (int i = 0; i < 50000; i++)
        weft_group_run(&group, count_one, context);
    EXPECT_EQ(weft_group_wait(&group), WEFT_OK);
    EXPECT_EQ(atomic_load(&total), 50000);
}

static void wait_returns_after_every_task(void)
{
    start();
    for (int round = 0; round < 5; round++) {
        atomic_store(&total, 0);
        EXPECT_EQ(weft_run(run_flat, NULL), WEFT_OK);
    }
    stop();
    atomic_store(&total, 0);
    EXPECT_EQ(weft_run(run_flat, NULL), WEFT_OK);
}

/* Each task adds two more to the same group, `depth` levels down. */
struct spread {
    weft_group *group;
    uint32_t depth;
};

static struct spread levels[16];

static void spread(void *context)
{
    struct spread *self = context;
    atomic_fetch_add(&total, 1);
    if (self->depth == 0)
        return;
    weft_group_run(self->group, spread, &levels[self->depth - 1]);
    weft_group_run(self->group, spread, &levels[self->depth - 1]);
}

static void run_spread(void *context)
{
    (void)context;
    weft_group group;
    weft_group_init(&group);
    for (uint32_t depth = 0; depth < 16; depth++)
        levels[depth] = (struct spread){&group, depth};
    weft_group_run(&group, spread, &levels[12]);
    EXPECT_EQ(weft_group_wait(&group), WEFT_OK);
    EXPECT_EQ(atomic_load(&total), (1u << 13) - 1);
}

static void tasks_may_add_tasks(void)
{
    start();
    for (int round = 0; round < 20; round++) {
        atomic_store(&total, 0);
        EXPECT_EQ(weft_run(run_spread, NULL), WEFT_OK);
    }
    stop();
}

/* A group task below an unsynced fork, waited for above it: with one thread the wait has
 * to reach past the fork. */
static void run_interleaved(void *context)
{
    (void)context;
    weft_group group;
    weft_group_init(&group);
    weft_group_run(&group, count_one, NULL);
    weft_task task;
    weft_spawn(&task, count_one, NULL);
    weft_group_run(&group, count_one, NULL);
    EXPECT_EQ(weft_group_wait(&group), WEFT_OK);
    weft_sync(&task);
    EXPECT_EQ(atomic_load(&total), 3);
}

static void wait_reaches_past_unsynced_forks(void)
{
    start();
    for (int round = 0; round < 200; round++) {
        atomic_store(&total, 0);
        EXPECT_EQ(weft_run(run_interleaved, NULL), WEFT_OK);
    }
    stop();
}

/* Tasks left on the deque above a fork when it is synced. */
static void run_sync_below(void *context)
{
    (void)context;
    weft_group group;
    weft_group_init(&group);
    weft_task task;
    weft_spawn(&task, count_one, NULL);
    for (int i = 0; i < 10; i++)
        weft_group_run(&group, count_one, NULL);
    weft_sync(&task);
    EXPECT_EQ(weft_group_wait(&group), WEFT_OK);
    EXPECT_EQ(atomic_load(&total), 11);
}

static void sync_passes_group_tasks_above_its_own(void)
{
    start();
    for (int round = 0; round < 200; round++) {
        atomic_store(&total, 0);
        EXPECT_EQ(weft_run(run_sync_below, NULL), WEFT_OK);
    }
    stop();
}

/* A worker that waits for a group takes its own oldest tasks, the forks below it as well; their
 * slots are used anew after the syncs. */
static void run_between_forks(void *context)
{
    (void)context;
    for (uint32_t round = 1; round <= 50; round++) {
        weft_task below, above;
        weft_group group;
        weft_spawn(&below, count_one, NULL);
        weft_group_init(&group);
        weft_group_run(&group, count_one, NULL);
        weft_spawn(&above, count_one, NULL);
        EXPECT_EQ(weft_group_wait(&group), WEFT_OK);
        weft_sync(&above);
        weft_sync(&below);
        EXPECT_EQ(atomic_load(&total), 3 * round);
    }
}

static void a_group_between_forks_is_waited_for_again_and_again(void)
{
    start();
    for (int round = 0; round < 20; round++) {
        atomic_store(&total, 0);
        EXPECT_EQ(weft_run(run_between_forks, NULL), WEFT_OK);
    }
    stop();
}

/* Groups inside the tasks of a group. */
static void run_nested_task(void *context)
{
    (void)context;
    weft_group group;
    weft_group_init(&group);
    for (int i = 0; i < 20; i++)
        weft_group_run(&group, count_one, NULL);
    EXPECT_EQ(weft_group_wait(&group), WEFT_OK);
}

static void run_nested(void *context)
{
    (void)context;
    weft_group group;
    weft_group_init(&group);
    for (int i = 0; i < 100; i++)
        weft_group_run(&group, run_nested_task, NULL);
    EXPECT_EQ(weft_group_wait(&group), WEFT_OK);
    EXPECT_EQ(atomic_load(&total), 2000);
}

static void groups_nest(void)
{
    start();
    for (int round = 0; round < 50; round++) {
        atomic_store(&total, 0);
        EXPECT_EQ(weft_run(run_nested, NULL), WEFT_OK);
    }
    stop();
}

static void cancel_the_job(void *context)
{
    (void)context;
    weft_cancel();
}

static void run_cancelled(void *context)
{
    (void)context;
    weft_group group;
    weft_group_init(&group);
    weft_group_run(&group, cancel_the_job, NULL);
    EXPECT_EQ(weft_group_wait(&group), WEFT_ERR_CANCELLED);
    weft_group_run(&group, count_one, NULL);
    EXPECT_EQ(atomic_load(&total), 0);
}

static void a_cancelled_group_leaves_out_the_rest(void)
{
    start();
    atomic_store(&total, 0);
    EXPECT_EQ(weft_run(run_cancelled, NULL), WEFT_ERR_CANCELLED);
    stop();
}

/* Members that run until their job is cancelled, and have not been waited for by then. */
#define MEMBERS 40

static struct {
    _Atomic uint32_t began, running;
    weft_job job;
} ending;

static void run_until_cancelled(void *context)
{
    (void)context;
    atomic_fetch_add(&ending.running, 1);
    atomic_fetch_add(&ending.began, 1);
    while (!weft_cancelled())
        weft__plat_relax();
    atomic_fetch_sub(&ending.running, 1);
}

static void run_members(void *context)
{
    (void)context;
    weft_group group;
    weft_group_init(&group);
    for (int i = 0; i < MEMBERS; i++)
        weft_group_run(&group, run_until_cancelled, NULL);
    EXPECT_EQ(weft_group_wait(&group), WEFT_ERR_CANCELLED);
    EXPECT_EQ(atomic_load(&ending.running), 0); /* `group` may go now */
}

static void a_group_whose_job_is_cancelled_ends_before_its_wait_returns(void)
{
    if (test_threads() < 2)
        return; /* the job would run here, and nobody cancel it */
    start();
    for (int round = 0; round < 10; round++) {
        atomic_store(&ending.began, 0);
        weft_job_init(&ending.job, run_members, NULL);
        EXPECT_EQ(weft_job_submit(&ending.job), WEFT_OK);
        while (atomic_load(&ending.began) == 0)
            weft__plat_relax();
        weft_job_cancel(&ending.job);
        EXPECT_EQ(weft_job_wait(&ending.job, 60 * INT64_C(1000000000)), WEFT_ERR_CANCELLED);
        EXPECT_EQ(atomic_load(&ending.running), 0);
        EXPECT(atomic_load(&ending.began) <= MEMBERS);
    }
    stop();
}

/* Nobody waits for the job: stopping the runtime does, and loses none of its tasks. */
static void run_chain(void *context)
{
    weft_group *group = context;
    if (atomic_fetch_add(&total, 1) + 1 < 1000)
        weft_group_run(group, run_chain, group);
}

static void run_open_group(void *context)
{
    (void)context;
    weft_group group;
    weft_group_init(&group);
    weft_group_run(&group, run_chain, &group);
    EXPECT_EQ(weft_group_wait(&group), WEFT_OK);
    EXPECT_EQ(atomic_load(&total), 1000);
    atomic_fetch_add(&ending.began, 1);
}

static void the_runtime_stops_after_the_groups_that_run(void)
{
    for (uint32_t round = 0; round < 10; round++) {
        weft_job job;
        atomic_store(&total, 0);
        atomic_store(&ending.began, 0);
        start();
        weft_job_init(&job, run_open_group, NULL);
        EXPECT_EQ(weft_job_submit(&job), WEFT_OK);
        stop();
        EXPECT_EQ(atomic_load(&ending.began), 1);
        EXPECT_EQ(weft_job_wait(&job, 0), WEFT_OK);
    }
}

TEST_MAIN(TEST(wait_returns_after_every_task), TEST(tasks_may_add_tasks),
          TEST(wait_reaches_past_unsynced_forks), TEST(sync_passes_group_tasks_above_its_own),
          TEST(a_group_between_forks_is_waited_for_again_and_again),
          TEST(groups_nest), TEST(a_cancelled_group_leaves_out_the_rest),
          TEST(a_group_whose_job_is_cancelled_ends_before_its_wait_returns),
          TEST(the_runtime_stops_after_the_groups_that_run))
