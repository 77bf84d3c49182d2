/* platform.h: all that weft asks of a host. One platform_<host>.c answers, or two
 * where hosts share code. */
#ifndef WEFT_PLATFORM_H
#define WEFT_PLATFORM_H

#include <weft/base.h>
#include <weft/status.h>

/* Waiting. The word must stay mapped while somebody may wait on it. */

/* Sleeps while *word == expected, at most `timeout_ns` nanoseconds (negative: no
 * limit). May return WEFT_OK early, so callers re-check in a loop.
 * Errors: WEFT_ERR_TIMEOUT, WEFT_ERR_WOULD_BLOCK. */
enum weft_status weft__plat_wait(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns);

/* Wakes at most `count` threads that sleep on the word. Never sleeps. */
void weft__plat_wake(_Atomic uint32_t *word, uint32_t count);

bool weft__plat_may_sleep(void); /* false on a browser's main thread */

/* Threads. */

typedef struct weft__plat_thread {
    uintptr_t handle;
} weft__plat_thread;

/* Starts fn(context) on a thread with at least `stack_bytes` bytes of stack.
 * Errors: WEFT_ERR_NOMEM, WEFT_ERR_WORKER. */
enum weft_status weft__plat_thread_start(weft__plat_thread *thread, size_t stack_bytes,
                                         void (*fn)(void *), void *context);

/* Sleeps until the thread has ended and frees what it held. */
void weft__plat_thread_join(weft__plat_thread thread);

/* True when another thread could go on in the place of this one, which the host has ended
 * somewhere (weft__worker_recover); asked by hosts that do that. */
bool weft__plat_thread_followable(weft__plat_thread thread);

/* While it is held, a thread waits where it would begin what another one could not follow.
 * Not at once for one that has begun: ask whether it is followable. Any thread may call it,
 * one at a time. */
void weft__plat_thread_hold(weft__plat_thread thread, bool held);

/* True when the calling thread has written past the end of its stack and the host can
 * tell (WebAssembly with weft's own thread layer). */
bool weft__plat_stack_overrun(void);

/* The last bytes of a stack on WebAssembly, see wasm/stack_check.mjs. */
#define WEFT__STACK_RESERVE 1024u

/* Traps here, rather than in a critical section soon after, when little is left of the calling
 * thread's stack and the host can tell. */
void weft__plat_stack_probe(void);

/* Runs weft__worker_loop(worker); where functions can trap, runs
 * weft__worker_recover(worker) after each trap and then the loop again. Where the thread
 * has a host with an event loop this may unwind the thread's whole stack to it; the
 * thread's function is then called anew later. */
struct weft__worker;
void weft__plat_guard(struct weft__worker *worker);

/* The machine. */

int64_t weft__plat_now_ns(void); /* monotonic */

/* CPUs that this process may use, at least 1; *rule says what limited it: "affinity",
 * "cgroup" or "host". */
size_t weft__plat_cpu_count(const char **rule);

/* Lets another thread that waits for this CPU run first, where the host can. */
void weft__plat_yield(void);

/* Tells the CPU that this is a spin loop, where there is a way to. */
static inline void weft__plat_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#elif defined(__wasm__)
    /* WebAssembly has no such instruction yet: some 20 ns without a memory access. */
    for (int i = 0; i < 64; i++)
        __asm__ __volatile__("" : "+r"(i));
#endif
}

#endif
