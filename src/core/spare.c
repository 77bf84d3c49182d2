/* spare.c: workers that stand in for those who cannot go on.
 *
 * A task that sleeps on a lock or channel keeps its worker, so what it waits for might
 * find none left. Its worker counts as blocked meanwhile, and for each blocked one a
 * spare may work. One more may while an interactive job waits and batch jobs have the
 * workers.
 *
 * Invariant P1: while wanted() > r, the spare of rank r is started (unless the host
 * refused) and not in SPARE sleep. The caller raises what wanted() reads, then looks at
 * the spare; the spare sets its sleep, then looks at wanted(); all sequentially
 * consistent, so one of them sees the other.
 *
 * A spare that is not wanted finishes the job it is in and takes no other.
 *
 * `size` workers look for work while none is blocked: those of the start, or as many as
 * the host has asked for since. Workers count from the lowest index, so a runtime that
 * shrinks lets its last workers rest like spares, and one that grows has more of those. */
#include "worker.h"

#include <stdlib.h>

/* How long who waits for an urgent job may have the CPU that a worker has lent for it. */
#define GRACE_NS INT64_C(50000)

/* Does an interactive job wait, and batch jobs may have the workers? */
bool weft__spare_urgent(void)
{
    return atomic_load(&weft__rt.batch_jobs) != 0 &&
           weft__inbox_filled(&weft__rt.inboxes[WEFT_INTERACTIVE]);
}

static uint32_t wanted(void)
{
    return atomic_load(&weft__rt.blocked) + (weft__spare_urgent() ? 1 : 0);
}

static bool stopped(void)
{
    return atomic_load(&weft__rt.stopping) != 0 && atomic_load(&weft__rt.open_jobs) == 0;
}

/* How many workers should look for work. */
static uint32_t active(void)
{
    return atomic_load(&weft__rt.size) + wanted();
}

/* True for a worker that should not look for work. */
bool weft__spare_resting(const struct weft__worker *self)
{
    return self->index >= WEFT__PEEK(&weft__rt.size) && self->index >= active() && !stopped();
}

void weft__spare_sleep(struct weft__worker *self)
{
    atomic_store(&self->sleep, WEFT__SLEEP_SPARE);
    uint32_t expected = WEFT__SLEEP_SPARE;
    if (!weft__spare_resting(self))
        (void)atomic_compare_exchange_strong(&self->sleep, &expected, WEFT__AWAKE);
    if (weft__lent() && atomic_load(&self->sleep) == WEFT__SLEEP_SPARE) {
        /* Who waits for the job that we have done has the CPU first, then the lender. */
        (void)weft__plat_wait(&self->sleep, WEFT__SLEEP_SPARE, GRACE_NS);
        weft__lend_end();
    }
    while (atomic_load(&self->sleep) == WEFT__SLEEP_SPARE)
        (void)weft__plat_wait(&self->sleep, WEFT__SLEEP_SPARE, WEFT_FOREVER);
}

void weft__spare_wake(struct weft__worker *spare)
{
    uint32_t expected = WEFT__SLEEP_SPARE;
    if (atomic_compare_exchange_strong(&spare->sleep, &expected, WEFT__AWAKE))
        weft__plat_wake(&spare->sleep, 1);
}

/* Starts the next spare. False: there is none left, or the host refused. */
static bool start_next(void)
{
    uint32_t reach = weft__reach();
    if (reach == weft__rt.capacity)
        return false;
    struct weft__worker *spare = &weft__rt.workers[reach];
    if (weft__worker_init(spare, reach) != WEFT_OK)
        return false;
    /* The record is complete before anybody scans it. */
    atomic_store(&weft__rt.reach, reach + 1);
    if (weft__worker_start(spare) == WEFT_OK)
        return true;
    atomic_store(&weft__rt.reach, reach);
    return false;
}

/* Gets as many spares going as are wanted. Only one thread at a time starts any. */
void weft__spare_call(void)
{
    if (weft__rt.alone) /* there are no threads */
        return;
    uint32_t started = weft__reach();
    for (uint32_t i = atomic_load(&weft__rt.size); i < started && i < active(); i++)
        weft__spare_wake(&weft__rt.workers[i]);
    while (active() > weft__reach()) {
        weft__critical_begin(weft__front);
        bool ours = atomic_exchange(&weft__rt.spare_starting, 1) == 0;
        bool more = ours && active() > weft__reach() && start_next();
        if (ours)
            atomic_store(&weft__rt.spare_starting, 0);
        weft__critical_end(weft__front);
        if (!more)
            return; /* who else is starting one looks again before it leaves */
    }
}

/* Changes how many workers look for work. Those that are too many finish their jobs and
 * rest. For a runtime without callers.
 *
 * Errors: WEFT_ERR_WORKER  the host started fewer; those that it did are there */
enum weft_status weft__spare_resize(uint32_t size)
{
    uint32_t before = atomic_exchange(&weft__rt.size, size);
    for (uint32_t i = before; i < size && i < weft__reach(); i++)
        weft__spare_wake(&weft__rt.workers[i]);
    weft__spare_call();
    if (size < before)
        weft__sleep_wake_all(); /* to rest for good, so that no wake-up goes to them */
    return weft__reach() < size ? WEFT_ERR_WORKER : WEFT_OK;
}

bool weft__spare_missing(void)
{
    uint32_t reach = weft__reach();
    return !weft__rt.alone && reach < weft__rt.capacity && reach < active();
}

void weft__block_begin(void)
{
    struct weft__worker *self = weft__worker_self();
    if (self == NULL)
        return;
    weft__critical_begin(&self->front);
    weft__deque_offer_all(self);
    if (weft__lent())
        weft__lend_end();
    atomic_fetch_add(&weft__rt.blocked, 1);
    weft__spare_call();
}

void weft__block_end(void)
{
    struct weft__worker *self = weft__worker_self();
    if (self == NULL)
        return;
    atomic_fetch_sub(&weft__rt.blocked, 1);
    weft__critical_end(&self->front);
}
