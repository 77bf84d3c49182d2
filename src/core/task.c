/* task.c: fork/join beyond the inline fast path of weft/task.h. */
#include "worker.h"

#include "profile.h"

struct weft__front weft__nobody; /* no room: every spawn takes the slow path */
_Thread_local struct weft__front *weft__front = &weft__nobody;

void weft__spawn_slow(weft_task *task)
{
    struct weft__worker *self = weft__worker_self();
    if (self == NULL && weft__profile_spawn(task))
        return;
    if (self == NULL || weft__head(self) == WEFT__DEQUE_CAPACITY) {
        task->fn(task->context);
        task->fn = NULL; /* weft_sync has nothing to do */
        return;
    }
    weft__deque_push(self, task);
    weft__leaf_end(self);
}

/* Runs or forgets everything above `base`: tasks of groups, which may run at any time
 * and which nobody syncs. */
void weft__task_run_above(struct weft__worker *self, uint32_t base)
{
    while (weft__head(self) > base) {
        weft__critical_begin(&self->front);
        if (!weft__deque_pop(self)) {
            weft__critical_end(&self->front);
            weft__deque_lower(self, base);
            return;
        }
        weft_task *entry = weft__entry_at(self, weft__head(self));
        WEFT_ASSERT(weft__entry_is_group(entry)); /* else a weft_sync is missing */
        weft__group_run_entry(self, entry);
    }
}

void weft__task_wait(struct weft__worker *self, weft_task *task, bool take_part)
{
    struct weft__event event = {&task->state, WEFT__TASK_DONE, WEFT__TASK_DONE, WEFT__TASK_WAITER};
    weft__worker_wait(self, &event, take_part);
}

/* The place of a task in the deque: the newest but for tasks of groups. */
static uint32_t index_of(const struct weft__worker *self, const weft_task *task)
{
    uint32_t index = (uint32_t)(task->slot - self->front.slots);
    WEFT_ASSERT(index < weft__head(self)); /* synced once, in order, where it was spawned */
    WEFT_ASSERT(weft__entry_at(self, index) == task);
    return index;
}

/* Spares the owner a look at `offer`, which is in the thief's cache. */
static bool stolen_and_done(const struct weft__worker *self, weft_task *task, uint32_t index)
{
    /* Acquire: pairs with the thief's exchange in complete(). */
    return index < weft__split(self) &&
           (atomic_load_explicit(&task->state, memory_order_acquire) & WEFT__TASK_DONE) != 0;
}

void weft__sync_slow(weft_task *task)
{
    if (task->fn == NULL)
        return;
    struct weft__worker *self = weft__worker_self();
    if (self == NULL) {
        weft__profile_sync(task);
        return;
    }
    uint32_t index = index_of(self, task);
    weft__task_run_above(self, index + 1);
    if (!stolen_and_done(self, task, index)) {
        if (weft__deque_pop(self)) {
            task->fn(task->context);
            weft__leaf_end(self);
            return;
        }
        weft__task_wait(self, task, true);
    }
    weft__deque_lower(self, index);
}
