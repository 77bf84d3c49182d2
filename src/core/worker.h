/* worker.h: the workers, their deques, and how they sleep.
 *
 * DEQUE. Each worker has one; slot numbers fall into four ranges:
 *
 *     0 .. tail      stolen: a thief has taken the task
 *     tail .. split  offered: the next thief takes slot `tail`
 *     split .. head  private: plain loads and stores by the owner
 *     head ..        free
 *
 * `tail` and `split` live in one 64-bit word, `offer`, with a version:
 *
 *     bits   what     changed by
 *     0..15  tail     thieves: +1, by compare-exchange, only while tail < split
 *     16..31 split    owner: up to offer tasks, down to take them back
 *     32..63 version  owner: +1 whenever it lowers split or tail
 *
 * Invariant D1: tail <= split <= head; the owner's copy `front.split` equals split. But a
 * sync whose task was stolen finds tail == split == head, and only its own copies say then
 * that it lowered them (`lowered`): the word still says that nothing is on offer, which is
 * as true, and the next offer writes it anew. So a fork and its sync cost the owner the
 * cache line of the word once.
 * Invariant D2: between a thief's read of `offer` and its successful compare-exchange
 * the owner has not lowered anything (the version would differ), so the slot that it
 * read in between held an offered task that nobody else has taken. The slot therefore
 * is read before the compare-exchange, and the owner may reuse it at once.
 * Invariant D3: all tasks in a deque belong to the job in `worker->job`. A thief reads
 * `offer`, then `job`, then exchanges; the deque is empty whenever `job` changes, and
 * an offer of a later job has a later version (an offer only ends by being lowered,
 * or by theft and then lowered), so a successful theft is from the job that was read.
 *
 * FLOOR. A sync takes the fast path if head is above `front.floor`.
 * Invariant F1: split <= floor, and every slot from floor up to head is a task
 * that weft_spawn put there, none of a group. So the newest one is the one to sync, as syncs come
 * in the reverse order of spawns.
 * Invariant F2: a task for which there is no slot runs at once, and is counted in `unplaced`.
 * As long as there is one every spawn and sync takes the slow path (limit is 0, floor the end of
 * the slots) and every spawned task runs at once, so these are the next to be synced.
 *
 * HUNGER. A task that is spawned when there is no private one is offered at once. A thief
 * that finds nothing sets `front.limit` of its victims to 0, so that their next
 * weft_spawn, or the next slice of a loop, takes the slow path and offers the older half
 * of what is private.
 *
 * SLEEP. `sleep` is AWAKE, IDLE or JOIN (waits in the middle of `job`).
 * Invariant S1: as long as something that a sleeper may take is visible (an offered
 * task, a queued job), some worker that may take it is awake, or has been set AWAKE
 * and not looked yet. Both sides follow the same steps, all sequentially consistent:
 *
 *     sleeper: sleep = IDLE or JOIN; sleepers += 1; limits = 0; look for work;
 *              nothing: wait while sleep is not AWAKE
 *     maker:   make work visible; read sleepers; not 0: set one eligible sleeper AWAKE
 *
 * so either the sleeper sees the work or the maker sees the sleeper. A woken worker
 * that takes one thing of several, or nothing, wakes the next one (pass_on).
 * Invariant S2: limit = 0 is not lost: an owner that sets `limit` back does so before
 * it reads `sleepers`, a sleeper raises `sleepers` before it clears `limit`.
 * A worker that visits its host (below) is AWAKE, as if it were busy: nobody waits for it
 * to look. It passes a wake-up on before it goes, and looks when it is back.
 * Invariant S3: a joiner sets its waiter flag, then sleeps by the steps above and looks
 * at the flag's word again; who ends the task sets DONE, then looks at the joiner.
 *
 * SUCCESSION. Invariants T1 and T2 (block.h) say when a dead thread can be followed. A
 * thread that died asleep is woken by its successor: who sets `sleep` to AWAKE, dead or not,
 * lowers `sleepers`, and the successor takes over the duty of a woken worker to look (S1).
 *
 * ENDING. The host may end the waits of a worker in a job, by the word `end`:
 *
 *     value             meaning                                       set by
 *     0                 nothing                                       the owner, as a job begins
 *     job + END_WAIT    a wait of limit.h returns WEFT_ERR_CANCELLED  the host
 *     job + END_UNWIND  it gives up all of its stack, by a trap       the host
 *
 * Invariant E1: the host sets it while the job is open; the owner clears it before a job
 * begins. So it never meets a later job in the same memory.
 *
 * NAMES. Who takes a mutex leaves its name in it, for messages. A worker's is its index + 1
 * in the low 8 bits, and a number that grows with each job it enters; who is no worker has
 * 0. `lost` are the last names under which it has given up its stack: whatever they locked,
 * dead code holds.
 *
 * VISITS. Where a host has an event loop on the worker's thread, weft__worker_loop returns
 * to it when asked to: `visits` counts the requests to all, `visited` those that this
 * worker has answered. A job whose root ends on the event loop is suspended: it stays the
 * worker's root, and ends when the worker enters its loop again. */
