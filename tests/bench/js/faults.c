/* faults.c: calls of C that fail. A module of its own: module.c is measured for its size. */
#include <weft.h>

WEFT_EXPORT void bench_trap(void);
WEFT_EXPORT uint32_t bench_overflow(uint32_t depth);

void bench_trap(void)
{
    __builtin_trap();
}

/* Calls itself until the stack is full. Two calls, so that it is no loop. */
uint32_t bench_overflow(uint32_t depth)
{
    return depth == 0 ? 0 : bench_overflow(depth - 1) + (depth ^ bench_overflow(depth - 1));
}
