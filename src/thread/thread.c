/* thread.c: start, end and join of threads. */
#include "thread.h"
#include "../platform/platform.h"
#include "malloc.h"
#include "stdio_lock.h"

#include <assert.h>
#include <stdlib.h>
#include <wasi/api.h>

#define GUARD_PATTERN UINT64_C(0x5afe57ac5afe57ac)

/* So many words at the far end of a guard zone: who wrote here may have gone on below. */
#define GUARD_LAST 16u

static_assert(offsetof(struct weft__thread, stack_top) == 0, "start.s loads it");
static_assert(offsetof(struct weft__thread, tls) == 4, "start.s loads it");
static_assert(offsetof(struct weft__thread, done) == 8, "start.s stores it");
static_assert(offsetof(struct weft__thread, block) == 12, "start.s loads it");
static_assert(WEFT__STACK_RESERVE == 1024, "start.s and wasm/stack_check.mjs add it");

__attribute__((import_module("wasi"), import_name("thread-spawn"))) int32_t
weft__import_thread_spawn(struct weft__thread *thread);

/* The linker's: sets the base of thread-local storage and fills it in; the end of the
 * main thread's stack. */
void __wasm_init_tls(void *tls);
extern unsigned char __global_base[];

static _Thread_local struct weft__thread *self;

struct weft__thread *weft__thread_self(void)
{
    return self;
}

static size_t round_up(size_t value, size_t align)
{
    return (value + align - 1) & ~(align - 1);
}

/* In a module without stack checks the reserve is a guard zone. */
static void guard_fill(unsigned char *block)
{
    if (weft_thread_checked())
        return;
    uint64_t *words = (uint64_t *)(void *)block;
    for (size_t i = 0; i < WEFT__STACK_RESERVE / sizeof *words; i++)
        words[i] = GUARD_PATTERN;
}

/* Has nobody written to its first `end` words? */
static bool guard_intact(const unsigned char *block, size_t end)
{
    if (weft_thread_checked())
        return true;
    const volatile uint64_t *words = (const volatile uint64_t *)(const void *)block;
    uint64_t difference = 0;
    for (size_t i = 0; i < end; i++)
        difference |= words[i] ^ GUARD_PATTERN;
    return difference == 0;
}

bool weft__thread_overrun(void)
{
    if (self == NULL || guard_intact(self->block, WEFT__STACK_RESERVE / sizeof(uint64_t)))
        return false;
    if (!guard_intact(self->block, GUARD_LAST))
        weft__thread_die("a thread wrote far past the end of its stack, perhaps into memory of "
                         "others; give it more stack_bytes");
    guard_fill(self->block);
    return true;
}

enum weft_status weft__thread_start(size_t stack_bytes, void (*fn)(void *), void *context,
                                    struct weft__thread **out)
{
    size_t tls_align = __builtin_wasm_tls_align() > 16 ? __builtin_wasm_tls_align() : 16;
    if (stack_bytes > SIZE_MAX / 2)
        return WEFT_ERR_NOMEM;
    size_t record_at = WEFT__STACK_RESERVE + round_up(stack_bytes, 16);
    size_t tls_at = round_up(record_at + sizeof(struct weft__thread), tls_align);
    size_t bytes = round_up(tls_at + __builtin_wasm_tls_size(), tls_align);
    unsigned char *block = aligned_alloc(tls_align, bytes);
    if (block == NULL)
        return WEFT_ERR_NOMEM;
    guard_fill(block);
    struct weft__thread *thread = (struct weft__thread *)(void *)(block + record_at);
    *thread = (struct weft__thread){.stack_top = (uintptr_t)thread,
                                    .tls = block + tls_at,
                                    .done = WEFT__THREAD_RUNS,
                                    .block = block,
                                    .fn = fn,
                                    .context = context};
    if (weft__import_thread_spawn(thread) < 0) {
        free(block);
        return WEFT_ERR_WORKER;
    }
    *out = thread;
    return WEFT_OK;
}

static void guard_check(const struct weft__thread *thread)
{
    if (!guard_intact(thread->block, WEFT__STACK_RESERVE / sizeof(uint64_t)))
        weft__thread_die("a thread wrote past the end of its stack; give it more stack_bytes");
}

void weft__thread_main(struct weft__thread *thread)
{
    self = thread;
    thread->fn(thread->context);
    guard_check(thread);
    weft__malloc_thread_exit();
}

void weft__thread_renew(void)
{
    struct weft__thread *thread = self;
    guard_check(thread);
    weft__malloc_thread_exit();
    __wasm_init_tls(thread->tls);
    self = thread;
}

void *weft__thread_stack(size_t *bytes)
{
    /* The main thread's is all below the data (`--stack-first`). */
    unsigned char *low = self != NULL ? self->block + WEFT__STACK_RESERVE : NULL;
    *bytes = (self != NULL ? self->stack_top : (uintptr_t)__global_base) - (uintptr_t)low;
    return low;
}

void weft__thread_join(struct weft__thread *thread)
{
    /* Acquire: pairs with the store in start.s; the thread's last writes are seen. */
    while (atomic_load_explicit(&thread->done, memory_order_acquire) == WEFT__THREAD_RUNS) {
        if (weft__plat_wait(&thread->done, WEFT__THREAD_RUNS, -1) == WEFT_ERR_WOULD_BLOCK)
            weft__plat_relax();
    }
    free(thread->block);
}

WEFT_EXPORT int32_t weft_thread_recover(void)
{
    weft__stdio_release(self);
    weft__stdio_forget_private();
    bool damaged = self != NULL && !guard_intact(self->block, GUARD_LAST);
    return weft__malloc_follow() && !damaged;
}

bool weft__thread_followable(const struct weft__thread *thread)
{
    return weft__malloc_followable(thread->tls);
}

void weft__thread_hold(const struct weft__thread *thread, bool held)
{
    weft__malloc_hold(thread->tls, held);
}

_Noreturn void weft__thread_die_saying(const char *text, size_t bytes)
{
    const __wasi_ciovec_t whole = {(const uint8_t *)text, bytes};
    __wasi_size_t written;
    (void)__wasi_fd_write(2, &whole, 1, &written);
    __builtin_trap();
}
