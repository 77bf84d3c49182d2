/* Programs on the real scheduler, explored by model.h. */
#include "explore.h"

#include "../../src/core/worker.h"

#include <string.h>

/* Plain counters: the threads are coroutines. */
static uint32_t ran[8];

static void mark(void *context)
{
    ++*(uint32_t *)context;
}

static void start(size_t threads)
{
    memset(ran, 0, sizeof ran);
    weft_options options = {.threads = threads, .spin_ns = -1};
    MODEL_CHECK(weft_runtime_start(&options) == WEFT_OK);
}

static void stop(uint32_t tasks)
{
    MODEL_CHECK(weft_runtime_stop() == WEFT_OK);
    for (uint32_t i = 0; i < tasks; i++)
        MODEL_CHECK(ran[i] == 1);
}

/* Fork/join: each task runs once, whoever gets it; a joiner's wake-up is not lost. */

static void fork_three(void *context)
{
    (void)context;
    weft_task tasks[3];
    for (size_t i = 0; i < 3; i++)
        weft_spawn(&tasks[i], mark, &ran[i]);
    for (size_t i = 3; i > 0; i--)
        weft_sync(&tasks[i - 1]);
    for (size_t i = 0; i < 3; i++)
        MODEL_CHECK(ran[i] == 1);
}

static void fork_three_on_two(void)
{
    start(2);
    MODEL_CHECK(weft_run(fork_three, NULL) == WEFT_OK);
    stop(3);
}

static void fork_three_on_three(void)
{
    start(3);
    MODEL_CHECK(weft_run(fork_three, NULL) == WEFT_OK);
    stop(3);
}

static void fork_twice(void *context)
{
    weft_join(mark, &ran[0], mark, &ran[1]);
    weft_join(mark, &ran[2], mark, &ran[3]);
    (void)context;
}

static void fork_twice_on_two(void)
{
    start(2);
    MODEL_CHECK(weft_run(fork_twice, NULL) == WEFT_OK);
    stop(4);
}

static void inner_join(void *context)
{
    uint32_t *at = context;
    weft_join(mark, at, mark, at + 1);
}

static void fork_nested(void *context)
{
    (void)context;
    weft_join(inner_join, &ran[0], inner_join, &ran[2]);
}

static void fork_nested_on_two(void)
{
    start(2);
    MODEL_CHECK(weft_run(fork_nested, NULL) == WEFT_OK);
    stop(4);
}

/* Jobs: a submitted job wakes a worker, stop lets nothing fall. */

static void submit_two(void)
{
    start(3);
    weft_job jobs[2];
    for (size_t i = 0; i < 2; i++) {
        weft_job_init(&jobs[i], mark, &ran[i]);
        MODEL_CHECK(weft_job_submit(&jobs[i]) == WEFT_OK);
    }
    for (size_t i = 0; i < 2; i++)
        MODEL_CHECK(weft_job_wait(&jobs[i], WEFT_FOREVER) == WEFT_OK);
    stop(2);
}

static void submit_and_stop(void)
{
    start(2);
    weft_job job;
    weft_job_init(&job, mark, &ran[0]);
    MODEL_CHECK(weft_job_submit(&job) == WEFT_OK);
    stop(1);
}

/* Two jobs that fork: workers that wait in one must not lose the other's wake-ups. */
static void submit_two_that_fork(void)
{
    start(3);
    weft_job jobs[2];
    for (size_t i = 0; i < 2; i++) {
        weft_job_init(&jobs[i], inner_join, &ran[2 * i]);
        MODEL_CHECK(weft_job_submit(&jobs[i]) == WEFT_OK);
    }
    for (size_t i = 0; i < 2; i++)
        MODEL_CHECK(weft_job_wait(&jobs[i], WEFT_FOREVER) == WEFT_OK);
    stop(4);
}

/* Two producers: the second one's job is behind a cell that the first is still filling.
 * The first job ends only after the second has begun, so both need a worker. */

static _Atomic uint32_t second_began;

static void wait_for_second(void *context)
{
    mark(context);
    while (atomic_load(&second_began) == 0)
        (void)weft__plat_wait(&second_began, 0, WEFT_FOREVER);
}

static void begin_second(void *context)
{
    mark(context);
    atomic_store(&second_began, 1);
    weft__plat_wake(&second_began, 1);
}

