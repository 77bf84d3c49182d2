/* threads.h: threads for tests that need some beside the runtime's. */
#ifndef WEFT_TEST_THREADS_H
#define WEFT_TEST_THREADS_H

#include "platform/platform.h"
#include "test.h"

#define TEST_LIMIT_NS    INT64_C(200000000000) /* far above anything that a test waits for */
#define TEST_SHORT_NS    INT64_C(2000000)
#define TEST_STACK_BYTES 65536
#define TEST_TEAM_MOST   16

/* 2..16 threads: as many as the test is told to, where that makes sense. */
static inline size_t test_team_size(void)
{
    size_t count = test_threads();
    return count < 2 ? 2 : count > TEST_TEAM_MOST ? TEST_TEAM_MOST : count;
}

struct test_team {
    weft__plat_thread threads[TEST_TEAM_MOST];
    size_t count;
};

static inline void test_team_start(struct test_team *team, void (*fn)(void *), void *context)
{
    enum weft_status status =
        weft__plat_thread_start(&team->threads[team->count], TEST_STACK_BYTES, fn, context);
    if (status != WEFT_OK) { /* nothing below makes sense without it */
        fprintf(stderr, "no thread: %s\n", weft_status_name(status));
        exit(1);
    }
    team->count++;
}

static inline void test_team_join(struct test_team *team)
{
    while (team->count > 0)
        weft__plat_thread_join(team->threads[--team->count]);
}

/* Runs fn(context) on `count` threads, this one included, and waits for all of them. */
static inline void test_team_run(size_t count, void (*fn)(void *), void *context)
{
    struct test_team team = {.count = 0};
    while (team.count + 1 < count)
        test_team_start(&team, fn, context);
    fn(context);
    test_team_join(&team);
}

#endif
