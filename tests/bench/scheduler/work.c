/* work.c: runs of milliseconds to seconds: fib, UTS, sort, sum, saxpy. */
#include "command.h"

#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

#define SUM_EPSILON 1e-9 /* of the sum: peers add in different orders */

static const char *const missing = "the peer has no such thing";
static const char *const wrong = "WRONG RESULT";

static double since(int64_t begun)
{
    return (double)(weft__plat_now_ns() - begun);
}

static uint64_t fib_number(unsigned n)
{
    uint64_t a = 0, b = 1;
    for (unsigned i = 0; i < n; i++) {
        uint64_t next = a + b;
        a = b;
        b = next;
    }
    return a;
}

/* Answers the time per spawn: fib(n) forks fib(n + 1) - 1 times. */
void bench_fib(struct bench_call *call)
{
    unsigned n = (unsigned)call->numbers[0];
    if (bench_peer.fib == NULL) {
        call->error = missing;
        return;
    }
    bench_warm_pool();
    int64_t begun = weft__plat_now_ns();
    uint64_t result = bench_peer.fib(n);
    call->ns = since(begun) / (double)(fib_number(n + 1) - 1);
    if (result != fib_number(n))
        call->error = wrong;
}

/* Node counts, depths and leaves as published with the benchmark. */
void bench_uts(struct bench_call *call)
{
    static const uint64_t published[4][3] = {
        [1] = {4130071, 10, 3305118},
        [3] = {4112897, 1572, 3599034},
    };
    unsigned tree = (unsigned)call->numbers[0];
    uint64_t out[3] = {0};
    if (bench_peer.uts == NULL || tree >= 4) {
        call->error = missing;
        return;
    }
    bench_warm_pool();
    int64_t begun = weft__plat_now_ns();
    bool ok = bench_peer.uts(tree, out);
    call->ns = since(begun);
    if (!ok || memcmp(out, published[tree], sizeof out) != 0)
        call->error = wrong;
}

static uint64_t mix(uint64_t z) /* the finaliser of SplitMix64 (Steele et al., 2014) */
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Memory that stays from run to run, as long as the size does. */
static void *keep(void **slot, size_t *slot_bytes, size_t bytes)
{
    if (*slot_bytes != bytes) {
        free(*slot);
        *slot = malloc(bytes);
        *slot_bytes = *slot != NULL ? bytes : 0;
    }
    return *slot;
}

static WEFT__NOINLINE uint64_t fill_u64(uint64_t *xs, size_t first, size_t last)
{
    uint64_t all = 0;
    for (size_t i = first; i < last; i++) {
        xs[i] = mix((i + 1) * UINT64_C(0x9e3779b97f4a7c15));
        all += mix(xs[i]);
    }
    return all;
}

static WEFT__NOINLINE uint64_t fill_f64(uint64_t *bits, size_t first, size_t last)
{
    uint64_t all = 0;
    for (size_t i = first; i < last; i++) {
        double x = (double)(int64_t)(mix((i + 1) * UINT64_C(0x9e3779b97f4a7c15)) >> 11) * 0x1p-53;
        memcpy(&bits[i], &x, sizeof x);
        all += mix(bits[i]);
    }
    return all;
}

/* Adds up what fill_ added up and sees that nothing is smaller than what stands before it. The
 * doubles are positive, so their bits are in the same order. */
static WEFT__NOINLINE bool check_sorted(const uint64_t *xs, size_t first, size_t last,
                                        uint64_t *all)
{
    bool sorted = true;
    for (size_t i = first; i < last; i++) {
        sorted &= i == 0 || xs[i - 1] <= xs[i];
        *all += mix(xs[i]);
    }
    return sorted;
}

void bench_sort(struct bench_call *call)
{
    static void *memory;
    static size_t memory_bytes;
    bool doubles = strcmp(call->word, "f64") == 0;
    size_t count = (size_t)call->numbers[1];
    uint64_t *xs = keep(&memory, &memory_bytes, count * sizeof *xs);
    if (xs == NULL || (doubles ? bench_peer.sort_f64 == NULL : bench_peer.sort_u64 == NULL)) {
        call->error = xs == NULL ? "out of memory" : missing;
        return;
    }
    uint64_t before = doubles ? fill_f64(xs, 0, count) : fill_u64(xs, 0, count), after = 0;
    bench_warm_pool();
    int64_t begun = weft__plat_now_ns();
    bool ok =
        doubles ? bench_peer.sort_f64((double *)(void *)xs, count) : bench_peer.sort_u64(xs, count);
    call->ns = since(begun);
    if (!ok || !check_sorted(xs, 0, count, &after) || after != before)
        call->error = wrong;
}

void bench_sum(struct bench_call *call)
{
    static void *memory;
    static size_t memory_bytes;
    static double expected;
    size_t count = (size_t)call->numbers[0];
    bool fresh = memory_bytes != count * sizeof(double);
    double *xs = keep(&memory, &memory_bytes, count * sizeof *xs);
    if (xs == NULL || bench_peer.sum == NULL) {
        call->error = xs == NULL ? "out of memory" : missing;
        return;
    }
    if (fresh) {
        expected = 0;
        for (size_t i = 0; i < count; i++) {
            xs[i] = (double)(mix(i + 1) >> 44); /* whole numbers: their sum is exact */
            expected += xs[i];
        }
    }
    bench_warm_pool();
    int64_t begun = weft__plat_now_ns();
    double sum = bench_peer.sum(xs, count);
    call->ns = since(begun);
    double off = sum > expected ? sum - expected : expected - sum;
    if (!(off <= SUM_EPSILON * expected))
        call->error = wrong;
}

void bench_saxpy(struct bench_call *call)
{
    static void *memory;
    static size_t memory_bytes;
    static uint32_t runs;
    size_t count = (size_t)call->numbers[0];
    bool fresh = memory_bytes != 2 * count * sizeof(float);
    float *xs = keep(&memory, &memory_bytes, 2 * count * sizeof *xs), *ys = xs + count;
    if (xs == NULL || bench_peer.saxpy == NULL) {
        call->error = xs == NULL ? "out of memory" : missing;
        return;
    }
    for (size_t i = 0; fresh && i < count; i++) {
        xs[i] = (float)(i % 8);
        ys[i] = 0;
    }
    runs = fresh ? 1 : runs + 1;
    bench_warm_pool();
    int64_t begun = weft__plat_now_ns();
    bench_peer.saxpy(2, xs, ys, count);
    call->ns = since(begun);
    for (size_t i = 0; i < count; i++) /* small whole numbers: exact */
        if (ys[i] != (float)(2 * runs) * xs[i])
            call->error = wrong;
}
