/* weft/job.h: a call from outside, and all the work below it. */
#ifndef WEFT_JOB_H
#define WEFT_JOB_H

#include <weft/base.h>
#include <weft/status.h>
#include <weft/task.h>

/* A job owns every task that is spawned below it: they are cancelled together, and a
 * thread that waits inside a job runs only tasks of that job. Lives in the caller's
 * memory from weft_job_submit until weft_job_wait has returned something else than
 * WEFT_ERR_TIMEOUT. The fields are private. */
typedef struct weft_job {
    weft_task_fn fn;
    void *context;
    _Atomic uint32_t state;  /* see src/core/job.h */
    _Atomic uint32_t cancel; /* not 0: leave out what has not begun */
    _Atomic uint32_t status; /* the first error, as enum weft_status */
    struct weft_job *next;   /* in a list of finished jobs */
    _Atomic uint64_t done;   /* of `total`; what weft_progress said last */
    _Atomic uint64_t total;
} weft_job;

/* Runs fn(context) as a job, with the caller as one of its threads, and returns when
 * it and all its tasks have ended. Inside a job it is a plain call. Where no runtime
 * is started it runs on the caller alone.
 *
 * Errors:  WEFT_ERR_INVALID      fn is NULL
 *          WEFT_ERR_CANCELLED    cancelled by weft_cancel
 *          WEFT_ERR_TRAP, WEFT_ERR_STACK  it failed (WebAssembly only)
 *          WEFT_ERR_WOULD_BLOCK  the caller must not sleep
 * Threads: any thread. */
enum weft_status weft_run(weft_task_fn fn, void *context);

/* Prepares a job.
 *
 * Threads: any thread. */
void weft_job_init(weft_job *job, weft_task_fn fn, void *context);

/* Hands the job to the workers and returns at once. With no worker (one thread, or no
 * runtime) it runs before this returns.
 *
 * Errors:  WEFT_ERR_LIMIT    4096 jobs wait already; the job is as before
 *          WEFT_ERR_INVALID  job or its function is null
 *          WEFT_ERR_STATE    it has been submitted already
 * Threads: any thread. */
WEFT_NODISCARD enum weft_status weft_job_submit(weft_job *job);

/* How urgent a job is. Free workers take interactive jobs first. While workers are busy
 * with batch jobs, an interactive one does not wait for them: a spare thread starts it, and
 * where they have every CPU, one of them lends its own at the end of the leaf that it is in (a
 * spawn, a slice of a loop, a task of a group, weft_checkpoint), for up to 10 ms. A leaf that
 * takes longer than a time slice of the operating system does not hold the job up for longer
 * than that. A worker in the middle of a batch job never runs an interactive one on top of
 * it, because it might wait there for what the frames below hold. */
enum weft_lane { WEFT_INTERACTIVE = 0, WEFT_BATCH = 1 };

/* weft_job_submit in a lane; weft_job_submit itself takes WEFT_INTERACTIVE.
 *
 * Errors:  as weft_job_submit; WEFT_ERR_INVALID for another lane. */
WEFT_NODISCARD enum weft_status weft_job_submit_lane(weft_job *job, enum weft_lane lane);

/* Waits up to `timeout_ns` nanoseconds for the end of a submitted job; 0 only looks,
 * WEFT_FOREVER has no limit. Returns what the job came to, as weft_run does.
 *
 * Errors:  WEFT_ERR_INVALID      job is NULL
 *          WEFT_ERR_STATE        it was not submitted, or the caller is inside a job
 *          WEFT_ERR_TIMEOUT      has not ended yet
 *          WEFT_ERR_WOULD_BLOCK  has not ended, timeout_ns is not 0 and the caller
 *                                must not sleep
 * Threads: one thread at a time, not one inside a job. */
enum weft_status weft_job_wait(weft_job *job, int64_t timeout_ns);

/* Asks a job to end early: loops and groups leave out what has not begun, and
 * weft_cancelled() answers true inside it.
 *
 * Threads: any thread, while the job lives. */
void weft_job_cancel(weft_job *job);

/* weft_job_cancel for the job that the caller is inside; nothing outside a job.
 *
 * Threads: any thread. */
void weft_cancel(void);

/* True when the job that the caller is inside has been cancelled. Cheap: one load.
 * Long serial stretches should ask now and then.
 *
 * Threads: any thread; false outside a job. */
bool weft_cancelled(void);

/* True while the job that the caller is inside should go on; for the head of a long loop:
 *
 *     for (size_t row = 0; row < rows && weft_checkpoint(); row++)
 *         weft_progress(row, rows);
 *
 * Threads: any thread; true outside a job. */
bool weft_checkpoint(void);

/* Says how much of the job that the caller is inside is done, in any unit; nothing outside
 * a job. Cheap: two stores. When several threads of a job call it the last one counts.
 *
 * Threads: any thread. */
void weft_progress(uint64_t done, uint64_t total);

/* Reads what weft_progress said last in a job: 0 and 0 before.
 *
 * Threads: any thread, while the job lives. */
void weft_job_progress(weft_job *job, uint64_t *done, uint64_t *total);

#endif
