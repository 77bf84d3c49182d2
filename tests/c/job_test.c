/* Jobs and the runtime: start, stop, submit, wait, cancel, isolation. */
#include "runtime.h"

#include "../../src/platform/platform.h"

#include <weft.h>

#define SECOND INT64_C(1000000000)

static void every_submitted_job_runs_once(void)
{
    enum { JOBS = 4000 };
    weft_job *jobs = calloc(JOBS, sizeof *jobs);
    _Atomic uint32_t runs = 0;
    start();
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < JOBS; i++) {
            weft_job_init(&jobs[i], bump, (void *)&runs);
            EXPECT_EQ(weft_job_submit(&jobs[i]), WEFT_OK);
        }
        for (size_t i = 0; i < JOBS; i++)
            EXPECT_EQ(weft_job_wait(&jobs[i], 60 * SECOND), WEFT_OK);
    }
    EXPECT_EQ(atomic_load(&runs), 3 * JOBS);
    stop();
    free(jobs);
}

static void stop_waits_for_submitted_jobs(void)
{
    enum { JOBS = 100 };
    static weft_job jobs[JOBS];
    _Atomic uint32_t runs = 0;
    for (uint32_t round = 1; round <= 20; round++) {
        start();
        for (size_t i = 0; i < JOBS; i++) {
            weft_job_init(&jobs[i], bump, (void *)&runs);
            EXPECT_EQ(weft_job_submit(&jobs[i]), WEFT_OK);
        }
        stop();
        EXPECT_EQ(atomic_load(&runs), round * JOBS);
    }
}

/* Workers fall asleep between the jobs (no spinning); every job must wake one. */
static void no_wake_up_is_lost_when_workers_sleep_at_once(void)
{
    weft_options options = {.threads = test_threads(), .spin_ns = -1};
    EXPECT_EQ(weft_runtime_start(&options), WEFT_OK);
    _Atomic uint32_t runs = 0;
    for (int i = 0; i < 5000; i++) {
        weft_job job;
        weft_job_init(&job, bump, (void *)&runs);
        EXPECT_EQ(weft_job_submit(&job), WEFT_OK);
        EXPECT_EQ(weft_job_wait(&job, 60 * SECOND), WEFT_OK);
    }
    EXPECT_EQ(atomic_load(&runs), 5000);
    stop();
}

static void wait_for_cancel(void *context)
{
    atomic_store((_Atomic uint32_t *)context, 1);
    while (!weft_cancelled()) {
    }
}

static void cancel_reaches_a_running_job(void)
{
    if (test_threads() < 2)
        return; /* the caller itself would run it */
    start();
    _Atomic uint32_t running = 0;
    weft_job job;
    weft_job_init(&job, wait_for_cancel, (void *)&running);
    EXPECT_EQ(weft_job_submit(&job), WEFT_OK);
    while (atomic_load(&running) == 0) {
    }
    EXPECT_EQ(weft_job_wait(&job, 0), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_job_wait(&job, 1000), WEFT_ERR_TIMEOUT);
    weft_job_cancel(&job);
    EXPECT_EQ(weft_job_wait(&job, 60 * SECOND), WEFT_ERR_CANCELLED);
    stop();
}

static void a_job_cancelled_before_it_starts_does_not_run(void)
{
    start();
    _Atomic uint32_t runs = 0;
    weft_job job;
    weft_job_init(&job, bump, (void *)&runs);
    weft_job_cancel(&job);
    EXPECT_EQ(weft_job_submit(&job), WEFT_OK);
    EXPECT_EQ(weft_job_wait(&job, 60 * SECOND), WEFT_ERR_CANCELLED);
    EXPECT_EQ(atomic_load(&runs), 0);
    stop();
}

/* Threads from outside that run jobs at the same time; each job sums its own range. */
static void add_range(void *context, size_t first, size_t last)
{
    _Atomic uint64_t *sum = context;
    uint64_t part = 0;
    for (size_t i = first; i < last; i++)
        part += i;
    atomic_fetch_add(sum, part);
}

static _Atomic uint32_t outsiders_wrong;

static void outsider(void *context)
{
    (void)context;
    for (int i = 0; i < 300; i++) {
        _Atomic uint64_t sum = 0;
        weft_for(0, 10000, 0, add_range, (void *)&sum);
        if (atomic_load(&sum) != UINT64_C(49995000))
            atomic_fetch_add(&outsiders_wrong, 1);
    }
}

static void many_threads_may_run_jobs_at_the_same_time(void)
{
    enum { OUTSIDERS = 4 };
    weft__plat_thread threads[OUTSIDERS];
    start();
    for (size_t i = 0; i < OUTSIDERS; i++)
        EXPECT_EQ(weft__plat_thread_start(&threads[i], 1 << 18, outsider, NULL), WEFT_OK);
    outsider(NULL);
    for (size_t i = 0; i < OUTSIDERS; i++)
        weft__plat_thread_join(threads[i]);
    EXPECT_EQ(atomic_load(&outsiders_wrong), 0);
    stop();
}

/* Isolation: job A holds a lock across a join; job B's root takes the lock. A worker that
 * waits in A and ran B would deadlock. */
static _Atomic uint32_t lock;

static void with_lock(void)
{
    while (atomic_exchange(&lock, 1) != 0)
        (void)weft__plat_wait(&lock, 1, SECOND / 1000);
}