#ifndef WEFT_CORE_WORKER_H
#define WEFT_CORE_WORKER_H

#include "../platform/platform.h"
#include "block.h"
#include "inbox.h"
#include "limit.h"
#include "stats.h"

#ifdef NDEBUG
#define WEFT_ASSERT(condition) ((void)0)
#else
#include <assert.h>
#define WEFT_ASSERT(condition) assert(condition)
#endif

#include <weft.h>

/* Tasks in one deque; when it is full a spawned task runs at once. The model check has a
 * small one. */
#ifndef WEFT__DEQUE_CAPACITY
#define WEFT__DEQUE_CAPACITY 16384u
#endif

/* Bits of weft__slot.state. The owner sets it to 0 when it puts the task on offer: a task
 * that stays private has none. */
#define WEFT__TASK_DONE   1u /* set by who ran it, after it; the owner may reuse the slot */
#define WEFT__TASK_WAITER 2u /* set by the owner before it sleeps for DONE */

/* Bits of weft_group.pending. */
#define WEFT__GROUP_WAITER 1u /* set by the owner before it sleeps */
#define WEFT__GROUP_ONE    2u /* each task that has not ended */

enum { WEFT__AWAKE = 0, WEFT__SLEEP_IDLE = 1, WEFT__SLEEP_JOIN = 2, WEFT__SLEEP_SPARE = 3 };

/* In weft__worker.end, beside a job's address. */
enum { WEFT__END_WAIT = 1, WEFT__END_UNWIND = 2, WEFT__END_MASK = 3 };

/* In front.held: enters no critical section; nor one of the host's (its heap). */
enum { WEFT__HELD_CORE = 1, WEFT__HELD_ALL = 2 };

/* Of weft__end_hold. */
enum weft__hold { WEFT__HOLD_NOT_INSIDE = 0, WEFT__HOLD_SOON = 1, WEFT__HOLD_DONE = 2 };

/* Names of a worker that are kept when it has given up its stack. */
#define WEFT__LOST 32u

/* Workers that can stand in for blocked ones, see spare.c. */
#define WEFT__SPARES_MAX 32u

/* Where jobs queue, by enum weft_lane. */
#define WEFT__LANES 2

/* A task that somebody else waits for, while it runs on a worker's stack: a stolen one,
 * or one of a group; owner only. */
struct weft__running {
    struct weft__slot *slot; /* of the victim's deque; NULL for a group's */
    weft_group *group;       /* NULL for a stolen one */
    uint32_t victim;         /* index of the worker that spawned the stolen one */
    uint32_t base;      /* head of our own deque when it began */
    weft_group *groups; /* our groups when it began */
    struct weft__running *outer;
};

/* What is in a slot, read before it was taken. */
struct weft__entry {
    struct weft__slot *slot; /* NULL: nothing was taken */
    weft_task_fn fn;         /* NULL: `context` is a node of group.c */
    void *context;
};

struct weft__worker;

/* What the record of a group's task begins with. By a pointer, so that a module without groups
 * comes without them. */
struct weft__node_head {
    /* Runs the task, or forgets it. Called in a critical section; running it ends that one, when
     * it is noted as running. */
    void (*end)(struct weft__worker *self, struct weft__node_head *head, bool run);
};
struct weft__node;  /* such a record, group.c */
struct weft__chunk; /* a block of them */

struct weft__worker {
    struct weft__front front;        /* owner, but for `limit` */
    struct weft__running *running;   /* innermost first; owner only */
    weft_group *groups;              /* innermost first; owner only */
    weft_job *root;                  /* the job whose root runs on this stack; owner only */
    struct weft__node *free_nodes;   /* owner only */
    struct weft__chunk *node_chunks; /* owner only */
    uint32_t index;                  /* constant */
    uint32_t random;                 /* owner only */
    uint32_t detours;                /* nested thefts from others than our thief; owner only */
    bool woken;                      /* by somebody else, not looked yet; owner only */
    bool batch;                      /* counts in batch_jobs; owner only */
    bool suspended;                  /* `root` ends on the host's event loop; owner only */
    bool recovering;                 /* its stack is gone; owner only */
    bool lowered;                    /* D1; owner only */
    uint32_t unplaced;               /* tasks that ran at once, F2; owner only */
    uint32_t version;                /* in `offer`; owner only */
    uint32_t visited;                /* requests to visit the host, answered; owner only */
    weft__plat_thread thread;        /* runtime.c */
    weft_worker_stats stats;         /* the owner adds, any thread reads: stats.h */

