/* weft/task.h: fork/join. The fast path is inline: a task that nobody steals costs
 * a few plain loads and stores, no atomic instruction and no allocation.
 *
 * Source of the scheme: the split deque of Lace (van Dijk, van de Pol, "Lace:
 * Non-blocking Split Deque for Work-Stealing", 2014). */
#ifndef WEFT_TASK_H
#define WEFT_TASK_H

#include <weft/base.h>

/* What a task or a job runs, on any thread. */
typedef void (*weft_task_fn)(void *context);

/* A piece of work that another thread may take. Lives on the spawner's stack from
 * weft_spawn to weft_sync. The fields are private: the workers' records of tasks are in their
 * deques, fn and context are for threads that have none. */
typedef struct weft_task {
    weft_task_fn fn;
    void *context;
    struct weft__slot *slot; /* WebAssembly: where it is in the deque; NULL: nowhere */
} weft_task;

/* A task in a deque. Private. The owner writes; thieves may read what is being written, and
 * forget it then. */
struct weft__slot {
    _Atomic(weft_task_fn) fn; /* NULL: of a group, src/core/group.c */
    _Atomic(void *) context;
    _Atomic uint32_t state; /* set when it is offered to thieves; see src/core/worker.h */
#if UINTPTR_MAX > UINT32_MAX
    uint64_t pad; /* no slot straddles two cache lines */
#endif
};

/* The part of a worker that the inline calls touch. Private. A spawn takes the slow path when
 * there is no private task (then this one is offered at once, so that a lone fork is
 * never kept from an idle thread), when somebody is hungry, and when the deque is full. */
struct weft__front {
    struct weft__slot *head;   /* next free slot of the deque; owner only */
    struct weft__slot *split;  /* slots below may be shared with thieves; owner only */
    struct weft__slot *floor;  /* syncs of slots below take the slow path; owner only */
    struct weft__slot *slots;  /* the first slot; constant */
    _Atomic uint32_t critical; /* see src/core/block.h; owner only, read when it is dead */
    _Atomic uint32_t held;     /* the same; the host, and the owner's successor */
    _Atomic uintptr_t name;    /* of the worker in mutexes, src/core/worker.h; owner only */
    /* The address of the first slot that takes the slow path; any thread sets it to 0 to
     * say that it is hungry. On a cache line of its own: hungry threads read it. */
    _Alignas(64) _Atomic uintptr_t limit;
};
extern _Thread_local struct weft__front *weft__front; /* never NULL */
void weft__spawn_slow(weft_task *task, weft_task_fn fn, void *context);
void weft__sync_slow(weft_task *task);

/* Makes fn(context) available to other threads and returns at once. It may run on
 * this thread in weft_sync, on another one, or here and now if the deque is full.
 *
 * Ownership: `task` and what `context` names stay with the caller and must live
 *            until weft_sync(task) has returned.
 * Threads:   any thread; weft_sync must follow on the same one. */
static WEFT__INLINE void weft_spawn(weft_task *task, weft_task_fn fn, void *context)
{
    struct weft__front *self = weft__front;
    struct weft__slot *head = self->head;
    if (WEFT__LIKELY(head != self->split && (uintptr_t)head < WEFT__PEEK(&self->limit))) {
        WEFT__POKE(&head->fn, fn);
        WEFT__POKE(&head->context, context);
        self->head = head + 1;
#if defined(__wasm__) /* see weft__task_take */
        task->slot = head;
#endif
    } else {
        weft__spawn_slow(task, fn, context);
    }
}

/* Takes the newest task back if it is one that weft_spawn put there, and private still: as
 * syncs come in the reverse order of spawns, it is the one to sync. Private.
 *
 * In WebAssembly the task says where it is, so that the new head does not hang on the old one:
 * a chain of spawns and syncs would else be as slow as a store and a load of the same word after
 * the other. Native compilers keep up with that, and the store costs more. */
static WEFT__INLINE struct weft__slot *weft__task_take(const weft_task *task)
{
    struct weft__front *self = weft__front;
#if defined(__wasm__)
    struct weft__slot *slot = task->slot;
    if (!WEFT__LIKELY(slot != NULL && (uintptr_t)slot >= (uintptr_t)self->floor))
        return NULL;
    self->head = slot;
    return slot;
#else
    struct weft__slot *head = self->head;
    (void)task;
    if (!WEFT__LIKELY((uintptr_t)head > (uintptr_t)self->floor)) /* outside of jobs both are NULL */
        return NULL;
    self->head = head - 1;
    return head - 1;
#endif
}

/* Returns when the task has run; runs it here if nobody took it. Tasks are synced in
 * the reverse order of their spawns, every task exactly once.
 *
 * Threads: the one that spawned it. */
static WEFT__INLINE void weft_sync(weft_task *task)
{
    struct weft__slot *slot = weft__task_take(task);
    if (WEFT__LIKELY(slot != NULL))
        ((weft_task_fn)WEFT__PEEK(&slot->fn))((void *)WEFT__PEEK(&slot->context));
    else
        weft__sync_slow(task);
}

/* The same as weft_sync(task) for a caller that says again what it spawned: the compiler
 * sees then what runs, and can inline it.
 *
 * Threads: the one that spawned it. */
static inline void weft_sync_call(weft_task *task, weft_task_fn fn, void *context)
{
    if (WEFT__LIKELY(weft__task_take(task) != NULL))
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
