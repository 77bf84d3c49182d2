/* weft/base.h: version, compiler attributes, constants. */
#ifndef WEFT_BASE_H
#define WEFT_BASE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEFT_VERSION_MAJOR 0
#define WEFT_VERSION_MINOR 1
#define WEFT_VERSION_PATCH 0

/* The most threads that one runtime can have. */
#define WEFT_THREADS_MAX 128

/* A time limit that never passes. */
#define WEFT_FOREVER INT64_C(-1)

/* Marks a function that JavaScript may call by name. Parameters and result may be
 * 32- and 64-bit integers, float, double and pointers. */
#define WEFT_EXPORT __attribute__((visibility("default"), used))

#define WEFT_NODISCARD __attribute__((warn_unused_result))
#define WEFT__NOINLINE __attribute__((noinline))
#if defined(__wasm__) /* compiled for size */
#define WEFT__INLINE inline __attribute__((always_inline))
#else
#define WEFT__INLINE inline
#endif
#define WEFT__COLD      __attribute__((noinline, cold))
#define WEFT__LIKELY(x) __builtin_expect(!!(x), 1)

/* Accesses to an atomic object that another thread may be touching, at the price of
 * plain ones. WebAssembly has sequentially consistent atomics only; there a volatile access
 * is the relaxed one (aligned 32-bit accesses do not tear). */
#if defined(__wasm__)
#define WEFT__PEEK(object) (*(const volatile uint32_t *)(const volatile void *)(object))
#define WEFT__POKE(object, value)                                                                  \
    (*(volatile uint32_t *)(volatile void *)(object) = (uint32_t)(value))
#else
#define WEFT__PEEK(object)        atomic_load_explicit((object), memory_order_relaxed)
#define WEFT__POKE(object, value) atomic_store_explicit((object), (value), memory_order_relaxed)
#endif

#endif
