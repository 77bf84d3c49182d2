/* profile.h: what the scheduler tells profile.c about a program that weft_profile_run
 * runs.
 *
 * Such a thread has no worker: its weft__front is weft__nobody, which has no room, so
 * that every fork and join takes its slow path, and from there comes here. `weft__profile`
 * is not NULL on such a thread, and weft__worker_self is NULL. It has the calls as pointers, so
 * that a module which measures nothing comes without profile.c.
 *
 * Invariant M1: a spawned task runs in its weft_sync, a group's task in weft_group_run,
 * so a thread's tasks begin and end like brackets.
 * Invariant M2: `at` is the length of the longest chain that ends where the thread is,
 * counted from the start; the strand since `since` is not in it yet. */
#ifndef WEFT_CORE_PROFILE_H
#define WEFT_CORE_PROFILE_H

#include <weft/group.h>
#include <weft/task.h>

struct weft__worker;

/* All on the thread that is measured. */
struct weft__profile {
    bool (*spawn)(weft_task *task); /* false: no memory; the task is the caller's to run */
    void (*sync)(weft_task *task);  /* runs a task that `spawn` took */
    void (*group_init)(weft_group *group);
    void (*group_run)(weft_group *group, weft_task_fn fn, void *context);
    void (*group_wait)(weft_group *group);
    void (*abandon)(struct weft__worker *self); /* the host has unwound the worker's stack */
};

extern _Thread_local const struct weft__profile *weft__profile; /* NULL: not measured; task.c */

/* The clock; tests put one of their own here. */
extern int64_t (*weft__profile_clock)(void);

#endif
