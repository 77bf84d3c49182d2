/* weft/group.h: any number of tasks, added while others run, waited for together. */
#ifndef WEFT_GROUP_H
#define WEFT_GROUP_H

#include <weft/base.h>
#include <weft/status.h>
#include <weft/task.h>

/* Tasks of a group may add tasks to it.
 *
 *     weft_group group;
 *     weft_group_init(&group);
 *     for (node = first; node != NULL; node = node->next)
 *         weft_group_run(&group, visit, node);
 *     status = weft_group_wait(&group);
 *
 * Lives on the stack of the function that waits
 * for it. The fields are private. */
typedef struct weft_group {
    _Atomic uint32_t pending; /* tasks that have not ended, and the waiter's flag */
    uint32_t owner;           /* the worker that waits */
    struct weft_group *outer; /* groups of the same worker; owner only */
} weft_group;

/* Prepares an empty group. weft_group_wait must follow on the same thread before the
 * function returns; groups of one thread are waited for in the reverse order of their
 * inits. There is nothing to destroy: a job that is cancelled, or a runtime that stops, while
 * tasks of the group run does not end before they have.
 *
 * Threads: any thread. */
void weft_group_init(weft_group *group);

/* Adds fn(context) to the group. Its record comes from the job's memory; if there is
 * none left the task runs here and now. In a cancelled job it is left out.
 *
 * Ownership: what `context` names must live until weft_group_wait returns.
 * Threads:   the thread of weft_group_init and tasks of the group. */
void weft_group_run(weft_group *group, weft_task_fn fn, void *context);

/* Takes part until every task of the group has ended.
 *
 * Errors:  WEFT_ERR_CANCELLED  the job was cancelled; no task of the group runs still
 * Threads: the thread of weft_group_init. */
enum weft_status weft_group_wait(weft_group *group);

#endif
