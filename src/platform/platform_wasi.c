/* platform_wasi.c: platform.h on wasi-libc with weft's own thread layer. What no libc
 * offers comes from the JavaScript host (wasm/ABI.md lists the imports). */
#include "../thread/malloc.h"
#include "../thread/thread.h"
#include "platform_wasm_wait.h"

#define IMPORT(name) __attribute__((import_module("weft"), import_name(name)))

IMPORT("now") double weft__import_now(void);
IMPORT("cpu_count") int32_t weft__import_cpu_count(void);

void weft_main_may_sleep(int32_t may_sleep);

/* Written by the host before it calls anything else, read by the main thread only. */
static bool main_may_sleep;

WEFT_EXPORT void weft_main_may_sleep(int32_t may_sleep)
{
    main_may_sleep = may_sleep != 0;
}

bool weft__plat_may_sleep(void)
{
    return weft__thread_self() != NULL || main_may_sleep;
}

enum weft_status weft__plat_wait(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
    weft__malloc_park();
    enum weft_status status = weft__wasm_wait(word, expected, timeout_ns);
    weft__malloc_unpark();
    return status;
}

enum weft_status weft__plat_thread_start(weft__plat_thread *thread, size_t stack_bytes,
                                         void (*fn)(void *), void *context)
{
    struct weft__thread *started;
    enum weft_status status = weft__thread_start(stack_bytes, fn, context, &started);
    if (status == WEFT_OK)
        thread->handle = (uintptr_t)started;
    return status;
}

void weft__plat_thread_join(weft__plat_thread thread)
{
    weft__thread_join((struct weft__thread *)thread.handle);
}

bool weft__plat_thread_followable(weft__plat_thread thread)
{
    return weft__thread_followable((const struct weft__thread *)thread.handle);
}

void weft__plat_thread_hold(weft__plat_thread thread, bool held)
{
    weft__thread_hold((const struct weft__thread *)thread.handle, held);
}

bool weft__plat_stack_overrun(void)
{
    return weft__thread_overrun();
}

int64_t weft__plat_now_ns(void)
{
    return (int64_t)weft__import_now();
}

size_t weft__plat_cpu_count(const char **rule)
{
    int32_t count = weft__import_cpu_count();
    *rule = "host";
    return count < 1 ? 1 : (size_t)count;
}
