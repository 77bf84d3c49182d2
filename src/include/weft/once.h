/* weft/once.h: initialisation by whoever comes first. */
#ifndef WEFT_ONCE_H
#define WEFT_ONCE_H

#include <weft/base.h>
#include <weft/status.h>

/* Lives in the caller's memory, as a rule in a static variable. The field is private.
 *
 *     static weft_once loaded = WEFT_ONCE_INIT;
 *     status = weft_once_run(&loaded, load_tables, NULL, WEFT_FOREVER);
 */
typedef struct weft_once {
    _Atomic uint32_t state; /* see src/core/once.c */
} weft_once;

/* clang-format off */
#define WEFT_ONCE_INIT {0}
/* clang-format on */
#define WEFT__ONCE_DONE 3u

/* Anything but WEFT_OK: it has not worked, somebody else may try again. */
typedef enum weft_status (*weft_once_fn)(void *context);

WEFT_NODISCARD enum weft_status weft__once_run_slow(weft_once *once, weft_once_fn fn, void *context,
                                                    int64_t timeout_ns);

/* Runs fn(context) unless a call with this `once` has succeeded. While another thread
 * runs its function, sleeps up to `timeout_ns` nanoseconds for its end; 0 never sleeps,
 * WEFT_FOREVER (or any other negative number) has no limit. If that one fails, a waiting
 * thread runs its own. After WEFT_OK, what fn did is seen by the caller.
 *
 * Errors:  WEFT_ERR_INVALID      once or fn is NULL
 *          WEFT_ERR_TIMEOUT      another thread still runs its function
 *          WEFT_ERR_WOULD_BLOCK  the same, timeout_ns is not 0, and this thread must not
 *                                sleep (a browser's main thread)
 *          what fn returned, when this call ran it
 * Threads: any thread, but not fn itself. */
WEFT_NODISCARD static inline enum weft_status weft_once_run(weft_once *once, weft_once_fn fn,
                                                            void *context, int64_t timeout_ns)
{
    /* Acquire: pairs with the release at the end of the function. */
    if (WEFT__LIKELY(once != NULL &&
                     atomic_load_explicit(&once->state, memory_order_acquire) == WEFT__ONCE_DONE))
        return WEFT_OK;
    return weft__once_run_slow(once, fn, context, timeout_ns);
}

#endif
