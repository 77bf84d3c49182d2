/* sleep.c: how workers fall asleep and are woken; worker.h has the invariants S1-S3. */
#include "worker.h"

static inline bool offers(struct weft__worker *worker)
{
    uint64_t offer = atomic_load(&worker->offer);
    return (offer & 0xffff) < (offer >> 16 & 0xffff);
}

/* Is there something that a sleeper may take? job NULL: of any job. */
static bool work_visible(weft_job *job)
{
    if (job == NULL && weft__inboxes_filled())
        return true;
    for (uint32_t i = 0; i < weft__reach(); i++) {
        struct weft__worker *worker = &weft__rt.workers[i];
        if (offers(worker) && (job == NULL || atomic_load(&worker->job) == job))
            return true;
    }
    return false;
}

/* Says that we are hungry to everybody who is busy. */
void weft__sleep_ask(const struct weft__worker *self)
{
    for (uint32_t i = 0; i < weft__reach(); i++) {
        struct weft__worker *worker = &weft__rt.workers[i];
        if (worker != self && atomic_load_explicit(&worker->job, memory_order_relaxed) != NULL &&
            WEFT__PEEK(&worker->front.limit) != 0)
            atomic_store_explicit(&worker->front.limit, 0, memory_order_relaxed); /* a hint */
    }
}

static void fall_asleep(struct weft__worker *self, uint32_t kind)
{
    weft__critical_begin(&self->front);
    atomic_store(&self->sleep, kind);
    atomic_fetch_add(&weft__rt.sleepers, 1);
    weft__critical_end(&self->front);
    /* Everybody, busy or not: they may become busy while we sleep. */
    for (uint32_t i = 0; i < weft__reach(); i++)
        if (&weft__rt.workers[i] != self)
            atomic_store(&weft__rt.workers[i].front.limit, 0);
}

/* Ends a sleep: by ourselves when `found`, else when somebody else does. */
static void wake_up(struct weft__worker *self, uint32_t kind, bool found)
{
    if (found) {
        uint32_t expected = kind;
        weft__critical_begin(&self->front);
        bool ours = atomic_compare_exchange_strong(&self->sleep, &expected, WEFT__AWAKE);
        if (ours)
            atomic_fetch_sub(&weft__rt.sleepers, 1);
        weft__critical_end(&self->front);
        if (ours)
            return;
    }
    int64_t since = weft__plat_now_ns();
    weft__stats_add(&self->stats.parks, 1);
    while (atomic_load(&self->sleep) == kind)
        (void)weft__plat_wait(&self->sleep, kind, WEFT_FOREVER);
    weft__stats_add_time(&self->stats.idle_ns, weft__plat_now_ns() - since);
    self->woken = true;
}

/* Sleeps until there may be work for an idle worker, or the runtime stops. */
void weft__sleep_idle(struct weft__worker *self)
{
    if (weft__lent())
        weft__lend_end();
    fall_asleep(self, WEFT__SLEEP_IDLE);
    bool found = work_visible(NULL) || atomic_load(&weft__rt.visits) != self->visited ||
                 (atomic_load(&weft__rt.stopping) != 0 && atomic_load(&weft__rt.open_jobs) == 0);
    wake_up(self, WEFT__SLEEP_IDLE, found);
}

/* Sleeps until the event may have come or, with `take_part`, its job may have work. */
void weft__sleep_join(struct weft__worker *self, const struct weft__event *event, bool take_part)
{
    if ((atomic_fetch_or(event->word, event->waiter) & event->mask) == event->until)
        return;
    if (weft__lent())
        weft__lend_end();
    fall_asleep(self, WEFT__SLEEP_JOIN);
    bool found =
        (atomic_load(event->word) & event->mask) == event->until ||
        weft__end_asked(self, WEFT__END_UNWIND) ||
        (take_part && work_visible(atomic_load_explicit(&self->job, memory_order_relaxed)));
    wake_up(self, WEFT__SLEEP_JOIN, found);
}

