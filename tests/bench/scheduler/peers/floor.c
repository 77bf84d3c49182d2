/* floor.c: the least that a fork/join of two threads can be: one word says go, one says done.
 * Variants: `spin` never sleeps, `hybrid` looks for 50 us before it does, `futex` sleeps at once.
 */
#include "../peer.h"

#include "platform/platform.h"

#include <string.h>

#define STACK_BYTES ((size_t)256 << 10)
#define WINDOW_NS   50000
#define LOOKS       64 /* between two readings of the clock */

/* A word that one thread changes and another one waits for. */
struct bell {
    _Alignas(64) _Atomic uint32_t value;
    _Atomic uint32_t asleep; /* by who waits */
};

static struct {
    struct bell go;   /* round that was begun; the caller rings */
    struct bell done; /* round that the helper has ended; the helper rings */
    bench_range_fn fn;
    void *context;
    size_t first, last; /* the helper's share; written before go */
    int64_t window_ns;  /* negative: for ever */
    bool alone;
} floor_state;

static void await_change(struct bell *bell, uint32_t old)
{
    int64_t window_ns = floor_state.window_ns;
    int64_t end = window_ns > 0 ? weft__plat_now_ns() + window_ns : 0;
    while (window_ns != 0) {
        for (int i = 0; i < LOOKS; i++) {
            if (atomic_load_explicit(&bell->value, memory_order_acquire) != old)
                return;
            weft__plat_relax();
        }
        if (window_ns > 0 && weft__plat_now_ns() >= end)
            break;
    }
    /* Sequentially consistent on both sides: the ringer sees `asleep`, or we the value. */
    while (atomic_load(&bell->value) == old) {
        atomic_store(&bell->asleep, 1);
        if (atomic_load(&bell->value) == old)
            (void)weft__plat_wait(&bell->value, old, WEFT_FOREVER);
        atomic_store(&bell->asleep, 0);
    }
}

static void ring(struct bell *bell, uint32_t value)
{
    if (floor_state.window_ns < 0) {
        atomic_store_explicit(&bell->value, value, memory_order_release);
        return;
    }
    atomic_store(&bell->value, value);
    if (atomic_load(&bell->asleep) != 0)
        weft__plat_wake(&bell->value, 1);
}

static void help(void *context)
{
    (void)context;
    for (uint32_t round = 1;; round++) {
        await_change(&floor_state.go, round - 1);
        floor_state.fn(floor_state.context, floor_state.first, floor_state.last);
        ring(&floor_state.done, round);
    }
}

static const char *start(size_t threads, const char *variant)
{
    floor_state.alone = threads < 2;
    floor_state.window_ns = WINDOW_NS;
    if (strcmp(variant, "spin") == 0)
        floor_state.window_ns = -1;
    else if (strcmp(variant, "futex") == 0)
        floor_state.window_ns = 0;
    else if (strcmp(variant, "hybrid") != 0)
        return NULL;
    if (threads > 2)
        return NULL;
    static weft__plat_thread thread;
    if (!floor_state.alone && weft__plat_thread_start(&thread, STACK_BYTES, help, NULL) != WEFT_OK)
        return NULL;
    return "hand-written, two threads only";
}

static void loop(size_t count, bench_range_fn fn, void *context)
{
    static uint32_t round;
    if (floor_state.alone) {
        fn(context, 0, count);
        return;
    }
    floor_state.fn = fn;
    floor_state.context = context;
    floor_state.first = count / 2;
    floor_state.last = count;
    ring(&floor_state.go, ++round);
    fn(context, 0, count / 2);
    await_change(&floor_state.done, round - 1);
}

static void pair(bench_range_fn fn, void *context)
{
    loop(2, fn, context);
}

const struct bench_peer bench_peer = {.start = start, .loop = loop, .pair = pair};
