/* lend.c: batch work makes room for an interactive job.
 *
 * A spare starts that job at once (spare.c), but where batch work has every CPU the kernel may
 * let it wait until a time slice ends. So who submits the job also asks the workers in batch
 * jobs, by their limit as a hungry one does, and the first that comes to the end of a leaf (a
 * spawn, a slice of a loop, a task of a group, weft_checkpoint) lends its CPU: it sleeps until
 * the spare has done the job. It never runs the job itself, on top of frames that the job might
 * have to wait for.
 *
 * `loan` counts: odd while a worker lends.
 * Invariant L1: who finds an interactive job queued after it has made `loan` odd is given its
 * CPU back: whoever takes that job later looks at `loan` afterwards, in weft__lend_return.
 * Invariant L2: nothing depends on L1 but time. The lender has a limit, because the job may spin
 * for what the lender's frames hold, and `loan` may stay odd when a lender dies: the next
 * return makes it even.
 *
 * Given back:
 *     by whom                                    when
 *     the spare                                  it rests, and some time has passed, in which
 *                                                whoever waits for the job is to have the CPU
 *     who has waited for the job                 it goes on
 *     any worker that need not share a CPU       it has taken the job, or has none to do
 *     the worker of a job that sleeps            it is about to; its CPU is free
 *     the lender                                 its limit has passed */
#include "worker.h"

#ifndef WEFT__LEND_NS /* the model check has no limit, so that it sees L1 */
#define WEFT__LEND_NS INT64_C(10000000)
#endif

/* Not if there is a CPU for each worker that has something to do, nor if there is no worker
 * to take the job. */
static bool loan_helps(void)
{
    uint32_t busy = 0, free = 0;
    for (uint32_t i = 0; i < weft__reach(); i++) {
        struct weft__worker *worker = &weft__rt.workers[i];
        bool looks = i < weft__rt.loop_count || i >= weft__rt.threads; /* is no caller's */
        if (atomic_load(&worker->job) == NULL)
            free += looks;
        else if (atomic_load(&worker->sleep) == WEFT__AWAKE)
            busy++;
    }
    return free > 0 && busy >= weft__rt.info.cpus + atomic_load(&weft__rt.blocked);
}

/* Called at the end of a leaf, in no critical section: the host may end the thread here. */
void weft__lend(struct weft__worker *self)
{
    uint32_t loan = atomic_load(&weft__rt.loan);
    if ((loan & 1) != 0 || weft__rt.alone || !weft__spare_urgent() || !weft__plat_may_sleep() ||
        !weft__job_is_batch(atomic_load_explicit(&self->job, memory_order_relaxed)) ||
        !loan_helps() || !atomic_compare_exchange_strong(&weft__rt.loan, &loan, loan + 1))
        return;
    loan++;
    int64_t now = weft__plat_now_ns(), since = now, end = now + WEFT__LEND_NS;
    if (weft__spare_urgent()) { /* L1 */
        for (; now < end && atomic_load(&weft__rt.loan) == loan; now = weft__plat_now_ns())
            (void)weft__plat_wait(&weft__rt.loan, loan, end - now);
        weft__stats_add(&self->stats.parks, 1);
        weft__stats_add_time(&self->stats.idle_ns, now - since);
    }
    (void)atomic_compare_exchange_strong(&weft__rt.loan, &loan, loan + 1);
}

/* Unless another interactive job waits. */
void weft__lend_end(void)
{
    uint32_t loan = atomic_load(&weft__rt.loan);
    if ((loan & 1) == 0 || weft__spare_urgent())
        return;
    if (atomic_compare_exchange_strong(&weft__rt.loan, &loan, loan + 1))
        weft__plat_wake(&weft__rt.loan, UINT32_MAX);
}
