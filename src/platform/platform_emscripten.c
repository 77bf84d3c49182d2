/* platform_emscripten.c: platform.h on Emscripten (3.1.6 and newer, -pthread). Threads
 * come from platform_pthread.c, waiting from platform_wasm_wait.c. */
#include "platform_wasm_wait.h"

#include "js_abi.h"

#include <emscripten/emscripten.h>
#include <emscripten/stack.h>
#include <emscripten/threading.h>
#include <pthread.h>

void weft__worker_main(void *worker);

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpedantic" /* EM_ASM is built on extensions */
static bool main_may_sleep(void)
{
    /* Node's main thread may; a page's must not, and Emscripten calls both by one name. */
    return EM_ASM_INT(return ENVIRONMENT_IS_NODE ? 1 : 0;) != 0;
}
#pragma clang diagnostic pop

bool weft__plat_may_sleep(void)
{
    static int known; /* main thread only: 0 not asked yet, 1 no, 2 yes */
    if (!emscripten_is_main_browser_thread())
        return true;
    if (known == 0)
        known = main_may_sleep() ? 2 : 1;
    return known == 2;
}

enum weft_status weft__plat_wait(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
    return weft__wasm_wait(word, expected, timeout_ns);
}

/* For the stack checks that wasm/stack_check.mjs adds, which also makes the last one return 1.
 * The bodies must be as simple as that. */

uintptr_t weft_thread_pointer(void)
{
    return emscripten_stack_get_current();
}

uintptr_t weft_thread_limit(void)
{
    return emscripten_stack_get_end() + WEFT__STACK_RESERVE;
}

int32_t weft_thread_checked(void)
{
    return 0;
}

/* Older Emscriptens tell where a thread's stack ends, but not where the main thread's does. */
__attribute__((constructor)) static void find_main_stack(void)
{
    emscripten_stack_init();
}

bool weft__plat_stack_overrun(void)
{
    return false; /* nobody guards the end of a stack of Emscripten's, but the checks */
}

void weft__plat_guard(struct weft__worker *worker)
{
    weft_guard(worker);
}

/* The rest of a thread whose stack was unwound: pthreads have lost sight of it. */
void weft_thread_resume(void *worker)
{
    weft__worker_main(worker);
    pthread_exit(NULL);
}

int64_t weft__plat_now_ns(void)
{
    return (int64_t)(emscripten_get_now() * 1e6);
}

size_t weft__plat_cpu_count(const char **rule)
{
    int count = emscripten_num_logical_cores();
    *rule = "host";
    return count < 1 ? 1 : (size_t)count;
}
