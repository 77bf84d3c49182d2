/* worker.c: what a worker does: jobs, stolen tasks, waiting, recovery from a trap. */
#include "worker.h"

#include "profile.h"

/* Nested thefts from others than the thief of the task that we wait for. Taking work
 * from that thief only (Wagner & Calder, "Leapfrogging", 1993) bounds the stack; a few
 * detours keep more threads busy. */
#define DETOURS_MAX 4u

/* Looks between two readings of the clock. */
#define SPINS_PER_CLOCK 32u

/* Looks between two requests, so that a victim's cache line is left in peace, and before the
 * first: who runs one short region after the other is about to offer more. */
#define SPINS_PER_ASK 8u

static void check_stack(weft_job *job)
{
    if (weft__plat_stack_overrun())
        weft__job_fail(job, WEFT_ERR_STACK);
}

/* Tells the owner of a stolen task that it has ended. */
static void complete(struct weft__slot *slot, uint32_t owner)
{
    /* Acquire and release: pairs with the owner's load in weft__worker_wait. The slot is
     * the owner's again at once, so it is not touched afterwards. */
    if ((atomic_fetch_or(&slot->state, WEFT__TASK_DONE) & WEFT__TASK_WAITER) != 0)
        weft__sleep_unpark(owner);
}

/* Notes that a task begins which others wait for, see struct weft__running. */
void weft__worker_begin(struct weft__worker *self, struct weft__running *running)
{
    running->base = weft__head(self);
    running->groups = self->groups;
    running->outer = self->running;
    self->running = running;
}

/* It has ended, and nobody has been told yet. */
void weft__worker_end(struct weft__worker *self, struct weft__running *running)
{
    self->running = running->outer;
    if (running->outer == NULL && self->root == NULL) /* the bottom of this stack */
        check_stack(atomic_load_explicit(&self->job, memory_order_relaxed));
}

static void run_synced(struct weft__worker *self, const struct weft__entry *entry, uint32_t victim)
{
    struct weft__running running = {.slot = entry->slot, .victim = victim};
    weft__worker_begin(self, &running);
    weft__critical_end(&self->front);
    entry->fn(entry->context);
    weft__critical_begin(&self->front);
    weft__worker_end(self, &running);
    complete(entry->slot, victim);
    weft__critical_end(&self->front);
}

/* Runs an entry that was stolen from `victim`, or taken from our own old end. Called in a
 * critical section, which ends when the entry is noted as running. */
void weft__worker_run_taken(struct weft__worker *self, struct weft__worker *victim,
                            const struct weft__entry *entry, weft_job *job)
{
    bool idle = atomic_load_explicit(&self->job, memory_order_relaxed) == NULL;
    uint32_t base = weft__head(self);
    if (WEFT__PEEK(&victim->thief) != self->index)
        WEFT__POKE(&victim->thief, self->index);
    if (idle) {
        weft__worker_rename(self);
        atomic_store_explicit(&self->end, 0, memory_order_relaxed); /* E1 */
        /* Release: D3, before any offer of this job. */
        atomic_store_explicit(&self->job, job, memory_order_release);
    }
    if (entry->fn == NULL)
        weft__group_end_entry(self, entry->context, true);
    else
        run_synced(self, entry, victim->index);
    weft__task_run_above(self, base);
    if (idle)
        atomic_store_explicit(&self->job, NULL, memory_order_release);
}

static bool steal_from(struct weft__worker *self, struct weft__worker *victim, weft_job *job)
{
    weft__critical_begin(&self->front);
    struct weft__entry entry = weft__deque_steal(victim, &job);
    if (entry.slot == NULL) {
        weft__critical_end(&self->front);
        return false;
    }
    weft__stats_add(&self->stats.tasks_stolen, 1);
    weft__sleep_pass_on(self);
    weft__worker_run_taken(self, victim, &entry, job);
    return true;
}