static void without_lock(void)
{
    atomic_store(&lock, 0);
    weft__plat_wake(&lock, UINT32_MAX);
}

static void work(void *context, size_t first, size_t last)
{
    for (size_t i = first; i < last; i++)
        atomic_fetch_add((_Atomic uint32_t *)context, 1);
}

static void locked_job(void *context)
{
    with_lock();
    weft_for(0, 2000, 1, work, context);
    without_lock();
}

static void a_waiting_worker_runs_nothing_of_another_job(void)
{
    enum { JOBS = 200 };
    static weft_job jobs[JOBS];
    _Atomic uint32_t done = 0;
    start();
    for (size_t i = 0; i < JOBS; i++) {
        weft_job_init(&jobs[i], locked_job, (void *)&done);
        EXPECT_EQ(weft_job_submit(&jobs[i]), WEFT_OK);
    }
    for (size_t i = 0; i < JOBS; i++)
        EXPECT_EQ(weft_job_wait(&jobs[i], 60 * SECOND), WEFT_OK);
    EXPECT_EQ(atomic_load(&done), JOBS * 2000);
    stop();
}

static void start_and_stop_check_their_state_and_arguments(void)
{
    weft_options options = {.threads = WEFT_THREADS_MAX + 1};
    EXPECT_EQ(weft_runtime_start(&options), WEFT_ERR_INVALID);
    options = (weft_options){.threads = 2, .stack_bytes = 1};
    EXPECT_EQ(weft_runtime_start(&options), WEFT_ERR_INVALID);
    options = (weft_options){.threads = 2, .stack_bytes = SIZE_MAX};
    EXPECT_EQ(weft_runtime_start(&options), WEFT_ERR_INVALID);
    options = (weft_options){.threads = 2, .spin_ns = INT64_MAX};
    EXPECT_EQ(weft_runtime_start(&options), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_runtime_stop(), WEFT_ERR_STATE);
    start();
    EXPECT_EQ(weft_runtime_start(NULL), WEFT_ERR_STATE);
    weft_info info;
    weft_runtime_info(&info);
    EXPECT_EQ(info.threads, test_threads());
    EXPECT_EQ(info.workers, test_threads() - 1);
    EXPECT(strcmp(info.threads_from, "option") == 0);
    stop();
    weft_runtime_info(&info);
    EXPECT_EQ(info.threads, 0);
    EXPECT_EQ(weft_run(NULL, NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_job_submit(NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_job_wait(NULL, 0), WEFT_ERR_INVALID);
}

static void stop_from_inside(void *context)
{
    (void)context;
    EXPECT_EQ(weft_runtime_stop(), WEFT_ERR_STATE);
    EXPECT_EQ(weft_runtime_start(NULL), WEFT_ERR_STATE);
}

static void the_runtime_is_not_stopped_from_inside_a_job(void)
{
    start();
    EXPECT_EQ(weft_run(stop_from_inside, NULL), WEFT_OK);
    stop();
}

static void report_and_ask(void *context)
{
    uint64_t *seen = context;
    weft_progress(3, UINT64_MAX);
    seen[0] = weft_checkpoint();
    weft_cancel();
    seen[1] = weft_checkpoint();
}

static void progress_and_checkpoints_belong_to_the_job_of_the_caller(void)
{
    start();
    uint64_t seen[2] = {7, 7}, done = 7, total = 7;
    weft_job job;
    weft_job_init(&job, report_and_ask, seen);
    weft_job_progress(&job, &done, &total);
    EXPECT_EQ(done, 0);
    EXPECT_EQ(total, 0);
    EXPECT_EQ(weft_job_submit(&job), WEFT_OK);
    EXPECT_EQ(weft_job_wait(&job, WEFT_FOREVER), WEFT_ERR_CANCELLED);
    weft_job_progress(&job, &done, &total);
    EXPECT_EQ(done, 3);
    EXPECT_EQ(total, UINT64_MAX);
    EXPECT_EQ(seen[0], 1);
    EXPECT_EQ(seen[1], 0);
    weft_progress(1, 2); /* outside a job: nothing */
    EXPECT(weft_checkpoint());
    stop();
}

static void every_status_has_a_name_of_its_own(void)
{
    for (int i = WEFT_OK; i <= WEFT_ERR_ENGINE; i++) {
        EXPECT(strncmp(weft_status_name((enum weft_status)i), "WEFT_", 5) == 0);
        for (int j = WEFT_OK; j < i; j++)
            EXPECT(strcmp(weft_status_name((enum weft_status)i),
                          weft_status_name((enum weft_status)j)) != 0);
    }
    EXPECT(strcmp(weft_status_name((enum weft_status)999), "WEFT_ERR_UNKNOWN") == 0);
}

TEST_MAIN(TEST(every_submitted_job_runs_once), TEST(stop_waits_for_submitted_jobs),
          TEST(no_wake_up_is_lost_when_workers_sleep_at_once), TEST(cancel_reaches_a_running_job),
          TEST(a_job_cancelled_before_it_starts_does_not_run),
          TEST(many_threads_may_run_jobs_at_the_same_time),
          TEST(a_waiting_worker_runs_nothing_of_another_job),
          TEST(start_and_stop_check_their_state_and_arguments),
          TEST(the_runtime_is_not_stopped_from_inside_a_job),
          TEST(progress_and_checkpoints_belong_to_the_job_of_the_caller),
          TEST(every_status_has_a_name_of_its_own))
