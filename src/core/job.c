/* job.c: jobs from submission to their end.
 *
 * weft_job.state:
 *     value    meaning                              set by
 *     0        prepared, or ended and waited for    weft_job_init
 *     QUEUED   in the inbox or running              who submits
 *     DONE     ended; the memory is the caller's    the worker, last
 *     +WAITER  somebody may sleep on the word       weft_job_wait
 *     +HOST    belongs to the JavaScript host       who submits
 *     +BATCH   its lane                             who submits */
#include "worker.h"

#define JOB_QUEUED 1u
#define JOB_DONE   2u
#define JOB_WAITER 4u
#define JOB_HOST   8u
#define JOB_BATCH  16u

/* The job of a thread that is no worker, where no worker is to be had. */
static _Thread_local weft_job *solo_job;

weft_job *weft__job_current(void)
{
    struct weft__worker *self = weft__worker_self();
    return self != NULL ? atomic_load_explicit(&self->job, memory_order_relaxed) : solo_job;
}

bool weft__job_is_batch(const weft_job *job)
{
    return job != NULL &&
           (atomic_load_explicit(&job->state, memory_order_relaxed) & JOB_BATCH) != 0;
}

void weft_job_init(weft_job *job, weft_task_fn fn, void *context)
{
    job->fn = fn;
    job->context = context;
    atomic_init(&job->state, 0);
    atomic_init(&job->cancel, 0);
    atomic_init(&job->status, WEFT_OK);
    job->next = NULL;
    atomic_init(&job->done, 0);
    atomic_init(&job->total, 0);
}

void weft_job_cancel(weft_job *job)
{
    atomic_store_explicit(&job->cancel, 1, memory_order_relaxed); /* a request, no data */
}

void weft_cancel(void)
{
    weft_job *job = weft__job_current();
    if (job != NULL)
        weft_job_cancel(job);
}

bool weft_cancelled(void)
{
    weft_job *job = weft__job_current();
    return job != NULL && weft__job_cancelled(job);
}

bool weft_checkpoint(void)
{
    struct weft__worker *self = weft__worker_self();
    if (self != NULL && WEFT__PEEK(&self->front.limit) == 0)
        weft__leaf_end(self);
    return !weft_cancelled();
}

void weft_progress(uint64_t done, uint64_t total)
{
    weft_job *job = weft__job_current();
    if (job == NULL)
        return;
    /* Relaxed: the numbers stand for themselves. */
    atomic_store_explicit(&job->total, total, memory_order_relaxed);
    atomic_store_explicit(&job->done, done, memory_order_relaxed);
}

void weft_job_progress(weft_job *job, uint64_t *done, uint64_t *total)
{
    *done = atomic_load_explicit(&job->done, memory_order_relaxed);
    *total = atomic_load_explicit(&job->total, memory_order_relaxed);
}

/* The first failure counts; the rest of the job is left out. */
void weft__job_fail(weft_job *job, enum weft_status status)
{
    uint32_t none = WEFT_OK;
    (void)atomic_compare_exchange_strong(&job->status, &none, (uint32_t)status);
    weft_job_cancel(job);
}

static enum weft_status outcome(weft_job *job)
{
    uint32_t status = atomic_load_explicit(&job->status, memory_order_relaxed);
    if (status == WEFT_OK && weft__job_cancelled(job))
        status = WEFT_ERR_CANCELLED;
    return (enum weft_status)status;
}

/* Nothing of the job runs any more. */
void weft__job_finish(weft_job *job)
{
    WEFT__POKE(&job->status, (uint32_t)outcome(job)); /* whoever is told acquires */
    if ((atomic_load_explicit(&job->state, memory_order_relaxed) & JOB_HOST) != 0) {
        weft__rt.host_finished(job);
    } else {
        /* Release: pairs with the acquire in weft_job_wait. The job may be gone after
         * this; waking a word that nobody waits on does no harm. */
        uint32_t before = atomic_exchange(&job->state, JOB_DONE);
        if ((before & JOB_WAITER) != 0)
            weft__plat_wake(&job->state, UINT32_MAX);
    }
    if (atomic_fetch_sub(&weft__rt.open_jobs, 1) == 1 && atomic_load(&weft__rt.stopping) != 0)
        weft__sleep_wake_all();
}

/* Queues the first of the jobs, as many as there is room for. Returns how many. */
static uint32_t submit_many(weft_job *const *jobs, uint32_t count, uint32_t state,
                            enum weft_lane lane)
{
    if (lane == WEFT_BATCH)
        state |= JOB_BATCH;
    for (uint32_t i = 0; i < count; i++)
        WEFT__POKE(&jobs[i]->state, state); /* the inbox releases */
    atomic_fetch_add(&weft__rt.open_jobs, count);
    uint32_t taken = weft__inbox_push(&weft__rt.inboxes[lane], jobs, count);
    if (taken < count) {
        for (uint32_t i = taken; i < count; i++)
            WEFT__POKE(&jobs[i]->state, 0);
        atomic_fetch_sub(&weft__rt.open_jobs, count - taken);
    }
    /* S1: a sleeper for each job, as long as there are any. */
    for (uint32_t i = 0; i < taken && atomic_load(&weft__rt.sleepers) != 0; i++)
        if (!weft__sleep_wake_for(NULL))
            break;
    /* Who slept may have been woken by another and have taken a batch job since. */
    if (lane == WEFT_INTERACTIVE && atomic_load(&weft__rt.batch_jobs) != 0) {
        weft__spare_call();
        weft__sleep_ask(weft__worker_self()); /* for a CPU, see lend.c */
    }
    return taken;
}

