/* task.c: fork/join beyond the inline fast path of weft/task.h. */
#include "worker.h"

#include "profile.h"

struct weft__front weft__nobody; /* no room: every spawn takes the slow path */
_Thread_local struct weft__front *weft__front = &weft__nobody;
_Thread_local const struct weft__profile *weft__profile;

/* There is no slot for it: F2. */
static void run_unplaced(struct weft__worker *self, weft_task_fn fn, void *context)
{
    self->unplaced++;
    self->front.floor = self->front.slots + WEFT__DEQUE_CAPACITY;
    atomic_store(&self->front.limit, 0);
    fn(context);
}

void weft__spawn_slow(weft_task *task, weft_task_fn fn, void *context)
{
    struct weft__worker *self = weft__worker_self();
    if (self == NULL) {
        *task = (weft_task){fn, context, NULL};
        if (weft__profile != NULL && weft__profile->spawn(task))
            return;
        task->fn = NULL; /* weft_sync has nothing to do */
        fn(context);
    } else if (self->unplaced > 0 || weft__head(self) == WEFT__DEQUE_CAPACITY) {
        task->slot = NULL;
        run_unplaced(self, fn, context);
    } else {
        task->slot = self->front.head;
        weft__deque_push(self, fn, context);
        weft__leaf_end(self);
    }
}

/* Runs or forgets everything above `base`: tasks of groups, which may run at any time
 * and which nobody syncs. */
void weft__task_run_above(struct weft__worker *self, uint32_t base)
{
    if (weft__head(self) > base)
        weft__plat_stack_probe();
    while (weft__head(self) > base) {
        weft__critical_begin(&self->front);
        if (!weft__deque_pop(self)) {
            weft__critical_end(&self->front);
            weft__deque_lower(self, base);
            return;
        }
        struct weft__entry entry = weft__entry_at(self, weft__head(self));
        WEFT_ASSERT(entry.fn == NULL); /* else a weft_sync is missing */
        weft__group_end_entry(self, entry.context, true);
    }
}

void weft__task_wait(struct weft__worker *self, struct weft__slot *slot, bool take_part)
{
    struct weft__event event = {&slot->state, WEFT__TASK_DONE, WEFT__TASK_DONE, WEFT__TASK_WAITER};
    weft__worker_wait(self, &event, take_part);
}

/* The place of the task to sync: the newest but for tasks of groups. */
static uint32_t newest_spawned(const struct weft__worker *self)
{
    uint32_t index = weft__head(self);
    do {
        WEFT_ASSERT(index > 0); /* else it has been synced before, or never spawned */
        index--;
    } while (weft__entry_at(self, index).fn == NULL);
    return index;
}

/* Spares the owner a look at `offer`, which is in the thief's cache. */
static bool stolen_and_done(const struct weft__worker *self, uint32_t index)
{
    /* Acquire: pairs with the thief's exchange in complete(). */
    return index < weft__split(self) &&
           (atomic_load_explicit(&self->front.slots[index].state, memory_order_acquire) &
            WEFT__TASK_DONE) != 0;
}

static void sync_unplaced(struct weft__worker *self)
{
    if (--self->unplaced > 0)
        return;
    weft__deque_lower_floor(self);
    atomic_store(&self->front.limit, weft__limit(self));
    if (atomic_load(&weft__rt.sleepers) != 0) /* S2 */
        atomic_store(&self->front.limit, 0);
}

void weft__sync_slow(weft_task *task)
{
    struct weft__worker *self = weft__worker_self();
    if (self == NULL) {
        if (task->fn != NULL)
            weft__profile->sync(task);
        return;
    }
    if (self->unplaced > 0) { /* F2 */
        sync_unplaced(self);
        return;
    }
    uint32_t index = newest_spawned(self);
    weft__task_run_above(self, index + 1);
    if (!stolen_and_done(self, index)) {
        if (weft__deque_pop(self)) {
            struct weft__entry entry = weft__entry_at(self, index);
            entry.fn(entry.context);
            weft__leaf_end(self);
            return;
        }
        weft__task_wait(self, &self->front.slots[index], true);
    }
    weft__deque_lower(self, index);
}
