/* Spare workers: tasks that block, and interactive jobs behind batch jobs. */
#include "runtime.h"

#include "../../src/core/worker.h"

#include <weft.h>

#define SECOND INT64_C(1000000000)
#define MOST   (WEFT_THREADS_MAX + 4) /* jobs at a time */

static _Atomic uint32_t flag;

static void block_until_flag(void *context)
{
    atomic_fetch_add((_Atomic uint32_t *)context, 1);
    weft__block_begin();
    while (atomic_load(&flag) == 0)
        (void)weft__plat_wait(&flag, 0, WEFT_FOREVER);
    weft__block_end();
}

static void raise_flag(void *context)
{
    (void)context;
    atomic_store(&flag, 1);
    weft__plat_wake(&flag, UINT32_MAX);
}

/* As many jobs block as there are workers, and some more; the one that frees them is the
 * last in the queue. */
static void a_job_runs_while_every_worker_is_blocked(void)
{
    if (test_threads() < 2)
        return; /* jobs run on the caller, one after the other */
    size_t blockers = test_threads() - 1 + 4;
    static weft_job jobs[MOST], last;
    start();
    for (int round = 0; round < 20; round++) {
        _Atomic uint32_t began = 0;
        atomic_store(&flag, 0);
        for (size_t i = 0; i < blockers; i++) {
            weft_job_init(&jobs[i], block_until_flag, (void *)&began);
            EXPECT_EQ(weft_job_submit(&jobs[i]), WEFT_OK);
        }
        weft_job_init(&last, raise_flag, NULL);
        EXPECT_EQ(weft_job_submit(&last), WEFT_OK);
        EXPECT_EQ(weft_job_wait(&last, 60 * SECOND), WEFT_OK);
        for (size_t i = 0; i < blockers; i++)
            EXPECT_EQ(weft_job_wait(&jobs[i], 60 * SECOND), WEFT_OK);
        EXPECT_EQ(atomic_load(&began), blockers);
    }
    stop();
}

/* Keeps its worker, and does not say that it is blocked. */
static void hold_until_flag(void *context)
{
    (void)context;
    while (atomic_load(&flag) == 0)
        (void)weft__plat_wait(&flag, 0, SECOND / 1000);
}

static void an_interactive_job_does_not_wait_for_batch_jobs(void)
{
    if (test_threads() < 2)
        return; /* as above */
    size_t hogs = test_threads() - 1 + 2;
    static weft_job jobs[MOST], urgent;
    start();
    for (int round = 0; round < 5; round++) {
        atomic_store(&flag, 0);
        for (size_t i = 0; i < hogs; i++) {
            weft_job_init(&jobs[i], hold_until_flag, NULL);
            EXPECT_EQ(weft_job_submit_lane(&jobs[i], WEFT_BATCH), WEFT_OK);
        }
        weft_job_init(&urgent, raise_flag, NULL);
        EXPECT_EQ(weft_job_submit(&urgent), WEFT_OK);
        EXPECT_EQ(weft_job_wait(&urgent, 60 * SECOND), WEFT_OK);
        for (size_t i = 0; i < hogs; i++)
            EXPECT_EQ(weft_job_wait(&jobs[i], 60 * SECOND), WEFT_OK);
    }
    stop();
}

/* A batch job that holds a mutex across its tasks, and does not let go of it before an
 * interactive job wants it. */
struct guarded {
    weft_mutex mutex;
    _Atomic uint32_t wanted;
    _Atomic uint64_t ran;
};

static void count_some(void *context, size_t first, size_t last)
{
    atomic_fetch_add(&((struct guarded *)context)->ran, last - first);
}

static void fork_under_mutex(void *context)
{
    struct guarded *guarded = context;
    EXPECT_EQ(weft_mutex_lock(&guarded->mutex, 60 * SECOND), WEFT_OK);
    raise_flag(NULL);
    while (atomic_load(&guarded->wanted) == 0)
        weft_for(0, 1000, 1, count_some, guarded);
    weft_for(0, 1000, 1, count_some, guarded);
    EXPECT_EQ(weft_mutex_unlock(&guarded->mutex), WEFT_OK);
}

static void want_mutex(void *context)
{
    struct guarded *guarded = context;
    atomic_store(&guarded->wanted, 1);
    EXPECT_EQ(weft_mutex_lock(&guarded->mutex, 60 * SECOND), WEFT_OK);
    EXPECT_EQ(weft_mutex_unlock(&guarded->mutex), WEFT_OK);
}

static void an_interactive_job_may_wait_for_a_batch_job(void)
{
    if (test_threads() < 2)
        return; /* as above */
    start();
    for (int round = 0; round < 20; round++) {
        struct guarded guarded = {.mutex = WEFT_MUTEX_INIT};
        weft_job batch, urgent;
        atomic_store(&flag, 0);
        weft_job_init(&batch, fork_under_mutex, &guarded);
        EXPECT_EQ(weft_job_submit_lane(&batch, WEFT_BATCH), WEFT_OK);
        while (atomic_load(&flag) == 0)
            (void)weft__plat_wait(&flag, 0, SECOND);
        weft_job_init(&urgent, want_mutex, &guarded);
        EXPECT_EQ(weft_job_submit(&urgent), WEFT_OK);
        EXPECT_EQ(weft_job_wait(&urgent, 60 * SECOND), WEFT_OK);
        EXPECT_EQ(weft_job_wait(&batch, 60 * SECOND), WEFT_OK);
        EXPECT_EQ(atomic_load(&guarded.ran) % 1000, 0);
        EXPECT_EQ(weft_mutex_fini(&guarded.mutex), WEFT_OK);
    }
    stop();
}

