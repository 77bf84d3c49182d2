/* Fork/join: weft_spawn, weft_sync, weft_join. */
#include "runtime.h"

#include <weft.h>

struct fib {
    uint32_t n;
    uint64_t value;
};

static void fib(void *context)
{
    struct fib *self = context;
    if (self->n < 2) {
        self->value = self->n;
        return;
    }
    struct fib a = {self->n - 1, 0}, b = {self->n - 2, 0};
    weft_join(fib, &a, fib, &b);
    self->value = a.value + b.value;
}

static void join_computes_fib_without_a_runtime(void)
{
    struct fib root = {20, 0};
    EXPECT_EQ(weft_run(fib, &root), WEFT_OK);
    EXPECT_EQ(root.value, 6765);
}

static void join_computes_fib_on_all_threads(void)
{
    start();
    for (int round = 0; round < 20; round++) {
        struct fib root = {24, 0};
        EXPECT_EQ(weft_run(fib, &root), WEFT_OK);
        EXPECT_EQ(root.value, 46368);
    }
    stop();
}

static void count_run(void *context)
{
    atomic_fetch_add((_Atomic uint32_t *)context, 1);
}

static void a_task_outside_of_any_job_runs_once(void)
{
    _Atomic uint32_t runs = 0;
    weft_task first, second;
    weft_spawn(&first, count_run, (void *)&runs);
    weft_spawn(&second, count_run, (void *)&runs);
    weft_sync(&second);
    weft_sync(&first);
    EXPECT_EQ(atomic_load(&runs), 2);
    weft_join(count_run, (void *)&runs, count_run, (void *)&runs);
    EXPECT_EQ(atomic_load(&runs), 4);
    start();
    weft_join(count_run, (void *)&runs, count_run, (void *)&runs);
    EXPECT_EQ(atomic_load(&runs), 6);
    stop();
}

/* Spawns `count` tasks at once, then syncs them in reverse. */
#define MANY 20000

static _Atomic uint32_t ran[MANY];

static void mark(void *context)
{
    atomic_fetch_add((_Atomic uint32_t *)context, 1);
}

static void spawn_many(void *context)
{
    weft_task *tasks = context;
    for (size_t i = 0; i < MANY; i++)
        weft_spawn(&tasks[i], mark, &ran[i]);
    for (size_t i = MANY; i > 0; i--)
        weft_sync(&tasks[i - 1]);
}

static void more_tasks_than_the_deque_holds_run_once_each(void)
{
    weft_task *tasks = malloc(MANY * sizeof *tasks);
    start();
    for (uint32_t round = 1; round <= 5; round++) {
        EXPECT_EQ(weft_run(spawn_many, tasks), WEFT_OK);
        for (size_t i = 0; i < MANY; i++)
            if (atomic_load(&ran[i]) != round)
                EXPECT_EQ(atomic_load(&ran[i]), round);
    }
    stop();
    free(tasks);
}

/* A long thin tree: the left child is a leaf, the right one goes on. */
struct chain {
    uint32_t depth;
    _Atomic uint32_t *leaves;
};

static void leaf(void *context)
{
    atomic_fetch_add_explicit((_Atomic uint32_t *)context, 1, memory_order_relaxed);
}

static void chain(void *context)
{
    struct chain *self = context;
    if (self->depth == 0)
        return;
    struct chain next = {self->depth - 1, self->leaves};
    weft_join(chain, &next, leaf, self->leaves);
}

static void deep_chains_run_every_leaf(void)
{
    start();
    for (int round = 0; round < 50; round++) {
        _Atomic uint32_t leaves = 0;
        struct chain root = {1000, &leaves};
        EXPECT_EQ(weft_run(chain, &root), WEFT_OK);
        EXPECT_EQ(atomic_load(&leaves), 1000);
    }
    stop();
}

/* Both sides of a join must be able to run at the same time when there are threads. */
struct meeting {
    _Atomic uint32_t *here, *there;
};

static void meet(void *context)
{
    struct meeting *self = context;
    atomic_store(self->here, 1);
    while (atomic_load(self->there) == 0) {
    }
}

static void meet_both(void *context)
{
    (void)context;
    _Atomic uint32_t a = 0, b = 0;
    struct meeting first = {&a, &b}, second = {&b, &a};
    weft_join(meet, &first, meet, &second);
}

static void both_sides_of_a_join_run_at_the_same_time(void)
{
    if (test_threads() < 2)
        return; /* one thread cannot: nothing to show */
    start();
    for (int round = 0; round < 20; round++)
        EXPECT_EQ(weft_run(meet_both, NULL), WEFT_OK);
    stop();
}

TEST_MAIN(TEST(join_computes_fib_without_a_runtime), TEST(join_computes_fib_on_all_threads),
          TEST(a_task_outside_of_any_job_runs_once),
          TEST(more_tasks_than_the_deque_holds_run_once_each), TEST(deep_chains_run_every_leaf),
          TEST(both_sides_of_a_join_run_at_the_same_time))