static void submit_second(void *context)
{
    MODEL_CHECK(weft_job_submit(context) == WEFT_OK);
}

static void two_producers(void)
{
    weft_job first, second;
    weft__plat_thread producer;
    start(3);
    atomic_store(&second_began, 0);
    weft_job_init(&first, wait_for_second, &ran[0]);
    weft_job_init(&second, begin_second, &ran[1]);
    MODEL_CHECK(weft__plat_thread_start(&producer, 0, submit_second, &second) == WEFT_OK);
    MODEL_CHECK(weft_job_submit(&first) == WEFT_OK);
    MODEL_CHECK(weft_job_wait(&first, WEFT_FOREVER) == WEFT_OK);
    weft__plat_thread_join(producer);
    MODEL_CHECK(weft_job_wait(&second, WEFT_FOREVER) == WEFT_OK);
    stop(2);
}

/* Whoever takes a job may be slow to give its cell back, while the others come round to it: the
 * inbox is not full because of that. */

static void inbox_round(void)
{
    weft_job slow, others[4];
    start(3);
    weft_job_init(&slow, mark, &ran[0]);
    MODEL_CHECK(weft_job_submit(&slow) == WEFT_OK);
    for (uint32_t i = 0; i < 4; i++) {
        weft_job_init(&others[i], mark, &ran[1 + i]);
        MODEL_CHECK(weft_job_submit(&others[i]) == WEFT_OK);
        MODEL_CHECK(weft_job_wait(&others[i], WEFT_FOREVER) == WEFT_OK);
    }
    MODEL_CHECK(weft_job_wait(&slow, WEFT_FOREVER) == WEFT_OK);
    stop(5);
}

/* A host's batch: each job in it wakes a worker, a full inbox takes the first of them, and
 * another producer may come between. */

static _Atomic uint32_t host_ended;

static void count_ended(weft_job *job)
{
    (void)job;
    atomic_fetch_add(&host_ended, 1);
    weft__plat_wake(&host_ended, UINT32_MAX);
}

static void start_host(void)
{
    atomic_store(&host_ended, 0);
    weft__rt.host_finished = count_ended;
}

/* A full inbox is full of host jobs, so one of them ends. */
static void submit_when_room(void *context)
{
    for (;;) {
        uint32_t ended = atomic_load(&host_ended);
        if (weft_job_submit(context) == WEFT_OK)
            return;
        (void)weft__plat_wait(&host_ended, ended, WEFT_FOREVER);
    }
}

static void submit_batch(weft_job *const *jobs, uint32_t count)
{
    for (uint32_t taken = 0; taken < count;) {
        uint32_t ended = atomic_load(&host_ended);
        uint32_t more = weft__job_submit_host(jobs + taken, count - taken, WEFT_INTERACTIVE);
        taken += more;
        if (more == 0)
            (void)weft__plat_wait(&host_ended, ended, WEFT_FOREVER);
    }
    for (uint32_t ended; (ended = atomic_load(&host_ended)) < count;)
        (void)weft__plat_wait(&host_ended, ended, WEFT_FOREVER);
}

static void batch_that_needs_two(void)
{
    weft_job first, second;
    weft_job *jobs[] = {&first, &second};
    start(3);
    start_host();
    atomic_store(&second_began, 0);
    weft_job_init(&first, wait_for_second, &ran[0]);
    weft_job_init(&second, begin_second, &ran[1]);
    submit_batch(jobs, 2);
    stop(2);
}

static void batch_and_producer(void)
{
    weft_job own[5], other;
    weft_job *jobs[5];
    weft__plat_thread producer;
    start(2);
    start_host();
    for (size_t i = 0; i < 5; i++) {
        weft_job_init(&own[i], mark, &ran[i]);
        jobs[i] = &own[i];
    }
    weft_job_init(&other, mark, &ran[5]);
    MODEL_CHECK(weft__plat_thread_start(&producer, 0, submit_when_room, &other) == WEFT_OK);
    submit_batch(jobs, 5);
    weft__plat_thread_join(producer);
    MODEL_CHECK(weft_job_wait(&other, WEFT_FOREVER) == WEFT_OK);
    stop(6);
}

/* A lone fork is offered at once, and a sleeper woken for it: both sides can meet. */

