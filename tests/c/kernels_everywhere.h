/* kernels_everywhere.h: runs a check of a kernel on every number of threads. */
#ifndef WEFT_TEST_KERNELS_EVERYWHERE_H
#define WEFT_TEST_KERNELS_EVERYWHERE_H

#include "kernels/kernels.h"
#include "test.h"

/* Stack of a worker: the default, except that the checks of the sanitizers take several
 * times the room. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KERNELS_STACK_BYTES ((size_t)8 << 20)
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KERNELS_STACK_BYTES ((size_t)8 << 20)
#endif
#if !defined(KERNELS_STACK_BYTES)
#define KERNELS_STACK_BYTES 0
#endif

static inline enum weft_status start_threads(size_t threads)
{
    return weft_runtime_start(
        &(weft_options){.threads = threads, .stack_bytes = KERNELS_STACK_BYTES});
}

/* check(context) without a runtime, then inside a job on test_threads(), of which one is
 * among the numbers that the tests are run with. */
static inline void everywhere(weft_task_fn check, void *context)
{
    check(context);
    EXPECT_EQ(start_threads(test_threads()), WEFT_OK);
    EXPECT_EQ(weft_run(check, context), WEFT_OK);
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

/* check(context) inside a job on test_threads() that the check is to cancel. */
static inline void cancelled(weft_task_fn check, void *context)
{
    EXPECT_EQ(start_threads(test_threads()), WEFT_OK);
    EXPECT_EQ(weft_run(check, context), WEFT_ERR_CANCELLED);
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

/* An array of a test; a test without memory cannot go on. */
static inline void *must_alloc(size_t bytes)
{
    void *memory = malloc(bytes > 0 ? bytes : 1);
    if (memory == NULL) {
        fprintf(stderr, "no memory for a test array of %zu bytes\n", bytes);
        exit(2);
    }
    return memory;
}

#endif
