/* group.c: task groups. A task's record, a node, is recycled through the free list of
 * the worker that runs it and goes back to the system when the runtime stops. */
#include "worker.h"

#include "profile.h"

#include <stdlib.h>

#define NODES_PER_CHUNK 64

struct weft__node {
    struct weft__node_head head;
    weft_task_fn fn;
    void *context;
    weft_group *group;
    struct weft__node *next; /* in the free list */
};

struct weft__chunk {
    struct weft__chunk *next;
    struct weft__node nodes[NODES_PER_CHUNK];
};

static void end_entry(struct weft__worker *self, struct weft__node_head *head, bool run);

static struct weft__node *node_create(struct weft__worker *self)
{
    if (self->free_nodes == NULL) {
        struct weft__chunk *chunk = calloc(1, sizeof *chunk);
        if (chunk == NULL)
            return NULL;
        chunk->next = self->node_chunks;
        self->node_chunks = chunk;
        for (size_t i = 0; i < NODES_PER_CHUNK; i++) {
            chunk->nodes[i].head.end = end_entry;
            chunk->nodes[i].next = self->free_nodes;
            self->free_nodes = &chunk->nodes[i];
        }
    }
    struct weft__node *node = self->free_nodes;
    self->free_nodes = node->next;
    return node;
}

static void node_destroy(struct weft__worker *self, struct weft__node *node)
{
    node->next = self->free_nodes;
    self->free_nodes = node;
}

void weft__group_free_nodes(struct weft__worker *self)
{
    while (self->node_chunks != NULL) {
        struct weft__chunk *chunk = self->node_chunks;
        self->node_chunks = chunk->next;
        free(chunk);
    }
    self->free_nodes = NULL;
}

/* One task less. The group may be gone as soon as the count is 0. */
void weft__group_end(weft_group *group)
{
    uint32_t owner = group->owner;
    /* Release, and acquire for the last one: pairs with the owner's load. */
    if (atomic_fetch_sub(&group->pending, WEFT__GROUP_ONE) ==
        (WEFT__GROUP_ONE | WEFT__GROUP_WAITER))
        weft__sleep_unpark(owner);
}

/* Runs a group's task on top of whatever this worker is doing. See struct weft__node_head. */
static void end_entry(struct weft__worker *self, struct weft__node_head *head, bool run)
{
    struct weft__node *node = (struct weft__node *)(void *)head, task = *node;
    node_destroy(self, node);
    if (!run) {
        weft__group_end(task.group);
        return;
    }
    struct weft__running running = {.group = task.group};
    weft__worker_begin(self, &running);
    weft__critical_end(&self->front);
    if (!weft_cancelled())
        task.fn(task.context);
    weft__critical_begin(&self->front);
    weft__worker_end(self, &running);
    weft__group_end(task.group);
    weft__critical_end(&self->front);
    weft__leaf_end(self);
}

void weft_group_init(weft_group *group)
{
    struct weft__worker *self = weft__worker_self();
    atomic_init(&group->pending, 0);
    group->owner = 0;
    group->outer = NULL;
    if (self != NULL) {
        group->owner = self->index;
        group->outer = self->groups;
        self->groups = group;
    } else if (weft__profile != NULL) {
        weft__profile->group_init(group);
    }
}

void weft_group_run(weft_group *group, weft_task_fn fn, void *context)
{
    struct weft__worker *self = weft__worker_self();
    if (weft_cancelled())
        return;
    if (self == NULL) {
        if (weft__profile != NULL)
            weft__profile->group_run(group, fn, context);
        else
            fn(context);
        return;
    }
    struct weft__node *node = NULL;
    weft__critical_begin(&self->front);
    if (weft__head(self) == WEFT__DEQUE_CAPACITY || (node = node_create(self)) == NULL) {
        weft__critical_end(&self->front);
        fn(context);
        return;
    }
    node->fn = fn;
    node->context = context;
    node->group = group;
    /* Relaxed: the task is handed over by the deque, or stays here. */
    atomic_fetch_add_explicit(&group->pending, WEFT__GROUP_ONE, memory_order_relaxed);
    weft__deque_push(self, NULL, node);
    weft__critical_end(&self->front);
    weft__leaf_end(self);
}

/* Takes the group tasks at the newest end off our deque, running those still there. */
static bool run_newest(struct weft__worker *self)
{
    uint32_t head = weft__head(self);
    while (head > 0 && weft__entry_at(self, head - 1).fn == NULL)
        head--;
    if (head == weft__head(self))
        return false;
    weft__task_run_above(self, head);
    return true;
}

enum weft_status weft_group_wait(weft_group *group)
{
    struct weft__worker *self = weft__worker_self();
    if (self == NULL) {
        if (weft__profile != NULL)
            weft__profile->group_wait(group);
        return weft_cancelled() ? WEFT_ERR_CANCELLED : WEFT_OK;
    }
    struct weft__event event = {&group->pending, ~WEFT__GROUP_WAITER, 0, WEFT__GROUP_WAITER};
    weft__plat_stack_probe();
    while ((atomic_load(&group->pending) & ~WEFT__GROUP_WAITER) != 0) {
        if (run_newest(self))
            continue;
        weft__critical_begin(&self->front);
        struct weft__entry entry = weft__deque_take_oldest(self);
        if (entry.slot == NULL) {
            weft__critical_end(&self->front);
            weft__worker_wait(self, &event, true);
            break;
        }
        weft__worker_run_taken(self, self, &entry,
                               atomic_load_explicit(&self->job, memory_order_relaxed));
    }
    WEFT_ASSERT(self->groups == group);
    self->groups = group->outer;
    return weft_cancelled() ? WEFT_ERR_CANCELLED : WEFT_OK;
}
