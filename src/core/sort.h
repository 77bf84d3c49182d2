/* sort.h: what sort_keys.c asks of the radix sorts, one per width of the keys. */
#ifndef WEFT_CORE_SORT_H
#define WEFT_CORE_SORT_H

#include <weft.h>

/* Up to so many keys need no spare memory. */
#define WEFT__RADIX_IN_PLACE_MAX 24

/* Keys are compared as unsigned numbers. Others are mapped on their way: first the bits
 * are flipped, all of those in `negative` where the sign bit is set and the sign bit
 * alone where it is not; then `offset` is subtracted, modulo the width. */
struct weft__key_order {
    bool mapped; /* false: unsigned as they are, the rest is unused */
    uint64_t negative;
    uint64_t offset;
};

/* One sort. When it has run, complete or cancelled, `keys` and `values` hold what they
 * held before, pair by pair. */
struct weft__key_sort {
    void *keys;
    void *spare_keys;       /* as long; undefined afterwards */
    uint32_t *values;       /* NULL: the keys travel alone */
    uint32_t *spare_values; /* as long; undefined afterwards */
    size_t count;
    struct weft__key_order order;
    bool parallel; /* false: on the caller alone, whatever becomes of its job */
};

/* Sorts the 32- or 64-bit keys. Inside a job, if parallel. */
void weft__sort_radix32(const struct weft__key_sort *sort);
void weft__sort_radix64(const struct weft__key_sort *sort);

#endif
