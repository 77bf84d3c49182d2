/* kernels_everywhere.h: runs a check of a kernel on every number of threads. */
#ifndef WEFT_TEST_KERNELS_EVERYWHERE_H
#define WEFT_TEST_KERNELS_EVERYWHERE_H

#include "kernels/kernels.h"
#include "test.h"

/* check(context) without a runtime, then inside a job on one thread and on
 * test_threads(). */
static inline void everywhere(weft_task_fn check, void *context)
{
    const size_t threads[] = {1, test_threads()};
    check(context);
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        EXPECT_EQ(weft_runtime_start(&(weft_options){.threads = threads[i]}), WEFT_OK);
        EXPECT_EQ(weft_run(check, context), WEFT_OK);
        EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
    }
}

/* check(context) inside a job on test_threads() that the check is to cancel. */
static inline void cancelled(weft_task_fn check, void *context)
{
    EXPECT_EQ(weft_runtime_start(&(weft_options){.threads = test_threads()}), WEFT_OK);
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
