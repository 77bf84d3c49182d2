/* numbers_sort.c: the sorts of every type of number under names for JavaScript; those of
 * u64 and f64 are in sort.c. Numbers of 8 and 16 bits are counted: an array of them holds
 * nothing but so many of each value. */
#include "numbers.h"

#include <stdlib.h>
#include <string.h>

/* Below this many, 65536 counters cost more than sorting. */
#define COUNT_LEAST 65536

struct counting {
    void *xs;
    size_t count;
    size_t values; /* 256 or 65536 */
    size_t slices, length;
    size_t *tables; /* per slice; the first becomes the end of each value's stretch */
};

static void add_tables(void *context, size_t first, size_t last)
{
    const struct counting *sort = context;
    for (size_t table = 1; table < sort->slices; table++) {
        const size_t *from = sort->tables + table * sort->values;
        for (size_t i = first; i < last; i++)
            sort->tables[i] += from[i];
    }
}

/* The first value whose stretch ends after `place`. */
static size_t value_at(const struct counting *sort, size_t place)
{
    size_t low = 0, high = sort->values - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sort->tables[middle] > place)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static int32_t sort_by_counting(struct counting *sort, weft_range_fn count_slices,
                                weft_range_fn write)
{
    size_t slices = sort->count / (4 * sort->values < 32768 ? 32768 : 4 * sort->values);
    sort->slices = slices < 1 ? 1 : slices > 16 ? 16 : slices;
    sort->length = sort->count / sort->slices + 1;
    sort->tables = calloc(sort->slices * sort->values, sizeof *sort->tables);
    if (sort->tables == NULL)
        return WEFT_ERR_NOMEM;
    weft_for(0, sort->slices, 1, count_slices, sort);
    if (!weft_cancelled())
        weft_for(0, sort->values, 4096, add_tables, sort);
    bool counted = !weft_cancelled();
    if (counted) {
        for (size_t i = 1; i < sort->values; i++)
            sort->tables[i] += sort->tables[i - 1];
        weft_for(0, sort->count, 16384, write, sort);
        if (weft_cancelled()) /* slices may have been left out, and their values lost */
            write(sort, 0, sort->count);
    }
    free(sort->tables);
    return weft_cancelled() ? WEFT_ERR_CANCELLED : WEFT_OK;
}

#define WEFT_TEMPLATE "numbers_sort_template.h"
#include "each_number.h"

#define DEFINE_SORT(number, name, type)                                                            \
    WEFT_EXPORT int32_t weft_sort_##name(number *xs, size_t count)                                 \
    {                                                                                              \
        return (int32_t)weft_sort_keys(xs, count, type);                                           \
    }

DEFINE_SORT(int32_t, i32, WEFT_KEY_I32)
DEFINE_SORT(uint32_t, u32, WEFT_KEY_U32)
DEFINE_SORT(int64_t, i64, WEFT_KEY_I64)
DEFINE_SORT(float, f32, WEFT_KEY_F32)