    _Alignas(64) _Atomic uint64_t offer; /* table above */
    _Atomic(weft_job *) job;             /* written by the owner, read by thieves */
    struct weft__slot *offered;          /* front.slots for thieves, as the owner writes there */
    _Atomic uint32_t thief;              /* a hint: who stole last; any thread */
    _Alignas(64) _Atomic uint32_t sleep; /* owner: to IDLE or JOIN; any thread: to AWAKE */
    _Atomic uintptr_t end;               /* table above */
    struct weft__waiting waiting;        /* limit.h; the owner writes, the host reads */
    _Atomic uintptr_t lost[WEFT__LOST];  /* a ring; the owner writes, the host reads */
    uint32_t lost_count;                 /* so far; owner only */
};

struct weft__runtime {
    /* Workers that loop first, then those for callers, then spares. */
    struct weft__worker *workers;
    uint32_t threads;    /* workers but for spares; 0 when not started */
    uint32_t capacity;   /* records, those of spares included */
    uint32_t loop_count; /* those with a thread of their own */
    bool alone;          /* the only worker is on the host's thread, and never sleeps */
    size_t stack_bytes;
    uint32_t spin_ns;
    uint32_t join_spins;    /* looks of a joiner without a clock */
    uint32_t join_ns;       /* how long it looks after those before it sleeps */
    uint32_t join_patience; /* those of them before it takes other work */
    weft_info info;
    void (*host_finished)(weft_job *job); /* for jobs of the JavaScript host */
    void (*host_unwind)(void);            /* gives up the calling worker's stack */
    /* True for an object that the host itself may change, and so end waits for it. */
    bool (*host_ends)(const void *object);
    struct weft__inbox inboxes[WEFT__LANES];
    _Atomic uint32_t size;                  /* workers that look for work if none is blocked */
    _Atomic uint32_t reach;                 /* workers that are or were in use, spares included */
    _Atomic uint32_t spare_starting;        /* somebody is starting a spare */
    _Atomic uint32_t blocked;               /* workers that sleep inside a task */
    _Atomic uint32_t batch_jobs;            /* batch jobs that have begun and not ended */
    _Atomic uint32_t loan;                  /* lend.c; any thread */
    _Atomic uint32_t visits;                /* requests to visit the host; any thread: +1 */
    _Alignas(64) _Atomic uint32_t sleepers; /* workers whose sleep is not AWAKE */
    _Atomic uint32_t looping;               /* workers that have not left their loop */
    _Atomic uint32_t stopping;
    _Atomic uint32_t open_jobs;    /* submitted and not ended */
    _Atomic uint32_t callers_busy; /* bit per worker for callers */
};

extern struct weft__runtime weft__rt;
/* The calling thread's worker, or NULL. */
static inline struct weft__worker *weft__worker_self(void)
{
    struct weft__front *front = weft__front;
    return front == &weft__nobody ? NULL : (struct weft__worker *)(void *)front;
}

/* What a worker waits for in the middle of a job: (*word & mask) == until. Who makes
 * it true finds `waiter` set in the word if the worker may be asleep, and then calls
 * weft__sleep_unpark. */
struct weft__event {
    _Atomic uint32_t *word;
    uint32_t mask, until, waiter;
};

/* worker.c */
bool weft__worker_loop(struct weft__worker *self); /* true: visit the host, then enter again */
bool weft__worker_turn(struct weft__worker *self); /* runs a job; false: there is none */
void weft__worker_suspend(struct weft__worker *self);
bool weft__worker_recover(struct weft__worker *self, enum weft_status status);
void weft__worker_run_job(struct weft__worker *self, weft_job *job);
void weft__worker_wait(struct weft__worker *self, const struct weft__event *event, bool take_part);
void weft__worker_begin(struct weft__worker *self, struct weft__running *running);
void weft__worker_end(struct weft__worker *self, struct weft__running *running);
void weft__worker_run_taken(struct weft__worker *self, struct weft__worker *victim,
                            const struct weft__entry *entry, weft_job *job);

/* deque.c: the owner's side, but for steal */
void weft__deque_push(struct weft__worker *self, weft_task_fn fn, void *context);
bool weft__deque_pop(struct weft__worker *self);
void weft__deque_lower(struct weft__worker *self, uint32_t head);
void weft__deque_recover(struct weft__worker *self);
void weft__deque_lower_floor(struct weft__worker *self);
struct weft__entry weft__deque_take_oldest(struct weft__worker *self);
void weft__deque_offer_all(struct weft__worker *self);
struct weft__entry weft__deque_steal(struct weft__worker *victim, weft_job **job);

