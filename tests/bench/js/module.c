/* module.c: what the JavaScript benchmark calls in C. */
#include <weft.h>

WEFT_EXPORT void bench_empty(void);
WEFT_EXPORT void bench_double(double *values, size_t count);

void bench_empty(void)
{
}

static void double_slice(void *context, size_t first, size_t last)
{
    double *values = context;
    for (size_t i = first; i < last; i++)
        values[i] *= 2;
}

void bench_double(double *values, size_t count)
{
    weft_for(0, count, 0, double_slice, values);
}
