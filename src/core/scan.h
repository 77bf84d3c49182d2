/* scan.h: the steps of a scan, for those who run them in other places than one memory.
 *
 * Blocks are fixed by the count of the whole array alone. Whoever holds the elements of some
 * blocks totals them; from the totals of all blocks in order follows what comes before each;
 * with that its holder writes its running totals. A block is worked on in one piece. */
#ifndef WEFT_CORE_SCAN_H
#define WEFT_CORE_SCAN_H

#include <weft/scan.h>

struct weft__scan_typed;

struct weft__scan {
    /* What is asked for. */
    const unsigned char *xs; /* the first element of block `held` */
    unsigned char *ys;
    size_t count; /* elements from there on */
    size_t bytes;
    bool exclusive;
    weft_combine_fn combine;
    void *context;
    const void *initial;                  /* NULL: none */
    const struct weft__scan_typed *typed; /* sums of one type; NULL: by `combine` alone */

    /* What follows from it. */
    size_t held;   /* the first block that is here */
    size_t length; /* elements of a block, except the last of the array */
    size_t blocks; /* of the whole array */
    size_t stride;
    unsigned char *totals; /* one per block, `stride` bytes apart, and two to work on */
};

extern const struct weft__scan_typed weft__scan_f64, weft__scan_u64, weft__scan_u32;

/* Makes a scan of sums of one type, everything else being 0. */
struct weft__scan weft__scan_of_sums(const struct weft__scan_typed *typed,
                                     enum weft_scan_kind kind);

/* Are these arguments in range? Asks nothing about combine and initial. */
bool weft__scan_is_valid(enum weft_scan_kind kind, const void *xs, size_t count, size_t bytes,
                         const void *ys);

/* Sets length, blocks and stride for an array of `count` elements, 1 or more. */
void weft__scan_shape(struct weft__scan *scan, size_t count);

/* Totals the blocks first..last-1, which are here. For weft_for. */
void weft__scan_total_blocks(void *scan, size_t first, size_t last);

/* Turns the totals of all blocks into those of all before each. That of the last block is
 * not read. */
void weft__scan_total_before(const struct weft__scan *scan);

/* Writes the running totals of the blocks first..last-1. For weft_for. */
void weft__scan_run_through(void *scan, size_t first, size_t last);

#endif
