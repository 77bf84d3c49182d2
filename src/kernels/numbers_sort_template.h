/* numbers_sort_template.h: see numbers_sort.c. */

#if BITS < 32

/* Flips the sign bit of signed numbers, so that they rise with their index. */
#define BIAS ((NUMBER)-1 < 1 ? 1u << (BITS - 1) : 0u)

static inline size_t NAME(index_of)(NUMBER x)
{
    return ((uint32_t)x & ((1u << BITS) - 1)) ^ BIAS;
}

static void NAME(count_slices)(void *context, size_t first, size_t last)
{
    const struct counting *sort = context;
    for (size_t slice = first; slice < last; slice++) {
        size_t begin = slice * sort->length;
        begin = begin < sort->count ? begin : sort->count;
        size_t end = sort->count - begin < sort->length ? sort->count : begin + sort->length;
        const NUMBER *xs = sort->xs;
        size_t *table = sort->tables + slice * sort->values;
        for (size_t i = begin; i < end; i++)
            table[NAME(index_of)(xs[i])]++;
    }
}

static void NAME(write)(void *context, size_t first, size_t last)
{
    const struct counting *sort = context;
    NUMBER *xs = sort->xs;
    for (size_t value = value_at(sort, first); first < last; value++) {
        size_t end = sort->tables[value] < last ? sort->tables[value] : last;
        NUMBER x = (NUMBER)(value ^ BIAS);
#if BITS == 8
        memset(xs + first, (uint8_t)x, end - first);
#else
        for (size_t i = first; i < end; i++)
            xs[i] = x;
#endif
        first = end;
    }
}

#if BITS == 16
static int32_t NAME(sort_few)(NUMBER *xs, size_t count)
{
    int32_t *keys = malloc(count * sizeof *keys);
    if (keys == NULL)
        return WEFT_ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        keys[i] = xs[i];
    enum weft_status status = weft_sort_keys(keys, count, WEFT_KEY_I32);
    for (size_t i = 0; i < count; i++)
        xs[i] = (NUMBER)keys[i];
    free(keys);
    return (int32_t)status;
}
#endif

WEFT_EXPORT int32_t NAME(weft_sort)(NUMBER *xs, size_t count)
{
    if (xs == NULL && count > 0)
        return WEFT_ERR_INVALID;
    if (count < 2)
        return weft_cancelled() ? WEFT_ERR_CANCELLED : WEFT_OK;
#if BITS == 16
    if (count < COUNT_LEAST)
        return NAME(sort_few)(xs, count);
#endif
    struct counting sort = {.xs = xs, .count = count, .values = (size_t)1 << BITS};
    return sort_by_counting(&sort, NAME(count_slices), NAME(write));
}
#undef BIAS

#endif
