/* regions.c: short parallel regions: empty, of a few microseconds, and after a pause. */
#include "blocks.h"
#include "command.h"

#include "platform/platform.h"

#include <stdlib.h>

#define BATCH_NS   INT64_C(30000) /* of calls between two readings of the clock */
#define BATCHES    2048
#define WARM_MS    2 /* before a run */
#define PAUSE_NS   INT64_C(5000000)
#define PATIENCE   INT64_C(2000000000) /* a piece that waits longer was never offered */
#define SPINS_LOOK (1u << 16)
#define LINE_WORDS 16 /* 32-bit words of two cache lines, against the neighbour's prefetch */

/* One region to call again and again. */
struct region {
    void (*call)(struct region *region);
    bench_range_fn body;
    size_t count;   /* of the loop */
    uint32_t steps; /* of bench_work, both pieces together */
    uint32_t round; /* of a rendezvous */
    _Atomic uint32_t failed;
    _Alignas(128) _Atomic uint32_t arrived[2 * LINE_WORDS];
    _Alignas(128) uint64_t sink[2 * LINE_WORDS];
    _Alignas(128) _Atomic uint32_t seen; /* indices, by the check */
};

static void call_pair(struct region *region)
{
    bench_peer.pair(region->body, region);
}

static void call_loop(struct region *region)
{
    bench_peer.loop(region->count, region->body, region);
}

static void call_rdv(struct region *region)
{
    region->round++;
    bench_peer.pair(region->body, region);
}

static void body_empty(void *context, size_t first, size_t last)
{
    (void)context, (void)first, (void)last;
}

static void body_count(void *context, size_t first, size_t last)
{
    struct region *region = context;
    atomic_fetch_add(&region->seen, (uint32_t)(last - first));
}

static void body_rdv(void *context, size_t first, size_t last)
{
    struct region *region = context;
    if (last - first != 1) {
        atomic_store(&region->failed, 1);
        return;
    }
    uint32_t round = region->round;
    atomic_store_explicit(&region->arrived[first * LINE_WORDS], round, memory_order_release);
    _Atomic uint32_t *other = &region->arrived[(1 - first) * LINE_WORDS];
    int64_t begun = 0;
    for (uint32_t looks = 1; atomic_load_explicit(other, memory_order_acquire) != round; looks++) {
        weft__plat_relax();
        if (looks % SPINS_LOOK != 0)
            continue;
        int64_t now = weft__plat_now_ns();
        if (begun == 0)
            begun = now;
        if (now - begun > PATIENCE || atomic_load(&region->failed) != 0) {
            atomic_store(&region->failed, 1);
            return;
        }
    }
}

static void body_work(void *context, size_t first, size_t last)
{
    struct region *region = context;
    for (size_t i = first; i < last; i++)
        region->sink[i * LINE_WORDS] = bench_work(i + 1, region->steps / 2);
}

static WEFT__NOINLINE int64_t time_batch(struct region *region, uint32_t calls)
{
    int64_t begun = weft__plat_now_ns();
    for (uint32_t i = 0; i < calls; i++)
        region->call(region);
    return weft__plat_now_ns() - begun;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Calls the region for `ms` milliseconds. The median of the batches: what a call costs but for
 * the moments in which the machine was busy otherwise. */
static double time_region(struct region *region, double ms)
{
    static double per_call[BATCHES];
    size_t count = 0;
    uint32_t calls = 1;
    int64_t end = weft__plat_now_ns() + (int64_t)(ms * 1e6);
    while (count < BATCHES && (count == 0 || weft__plat_now_ns() < end) &&
           atomic_load(&region->failed) == 0) {
        int64_t took = time_batch(region, calls);
        if (took < BATCH_NS && calls < 1u << 20) {
            calls *= 2;
            continue;
        }
        per_call[count++] = (double)took / calls;
    }
    qsort(per_call, count, sizeof per_call[0], by_size);
    return count > 0 ? per_call[count / 2] : 0;
}

static struct region *new_region(void (*call)(struct region *), bench_range_fn body)
{
    static struct region region;
    uint32_t round = region.round;
    region.call = call;
    region.body = body;
    region.round = round;
    atomic_store(&region.failed, 0);
    return &region;
}

/* The peer runs every index once. */
static bool covers(struct region *region, uint32_t count)
{
    bench_range_fn body = region->body;
    region->body = body_count;
    atomic_store(&region->seen, 0);
    region->call(region);
    region->body = body;
    return atomic_load(&region->seen) == count;
}

static void finish(struct bench_call *call, struct region *region, double ns)
{
    call->ns = ns;
    if (atomic_load(&region->failed) != 0)
        call->error = "the two pieces did not run at the same time";
}

void bench_rdv(struct bench_call *call)
{
    struct region *region = new_region(call_rdv, body_rdv);
    finish(call, region, time_region(region, call->numbers[0]));
}

void bench_empty(struct bench_call *call)
{
    struct region *region = new_region(call_pair, body_empty);
    if (!covers(region, 2))
        call->error = "not every index ran once";
    else
        finish(call, region, time_region(region, call->numbers[0]));
}

void bench_empty_outside(struct bench_call *call)
{
    bench_empty(call);
}

void bench_loop(struct bench_call *call)
{
    struct region *region = new_region(call_loop, body_empty);
    region->count = (size_t)call->numbers[1];
    if (!covers(region, (uint32_t)region->count))
        call->error = "not every index ran once";
    else
        finish(call, region, time_region(region, call->numbers[0]));
}

static bool worked(const struct region *region)
{
    uint32_t steps = region->steps / 2;
    return region->sink[0] == bench_work(1, steps) &&
           region->sink[LINE_WORDS] == bench_work(2, steps);
}

void bench_grain(struct bench_call *call)
{
    struct region *region = new_region(call_pair, body_work);
    region->steps = (uint32_t)call->numbers[1];
    finish(call, region, time_region(region, call->numbers[0]));
    if (!worked(region))
        call->error = "a piece of work was not done";
}

/* Takes the median as all timed commands do, so that it fits to them. */
void bench_steps(struct bench_call *call)
{
    struct region *region = new_region(call_pair, body_work);
    region->steps = 100000;
    call->ns = region->steps * 1000 / time_region(region, call->numbers[0]);
}

void bench_warm_pool(void)
{
    if (bench_threads > 1 && bench_peer.pair != NULL)
        (void)time_region(new_region(call_rdv, body_rdv), WARM_MS);
}

static void pause_for(int64_t ns)
{
    static _Atomic uint32_t word;
    int64_t end = weft__plat_now_ns() + ns;
    for (int64_t left = ns; left > 0; left = end - weft__plat_now_ns())
        (void)weft__plat_wait(&word, 0, left);
}

static void time_after_pause(struct bench_call *call, struct region *region)
{
    size_t samples = (size_t)call->numbers[0];
    if (samples > sizeof call->all / sizeof call->all[0])
        samples = sizeof call->all / sizeof call->all[0];
    for (size_t i = 0; i < samples; i++) {
        pause_for(PAUSE_NS);
        call->all[call->count++] = (double)time_batch(region, 1);
    }
    finish(call, region, 0);
}

void bench_wake_rdv(struct bench_call *call)
{
    time_after_pause(call, new_region(call_rdv, body_rdv));
}

void bench_wake_work(struct bench_call *call)
{
    struct region *region = new_region(call_pair, body_work);
    region->steps = (uint32_t)call->numbers[1];
    time_after_pause(call, region);
    if (!worked(region))
        call->error = "a piece of work was not done";
}
