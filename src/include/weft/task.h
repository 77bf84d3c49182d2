/* weft/task.h: fork/join. The fast path is inline: a task that nobody steals costs
 * a few plain loads and stores, no atomic instruction and no allocation.
 *
 * Source of the scheme: the split deque of Lace (van Dijk, van de Pol, "Lace:
 * Non-blocking Split Deque for Work-Stealing", 2014). */
#ifndef WEFT_TASK_H
#define WEFT_TASK_H

#include <weft/base.h>

typedef void (*weft_task_fn)(void *context);

/* A piece of work that another thread may take. Lives on the spawner's stack from
 * weft_spawn to weft_sync. The fields are private. */
typedef struct weft_task {
    weft_task_fn fn;
    void *context;
    _Atomic(struct weft_task *) *slot; /* of the deque, where it was put or would have been */
    _Atomic uint32_t state; /* set when it is offered to thieves; see src/core/worker.h */
} weft_task;

/* The part of a worker that the inline calls touch. Private. The slow path is taken when
 * there is no private task (then this one is offered at once, so that a lone fork is
 * never kept from an idle thread), when somebody is hungry, and when the deque is full. */
struct weft__front {
    _Atomic(weft_task *) *head;  /* next free slot of the deque; owner only */
    _Atomic(weft_task *) *split; /* slots below may be shared with thieves; owner only */
    _Atomic(weft_task *) *slots; /* the first slot; constant */
    _Atomic uint32_t critical;   /* see src/core/block.h; owner only, read when it is dead */
    _Atomic uint32_t held;       /* the same; the host, and the owner's successor */
    _Atomic uintptr_t name;      /* of the worker in mutexes, src/core/worker.h; owner only */
    /* The address of the first slot that takes the slow path; any thread sets it to 0 to
     * say that it is hungry. On a cache line of its own: hungry threads read it. */
    _Alignas(64) _Atomic uintptr_t limit;
};
extern _Thread_local struct weft__front *weft__front; /* never NULL */
void weft__spawn_slow(weft_task *task);
void weft__sync_slow(weft_task *task);

/* Makes fn(context) available to other threads and returns at once. It may run on
 * this thread in weft_sync, on another one, or here and now if the deque is full.
 *
 * Ownership: `task` and what `context` names stay with the caller and must live
 *            until weft_sync(task) has returned.
 * Threads:   any thread; weft_sync must follow on the same one. */
static inline void weft_spawn(weft_task *task, weft_task_fn fn, void *context)
{
    struct weft__front *self = weft__front;
    _Atomic(weft_task *) *head = self->head;
    task->fn = fn;
    task->context = context;
    task->slot = head;
    if (WEFT__LIKELY(head != self->split && (uintptr_t)head < WEFT__PEEK(&self->limit))) {
        WEFT__POKE(head, task);
        self->head = head + 1;
    } else {
        weft__spawn_slow(task);
    }
}

/* Takes a task back that is private still and the newest one. Private.
 *
 * The new head is what the task remembers. The processor only checks that the old one is as
 * expected, and does not wait for it: a chain of spawns and syncs would else be as slow as a
 * store and a load of the same word after the other. */
static inline bool weft__task_take(weft_task *task)
{
    struct weft__front *self = weft__front;
    _Atomic(weft_task *) *slot = task->slot;
    uintptr_t newest = (uintptr_t)self->head - sizeof *slot; /* outside of jobs head is NULL */
    if (WEFT__LIKELY(newest == (uintptr_t)slot && slot >= self->split)) {
        self->head = slot;
        return true;
    }
    return false;
}

/* Returns when the task has run; runs it here if nobody took it. Tasks are synced in
 * the reverse order of their spawns, every task exactly once.
 *
 * Threads: the one that spawned it. */
static inline void weft_sync(weft_task *task)
{
    if (WEFT__LIKELY(weft__task_take(task)))
        task->fn(task->context);
    else
        weft__sync_slow(task);
}

/* The same as weft_sync(task) for a caller that says again what it spawned: the compiler
 * sees then what runs, and can inline it. */
static inline void weft_sync_call(weft_task *task, weft_task_fn fn, void *context)
{
    if (WEFT__LIKELY(weft__task_take(task)))
        fn(context);
    else
        weft__sync_slow(task);
}

/* Runs both and returns when both have run: the same as a(a_context);
 * b(b_context); in any order or at the same time.
 *
 * Threads: any thread. */
static inline void weft_join(weft_task_fn a, void *a_context, weft_task_fn b, void *b_context)
{
    weft_task task;
    weft_spawn(&task, b, b_context);
    a(a_context);
    weft_sync_call(&task, b, b_context);
}

#endif
