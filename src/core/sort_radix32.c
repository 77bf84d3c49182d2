/* sort_radix32.c: radix sort of 32-bit keys. */
#define KEY      uint32_t
#define KEY_BITS 32
#define RADIX    weft__sort_radix32
#include "sort_radix.h"