/* Tries everybody once, from a random one on. job NULL: any. */
static bool steal(struct weft__worker *self, weft_job *job)
{
    uint32_t count = weft__reach();
    self->random = self->random * 1664525u + 1013904223u;
    uint32_t first = (uint32_t)((uint64_t)self->random * count >> 32);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = first + i < count ? first + i : first + i - count;
        if (index != self->index && steal_from(self, &weft__rt.workers[index], job))
            return true;
    }
    return false;
}

/* The root of a job has returned, or what it left to the host's event loop is done. */
static void end_root(struct weft__worker *self)
{
    weft_job *job = self->root;
    weft__task_run_above(self, 0);
    check_stack(job);
    weft__critical_begin(&self->front);
    atomic_store_explicit(&self->job, NULL, memory_order_release);
    self->root = NULL;
    weft__job_finish(job);
    weft__critical_end(&self->front);
}

/* Leaves the root of this worker's job to the host's event loop: the job ends when the
 * worker has visited the host. Called by the root. */
void weft__worker_suspend(struct weft__worker *self)
{
    self->suspended = true;
    self->visited--; /* the next round of the loop visits */
}

/* Runs the root of a job on this worker. Called in a critical section, which ends when the
 * job is noted. */
void weft__worker_run_job(struct weft__worker *self, weft_job *job)
{
    self->root = job;
    weft__worker_rename(self);
    weft__stats_add(&self->stats.jobs, 1);
    atomic_store_explicit(&self->end, 0, memory_order_relaxed);   /* E1 */
    atomic_store_explicit(&self->job, job, memory_order_release); /* D3 */
    weft__critical_end(&self->front);
    if (!weft__job_cancelled(job))
        job->fn(job->context);
    if (!self->suspended)
        end_root(self);
}

static void end_batch(struct weft__worker *self)
{
    if (!self->batch)
        return;
    weft__critical_begin(&self->front);
    self->batch = false;
    atomic_fetch_sub(&weft__rt.batch_jobs, 1);
    weft__critical_end(&self->front);
}

/* Before an interactive job and after it: we need no CPU that another worker lends, unless we
 * are the spare that was called for it. */
static void give_back(struct weft__worker *self)
{
    if (weft__lent() && (self->suspended || !weft__spare_resting(self)))
        weft__lend_end();
}

static bool take_job(struct weft__worker *self, enum weft_lane lane)
{
    weft__critical_begin(&self->front);
    weft_job *job = weft__inbox_pop(&weft__rt.inboxes[lane]);
    if (job == NULL) {
        weft__critical_end(&self->front);
        return false;
    }
    weft__sleep_pass_on(self);
    /* Jobs behind one whose producer was slow had their wake-up in vain. */
    if (atomic_load(&weft__rt.sleepers) != 0 && weft__inboxes_filled())
        (void)weft__sleep_wake_for(NULL);
    if (lane == WEFT_BATCH) {
        self->batch = true;
        atomic_fetch_add(&weft__rt.batch_jobs, 1);
        /* Who submitted an interactive job meanwhile did not see this batch job. */
        weft__spare_call();
    }
    if (lane == WEFT_INTERACTIVE)
        give_back(self);
    weft__worker_run_job(self, job);
    if (!self->suspended)
        end_batch(self);
    if (lane == WEFT_INTERACTIVE)
        give_back(self);
    return true;
}

static bool take_work(struct weft__worker *self)
{
    if (take_job(self, WEFT_INTERACTIVE))
        return true;
    /* A spare that was called for an interactive job which another worker was faster to take
     * begins no batch work: it could not be called for the next one then. */
    return !weft__spare_resting(self) && (steal(self, NULL) || take_job(self, WEFT_BATCH));
}

/* An idle worker's patience. */
struct patience {
    uint32_t looks;
    int64_t since, now; /* the clock at the first look, and when it was last read */
};

static void patience_end(struct weft__worker *self, struct patience *patience)
{
    if (patience->looks == 0)
        return;
    weft__stats_add(&self->stats.steals_failed, patience->looks);
    weft__stats_add_time(&self->stats.idle_ns, patience->now - patience->since);
    patience->looks = 0;
}

