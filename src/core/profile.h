/* profile.h: what the scheduler tells profile.c about a program that weft_profile_run
 * runs.
 *
 * Such a thread has no worker: its weft__front is weft__nobody, which has no room, so
 * that every fork and join takes its slow path, and from there comes here. `weft__profile`
 * is not NULL on such a thread, and weft__worker_self is NULL.
 *
 * Invariant M1: a spawned task runs in its weft_sync, a group's task in weft_group_run,
 * so a thread's tasks begin and end like brackets.
 * Invariant M2: `at` is the length of the longest chain that ends where the thread is,
 * counted from the start; the strand since `since` is not in it yet. */
#ifndef WEFT_CORE_PROFILE_H
#define WEFT_CORE_PROFILE_H

#include <weft/group.h>
#include <weft/task.h>

struct weft__profile;
struct weft__worker;
extern _Thread_local struct weft__profile *weft__profile; /* NULL: not measured */

/* The clock; tests put one of their own here. */
extern int64_t (*weft__profile_clock)(void);

/* False: not measured, or no memory to; the task is the caller's to run. */
bool weft__profile_spawn(weft_task *task);

/* Runs a task that weft__profile_spawn took. */
void weft__profile_sync(weft_task *task);

/* These do nothing, or only call fn, on a thread that is not measured. */
void weft__profile_group_init(weft_group *group);
void weft__profile_group_run(weft_group *group, weft_task_fn fn, void *context);
void weft__profile_group_wait(weft_group *group);

/* The grain of a loop that is measured: its leaves, see weft/profile.h. */
size_t weft__profile_grain(size_t grain, size_t count);

/* Ends the measurement on a worker whose stack the host has unwound. */
void weft__profile_abandon(struct weft__worker *self);

#endif
