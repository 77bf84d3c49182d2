/* A host that unwinds a worker's stack out of weft_profile_run, as WebAssembly hosts do
 * after a trap. */
#include "core/profile.h"
#include "core/worker.h"
#include "test.h"

#include <weft.h>

#include <setjmp.h>

static jmp_buf out;

static void trap(void *context)
{
    (void)context;
    longjmp(out, 1);
}

static void fork_and_trap(void *context)
{
    weft_group group;
    weft_group_init(&group);
    weft_join(trap, context, trap, context);
}

static void count(void *context, size_t first, size_t last)
{
    atomic_fetch_add((_Atomic size_t *)context, last - first);
}

/* Comes back by longjmp. */
static WEFT__NOINLINE bool run_until_trap(void)
{
    weft_profile_report report;
    return setjmp(out) != 0 || weft_profile_run(fork_and_trap, NULL, 0, &report) != WEFT_OK;
}

static void trap_then_go_on(void *context)
{
    struct weft__worker *self = weft__worker_self();
    EXPECT(run_until_trap());
    EXPECT(weft__worker_self() == NULL); /* still measured */
    weft__profile->abandon(self);
    EXPECT(weft__worker_self() == self);
    EXPECT(weft__profile == NULL);
    weft_for(0, 1000, 0, count, context);
}

static void a_worker_serves_on_after_a_trap_in_a_profile(void)
{
    weft_options options = {.threads = test_threads()};
    _Atomic size_t counted = 0;
    EXPECT_EQ(weft_runtime_start(&options), WEFT_OK);
    for (int round = 0; round < 10; round++)
        EXPECT_EQ(weft_run(trap_then_go_on, (void *)&counted), WEFT_OK);
    EXPECT_EQ(atomic_load(&counted), 10000);
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

TEST_MAIN(TEST(a_worker_serves_on_after_a_trap_in_a_profile))
