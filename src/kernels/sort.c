/* sort.c: the typed sorts of doubles and 64-bit integers under names for JavaScript. */
#include "kernels.h"

WEFT_EXPORT int32_t weft_sort_u64(uint64_t *xs, size_t count)
{
    return (int32_t)weft_sort_keys(xs, count, WEFT_KEY_U64);
}

WEFT_EXPORT int32_t weft_sort_u64_serial(uint64_t *xs, size_t count)
{
    return (int32_t)weft_sort_keys_serial(xs, count, WEFT_KEY_U64);
}

WEFT_EXPORT int32_t weft_sort_f64(double *xs, size_t count)
{
    return (int32_t)weft_sort_keys(xs, count, WEFT_KEY_F64);
}

WEFT_EXPORT int32_t weft_sort_f64_serial(double *xs, size_t count)
{
    return (int32_t)weft_sort_keys_serial(xs, count, WEFT_KEY_F64);
}
