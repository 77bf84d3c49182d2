/* platform_wasm_wait.c: the wait and wake instructions, on every wasm target. */
#include "platform_wasm_wait.h"

enum { WAIT_WOKEN = 0, WAIT_NOT_EQUAL = 1, WAIT_TIMED_OUT = 2 };

/* The only function with a wait instruction, and it must stay this small: the baseline
 * compiler of V8 11 (Node 20) takes a live local for garbage after the instruction, and
 * here none is live. */
WEFT__NOINLINE static int wait32(int *word, int expected, int64_t timeout_ns)
{
    return __builtin_wasm_memory_atomic_wait32(word, expected, timeout_ns);
}

/* Called through a volatile pointer because wasm-opt, which Emscripten runs, inlines functions
 * whatever the compiler says. Elsewhere not: wasm/stack_check.mjs would not know what is called,
 * and check stacks wherever a lock is taken. */
#if defined(__EMSCRIPTEN__)
static int (*volatile const wait32_call)(int *, int, int64_t) = wait32;
#else
#define wait32_call wait32
#endif

enum weft_status weft__wasm_wait(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
    /* The host does not refuse for us: Firefox lets a page's main thread wait. */
    if (!weft__plat_may_sleep())
        return WEFT_ERR_WOULD_BLOCK;
    int result = wait32_call((int *)(uintptr_t)word, (int)expected, timeout_ns);
    return result == WAIT_TIMED_OUT ? WEFT_ERR_TIMEOUT : WEFT_OK;
}

void weft__plat_wake(_Atomic uint32_t *word, uint32_t count)
{
    (void)__builtin_wasm_memory_atomic_notify((int *)(uintptr_t)word, count);
}

/* wasm/stack_check.mjs checks every function with a frame as large as this. */
void weft__plat_stack_probe(void)
{
    unsigned char room[1024];
    __asm__ volatile("" : : "r"(room));
}

/* WebAssembly has no way to, and hosts give none. */
void weft__plat_yield(void)
{
}
