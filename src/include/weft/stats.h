/* weft/stats.h: what each worker has done since the runtime was started. */
#ifndef WEFT_STATS_H
#define WEFT_STATS_H

#include <weft/base.h>
#include <weft/status.h>

/* Counts of one worker. They are always on, for only the slow paths count: a task that
 * runs on the worker that spawned it appears nowhere. Each count only grows; they are
 * read one after the other while the workers go on, so they need not fit together
 * exactly. There is no reset: subtract two readings. */
typedef struct weft_worker_stats {
    uint64_t jobs;          /* jobs whose function ran here */
    uint64_t tasks_stolen;  /* tasks taken from other workers and run here */
    uint64_t tasks_offered; /* tasks that others could take; the owner may take them back */
    uint64_t steals_failed; /* rounds over the other workers that found nothing */
    uint64_t parks;         /* sleeps */
    uint64_t wakes;         /* sleeping workers that this one woke */
    /* Time asleep, and time spent looking for a job or a task between two of them. The
     * latter in steps of some microseconds; shorter waits count as none. */
    uint64_t idle_ns;
} weft_worker_stats;

/* Writes the counts of the first `capacity` workers to `out`, and how many workers there
 * are to *count, which may be more (0: no runtime is started). The workers that the
 * runtime started come first, then the one that stands for the thread inside weft_run,
 * then those that had to stand in for workers asleep on a lock or a channel.
 *
 *     weft_worker_stats stats[WEFT_THREADS_MAX];
 *     size_t count;
 *     status = weft_stats_read(stats, WEFT_THREADS_MAX, &count);
 *
 * Ownership: `out` is the caller's; may be NULL when capacity is 0.
 * Errors:    WEFT_ERR_INVALID  a null pointer
 * Threads:   any thread, not during weft_runtime_start or weft_runtime_stop. */
WEFT_NODISCARD enum weft_status weft_stats_read(weft_worker_stats *out, size_t capacity,
                                                size_t *count);

/* The place of the calling thread among the records of weft_stats_read; SIZE_MAX where the
 * thread is no worker, and so outside of jobs. Inside a task it stays the same, but two tasks
 * of a job may run in different places. Cheap: a load or two.
 *
 * Threads: any thread. */
size_t weft_stats_self(void);

#endif
