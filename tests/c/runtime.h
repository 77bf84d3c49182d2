/* runtime.h: the runtime of a test, on as many threads as the test is told to use. */
#ifndef WEFT_TEST_RUNTIME_H
#define WEFT_TEST_RUNTIME_H

#include "test.h"

#include <stdatomic.h>
#include <weft.h>

static inline void start(void)
{
    weft_options options = {.threads = test_threads()};
    EXPECT_EQ(weft_runtime_start(&options), WEFT_OK);
}

static inline void stop(void)
{
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

/* A job that counts: context is an _Atomic uint32_t. */
static inline void bump(void *context)
{
    atomic_fetch_add((_Atomic uint32_t *)context, 1);
}

#endif
