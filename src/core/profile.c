/* profile.c: work and span of a program that runs on one thread, profile.h. */
#include "profile.h"

#include "worker.h"

#include <stdlib.h>

/* Readings of the clock that its own cost is taken from. */
#define CLOCK_READINGS 64

/* The factor of the burdened span in the estimate of the Cilkview paper. */
#define SPAN_FACTOR 1.7

struct path {
    int64_t span, burdened;
};

/* A fork that has not been joined. */
struct fork {
    const void *of;   /* the task or the group */
    struct path path; /* a task: where it was spawned; a group: its longest chain */
};

struct forks {
    struct fork *items;
    size_t count, room;
};

struct measured {
    struct weft__profile calls; /* the first: weft__profile points to it */
    struct path at;             /* M2 */
    int64_t since;              /* the start of this strand */
    int64_t clock_ns;           /* the time that two readings of the clock are apart */
    int64_t burden_ns;
    int64_t work;
    uint64_t tasks, strands;
    struct forks spawned;      /* tasks, in the order of their spawns */
    struct forks groups;       /* in the order of their inits */
    bool incomplete;           /* a fork was not counted: no memory */
    struct weft__front *front; /* of the thread, outside of the measurement */
    weft_job *solo;            /* likewise */
};

int64_t (*weft__profile_clock)(void) = weft__plat_now_ns;

static bool push(struct forks *forks, const void *of, struct path path)
{
    if (forks->count == forks->room) {
        size_t room = forks->room != 0 ? forks->room * 2 : 64;
        struct fork *items = realloc(forks->items, room * sizeof *items);
        if (items == NULL)
            return false;
        forks->items = items;
        forks->room = room;
    }
    forks->items[forks->count++] = (struct fork){of, path};
    return true;
}

static struct path longer(struct path a, struct path b)
{
    return (struct path){a.span > b.span ? a.span : b.span,
                         a.burdened > b.burdened ? a.burdened : b.burdened};
}

/* Between strand_end and strand_begin is our own time, which counts for nothing. */
static void strand_end(struct measured *self)
{
    int64_t passed = weft__profile_clock() - self->since - self->clock_ns;
    if (passed < 0)
        passed = 0;
    self->work += passed;
    self->at.span += passed;
    self->at.burdened += passed;
    self->strands++;
}

static void strand_begin(struct measured *self)
{
    self->since = weft__profile_clock();
}

/* Runs a task that was forked where `from` ends. Returns where the task ends. */
static struct path run_fork(struct measured *self, struct path from, weft_task_fn fn, void *context)
{
    struct path here = self->at;
    self->at = (struct path){from.span, from.burdened + self->burden_ns};
    self->tasks++;
    strand_begin(self);
    fn(context);
    strand_end(self);
    struct path end = self->at;
    self->at = here;
    return end;
}

static struct measured *measured_self(void)
{
    return (struct measured *)(uintptr_t)weft__profile;
}

static bool count_spawn(weft_task *task)
{
    struct measured *self = measured_self();
    strand_end(self);
    bool counted = push(&self->spawned, task, self->at);
    self->incomplete = self->incomplete || !counted;
    strand_begin(self);
    return counted;
}

static void count_sync(weft_task *task)
{
    struct measured *self = measured_self();
    WEFT_ASSERT(self->spawned.count > 0); /* synced where it was spawned */
    strand_end(self);
    struct fork fork = self->spawned.items[--self->spawned.count];
    WEFT_ASSERT(fork.of == task); /* in the reverse order of the spawns */
    struct path end = run_fork(self, fork.path, task->fn, task->context);
    self->at = longer(self->at, end);
    strand_begin(self);
}

static void count_group_init(weft_group *group)
{
    struct measured *self = measured_self();
    if (!push(&self->groups, group, (struct path){0, 0}))
        self->incomplete = true;
}

/* The place of a group's fork, or `count` when it has none: it is from outside of the
 * measurement, and what it runs then is a part of the serial path. */
static size_t find_group(const struct measured *self, const weft_group *group)
{
    for (size_t i = self->groups.count; i > 0; i--)
        if (self->groups.items[i - 1].of == group)
            return i - 1;
    return self->groups.count;
}