static void meeting(void *context)
{
    (void)context;
    weft_join(wait_for_second, &ran[0], begin_second, &ran[1]);
}

static void both_sides_meet(void)
{
    start(2);
    atomic_store(&second_began, 0);
    MODEL_CHECK(weft_run(meeting, NULL) == WEFT_OK);
    stop(2);
}

/* A thief that is slow meets the second offer in the place of the first, of another task (D2). */

static void fork_anew(void *context)
{
    weft_task first, second;
    (void)context;
    weft_spawn(&first, mark, &ran[0]);
    weft_sync(&first);
    weft_spawn(&second, begin_second, &ran[1]);
    wait_for_second(&ran[2]);
    weft_sync(&second);
}

static void fork_anew_on_three(void)
{
    start(3);
    atomic_store(&second_began, 0);
    MODEL_CHECK(weft_run(fork_anew, NULL) == WEFT_OK);
    stop(3);
}

/* Spares: a job that blocks its worker does not keep the job that it waits for from
 * running, nor do batch jobs keep an interactive one. */

static void block_for_second(void *context)
{
    weft__block_begin();
    wait_for_second(context);
    weft__block_end();
}

static void submit_pair(weft_task_fn fn, enum weft_lane lane)
{
    weft_job first, second;
    start(2);
    atomic_store(&second_began, 0);
    weft_job_init(&first, fn, &ran[0]);
    weft_job_init(&second, begin_second, &ran[1]);
    MODEL_CHECK(weft_job_submit_lane(&first, lane) == WEFT_OK);
    MODEL_CHECK(weft_job_submit(&second) == WEFT_OK);
    MODEL_CHECK(weft_job_wait(&first, WEFT_FOREVER) == WEFT_OK);
    MODEL_CHECK(weft_job_wait(&second, WEFT_FOREVER) == WEFT_OK);
    stop(2);
}

static void behind_blocked_job(void)
{
    submit_pair(block_for_second, WEFT_INTERACTIVE);
}

static void behind_batch_job(void)
{
    submit_pair(wait_for_second, WEFT_BATCH);
}

/* A worker in a batch job lends its CPU to an interactive job and gets it back, also when that
 * job waits for what the batch job does next. */

static void fork_and_end(void *context)
{
    for (size_t i = 2; i < 4; i++) {
        weft_task task;
        weft_spawn(&task, mark, &ran[i]);
        weft_sync(&task);
    }
    begin_second(context);
}

static void beside_batch_tasks(void)
{
    weft_job batch, urgent;
    start(2);
    atomic_store(&second_began, 0);
    weft_job_init(&batch, fork_and_end, &ran[0]);
    weft_job_init(&urgent, block_for_second, &ran[1]);
    MODEL_CHECK(weft_job_submit_lane(&batch, WEFT_BATCH) == WEFT_OK);
    MODEL_CHECK(weft_job_submit(&urgent) == WEFT_OK);
    MODEL_CHECK(weft_job_wait(&urgent, WEFT_FOREVER) == WEFT_OK);
    MODEL_CHECK(weft_job_wait(&batch, WEFT_FOREVER) == WEFT_OK);
    stop(4);
}

static void fork_beside(void *context)
{
    (void)context;
    for (size_t i = 2; i < 4; i++) {
        weft_task task;
        weft_spawn(&task, mark, &ran[i]);
        weft_sync(&task);
    }
}

static void beside_batch_that_lends(void)
{
    weft_job batch, urgent[2];
    start(2);
    weft_job_init(&batch, fork_beside, NULL);
    MODEL_CHECK(weft_job_submit_lane(&batch, WEFT_BATCH) == WEFT_OK);
    for (size_t i = 0; i < 2; i++) {
        weft_job_init(&urgent[i], mark, &ran[i]);
        MODEL_CHECK(weft_job_submit(&urgent[i]) == WEFT_OK);
    }
    /* Nobody waits for the interactive ones, who would give the CPU back. */
    MODEL_CHECK(weft_job_wait(&batch, WEFT_FOREVER) == WEFT_OK);
    for (size_t i = 0; i < 2; i++)
        MODEL_CHECK(weft_job_wait(&urgent[i], WEFT_FOREVER) == WEFT_OK);
    stop(4);
}

/* Groups: the waiter hears of the last task, tasks may add tasks. */

static weft_group *shared_group;

