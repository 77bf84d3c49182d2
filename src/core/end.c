/* end.c: how the host ends the waits of a worker, and how it ends a worker; worker.h has
 * the table of `end` and the invariants. */
#include "worker.h"

/* Has the host asked for this, or for more? */
bool weft__end_asked(struct weft__worker *self, uintptr_t how)
{
    uintptr_t end = atomic_load(&self->end);
    if (end == 0 || self->recovering)
        return false;
    uintptr_t job = (uintptr_t)atomic_load_explicit(&self->job, memory_order_relaxed);
    return (end & ~(uintptr_t)WEFT__END_MASK) == job && (end & WEFT__END_MASK) >= how;
}

/* Gives up everything on this worker's stack, if the host can do that. Only for a worker
 * that waited and has left what it waited for, so that no critical section is cut short. */
void weft__end_unwind(struct weft__worker *self)
{
    if (weft__rt.host_unwind == NULL)
        return;
    WEFT__POKE(&self->front.critical, 0);
    weft__rt.host_unwind();
}

/* Ends the wait that the worker is in, if it is inside this job. A worker that is about to
 * fall asleep may miss it: ask again. For the host, on any thread. */
void weft__end_ask(struct weft__worker *worker, weft_job *job, uintptr_t how)
{
    if (atomic_load(&worker->job) != job)
        return;
    atomic_store(&worker->end, (uintptr_t)job | how);
    if (how == WEFT__END_UNWIND)
        weft__sleep_unpark(worker->index);
    _Atomic uint32_t *word = atomic_load(&worker->waiting.word);
    if (word != NULL)
        weft__plat_wake(word, UINT32_MAX); /* whoever else is woken looks and sleeps again */
}

/* True when the worker is inside this job and will take no other one, until it is followed;
 * so the host can end it, and no other job is hit. For the host.
 *
 * Sequentially consistent: if the job is seen here, its worker, which leaves it first and
 * then looks at `held`, sees that. */
bool weft__end_hold(struct weft__worker *worker, const weft_job *job)
{
    atomic_store(&worker->held, 1);
    if (job != NULL && atomic_load(&worker->job) == job)
        return true;
    atomic_store(&worker->held, 0);
    weft__plat_wake(&worker->held, 1);
    return false;
}

/* Waits while the host is about to end this worker. */
void weft__end_wait_held(struct weft__worker *self)
{
    while (atomic_load(&self->held) != 0)
        (void)weft__plat_wait(&self->held, 1, WEFT_FOREVER);
}
