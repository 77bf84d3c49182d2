/* functions.c: a module of somebody who has installed weft. */
#include <weft.h>

static void twice(void *context, size_t first, size_t last)
{
    double *xs = context;
    for (size_t i = first; i < last; i++)
        xs[i] *= 2;
}

WEFT_EXPORT void double_all(double *xs, size_t count)
{
    weft_for(0, count, 0, twice, xs);
}
