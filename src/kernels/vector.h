/* vector.h: 128-bit vectors in the compiler's own terms, which become SSE2, NEON or
 * WebAssembly SIMD instructions. */
#ifndef WEFT_KERNELS_VECTOR_H
#define WEFT_KERNELS_VECTOR_H

#include <stdint.h>

typedef double f64x2 __attribute__((vector_size(16)));
typedef int64_t i64x2 __attribute__((vector_size(16)));
typedef uint32_t u32x4 __attribute__((vector_size(16)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));

/* For vectors in memory that is aligned for their elements only. */
typedef double f64x2_unaligned __attribute__((vector_size(16), aligned(8), may_alias));
typedef float f32x4_unaligned __attribute__((vector_size(16), aligned(4), may_alias));
typedef uint32_t u32x4_unaligned __attribute__((vector_size(16), aligned(1), may_alias));

#endif