static void count_group_run(weft_group *group, weft_task_fn fn, void *context)
{
    struct measured *self = measured_self();
    size_t place = find_group(self, group);
    if (place == self->groups.count) {
        fn(context);
        return;
    }
    strand_end(self);
    struct path end = run_fork(self, self->at, fn, context);
    struct fork *fork = &self->groups.items[place];
    fork->path = longer(fork->path, end);
    strand_begin(self);
}

static void count_group_wait(weft_group *group)
{
    struct measured *self = measured_self();
    size_t place = find_group(self, group);
    if (place == self->groups.count)
        return;
    strand_end(self);
    self->at = longer(self->at, self->groups.items[place].path);
    self->groups.count = place;
    strand_begin(self);
}

static int64_t clock_cost(void)
{
    int64_t least = INT64_MAX;
    for (int i = 0; i < CLOCK_READINGS; i++) {
        int64_t before = weft__profile_clock();
        int64_t passed = weft__profile_clock() - before;
        if (passed >= 0 && passed < least)
            least = passed;
    }
    return least;
}

static void profile_close(struct measured *self)
{
    weft__front = self->front;
    weft__profile = NULL;
    (void)weft__job_set_solo(self->solo);
    free(self->spawned.items);
    free(self->groups.items);
    free(self);
}

static void abandon(struct weft__worker *self)
{
    profile_close(measured_self());
    WEFT_ASSERT(weft__front == &self->front);
    (void)self;
}

static void profile_open(struct measured *self, weft_job *job)
{
    self->calls = (struct weft__profile){.spawn = count_spawn,
                                         .sync = count_sync,
                                         .group_init = count_group_init,
                                         .group_run = count_group_run,
                                         .group_wait = count_group_wait,
                                         .abandon = abandon};
    self->clock_ns = clock_cost();
    self->front = weft__front;
    self->solo = weft__job_set_solo(job);
    weft__profile = &self->calls;
    weft__front = &weft__nobody;
}

static weft_profile_report report_of(const struct measured *self)
{
    weft_profile_report report = {.work_ns = self->work,
                                  .span_ns = self->at.span,
                                  .burdened_span_ns = self->at.burdened,
                                  .parallelism = 1,
                                  .burdened_parallelism = 1,
                                  .tasks = self->tasks,
                                  .strands = self->strands};
    if (report.span_ns > 0)
        report.parallelism = (double)report.work_ns / (double)report.span_ns;
    if (report.burdened_span_ns > 0)
        report.burdened_parallelism = (double)report.work_ns / (double)report.burdened_span_ns;
    return report;
}

enum weft_status weft_profile_run(weft_task_fn fn, void *context, int64_t burden_ns,
                                  weft_profile_report *report)
{
    if (fn == NULL || report == NULL || burden_ns < 0 || burden_ns > WEFT_PROFILE_BURDEN_NS_MAX)
        return WEFT_ERR_INVALID;
    if (weft__profile != NULL)
        return WEFT_ERR_STATE;
    weft_job own, *job = weft__job_current();
    if (job == NULL) {
        weft_job_init(&own, fn, context);
        job = &own;
    } else if (weft__job_cancelled(job)) {
        return WEFT_ERR_CANCELLED;
    }
    struct measured *self = calloc(1, sizeof *self);
    if (self == NULL)
        return WEFT_ERR_NOMEM;
    self->burden_ns = burden_ns != 0 ? burden_ns : WEFT_PROFILE_BURDEN_NS;
    profile_open(self, job);
    strand_begin(self);
    fn(context);
    strand_end(self);
    weft_profile_report measured = report_of(self);
    bool incomplete = self->incomplete;
    profile_close(self);
    if (weft__job_cancelled(job))
        return WEFT_ERR_CANCELLED;
    if (incomplete)
        return WEFT_ERR_NOMEM;
    *report = measured;
    return WEFT_OK;
}

void weft_profile_speedup(const weft_profile_report *report, size_t threads, double *low,
                          double *high)
{
    *low = *high = 1;
    if (threads <= 1 || report->work_ns <= 0)
        return;
    double work = (double)report->work_ns, count = (double)threads;
    double estimate = work / (work / count + SPAN_FACTOR * (double)report->burdened_span_ns);
    *high = report->parallelism < count ? report->parallelism : count;
    *low = estimate < *high ? estimate : *high;
}
