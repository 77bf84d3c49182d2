/* parallel.c: loops by lazy splitting, reductions over a fixed tree.
 *
 * A loop runs in slices on the thread that called it. It puts one half on offer at the
 * start, and more only when it finds between two slices that somebody is hungry.
 * (Tzannes et al., "Lazy binary-splitting", 2010.) A slice is 1/128 of the loop, so a hungry
 * thread never waits for more than that; in short loops slices grow from there to 64 indices.
 * Towards the end they shrink to a quarter, as who has to wait for the last one goes to sleep
 * after some microseconds, and it takes many of those to wake it. */
#include "worker.h"

#include "profile.h"

#include <string.h>

/* A slice is 1/128 of the loop: enough to share, few enough to cost nothing. */
#define SLICES_MAX 128

/* The same of a loop over tiles, each of which is one call more. */
#define TILE_SLICES_MAX 64

/* Slices that are shorter grow up to this length. */
#define SLICE_SHORT 64

/* Loops up to this length are cut at once, as if each index took long. */
#define FEW_INDICES 64

/* The tree of a reduction has at most this many leaves. */
#define LEAVES_MAX 512

/* Values up to this size have their partial results in small stack frames. */
#define SMALL_BYTES 64

struct loop {
    weft_range_fn fn;
    void *context;
    size_t grain; /* at least 1 */
    size_t slice; /* the length of the first slice */
    size_t most;  /* of the longest; 0: the first is, and all are 2^k indices */
    bool few;     /* so few indices that each may be long: offer at every level */
};

/* All that a thief reads is in one cache line, which it fetches from another core. */
struct half {
    _Alignas(64) size_t first;
    size_t last;
    struct loop loop;
    weft_task task;
};
_Static_assert(offsetof(struct half, task) <= 64, "what a thief reads is in one cache line");

/* The slice after one of this length. */
static WEFT__INLINE size_t next_slice(const struct loop *loop, size_t slice, size_t rest)
{
    if (loop->most == 0) {
        while (slice > rest / 4 && slice / 2 >= loop->grain)
            slice /= 2;
        return slice;
    }
    slice = slice < loop->most / 2 ? slice * 2 : loop->most;
    if (slice > rest / 4)
        slice = rest / 4;
    size_t least = loop->slice / 4 > loop->grain ? loop->slice / 4 : loop->grain;
    return slice > least ? slice : least;
}

static void run_slices(const struct loop *loop, size_t first, size_t last, bool offer);

static void run_half(void *context)
{
    struct half *half = context;
    run_slices(&half->loop, half->first, half->last, half->loop.few);
}

static void give_half(const struct loop *loop, size_t first, size_t last)
{
    size_t middle = first + (last - first) / 2;
    struct half half = {.loop = *loop, .first = middle, .last = last};
    weft_spawn(&half.task, run_half, &half);
    run_slices(loop, first, middle, loop->few);
    weft_sync(&half.task);
}

/* Gives half away when somebody asked for work; with `offer` also at the start if nothing
 * of ours is on offer, as nobody may have had a chance to ask. */
static void run_slices(const struct loop *loop, size_t first, size_t last, bool offer)
{
    struct weft__front *self = weft__front;
    weft_job *job = weft__job_current();
    bool alone = self == &weft__nobody ? weft__profile == NULL : WEFT__PEEK(&weft__rt.reach) <= 1;
    size_t slice = loop->slice;
    for (; first < last; offer = false) {
        size_t rest = last - first;
        if (job != NULL && weft__job_cancelled(job))
            return;
        bool asked = !alone && WEFT__PEEK(&self->limit) == 0;
        if (!alone && rest / 2 >= loop->grain && (asked || (offer && self->head == self->split))) {
            give_half(loop, first, last);
            return;
        }
        if (asked && self != &weft__nobody) /* too little to share, but our CPU */
            weft__leaf_end(weft__worker_self());
        size_t count = slice < rest ? slice : rest;
        loop->fn(loop->context, first, first + count);
        first += count;
        rest -= count;
        slice = next_slice(loop, slice, rest);
    }
}

/* What a loop called outside of any job is turned into. */
static void run_job_loop(void *context)
{
    const struct half *all = context;
    run_slices(&all->loop, all->first, all->last, true);
}

/* Outside of any job it becomes one. */
static void run_loop(const struct loop *loop, size_t first, size_t last)
{
    if (weft__job_current() != NULL) {
        run_slices(loop, first, last, true);
    } else {
        struct half all = {.loop = *loop, .first = first, .last = last};
        if (weft_run(run_job_loop, &all) == WEFT_ERR_WOULD_BLOCK)
            run_slices(loop, first, last, true);
    }
}

