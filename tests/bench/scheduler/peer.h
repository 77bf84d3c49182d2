/* peer.h: what each scheduler under test brings. One peer per program or module, so that no two
 * runtimes ever share a process. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The indices first..last-1 of a loop. */
typedef void (*bench_range_fn)(void *context, size_t first, size_t last);

/* The box first[axis]..last[axis]-1 of planes, rows, columns. */
typedef void (*bench_tile_fn)(void *context, const size_t first[3], const size_t last[3]);

/* A function that is NULL is one that the peer does not have. Memory stays the caller's. */
struct bench_peer {
    /* Starts the threads, the caller counted; `variant` is "" or one that the peer knows.
     * NULL if it was not possible, else what runs, for people. */
    const char *(*start)(size_t threads, const char *variant);
    /* Runs fn(context) where a program on this peer would have its loops; NULL: a plain call. */
    void (*inside)(void (*fn)(void *context), void *context);
    /* fn over 0..count-1 in the peer's best way for a loop with an even body. */
    void (*loop)(size_t count, bench_range_fn fn, void *context);
    /* The same with a least number of indices in a slice; 0: the peer chooses. */
    void (*loop_grain)(size_t count, size_t grain, bench_range_fn fn, void *context);
    /* fn over planes x rows x cols; one plane: a loop in two dimensions. */
    void (*tiles)(size_t planes, size_t rows, size_t cols, bench_tile_fn fn, void *context);
    /* Starts fn(NULL) beside the caller; one that is not urgent at a time. False: not possible. */
    bool (*job)(bool urgent, void (*fn)(void *context));
    /* fn over 0 and 1 as two pieces that may run at the same time. */
    void (*pair)(bench_range_fn fn, void *context);
    /* Fibonacci number n with a task for one of the two calls at every level. */
    uint64_t (*fib)(unsigned n);
    /* Counts a tree of uts_tree.h: nodes, depth, leaves. */
    bool (*uts)(unsigned tree, uint64_t out[3]);
    bool (*sort_u64)(uint64_t *xs, size_t count);
    bool (*sort_f64)(double *xs, size_t count);
    double (*sum)(const double *xs, size_t count);
    void (*saxpy)(float a, const float *xs, float *ys, size_t count);
};

extern const struct bench_peer bench_peer;

#ifdef __cplusplus
}
#endif

#endif
