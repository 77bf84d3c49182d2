/* lanes.c: how long an urgent job takes from submission to its begin, and to its end as its caller
 * sees it, while a job of ever more small tasks has all other threads. */
#include "blocks.h"
#include "command.h"

#include "platform/platform.h"

#define TASKS     4096 /* of one loop of the other job */
#define SETTLE_NS INT64_C(20000000)
#define PAUSE_NS  INT64_C(300000) /* from job to job */
#define LIMIT_NS  INT64_C(2000000000)

static struct {
    uint32_t steps; /* of a small task */
    _Atomic uint32_t stop, ended, done;
    _Atomic uint64_t sum;
    int64_t began; /* the urgent job; published by `done` */
} state;

static void small_task(void *context, size_t first, size_t last)
{
    (void)context;
    uint64_t sum = 0;
    for (size_t i = first; i < last; i++)
        sum += bench_work(i + 1, state.steps);
    atomic_fetch_add_explicit(&state.sum, sum, memory_order_relaxed);
}

static void run_tasks(void *context)
{
    (void)context;
    while (atomic_load(&state.stop) == 0)
        bench_peer.loop_grain(TASKS, 1, small_task, NULL);
    atomic_store(&state.ended, 1);
    weft__plat_wake(&state.ended, 1);
}

static void be_done(void *context)
{
    (void)context;
    state.began = weft__plat_now_ns();
    atomic_store(&state.done, 1);
    weft__plat_wake(&state.done, 1);
}

/* Sleeps for the word, without a word to the scheduler: this thread's CPU is free. */
static bool await(_Atomic uint32_t *word, int64_t limit_ns)
{
    int64_t end = weft__plat_now_ns() + limit_ns;
    while (atomic_load(word) == 0) {
        int64_t left = end - weft__plat_now_ns();
        if (left <= 0)
            return false;
        (void)weft__plat_wait(word, 0, left);
    }
    return true;
}

static void time_urgent_jobs(struct bench_call *call, size_t samples, bool until_begin)
{
    static _Atomic uint32_t never;
    for (size_t i = 0; i < samples && call->error == NULL; i++) {
        (void)await(&never, PAUSE_NS);
        atomic_store(&state.done, 0);
        int64_t begun = weft__plat_now_ns();
        if (!bench_peer.job(true, be_done) || !await(&state.done, LIMIT_NS))
            call->error = "an urgent job did not run";
        int64_t end = until_begin ? state.began : weft__plat_now_ns();
        call->all[call->count++] = (double)(end - begun);
    }
}

/* Arguments: samples; nanoseconds of a small task, 0 for no such job. */
static void time_lanes(struct bench_call *call, bool until_begin)
{
    static _Atomic uint32_t never;
    size_t samples = (size_t)call->numbers[0];
    if (samples > sizeof call->all / sizeof call->all[0])
        samples = sizeof call->all / sizeof call->all[0];
    state.steps = call->numbers[1] > 0 ? bench_steps_in(call->numbers[1]) : 0;
    atomic_store(&state.stop, 0);
    atomic_store(&state.ended, 0);
    if (bench_peer.job == NULL || bench_peer.loop_grain == NULL) {
        call->error = "the peer has no such thing";
        return;
    }
    if (state.steps != 0 && !bench_peer.job(false, run_tasks)) {
        call->error = "the job of small tasks did not start";
        return;
    }
    (void)await(&never, SETTLE_NS);
    time_urgent_jobs(call, samples, until_begin);
    atomic_store(&state.stop, 1);
    if (state.steps != 0 && !await(&state.ended, LIMIT_NS))
        call->error = "the job of small tasks did not end";
}

void bench_lanes(struct bench_call *call)
{
    time_lanes(call, false);
}

void bench_lanes_begin(struct bench_call *call)
{
    time_lanes(call, true);
}
