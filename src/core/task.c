/* task.c: fork/join beyond the inline fast path of weft/task.h. */
#include "worker.h"

struct weft__front weft__nobody = {.slots = NULL, .head = 0, .split = 0, .limit = 0};
_Thread_local struct weft__front *weft__front = &weft__nobody;

void weft__spawn_slow(weft_task *task)
{
    struct weft__worker *self = weft__worker_self();
    if (self == NULL || self->front.head == WEFT__DEQUE_CAPACITY) {
        task->index = WEFT__TASK_INLINE;
        task->fn(task->context);
        return;
    }
    weft__deque_push(self, task);
}

/* Runs or forgets everything above `base`: tasks of groups, which may run at any time
 * and which nobody syncs. */
void weft__task_run_above(struct weft__worker *self, uint32_t base)
{
    while (self->front.head > base) {
        if (!weft__deque_pop(self)) {
            weft__deque_lower(self, base);
            return;
        }
        weft_task *entry = weft__entry_at(self, self->front.head);
        WEFT_ASSERT(weft__entry_is_group(entry)); /* else a weft_sync is missing */
        weft__group_run_entry(self, entry);
    }
}

void weft__task_wait(struct weft__worker *self, weft_task *task, bool take_part)
{
    struct weft__event event = {&task->state, WEFT__TASK_DONE, WEFT__TASK_DONE, WEFT__TASK_WAITER};
    weft__worker_wait(self, &event, take_part);
}

void weft__sync_slow(weft_task *task)
{
    if (task->index == WEFT__TASK_INLINE)
        return;
    struct weft__worker *self = weft__worker_self();
    WEFT_ASSERT(self != NULL && self->front.head > task->index); /* synced once, in order */
    weft__task_run_above(self, task->index + 1);
    if (weft__deque_pop(self)) {
        task->fn(task->context);
    } else {
        weft__task_wait(self, task, true);
        weft__deque_lower(self, task->index);
    }
}