static bool wake(struct weft__worker *worker, uint32_t kind)
{
    struct weft__worker *self = weft__worker_self();
    weft__critical_begin(weft__front);
    bool woke = atomic_compare_exchange_strong(&worker->sleep, &kind, WEFT__AWAKE);
    if (woke) {
        atomic_fetch_sub(&weft__rt.sleepers, 1);
        weft__plat_wake(&worker->sleep, 1);
        if (self != NULL)
            weft__stats_add(&self->stats.wakes, 1);
    }
    weft__critical_end(weft__front);
    return woke;
}

/* Ends the sleep of a thread that died in it, on the thread that follows. Whatever it was
 * woken for, we look. */
void weft__sleep_undo(struct weft__worker *self)
{
    uint32_t sleep = atomic_exchange(&self->sleep, WEFT__AWAKE);
    if (sleep == WEFT__SLEEP_IDLE || sleep == WEFT__SLEEP_JOIN)
        atomic_fetch_sub(&weft__rt.sleepers, 1);
    self->woken = true;
}

/* Wakes one worker that may take a task of `job` (NULL: a queued job). True when
 * another one that may sleeps on. */
bool weft__sleep_wake_for(weft_job *job)
{
    bool woke = false;
    for (uint32_t i = 0; i < weft__reach(); i++) {
        struct weft__worker *worker = &weft__rt.workers[i];
        uint32_t kind = atomic_load(&worker->sleep);
        bool may = kind == WEFT__SLEEP_IDLE ||
                   (kind == WEFT__SLEEP_JOIN && job != NULL && atomic_load(&worker->job) == job);
        if (!may)
            continue;
        if (woke)
            return true;
        woke = wake(worker, kind);
    }
    return false;
}

void weft__sleep_wake_all(void)
{
    for (uint32_t i = 0; i < weft__reach(); i++)
        if (!wake(&weft__rt.workers[i], WEFT__SLEEP_IDLE))
            weft__spare_wake(&weft__rt.workers[i]);
}

/* Asks every worker to visit the host before it takes its next job. */
void weft__sleep_send_visiting(void)
{
    atomic_fetch_add(&weft__rt.visits, 1);
    weft__sleep_wake_all();
}

/* The event that this worker waits for has come. */
void weft__sleep_unpark(uint32_t index)
{
    (void)wake(&weft__rt.workers[index], WEFT__SLEEP_JOIN);
}

/* After a wake-up and one look: what was not taken goes to the next sleeper (S1). */
void weft__sleep_pass_on(struct weft__worker *self)
{
    if (!self->woken)
        return;
    self->woken = false;
    if (atomic_load(&weft__rt.sleepers) == 0)
        return;
    if (weft__inboxes_filled())
        (void)weft__sleep_wake_for(NULL);
    for (uint32_t i = 0; i < weft__reach(); i++) {
        struct weft__worker *worker = &weft__rt.workers[i];
        weft_job *job = atomic_load(&worker->job);
        if (job != NULL && offers(worker))
            (void)weft__sleep_wake_for(job);
    }
}

/* Does the worker sleep on an object, and only another worker can end that? */
static bool waits_for_workers(struct weft__worker *worker)
{
    struct weft__waiting *waiting = &worker->waiting;
    if (atomic_load(&waiting->word) == NULL || atomic_load(&waiting->timed) != 0)
        return false;
    return weft__rt.host_ends == NULL || !weft__rt.host_ends(atomic_load(&waiting->object));
}

/* True when jobs are open, yet everybody sleeps and nobody can take anything: only a
 * worker that is inside no job could take a queued one. Somebody who is about to wake may
 * be taken for a sleeper, so it counts when it holds for a while. */
bool weft__sleep_stalled(void)
{
    bool idle = false;
    if (atomic_load(&weft__rt.open_jobs) == 0)
        return false;
    for (uint32_t i = 0; i < weft__reach(); i++) {
        struct weft__worker *worker = &weft__rt.workers[i];
        uint32_t sleep = atomic_load(&worker->sleep);
        if (sleep == WEFT__AWAKE && !waits_for_workers(worker))
            return false;
        idle = idle || sleep == WEFT__SLEEP_IDLE;
    }
    return !(idle && work_visible(NULL));
}