/* A leaf each time round, in all the ways in which there are leaves. */
static void count_one(void *context)
{
    atomic_fetch_add((_Atomic uint64_t *)context, 1);
}

static void count_range(void *context, size_t first, size_t last)
{
    atomic_fetch_add((_Atomic uint64_t *)context, last - first);
}

static void leaves_of_forks(_Atomic uint64_t *leaves)
{
    weft_join(count_one, (void *)leaves, count_one, (void *)leaves);
}

static void leaves_of_loops(_Atomic uint64_t *leaves)
{
    weft_for(0, 2, 2, count_range, (void *)leaves); /* cannot be shared */
}

static void leaves_of_groups(_Atomic uint64_t *leaves)
{
    weft_group group;
    weft_group_init(&group);
    weft_group_run(&group, count_one, (void *)leaves);
    weft_group_run(&group, count_one, (void *)leaves);
    EXPECT_EQ(weft_group_wait(&group), WEFT_OK);
}

static void leaves_of_checkpoints(_Atomic uint64_t *leaves)
{
    atomic_fetch_add(leaves, 2);
    EXPECT(weft_checkpoint());
}

struct lender {
    void (*leaves)(_Atomic uint64_t *leaves);
    _Atomic uint64_t ran;
    uint64_t rounds;
};

static void run_leaves(void *context)
{
    struct lender *lender = context;
    raise_flag(NULL);
    for (; atomic_load(&flag) == 1; lender->rounds++)
        lender->leaves(&lender->ran);
}

/* Submits interactive jobs until the batch job has lent its CPU to one. */
static void urge_until_lent(weft_job *batch)
{
    uint32_t before = atomic_load(&weft__rt.loan);
    int64_t end = weft__plat_now_ns() + 60 * SECOND;
    do {
        weft_job urgent;
        weft_job_init(&urgent, raise_flag, NULL);
        EXPECT_EQ(weft_job_submit(&urgent), WEFT_OK);
        EXPECT_EQ(weft_job_wait(&urgent, 60 * SECOND), WEFT_OK);
    } while (atomic_load(&weft__rt.loan) == before && weft__plat_now_ns() < end);
    EXPECT(atomic_load(&weft__rt.loan) != before);
    atomic_store(&flag, 2);
    EXPECT_EQ(weft_job_wait(batch, 60 * SECOND), WEFT_OK);
    EXPECT_EQ(atomic_load(&weft__rt.loan) & 1, 0); /* all given back */
}

static void a_batch_job_lends_its_cpu_at_any_leaf(void)
{
    static void (*const leaves[])(_Atomic uint64_t *) = {leaves_of_forks, leaves_of_loops,
                                                         leaves_of_groups, leaves_of_checkpoints};
    if (test_threads() < 2)
        return; /* as above */
    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
        weft_job batch;
        struct lender lender = {.leaves = leaves[i]};
        start();
        weft__rt.info.cpus = 1; /* all of them taken, whatever this machine has */
        atomic_store(&flag, 0);
        weft_job_init(&batch, run_leaves, &lender);
        EXPECT_EQ(weft_job_submit_lane(&batch, WEFT_BATCH), WEFT_OK);
        while (atomic_load(&flag) == 0)
            (void)weft__plat_wait(&flag, 0, SECOND);
        urge_until_lent(&batch);
        EXPECT_EQ(atomic_load(&lender.ran), 2 * lender.rounds);
        stop();
    }
}

/* The interactive job spins for what its lender does next, and says so to nobody. */
static void spin_for_batch(void *context)
{
    struct guarded *guarded = context;
    atomic_store(&guarded->wanted, 1);
    while (atomic_load(&guarded->ran) == 0)
        weft__plat_relax();
}

static void fork_then_count(void *context)
{
    struct guarded *guarded = context;
    _Atomic uint64_t leaves = 0;
    raise_flag(NULL);
    while (atomic_load(&guarded->wanted) == 0)
        leaves_of_forks(&leaves);
    leaves_of_forks(&leaves);
    atomic_store(&guarded->ran, 1);
}

static void a_loan_has_a_limit(void)
{
    if (test_threads() < 2)
        return; /* as above */
    start();
    weft__rt.info.cpus = 1;
    for (int round = 0; round < 5; round++) {
        struct guarded guarded = {.mutex = WEFT_MUTEX_INIT};
        weft_job batch, urgent;
        atomic_store(&flag, 0);
        weft_job_init(&batch, fork_then_count, &guarded);
        EXPECT_EQ(weft_job_submit_lane(&batch, WEFT_BATCH), WEFT_OK);
        while (atomic_load(&flag) == 0)
            (void)weft__plat_wait(&flag, 0, SECOND);
        weft_job_init(&urgent, spin_for_batch, &guarded);
        EXPECT_EQ(weft_job_submit(&urgent), WEFT_OK);
        EXPECT_EQ(weft_job_wait(&urgent, 60 * SECOND), WEFT_OK);
        EXPECT_EQ(weft_job_wait(&batch, 60 * SECOND), WEFT_OK);
    }
    stop();
}

static void an_unknown_lane_is_refused(void)
{
    weft_job job;
    weft_job_init(&job, raise_flag, NULL);
    EXPECT_EQ(weft_job_submit_lane(&job, (enum weft_lane)7), WEFT_ERR_INVALID);
}

TEST_MAIN(TEST(a_job_runs_while_every_worker_is_blocked),
          TEST(an_interactive_job_does_not_wait_for_batch_jobs),
          TEST(an_interactive_job_may_wait_for_a_batch_job),
          TEST(a_batch_job_lends_its_cpu_at_any_leaf), TEST(a_loan_has_a_limit),
          TEST(an_unknown_lane_is_refused))