/* runtime.c */
void weft__worker_main(void *worker);
enum weft_status weft__worker_init(struct weft__worker *worker, uint32_t index);
enum weft_status weft__worker_start(struct weft__worker *worker);

/* spare.c */
bool weft__spare_resting(const struct weft__worker *self);
void weft__spare_sleep(struct weft__worker *self);
void weft__spare_wake(struct weft__worker *spare);
void weft__spare_call(void);
bool weft__spare_urgent(void);
enum weft_status weft__spare_resize(uint32_t size);

/* lend.c */
void weft__lend(struct weft__worker *self);
void weft__lend_end(void);

/* sleep.c */
void weft__sleep_idle(struct weft__worker *self);
void weft__sleep_join(struct weft__worker *self, const struct weft__event *event, bool take_part);
void weft__sleep_pass_on(struct weft__worker *self);
void weft__sleep_ask(const struct weft__worker *self);
bool weft__sleep_wake_for(weft_job *job);
void weft__sleep_wake_all(void);
void weft__sleep_send_visiting(void);
void weft__sleep_unpark(uint32_t index);
void weft__sleep_undo(struct weft__worker *self);
bool weft__sleep_stalled(void);

/* end.c */
bool weft__end_asked(struct weft__worker *self, uintptr_t how);
void weft__end_unwind(struct weft__worker *self);
void weft__end_ask(struct weft__worker *worker, weft_job *job, uintptr_t how);
enum weft__hold weft__end_hold(struct weft__worker *worker, const weft_job *job);

/* group.c */
void weft__group_end(weft_group *group);
void weft__group_free_nodes(struct weft__worker *self);

/* task.c */
void weft__task_run_above(struct weft__worker *self, uint32_t base);
void weft__task_wait(struct weft__worker *self, struct weft__slot *slot, bool take_part);

/* parallel.c */
void weft__for_tiles(size_t count, weft_range_fn fn, void *context);

/* job.c */
weft_job *weft__job_current(void);
bool weft__job_is_batch(const weft_job *job);
weft_job *weft__job_set_solo(weft_job *job);
void weft__job_fail(weft_job *job, enum weft_status status);
void weft__job_finish(weft_job *job);
uint32_t weft__job_submit_host(weft_job *const *jobs, uint32_t count, enum weft_lane lane);

/* runtime.c */
enum weft_status weft__runtime_start(const weft_options *options, uint32_t callers,
                                     const char *threads_from);
void weft__runtime_stop_begin(void);
void weft__runtime_stop_end(void);

static inline uint32_t weft__reach(void)
{
    return atomic_load(&weft__rt.reach);
}

/* Is a job queued in either lane? */
static inline bool weft__inboxes_filled(void)
{
    return weft__inbox_filled(&weft__rt.inboxes[WEFT_INTERACTIVE]) ||
           weft__inbox_filled(&weft__rt.inboxes[WEFT_BATCH]);
}

/* Does a worker lend its CPU? Then weft__lend_end may be due. */
static inline bool weft__lent(void)
{
    return (atomic_load(&weft__rt.loan) & 1) != 0;
}

/* Between two leaves of a job. */
static inline void weft__leaf_end(struct weft__worker *self)
{
    if (WEFT__PEEK(&weft__rt.batch_jobs) != 0)
        weft__lend(self);
}

/* The worker enters a job. */
static inline void weft__worker_rename(struct weft__worker *self)
{
    WEFT__POKE(&self->front.name, WEFT__PEEK(&self->front.name) + 0x100);
}

/* Slot numbers of the owner's pointers. */
static inline uint32_t weft__head(const struct weft__worker *self)
{
    return (uint32_t)(self->front.head - self->front.slots);
}

static inline uint32_t weft__split(const struct weft__worker *self)
{
    return (uint32_t)(self->front.split - self->front.slots);
}

static inline uintptr_t weft__limit(const struct weft__worker *self)
{
    return self->unplaced > 0 ? 0 : (uintptr_t)(self->front.slots + WEFT__DEQUE_CAPACITY); /* F2 */
}

/* What the owner has put in one of its slots. */
static inline struct weft__entry weft__entry_at(const struct weft__worker *self, uint32_t index)
{
    struct weft__slot *slot = &self->front.slots[index];
    return (struct weft__entry){slot, atomic_load_explicit(&slot->fn, memory_order_relaxed),
                                atomic_load_explicit(&slot->context, memory_order_relaxed)};
}

/* Ends an entry that is a group's task. */
static inline void weft__group_end_entry(struct weft__worker *self, void *context, bool run)
{
    struct weft__node_head *head = context;
    head->end(self, head, run);
}

static inline bool weft__job_cancelled(weft_job *job)
{
    return WEFT__PEEK(&job->cancel) != 0;
}

#endif