static void mark_and_add(void *context)
{
    (void)context;
    ++ran[0];
    weft_group_run(shared_group, mark, &ran[1]);
}

static void group_three(void *context)
{
    (void)context;
    weft_group group;
    weft_group_init(&group);
    shared_group = &group;
    weft_group_run(&group, mark_and_add, NULL);
    weft_group_run(&group, mark, &ran[2]);
    MODEL_CHECK(weft_group_wait(&group) == WEFT_OK);
    for (size_t i = 0; i < 3; i++)
        MODEL_CHECK(ran[i] == 1);
}

static void group_three_on_two(void)
{
    start(2);
    MODEL_CHECK(weft_run(group_three, NULL) == WEFT_OK);
    stop(3);
}

static void group_past_fork(void *context)
{
    (void)context;
    weft_group group;
    weft_task task;
    weft_group_init(&group);
    weft_group_run(&group, mark, &ran[0]);
    weft_spawn(&task, mark, &ran[1]);
    MODEL_CHECK(weft_group_wait(&group) == WEFT_OK);
    MODEL_CHECK(ran[0] == 1);
    weft_sync(&task);
    MODEL_CHECK(ran[1] == 1);
}

static void group_past_fork_on_two(void)
{
    start(2);
    MODEL_CHECK(weft_run(group_past_fork, NULL) == WEFT_OK);
    stop(2);
}

/* Visits: none is lost, nor is a job that comes meanwhile or that a visit ends. */

static void await_visits(uint32_t count)
{
    for (uint32_t seen; (seen = atomic_load(&model_visits)) < count;)
        (void)weft__plat_wait(&model_visits, seen, WEFT_FOREVER);
}

static void mark_and_suspend(void *context)
{
    mark(context);
    weft__worker_suspend(weft__worker_self());
}

static void visit_between_jobs(void)
{
    atomic_store(&weft__rt.visits, 0); /* of the run before */
    atomic_store(&model_visits, 0);
    start(3);
    weft_job jobs[2];
    for (size_t i = 0; i < 2; i++) {
        weft_job_init(&jobs[i], i == 0 ? mark_and_suspend : mark, &ran[i]);
        MODEL_CHECK(weft_job_submit(&jobs[i]) == WEFT_OK);
        if (i == 0)
            weft__sleep_send_visiting();
    }
    for (size_t i = 0; i < 2; i++)
        MODEL_CHECK(weft_job_wait(&jobs[i], WEFT_FOREVER) == WEFT_OK);
    await_visits(2); /* both workers */
    stop(2);
}

EXPLORE(fork_three_on_two, 3)
EXPLORE(fork_three_on_three, 2)
EXPLORE(fork_twice_on_two, 3)
EXPLORE(fork_nested_on_two, 3)
EXPLORE(submit_two, 2)
EXPLORE(submit_and_stop, 3)
EXPLORE(submit_two_that_fork, 2)
EXPLORE(two_producers, 2)
EXPLORE(inbox_round, 1)
EXPLORE(batch_that_needs_two, 2)
EXPLORE(batch_and_producer, 1)
EXPLORE(both_sides_meet, 3)
EXPLORE(fork_anew_on_three, 2)
EXPLORE(behind_blocked_job, 2)
EXPLORE(behind_batch_job, 3)
EXPLORE(beside_batch_tasks, 2)
EXPLORE(beside_batch_that_lends, 2)
EXPLORE(group_three_on_two, 3)
EXPLORE(group_past_fork_on_two, 3)
EXPLORE(visit_between_jobs, 2)

TEST_MAIN(EVERY(fork_three_on_two), EVERY(fork_three_on_three), EVERY(fork_twice_on_two),
          EVERY(fork_anew_on_three), EVERY(fork_nested_on_two), EVERY(submit_two),
          EVERY(submit_and_stop), EVERY(submit_two_that_fork), EVERY(two_producers),
          EVERY(inbox_round), EVERY(batch_that_needs_two), EVERY(batch_and_producer),
          EVERY(both_sides_meet),
          EVERY(behind_blocked_job), EVERY(behind_batch_job), EVERY(beside_batch_tasks),
          EVERY(beside_batch_that_lends), EVERY(group_three_on_two),
          EVERY(group_past_fork_on_two), EVERY(visit_between_jobs))
