/* weft/profile.h: how far a program can scale: its work, its span, and the speed-up to
 * expect on more cores than this machine has. */
#ifndef WEFT_PROFILE_H
#define WEFT_PROFILE_H

#include <weft/base.h>
#include <weft/status.h>
#include <weft/task.h>

/* What a fork costs by default if another thread takes it: the theft, its cold caches
 * and the report back, in nanoseconds. */
#define WEFT_PROFILE_BURDEN_NS 5000

/* The largest burden that weft_profile_run takes. */
#define WEFT_PROFILE_BURDEN_NS_MAX INT64_C(1000000000)

/* A loop counts as a balanced tree of forks over at most this many leaves of equal
 * length (fewer with a grain), so a lone loop never shows a parallelism above it. That is
 * four times WEFT_THREADS_MAX: enough to tell the speed-up on any number of threads. More
 * leaves of a short loop would measure the clock. */
#define WEFT_PROFILE_LEAVES 512

/* What weft_profile_run measured. A strand is a stretch of code without a fork or a
 * join in it; work is the time of all strands, span that of the longest chain of
 * strands which must follow each other. No number of threads can be faster than the
 * span, nor more than `parallelism` times as fast as one. The burdened span counts
 * the burden with every task on the chain: what a thief pays if all of them are stolen.
 *
 * Source: He, Leiserson, Leiserson, "The Cilkview scalability analyzer", 2010. */
typedef struct weft_profile_report {
    int64_t work_ns;
    int64_t span_ns;
    int64_t burdened_span_ns;
    double parallelism;          /* work / span */
    double burdened_parallelism; /* work / burdened span */
    uint64_t tasks;              /* pieces that another thread might have taken */
    uint64_t strands;
} weft_profile_report;

/* Runs fn(context) as weft_run does, but on the calling thread alone, in the order of a
 * runtime with one thread, and measures it. The clock is read twice per strand and its
 * cost taken off; strands far below 100 ns are nevertheless measured poorly, the more so
 * in browsers, whose clocks are coarse. Time that fn spends asleep counts as work. What
 * fn waits for must not depend on other threads: there are none. `burden_ns` is 0 for
 * WEFT_PROFILE_BURDEN_NS, or 1..WEFT_PROFILE_BURDEN_NS_MAX.
 *
 *     weft_profile_report report;
 *     double low, high;
 *     status = weft_profile_run(render, &scene, 0, &report);
 *     weft_profile_speedup(&report, 16, &low, &high);
 *
 * Ownership: *report is the caller's; unchanged after an error.
 * Errors:    WEFT_ERR_INVALID    a null pointer, or burden_ns out of range
 *            WEFT_ERR_STATE      the calling thread is inside weft_profile_run
 *            WEFT_ERR_NOMEM      no memory for the book-keeping; fn may have run
 *            WEFT_ERR_CANCELLED  the job was cancelled
 * Threads:   any thread, inside a job or not; no runtime need be started. */
WEFT_NODISCARD enum weft_status weft_profile_run(weft_task_fn fn, void *context, int64_t burden_ns,
                                                 weft_profile_report *report);

/* The speed-up over one thread to expect on `threads` of them: at most *high, the
 * smaller of `threads` and the parallelism; about *low, and seldom less, if stealing
 * costs what the burden says, which is work / (work / threads + 1.7 * burdened span).
 * *low below 1 says that threads may do harm. One thread, or none: 1 and 1.
 *
 * Threads: any thread. */
void weft_profile_speedup(const weft_profile_report *report, size_t threads, double *low,
                          double *high);

#endif