static bool keep_looking(struct patience *patience)
{
    uint32_t look = patience->looks++;
    if (weft__rt.spin_ns == 0)
        return false;
    if (look % SPINS_PER_CLOCK == 0) {
        if (look == SPINS_PER_CLOCK)
            weft__plat_yield(); /* who woke us may wait for this CPU */
        patience->now = weft__plat_now_ns();
        if (look == 0)
            patience->since = patience->now;
        if (patience->now - patience->since >= (int64_t)weft__rt.spin_ns)
            return false;
    }
    weft__plat_relax();
    return true;
}

bool weft__worker_loop(struct weft__worker *self)
{
    struct patience patience = {0, 0, 0};
    if (self->suspended) {
        self->suspended = false;
        end_root(self);
        end_batch(self);
    }
    for (;;) {
        if (weft__spare_resting(self)) {
            weft__sleep_pass_on(self);
            weft__spare_sleep(self);
        }
        uint32_t visits = WEFT__PEEK(&weft__rt.visits);
        if (visits != self->visited) {
            self->visited = visits;
            patience_end(self, &patience);
            weft__sleep_pass_on(self);
            return true;
        }
        if (take_work(self)) {
            patience_end(self, &patience);
            continue;
        }
        weft__sleep_pass_on(self);
        if (atomic_load(&weft__rt.stopping) != 0 && atomic_load(&weft__rt.open_jobs) == 0)
            return false;
        if (patience.looks % SPINS_PER_ASK == SPINS_PER_ASK - 1)
            weft__sleep_ask(self);
        if (!keep_looking(&patience)) {
            patience_end(self, &patience);
            weft__sleep_idle(self);
        }
    }
}

/* A worker without a thread of its own: the host calls this as long as there is work, and
 * does other things in between. */
bool weft__worker_turn(struct weft__worker *self)
{
    self->visited = WEFT__PEEK(&weft__rt.visits);
    if (self->suspended) {
        self->suspended = false;
        end_root(self);
        end_batch(self);
        return true;
    }
    return take_job(self, WEFT_INTERACTIVE) || take_job(self, WEFT_BATCH);
}

static bool take_in_job(struct weft__worker *self, weft_job *job)
{
    struct weft__worker *thief = &weft__rt.workers[WEFT__PEEK(&self->thief)];
    if (thief != self && steal_from(self, thief, job))
        return true;
    if (self->detours >= DETOURS_MAX)
        return false;
    self->detours++;
    bool took = steal(self, job);
    self->detours--;
    return took;
}

/* May a joiner look once more? `join_spins` times, then by the clock until *end, which is 0
 * before and negative after it. */
static bool keep_waiting(uint32_t look, int64_t *end)
{
    if (look >= weft__rt.join_spins && (look - weft__rt.join_spins) % SPINS_PER_CLOCK == 0) {
        if (weft__rt.join_ns == 0) {
            *end = -1;
        } else if (*end == 0) {
            weft__plat_yield(); /* who has our task may have been woken on this CPU */
            *end = weft__plat_now_ns() + (int64_t)weft__rt.join_ns;
        } else if (*end > 0 && weft__plat_now_ns() >= *end) {
            *end = -1;
        }
    }
    if (*end < 0)
        return false;
    weft__plat_relax();
    return true;
}

/* Returns when the event has come. With `take_part` it runs tasks of the job meanwhile. */
void weft__worker_wait(struct weft__worker *self, const struct weft__event *event, bool take_part)
{
    weft_job *job = atomic_load_explicit(&self->job, memory_order_relaxed);
    uint32_t spins = 0, misses = 0;
    int64_t end = 0; /* see keep_waiting */
    weft__plat_stack_probe();
    /* Acquire: pairs with who made the event true, so that its work is seen. */
    while ((atomic_load_explicit(event->word, memory_order_acquire) & event->mask) !=
           event->until) {
        /* Whoever has our task may be through in a moment: not so fast. */
        bool looks = take_part && spins >= weft__rt.join_patience;
        if (looks && take_in_job(self, job)) {
            spins = weft__rt.join_patience;
            weft__leaf_end(self);
            end = 0;
            continue;
        }
        misses += looks;
        weft__sleep_pass_on(self);
        if (looks && spins % SPINS_PER_ASK == 0)
            weft__sleep_ask(self);
        if (keep_waiting(spins++, &end))
            continue;
        if (weft__rt.alone) { /* nobody else could bring the event, or uses our frames */
            if (self->recovering)
                return;
            weft__job_fail(job, WEFT_ERR_DEADLOCK);
            weft__end_unwind(self);
        }
        weft__sleep_join(self, event, take_part && self->detours < DETOURS_MAX);
        if (weft__end_asked(self, WEFT__END_UNWIND))
            weft__end_unwind(self);
    }
    weft__stats_add(&self->stats.steals_failed, misses);
    weft__sleep_pass_on(self);
}

