/* thread.h: threads on wasi-threads, for a wasi-libc that knows none.
 *
 * A thread's stack, its record and its thread-local storage are one block:
 *
 *     low  | reserve | stack, grows down | record | thread-local storage |  high
 *
 * The joiner frees the block once `done` is set; until then it belongs to the thread.
 *
 * The main thread's stack is the linker's: `-z stack-size=1048576 --stack-first` puts it
 * at the lowest addresses, so that an overrun leaves the memory and traps.
 *
 * OVERRUN. wasm/stack_check.mjs adds checks to a module: a function of the application that
 * would lower the stack pointer below the reserve traps there, before it has written
 * anything. The reserve is for functions that are not checked, see there; so the allocator and
 * the scheduler's critical sections end as they should. A module without checks keeps
 * a pattern in the reserve and looks at it when a job or a thread has ended or trapped: then
 * an overrun is found after the fact, and one that jumps over the reserve is not found.
 * When the pattern's far end is damaged, memory of others may be, too: the program or the
 * runtime ends. */
#ifndef WEFT_THREAD_H
#define WEFT_THREAD_H

#include "../platform/platform.h"

enum {
    WEFT__THREAD_RUNS = 0,
    WEFT__THREAD_ENDED = 1,  /* start.s */
    WEFT__THREAD_FAILED = 2, /* it trapped, or its worker never started */
};

struct weft__thread {
    uintptr_t stack_top;   /* start.s; constant */
    void *tls;             /* start.s; constant */
    _Atomic uint32_t done; /* WEFT__THREAD_...; set once, by start.s */
    unsigned char *block;  /* what to free; start.s; constant */
    void (*fn)(void *);    /* constant */
    void *context;         /* constant */
};

/* Starts fn(context) on a thread with `stack_bytes` bytes of stack.
 * Errors: WEFT_ERR_NOMEM, WEFT_ERR_WORKER (the host refused). */
enum weft_status weft__thread_start(size_t stack_bytes, void (*fn)(void *), void *context,
                                    struct weft__thread **out);

/* Waits until the thread has ended and frees its block. A calling thread that must not
 * sleep spins. */
void weft__thread_join(struct weft__thread *thread);

/* The calling thread's record; NULL on the main thread. */
struct weft__thread *weft__thread_self(void);

/* True when the calling thread has written below its stack since the last call. Dies if it
 * may have written below the reserve as well. */
bool weft__thread_overrun(void);

/* In start.s: 1 in a module with stack checks. */
int32_t weft_thread_checked(void);

/* Makes the calling thread, which weft__thread_start started, as good as a new one: its
 * thread-local variables have their first values and its heap is somebody else's. Dies if
 * the thread has overrun its stack. */
void weft__thread_renew(void);

/* The calling thread's stack: its lowest address and its size. */
void *weft__thread_stack(size_t *bytes);

/* Called by start.s. */
void weft__thread_main(struct weft__thread *thread);

/* For the JavaScript host, on any instance; in start.s. The thread with this start
 * argument has left wasi_thread_start by a trap, or will never enter it, and is not joined
 * yet. Gives back the stdio locks that it held and wakes its joiner. What lies free in its
 * heap stays lost; the blocks that it had allocated can be freed as ever. */
void weft_thread_failed(struct weft__thread *thread);

/* For the JavaScript host, on the instance that caught a trap and goes on using its
 * thread, or that follows a dead one: gives back the stdio locks that the dead frames held.
 * 0: they held a lock of the allocator, so this memory is of no use any more. */
int32_t weft_thread_recover(void);

/* Could another thread go on in the place of this one, which is dead? */
bool weft__thread_followable(const struct weft__thread *thread);

/* While it is held, the thread waits before it changes what another one could not go on
 * with, unless it has begun to. */
void weft__thread_hold(const struct weft__thread *thread, bool held);

/* For the JavaScript host, on a fresh instance; in start.s. Goes on as the thread with this
 * start argument, which is dead, on its stack and its thread-local storage. */
void weft_thread_follow(struct weft__thread *thread);

/* Writes "weft: <text>\n" to standard error and traps. Takes no lock, allocates nothing. */
#define weft__thread_die(text)                                                                     \
    weft__thread_die_saying("weft: " text "\n", sizeof "weft: " text "\n" - 1)
_Noreturn void weft__thread_die_saying(const char *text, size_t bytes);

#endif
