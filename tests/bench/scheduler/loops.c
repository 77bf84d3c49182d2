/* loops.c: the default grain against grains chosen by hand, on even and uneven bodies. */
#include "blocks.h"
#include "command.h"

#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

#define TOTAL_NS    1e6     /* of work in a loop */
#define STEPS_LOOK  1000000 /* of bench_work, to see how long they take */
#define ROUNDS      11      /* an odd number */
#define COLS        32      /* of the loops in two and three dimensions */
#define PLANES      4
#define SPIKE       100 /* times the cost of an ordinary index */
#define SPIKE_EVERY 128 /* indices, at places that look random */
#define WAYS        8

/* 0: the peer chooses. */
static const size_t grains[WAYS] = {0, 1, 4, 16, 64, 256, 1024, 4096};

struct loop {
    size_t count;
    uint32_t steps; /* of an index on the average */
    char shape;     /* e(ven), t(riangular), s(piky) */
    unsigned dimensions;
    _Atomic uint64_t sum; /* of all results */
};

static uint32_t steps_at(const struct loop *loop, size_t i)
{
    if (loop->shape == 't')
        return (uint32_t)(2 * loop->steps * (uint64_t)i / loop->count) + 1;
    if (loop->shape != 's')
        return loop->steps;
    uint32_t usual = loop->steps * SPIKE_EVERY / (SPIKE + SPIKE_EVERY) + 1;
    return (uint32_t)(i * 2654435761u) >> 7 & (SPIKE_EVERY - 1) ? usual : usual * SPIKE;
}

static uint64_t run_indices(const struct loop *loop, size_t first, size_t last)
{
    uint64_t sum = 0;
    for (size_t i = first; i < last; i++)
        sum += bench_work(i + 1, steps_at(loop, i));
    return sum;
}

static void body(void *context, size_t first, size_t last)
{
    struct loop *loop = context;
    atomic_fetch_add_explicit(&loop->sum, run_indices(loop, first, last), memory_order_relaxed);
}

/* Lines of COLS indices, in one or several planes. */
static void tile_body(void *context, const size_t first[3], const size_t last[3])
{
    struct loop *loop = context;
    size_t rows = loop->count / COLS / (loop->dimensions == 3 ? PLANES : 1);
    uint64_t sum = 0;
    for (size_t plane = first[0]; plane < last[0]; plane++)
        for (size_t row = first[1]; row < last[1]; row++) {
            size_t line = (plane * rows + row) * COLS;
            sum += run_indices(loop, line + first[2], line + last[2]);
        }
    atomic_fetch_add_explicit(&loop->sum, sum, memory_order_relaxed);
}

static double time_way(struct loop *loop, size_t way, uint64_t expected, struct bench_call *call)
{
    atomic_store(&loop->sum, 0);
    int64_t begun = weft__plat_now_ns();
    if (way == 0 && loop->dimensions > 1) {
        size_t planes = loop->dimensions == 3 ? PLANES : 1;
        bench_peer.tiles(planes, loop->count / COLS / planes, COLS, tile_body, loop);
    } else {
        bench_peer.loop_grain(loop->count, grains[way], body, loop);
    }
    double took = (double)(weft__plat_now_ns() - begun);
    if (atomic_load(&loop->sum) != expected)
        call->error = "not every index ran once";
    return took;
}

uint32_t bench_steps_in(double ns)
{
    static double steps_per_ns;
    for (int i = 0; i < 5 && steps_per_ns == 0; i++) {
        int64_t begun = weft__plat_now_ns();
        (void)bench_work(1, STEPS_LOOK); /* in a file of its own, so it is not left out */
        double speed = STEPS_LOOK / (double)(weft__plat_now_ns() - begun);
        if (i == 4) /* optimised by then, where that matters */
            steps_per_ns = speed;
    }
    uint32_t steps = (uint32_t)(ns * steps_per_ns + 0.5);
    return steps > 0 ? steps : 1;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Answers the median time with the default grain over that with the best other grain. All ways
 * take turns, so that they meet the same noise. */
static double default_over_best(struct loop *loop, struct bench_call *call)
{
    static double times[WAYS][ROUNDS];
    uint64_t expected = run_indices(loop, 0, loop->count);
    for (size_t round = 0; round < ROUNDS && call->error == NULL; round++)
        for (size_t way = 0; way < WAYS; way++) {
            (void)time_way(loop, way, expected, call); /* no thread need be woken for the next */
            times[way][round] = time_way(loop, way, expected, call);
        }
    double best = 0;
    for (size_t way = 0; way < WAYS; way++) {
        qsort(times[way], ROUNDS, sizeof times[way][0], by_size);
        double middle = times[way][ROUNDS / 2];
        if (way > 0 && (best == 0 || middle < best))
            best = middle;
    }
    return times[0][ROUNDS / 2] / best;
}

void bench_grains(struct bench_call *call)
{
    static struct loop loop; /* outlives whatever a peer makes of it */
    loop.shape = call->word[0];
    loop.dimensions = loop.shape == '2' ? 2 : loop.shape == '3' ? 3 : 1;
    loop.steps = bench_steps_in(call->numbers[1]);
    loop.count = (size_t)(TOTAL_NS / call->numbers[1]) / (COLS * PLANES) * (COLS * PLANES);
    if (loop.count == 0 || bench_peer.loop_grain == NULL || bench_peer.tiles == NULL) {
        call->error = "the peer has no such thing";
        return;
    }
    bench_warm_pool();
    call->ns = default_over_best(&loop, call);
}
