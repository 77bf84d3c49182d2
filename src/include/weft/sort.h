/* weft/sort.h: sorting: by a comparison, numbers by value, numbers with 32-bit values. */
#ifndef WEFT_SORT_H
#define WEFT_SORT_H

#include <weft/base.h>
#include <weft/status.h>

/* The largest item that weft_sort takes, in bytes. */
#define WEFT_SORT_BYTES_MAX 4096

/* Compares two items: below 0 if *a comes before *b, above 0 if after it, 0 if neither.
 * Is called on any thread, several at once. */
typedef int (*weft_compare_fn)(void *context, const void *a, const void *b);

/* What the keys are. Integers are sorted by value. Floating-point numbers are sorted by
 * a total order of their bit patterns, and no bit of them is changed: -infinity, the
 * negative numbers, -0, +0, the positive numbers, +infinity, then every NaN: those with
 * the sign bit clear by rising payload, after them those with the sign bit set by
 * falling payload. The numbers are part of the interface. */
enum weft_key {
    WEFT_KEY_U32 = 0,
    WEFT_KEY_I32 = 1,
    WEFT_KEY_F32 = 2,
    WEFT_KEY_U64 = 3,
    WEFT_KEY_I64 = 4,
    WEFT_KEY_F64 = 5,
};

/* Sorts `count` items of `item_bytes` bytes (1..WEFT_SORT_BYTES_MAX) so that compare is
 * not above 0 for any item and the one after it. Stable: items for which compare gives 0
 * keep their order. Needs as much memory again while it runs. Which items are compared
 * depends on the items alone, so the result is the same on any number of threads, even
 * where compare contradicts itself; the items are then in some order. Items that are in
 * order already cost count - 1 comparisons. Numbers sort several times faster by
 * weft_sort_keys.
 *
 *     static int by_age(void *context, const void *a, const void *b)
 *     {
 *         const struct person *x = a, *y = b;
 *         return (x->age > y->age) - (x->age < y->age);
 *     }
 *     status = weft_sort(people, count, sizeof people[0], by_age, NULL);
 *
 * Ownership: items are copied bytewise, to places aligned as malloc aligns and that
 *            plus multiples of item_bytes; compare must not keep pointers to them.
 * Errors:    WEFT_ERR_INVALID    items is null and count is not 0, compare is null, or
 *                                item_bytes is out of range
 *            WEFT_ERR_NOMEM      no room for the copy; the items are as they were
 *            WEFT_ERR_CANCELLED  the job was cancelled; the same items in any order
 * Threads:   any thread; may be nested. */
WEFT_NODISCARD enum weft_status weft_sort(void *items, size_t count, size_t item_bytes,
                                          weft_compare_fn compare, void *context);

/* Sorts keys[0..count-1], numbers of the given type, upwards. A radix sort: its time grows
 * with the bits in which the keys differ, not with the logarithm of count. Needs as much
 * memory again while it runs, except for the smallest arrays.
 *
 * Errors:  WEFT_ERR_INVALID    keys is null and count is not 0, or there is no such type
 *          WEFT_ERR_NOMEM      no room for the copy; the keys are as they were
 *          WEFT_ERR_CANCELLED  the job was cancelled; the same keys in any order
 * Threads: any thread; may be nested. */
WEFT_NODISCARD enum weft_status weft_sort_keys(void *keys, size_t count, enum weft_key type);

/* Sorts keys[0..count-1] and moves values[i] along with keys[i]. Stable: equal keys (the
 * same bit pattern) keep the order of their values. With values[i] = i beforehand, values
 * tells afterwards where each key came from, which orders any other array the same way.
 *
 * Errors:  as weft_sort_keys; also WEFT_ERR_INVALID if values is null and count is not
 *          0. After WEFT_ERR_CANCELLED each value is still with its key.
 * Threads: any thread; may be nested. */
WEFT_NODISCARD enum weft_status weft_sort_pairs(void *keys, enum weft_key type, uint32_t *values,
                                                size_t count);

/* weft_sort_keys on the calling thread alone, with the same result; also in a cancelled
 * job. For bodies of loops that sort much smaller arrays, and as a yardstick.
 *
 * Errors:  WEFT_ERR_INVALID, WEFT_ERR_NOMEM as weft_sort_keys
 * Threads: any thread. */
WEFT_NODISCARD enum weft_status weft_sort_keys_serial(void *keys, size_t count, enum weft_key type);

#endif