/* Takes everything above `base` off the deque of a worker whose frames are dead, and
 * waits for what was stolen of it: it may still use those frames. */
static void abandon_tasks(struct weft__worker *self, uint32_t base)
{
    weft__critical_begin(&self->front);
    while (weft__head(self) > base && weft__deque_pop(self)) {
        struct weft__entry entry = weft__entry_at(self, weft__head(self));
        if (entry.fn == NULL)
            weft__group_end_entry(self, entry.context, false);
    }
    weft__critical_end(&self->front);
    for (uint32_t i = weft__head(self); i > base; i--) {
        struct weft__entry entry = weft__entry_at(self, i - 1);
        if (entry.fn != NULL)
            weft__task_wait(self, entry.slot, false);
    }
    if (weft__head(self) > base)
        weft__deque_lower(self, base);
}

static void abandon_groups(struct weft__worker *self, weft_group *until)
{
    for (; self->groups != until; self->groups = self->groups->outer) {
        struct weft__event event = {&self->groups->pending, ~WEFT__GROUP_WAITER, 0,
                                    WEFT__GROUP_WAITER};
        weft__worker_wait(self, &event, false);
    }
}

/* Everything on this worker's stack is dead, all of one job. Innermost frames first: wait
 * until nobody uses them, then report the task that they served. */
static void abandon_job(struct weft__worker *self, weft_job *job, enum weft_status status)
{
    weft__job_fail(job, status);
    while (self->running != NULL) {
        struct weft__running *running = self->running;
        abandon_tasks(self, running->base);
        abandon_groups(self, running->groups);
        weft__critical_begin(&self->front);
        self->running = running->outer;
        if (running->slot != NULL)
            complete(running->slot, running->victim);
        else
            weft__group_end(running->group);
        weft__critical_end(&self->front);
    }
    abandon_tasks(self, 0);
    abandon_groups(self, NULL);
    (void)weft__plat_stack_overrun();
    weft__critical_begin(&self->front);
    weft_job *root = self->root;
    self->root = NULL;
    atomic_store_explicit(&self->job, NULL, memory_order_release);
    if (root != NULL)
        weft__job_finish(root);
    weft__critical_end(&self->front);
}

/* The host unwound this worker's stack, or its thread is dead and the calling one follows
 * it. False: it was in a critical section (T1), so the runtime must not be used any more. */
bool weft__worker_recover(struct weft__worker *self, enum weft_status status)
{
    if (WEFT__PEEK(&self->front.critical) != 0)
        return false;
    atomic_store(&self->front.held, 0); /* what follows has critical sections */
    WEFT__POKE(&self->lost[self->lost_count++ % WEFT__LOST], WEFT__PEEK(&self->front.name));
    weft__worker_rename(self);
    if (weft__profile != NULL)
        weft__profile->abandon(self);
    weft__sleep_undo(self);
    self->recovering = true;
    weft__deque_recover(self);
    weft_job *job = atomic_load_explicit(&self->job, memory_order_relaxed);
    if (job != NULL)
        abandon_job(self, job, status);
    self->recovering = false;
    self->suspended = false;
    if (status == WEFT_ERR_WORKER) /* what the dead thread had from its host is gone */
        self->visited = atomic_load(&weft__rt.visits) - 1;
    self->detours = 0;
    end_batch(self);
    return true;
}
