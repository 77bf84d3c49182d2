/* posix.h: what the files of POSIX threads (posix_*.c) share.
 *
 * A thread's record is apart from the carrier that runs it. A carrier is a thread of
 * thread.h, with its stack, its thread-local storage and the host's worker around it. When
 * its thread ends, a carrier makes itself as good as new and waits in shared memory for the
 * next one, so that starting a thread mostly costs one wake-up and no message to the host.
 * After a while without work it ends for good.
 *
 * state    | means                                 | set by
 * ---------|---------------------------------------|------------------------------------
 * RUNS     | not ended, or not yet known to be     | pthread_create
 * ENDED    | its result stands; the joiner frees   | its carrier
 * DETACHED | nobody will join; its carrier frees   | pthread_create, pthread_detach */
#ifndef WEFT_THREAD_POSIX_H
#define WEFT_THREAD_POSIX_H

#include "../platform/platform_wasm_wait.h"

#include <pthread.h>
#include <time.h>

enum { WEFT__POSIX_RUNS = 0, WEFT__POSIX_ENDED = 1, WEFT__POSIX_DETACHED = 2 };

#define WEFT__POSIX_NAME_BYTES 16

struct __pthread {
    _Atomic uint32_t state;
    void *(*start)(void *); /* constant; NULL: pthread_create did not make this thread */
    void *argument;         /* constant */
    void *result;           /* the thread; after ENDED the joiner */
    void *stack;            /* the thread's lowest; its own from its start on */
    size_t stack_bytes;

    /* Cancellation: posix_cancel.c. */
    _Atomic uint32_t cancelled; /* any thread; never cleared */
    _Atomic uint32_t sleeps_on; /* the thread: the word whose wake-up would be heeded */
    bool cancel_disabled;       /* the thread, as the rest */
    bool cancel_asynchronous;
    bool exiting;
    struct __ptcb *cleanup; /* innermost handler */

    char name[WEFT__POSIX_NAME_BYTES]; /* under the lock of posix_attr.c */
};

/* Sleeps while *word == expected, until `deadline` (NULL: for ever) on `clock`. May return
 * early. Returns 0, ETIMEDOUT, EINVAL for a deadline that is no time, EDEADLK where the
 * calling thread must not sleep. */
int weft__posix_wait(_Atomic uint32_t *word, uint32_t expected, clockid_t clock,
                     const struct timespec *deadline);

/* The same as a cancellation point: ECANCELED asks the caller to put its affairs in order
 * and then to call weft__posix_cancel_now. */
int weft__posix_wait_cancellable(_Atomic uint32_t *word, uint32_t expected, clockid_t clock,
                                 const struct timespec *deadline);

_Noreturn void weft__posix_cancel_now(void);

/* True for a time that timespec can mean. */
bool weft__posix_is_time(const struct timespec *time);

/* Destroys the calling thread's keyed values; posix_key.c. */
void weft__posix_keys_end(void);

/* Calls fn(context) and returns when that does, or when something inside has called
 * weft__posix_throw; posix_catch.s. */
void weft__posix_catch(void (*fn)(void *), void *context);
_Noreturn void weft__posix_throw(void);

/* A count of threads that are inside an object, which its destroyer waits for.
 *
 * bits | means
 * -----|--------------------------------------------
 * 0-30 | threads inside; each adds and subtracts itself
 * 31   | the destroyer sleeps until there is none */
#define WEFT__GATE_CLOSING UINT32_C(0x80000000)

static inline void weft__gate_enter(_Atomic uint32_t *gate)
{
    atomic_fetch_add(gate, 1);
}

/* The object may be gone once this has subtracted. */
static inline void weft__gate_leave(_Atomic uint32_t *gate)
{
    if (atomic_fetch_sub(gate, 1) == (WEFT__GATE_CLOSING | 1))
        weft__plat_wake(gate, UINT32_MAX);
}

/* Returns once everybody has left. */
static inline void weft__gate_close(_Atomic uint32_t *gate)
{
    uint32_t inside = atomic_fetch_or(gate, WEFT__GATE_CLOSING) | WEFT__GATE_CLOSING;
    while (inside != WEFT__GATE_CLOSING) {
        if (weft__plat_wait(gate, inside, -1) == WEFT_ERR_WOULD_BLOCK)
            weft__plat_relax();
        inside = atomic_load(gate);
    }
    atomic_store(gate, 0);
}

#endif