/* The grain of a loop that is measured: its leaves, see weft/profile.h. */
static size_t measured_grain(size_t grain, size_t count)
{
    size_t leaf = count / WEFT_PROFILE_LEAVES + (count % WEFT_PROFILE_LEAVES != 0);
    return grain > leaf ? grain : leaf;
}

void weft_for(size_t first, size_t last, size_t grain, weft_range_fn fn, void *context)
{
    if (first >= last)
        return;
    if (weft__profile != NULL)
        grain = measured_grain(grain, last - first);
    size_t count = last - first;
    struct loop loop = {.fn = fn,
                        .context = context,
                        .grain = grain != 0 ? grain : 1,
                        .slice = count / SLICES_MAX,
                        .few = count <= FEW_INDICES};
    if (loop.slice < loop.grain)
        loop.slice = loop.grain;
    loop.most = loop.slice > SLICE_SHORT ? loop.slice : SLICE_SHORT;
    run_loop(&loop, first, last);
}

/* weft_for over 2^k tiles, of which 2^j from a multiple of 2^j on make a larger one (range.c).
 * So slices are that, and do not grow: a tile may take long. */
void weft__for_tiles(size_t count, weft_range_fn fn, void *context)
{
    struct loop loop = {.fn = fn,
                        .context = context,
                        .grain = weft__profile != NULL ? measured_grain(1, count) : 1,
                        .slice = count / TILE_SLICES_MAX,
                        .few = count <= FEW_INDICES};
    while (loop.slice < loop.grain)
        loop.slice = loop.slice != 0 ? loop.slice * 2 : 1;
    run_loop(&loop, 0, count);
}

struct reduction {
    weft_reduce_fn fn;
    weft_combine_fn combine;
    void *context;
    size_t first, last;
    size_t leaf; /* indices per leaf */
    size_t bytes;
};

/* The part of the tree over the leaves first..last-1. */
struct branch {
    weft_task task;
    const struct reduction *all;
    size_t first, last;
    void *into;
};

static void reduce_branch(void *context);

static void reduce_fork(struct branch *branch, void *partial)
{
    const struct reduction *all = branch->all;
    size_t middle = branch->first + (branch->last - branch->first) / 2;
    struct branch left = {.all = all, .first = branch->first, .last = middle, .into = branch->into};
    struct branch right = {.all = all, .first = middle, .last = branch->last, .into = partial};
    weft_spawn(&right.task, reduce_branch, &right);
    reduce_branch(&left);
    weft_sync(&right.task);
    if (!weft_cancelled())
        all->combine(all->context, branch->into, partial);
}

static WEFT__NOINLINE void reduce_small(struct branch *branch)
{
    _Alignas(max_align_t) unsigned char partial[SMALL_BYTES];
    reduce_fork(branch, partial);
}

static WEFT__NOINLINE void reduce_large(struct branch *branch)
{
    _Alignas(max_align_t) unsigned char partial[WEFT_REDUCE_BYTES_MAX];
    reduce_fork(branch, partial);
}

static void reduce_branch(void *context)
{
    struct branch *branch = context;
    const struct reduction *all = branch->all;
    if (weft_cancelled())
        return;
    if (branch->last - branch->first > 1) {
        if (all->bytes <= SMALL_BYTES)
            reduce_small(branch);
        else
            reduce_large(branch);
        return;
    }
    size_t first = all->first + branch->first * all->leaf;
    size_t last = all->last - first > all->leaf ? first + all->leaf : all->last;
    all->fn(all->context, first, last, branch->into);
}

enum weft_status weft_reduce(size_t first, size_t last, size_t grain, weft_reduce_fn fn,
                             weft_combine_fn combine, void *context, void *result, size_t bytes)
{
    if (fn == NULL || combine == NULL || result == NULL || bytes == 0 ||
        bytes > WEFT_REDUCE_BYTES_MAX)
        return WEFT_ERR_INVALID;
    if (first >= last)
        return weft_cancelled() ? WEFT_ERR_CANCELLED : WEFT_OK;
    size_t count = last - first;
    size_t leaf = count / LEAVES_MAX + (count % LEAVES_MAX != 0);
    if (leaf < grain)
        leaf = grain;
    size_t leaves = count / leaf + (count % leaf != 0);
    _Alignas(max_align_t) unsigned char value[WEFT_REDUCE_BYTES_MAX];
    struct reduction all = {fn, combine, context, first, last, leaf, bytes};
    struct branch whole = {.all = &all, .first = 0, .last = leaves, .into = value};
    enum weft_status status = weft_run(reduce_branch, &whole);
    if (status == WEFT_ERR_WOULD_BLOCK) { /* a thread that must not wait for others */
        reduce_branch(&whole);
        status = WEFT_OK;
    }
    if (status == WEFT_OK)
        memcpy(result, value, bytes);
    return status;
}
