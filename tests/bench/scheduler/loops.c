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
    size_t planes, rows; /* of COLS indices each; in one dimension unused */
    uint32_t steps;      /* of an index on the average */
    char shape;          /* e(ven), t(riangular), s(piky), w(ord): even, and all add to one word */
    _Atomic uint64_t word;
    uint64_t *results; /* one for each index, added up over the runs */
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

static void body(void *context, size_t first, size_t last)
{
    struct loop *loop = context;
    for (size_t i = first; i < last; i++)
        loop->results[i] += bench_work(i + 1, steps_at(loop, i));
}

static void word_body(void *context, size_t first, size_t last)
{
    struct loop *loop = context;
    uint64_t sum = 0;
    for (size_t i = first; i < last; i++)
        sum += bench_work(i + 1, loop->steps);
    atomic_fetch_add_explicit(&loop->word, sum, memory_order_relaxed);
}

static void tile_body(void *context, const size_t first[3], const size_t last[3])
{
    const struct loop *loop = context;
    for (size_t plane = first[0]; plane < last[0]; plane++)
        for (size_t row = first[1]; row < last[1]; row++) {
            size_t line = (plane * loop->rows + row) * COLS;
            body(context, line + first[2], line + last[2]);
        }
}

/* The same as a loop over all rows of all planes. */
static void line_body(void *context, size_t first, size_t last)
{
    for (size_t line = first; line < last; line++)
        body(context, line * COLS, (line + 1) * COLS);
}

static double time_way(struct loop *loop, size_t way)
{
    size_t lines = loop->planes * loop->rows;
    int64_t begun = weft__plat_now_ns();
    if (lines == 0)
        bench_peer.loop_grain(loop->count, grains[way], loop->shape == 'w' ? word_body : body,
                              loop);
    else if (way == 0)
        bench_peer.tiles(loop->planes, loop->rows, COLS, tile_body, loop);
    else
        bench_peer.loop_grain(lines, grains[way], line_body, loop);
    return (double)(weft__plat_now_ns() - begun);
}

/* Did each index run once in each of so many runs? */
static bool all_ran(struct loop *loop, uint64_t runs)
{
    uint64_t expected = 0;
    for (size_t i = 0; i < loop->count; i++) {
        uint64_t once = bench_work(i + 1, steps_at(loop, i));
        expected += once;
        if (loop->shape != 'w' && loop->results[i] != runs * once)
            return false;
    }
    return loop->shape != 'w' || atomic_load(&loop->word) == runs * expected;
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
static double default_over_best(struct loop *loop)
{
    static double times[WAYS][ROUNDS];
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t way = 0; way < WAYS; way++) {
            (void)time_way(loop, way); /* no thread need be woken for the next */
            times[way][round] = time_way(loop, way);
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
    const char *dimensions = strchr(call->word, '-');
    loop.shape = call->word[0];
    loop.steps = bench_steps_in(call->numbers[1]);
    loop.count = (size_t)(TOTAL_NS / call->numbers[1]) / (COLS * PLANES) * (COLS * PLANES);
    loop.planes = dimensions == NULL ? 0 : dimensions[1] == '3' ? PLANES : 1;
    loop.rows = dimensions == NULL ? 0 : loop.count / COLS / loop.planes;
    if (loop.count == 0 || bench_peer.loop_grain == NULL || bench_peer.tiles == NULL) {
        call->error = "the peer has no such thing";
        return;
    }
    free(loop.results);
    loop.results = calloc(loop.count, sizeof *loop.results);
    if (loop.results == NULL) {
        call->error = "out of memory";
        return;
    }
    atomic_store(&loop.word, 0);
    bench_warm_pool();
    call->ns = default_over_best(&loop);
    if (!all_ran(&loop, (uint64_t)2 * WAYS * ROUNDS))
        call->error = "not every index ran once in each run";
}
