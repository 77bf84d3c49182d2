/* sort_keys.c: the typed sorts: arguments, memory, and the order of each type. */
#include "sort.h"

#include <stdlib.h>

/* Negative floats have all of their bits flipped, so that the unsigned order is that of
 * the values. NaNs with the sign bit then lie below -infinity; subtracting what it has
 * become moves it to 0 and makes them wrap around to the end. */
static const struct weft__key_order orders[] = {
    [WEFT_KEY_U32] = {false, 0, 0},
    [WEFT_KEY_I32] = {true, UINT32_C(1) << 31, 0},
    [WEFT_KEY_F32] = {true, UINT32_MAX, UINT32_C(0x007fffff)},
    [WEFT_KEY_U64] = {false, 0, 0},
    [WEFT_KEY_I64] = {true, UINT64_C(1) << 63, 0},
    [WEFT_KEY_F64] = {true, UINT64_MAX, UINT64_C(0x000fffffffffffff)},
};
#define KEY_TYPES (sizeof orders / sizeof orders[0])

static bool is_wide(enum weft_key type)
{
    return type >= WEFT_KEY_U64;
}

/* Makes room for a copy of `count` keys, and values if there are any. False: no room. */
static bool make_spare(struct weft__key_sort *sort, enum weft_key type)
{
    size_t key_bytes = is_wide(type) ? sizeof(uint64_t) : sizeof(uint32_t);
    size_t pair_bytes = key_bytes + (sort->values != NULL ? sizeof(uint32_t) : 0);
    if (sort->count <= WEFT__RADIX_IN_PLACE_MAX)
        return true;
    if (sort->count > SIZE_MAX / pair_bytes)
        return false;
    unsigned char *spare = malloc(sort->count * pair_bytes);
    sort->spare_keys = spare;
    if (spare != NULL && sort->values != NULL)
        sort->spare_values = (uint32_t *)(void *)(spare + sort->count * key_bytes);
    return spare != NULL;
}

static void run_narrow(void *context)
{
    weft__sort_radix32(context);
}

static void run_wide(void *context)
{
    weft__sort_radix64(context);
}

static enum weft_status run_sort(struct weft__key_sort *sort, enum weft_key type)
{
    weft_task_fn run = is_wide(type) ? run_wide : run_narrow;
    if (sort->parallel) {
        enum weft_status status = weft_run(run, sort);
        if (status != WEFT_ERR_WOULD_BLOCK)
            return status;
        sort->parallel = false; /* on a thread that must not wait for others */
    }
    run(sort);
    return WEFT_OK;
}

static enum weft_status sort_typed(struct weft__key_sort *sort, enum weft_key type)
{
    if ((size_t)type >= KEY_TYPES || (sort->keys == NULL && sort->count > 0))
        return WEFT_ERR_INVALID;
    if (!make_spare(sort, type))
        return WEFT_ERR_NOMEM;
    sort->order = orders[type];
    enum weft_status status = run_sort(sort, type);
    free(sort->spare_keys);
    return status;
}

enum weft_status weft_sort_keys(void *keys, size_t count, enum weft_key type)
{
    return sort_typed(&(struct weft__key_sort){.keys = keys, .count = count, .parallel = true},
                      type);
}

enum weft_status weft_sort_keys_serial(void *keys, size_t count, enum weft_key type)
{
    return sort_typed(&(struct weft__key_sort){.keys = keys, .count = count}, type);
}

enum weft_status weft_sort_pairs(void *keys, enum weft_key type, uint32_t *values, size_t count)
{
    if (values == NULL && count > 0)
        return WEFT_ERR_INVALID;
    return sort_typed(
        &(struct weft__key_sort){.keys = keys, .values = values, .count = count, .parallel = true},
        type);
}
