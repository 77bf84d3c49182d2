/* slices.h: how a serial twin runs a loop body. */
#ifndef WEFT_KERNELS_SLICES_H
#define WEFT_KERNELS_SLICES_H

#include <weft.h>

/* fn(context, first, last) on the caller, in slices of at most `slice` indices.
 *
 * One call would do, but engines such as V8 start a WebAssembly function in unoptimised
 * code and take up the optimised one only at its next call: a single long call would
 * stay many times slower to its end. The volatile pointer keeps compilers and wasm-opt
 * from merging the calls into one function. */
static inline void serial_for(size_t first, size_t last, size_t slice, weft_range_fn fn,
                              void *context)
{
    weft_range_fn volatile body = fn;
    while (first < last) {
        size_t end = last - first > slice ? first + slice : last;
        body(context, first, end);
        first = end;
    }
}

#endif