static enum weft_status submit(weft_job *job, enum weft_lane lane)
{
    for (;;) {
        weft__critical_begin(weft__front);
        uint32_t taken = submit_many(&job, 1, JOB_QUEUED, lane);
        weft__critical_end(weft__front);
        if (taken == 1)
            return WEFT_OK;
        if (weft__inbox_full(&weft__rt.inboxes[lane]))
            return WEFT_ERR_LIMIT;
        weft__plat_yield(); /* to who has taken a job and not given its cell back */
    }
}

/* Sets the job that a thread without a worker is inside. Returns the one before. */
weft_job *weft__job_set_solo(weft_job *job)
{
    weft_job *outer = solo_job;
    solo_job = job;
    return outer;
}

/* Runs a job on a thread that is no worker. */
static void run_solo(weft_job *job)
{
    weft_job *outer = weft__job_set_solo(job);
    if (!weft__job_cancelled(job))
        job->fn(job->context);
    solo_job = outer;
    atomic_store_explicit(&job->status, (uint32_t)outcome(job), memory_order_relaxed);
    atomic_store(&job->state, JOB_DONE);
}

enum weft_status weft_job_submit(weft_job *job)
{
    return weft_job_submit_lane(job, WEFT_INTERACTIVE);
}

enum weft_status weft_job_submit_lane(weft_job *job, enum weft_lane lane)
{
    if (job == NULL || job->fn == NULL || (lane != WEFT_INTERACTIVE && lane != WEFT_BATCH))
        return WEFT_ERR_INVALID;
    if (atomic_load_explicit(&job->state, memory_order_relaxed) != 0)
        return WEFT_ERR_STATE;
    if (weft__rt.loop_count == 0) {
        run_solo(job);
        return WEFT_OK;
    }
    return submit(job, lane);
}

uint32_t weft__job_submit_host(weft_job *const *jobs, uint32_t count, enum weft_lane lane)
{
    return submit_many(jobs, count, JOB_QUEUED | JOB_HOST, lane);
}

/* Sleeps until the job is done. */
static enum weft_status await_done(weft_job *job, int64_t timeout_ns)
{
    int64_t now = weft__plat_now_ns(), deadline = INT64_MAX;
    if (timeout_ns >= 0 && timeout_ns < INT64_MAX - now)
        deadline = now + timeout_ns;
    uint32_t state;
    while ((state = atomic_load(&job->state)) != JOB_DONE) {
        if (timeout_ns == 0)
            return WEFT_ERR_TIMEOUT;
        if (!weft__plat_may_sleep())
            return WEFT_ERR_WOULD_BLOCK;
        int64_t left = timeout_ns < 0 ? WEFT_FOREVER : deadline - weft__plat_now_ns();
        if (timeout_ns > 0 && left <= 0)
            return WEFT_ERR_TIMEOUT;
        if ((state & JOB_WAITER) != 0 ||
            atomic_compare_exchange_strong(&job->state, &state, state | JOB_WAITER))
            (void)weft__plat_wait(&job->state, state | JOB_WAITER, left);
    }
    if (weft__lent())
        weft__lend_end();
    return outcome(job);
}

enum weft_status weft_job_wait(weft_job *job, int64_t timeout_ns)
{
    if (job == NULL)
        return WEFT_ERR_INVALID;
    if (weft__worker_self() != NULL || atomic_load(&job->state) == 0)
        return WEFT_ERR_STATE;
    return await_done(job, timeout_ns);
}

/* A worker record for a thread from outside, or NULL when all are taken. */
static struct weft__worker *caller_enter(void)
{
    uint32_t callers = weft__rt.threads - weft__rt.loop_count;
    for (uint32_t i = 0; i < callers; i++) {
        uint32_t bit = 1u << i;
        /* Acquire: pairs with the release in caller_leave. */
        if ((atomic_fetch_or(&weft__rt.callers_busy, bit) & bit) == 0) {
            struct weft__worker *self = &weft__rt.workers[weft__rt.loop_count + i];
            weft__front = &self->front;
            return self;
        }
    }
    return NULL;
}

static void caller_leave(struct weft__worker *self)
{
    uint32_t bit = 1u << (self->index - weft__rt.loop_count);
    weft__front = &weft__nobody;
    atomic_fetch_and(&weft__rt.callers_busy, ~bit);
}

enum weft_status weft_run(weft_task_fn fn, void *context)
{
    if (fn == NULL)
        return WEFT_ERR_INVALID;
    if (weft__job_current() != NULL) {
        fn(context);
        return weft_cancelled() ? WEFT_ERR_CANCELLED : WEFT_OK;
    }
    weft_job job;
    weft_job_init(&job, fn, context);
    if (weft__rt.threads == 0) {
        run_solo(&job);
        return outcome(&job);
    }
    if (!weft__plat_may_sleep() && weft__rt.threads > 1)
        return WEFT_ERR_WOULD_BLOCK;
    struct weft__worker *self = caller_enter();
    if (self != NULL) {
        atomic_store_explicit(&job.state, JOB_QUEUED, memory_order_relaxed);
        atomic_fetch_add(&weft__rt.open_jobs, 1);
        weft__critical_begin(&self->front);
        weft__worker_run_job(self, &job);
        caller_leave(self);
        return outcome(&job);
    }
    if (weft__rt.loop_count == 0 || submit(&job, WEFT_INTERACTIVE) != WEFT_OK) {
        run_solo(&job); /* nobody is free to take it: the caller is */
        return outcome(&job);
    }
    return await_done(&job, WEFT_FOREVER);
}
