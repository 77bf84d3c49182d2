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

static void release(struct weft__worker *worker)
{
    weft__plat_thread_hold(worker->thread, false);
    atomic_store(&worker->front.held, 0);
    weft__plat_wake(&worker->front.held, 1);
}

/* A step towards ending a worker that is inside this job and does not leave it. Ask again
 * after a while (T3) until the answer is WEFT__HOLD_DONE: the host can end the thread then,
 * at any moment, and it can be followed. With any other job, or NULL, it lets the worker go.
 *
 * First the core's critical sections are closed to it, then the host's: a worker that
 * waits at one of the host's inside of one of ours would never come out.
 *
 * A worker that leaves the job at the same moment may take another one, and is let go at the
 * next step; once the core is closed to it, it cannot leave the job. */
enum weft__hold weft__end_hold(struct weft__worker *worker, const weft_job *job)
{
    uint32_t held = atomic_load(&worker->front.held);
    if (held == 0)
        atomic_store(&worker->front.held, WEFT__HELD_CORE);
    if (job == NULL || atomic_load(&worker->job) != job ||
        atomic_load(&worker->waiting.kind) != WEFT__WAIT_NOTHING) {
        release(worker);
        return WEFT__HOLD_NOT_INSIDE;
    }
    if (held == 0 || atomic_load(&worker->front.critical) != 0)
        return WEFT__HOLD_SOON;
    if (held == WEFT__HELD_CORE) {
        weft__plat_thread_hold(worker->thread, true);
        atomic_store(&worker->front.held, WEFT__HELD_ALL);
        return WEFT__HOLD_SOON;
    }
    return weft__plat_thread_followable(worker->thread) ? WEFT__HOLD_DONE : WEFT__HOLD_SOON;
}

/* Where it is not inlined. */
extern inline void weft__critical_begin(struct weft__front *front);

/* Waits, at the entry of a critical section, while the host is about to end this worker. */
void weft__end_wait_held(struct weft__front *front)
{
    uint32_t held;
    do {
        WEFT__POKE(&front->critical, 0);
        while ((held = atomic_load(&front->held)) != 0)
            (void)weft__plat_wait(&front->held, held, WEFT_FOREVER);
        atomic_store(&front->critical, 1);
    } while (atomic_load(&front->held) != 0);
}
