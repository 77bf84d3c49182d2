/* sort_radix64.c: radix sort of 64-bit keys. */
#define KEY      uint64_t
#define KEY_BITS 64
#define RADIX    weft__sort_radix64
#include "sort_radix.h"
