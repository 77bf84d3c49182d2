/* Semaphores. */
#include "threads.h"

#include <weft.h>

#define ROUNDS 5000

static weft_semaphore semaphore;
static _Atomic uint32_t inside, most;

static void pass_in_and_out(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT_EQ(weft_semaphore_acquire(&semaphore, TEST_LIMIT_NS), WEFT_OK);
        uint32_t now = atomic_fetch_add(&inside, 1) + 1;
        uint32_t seen = atomic_load(&most);
        while (seen < now && !atomic_compare_exchange_weak(&most, &seen, now))
            continue;
        atomic_fetch_sub(&inside, 1);
        EXPECT_EQ(weft_semaphore_release(&semaphore, 1), WEFT_OK);
    }
}

static void no_more_than_the_count_are_inside(void)
{
    for (uint32_t count = 1; count <= 3; count++) {
        atomic_store(&most, 0);
        EXPECT_EQ(weft_semaphore_init(&semaphore, count), WEFT_OK);
        test_team_run(test_team_size(), pass_in_and_out, NULL);
        EXPECT(atomic_load(&most) >= 1 && atomic_load(&most) <= count);
        for (uint32_t i = 0; i < count; i++)
            EXPECT_EQ(weft_semaphore_try_acquire(&semaphore), WEFT_OK);
        EXPECT_EQ(weft_semaphore_try_acquire(&semaphore), WEFT_ERR_TIMEOUT);
        weft_semaphore_fini(&semaphore);
    }
}

static void acquire_many(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++)
        EXPECT_EQ(weft_semaphore_acquire(&semaphore, TEST_LIMIT_NS), WEFT_OK);
}

/* Each unit that is released reaches somebody, in bundles or one by one. */
static void every_release_is_acquired(void)
{
    struct test_team team = {.count = 0};
    EXPECT_EQ(weft_semaphore_init(&semaphore, 0), WEFT_OK);
    while (team.count < test_team_size())
        test_team_start(&team, acquire_many, NULL);
    size_t left = test_team_size() * ROUNDS;
    for (size_t bundle = 1; left > 0; bundle = bundle % 7 + 1) {
        size_t count = bundle < left ? bundle : left;
        EXPECT_EQ(weft_semaphore_release(&semaphore, count), WEFT_OK);
        left -= count;
    }
    test_team_join(&team);
    EXPECT_EQ(weft_semaphore_try_acquire(&semaphore), WEFT_ERR_TIMEOUT);
}

/* Those that give up take no unit with them, and no wake-up. */
static _Atomic uint32_t acquired;

static void acquire_some(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS / 5; i++)
        if (weft_semaphore_acquire(&semaphore, i % 2 == 0 ? 1000 : 100000) == WEFT_OK)
            atomic_fetch_add(&acquired, 1);
}

static void acquire_to_the_end(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++)
        EXPECT_EQ(weft_semaphore_acquire(&semaphore, TEST_LIMIT_NS), WEFT_OK);
}

static void giving_up_loses_nothing(void)
{
    struct test_team team = {.count = 0};
    uint32_t released = 0, patient = ROUNDS;
    EXPECT_EQ(weft_semaphore_init(&semaphore, 0), WEFT_OK);
    atomic_store(&acquired, 0);
    test_team_start(&team, acquire_to_the_end, NULL);
    while (team.count < test_team_size())
        test_team_start(&team, acquire_some, NULL);
    /* Enough for the patient one whatever the others take. */
    uint32_t needed = patient + ROUNDS / 5 * (uint32_t)(test_team_size() - 1);
    for (; released < needed; released++)
        EXPECT_EQ(weft_semaphore_release(&semaphore, 1), WEFT_OK);
    test_team_join(&team);
    uint32_t left = 0;
    while (weft_semaphore_try_acquire(&semaphore) == WEFT_OK)
        left++;
    EXPECT_EQ(left + patient + atomic_load(&acquired), released);
}

/* Whoever takes the last unit may free the semaphore while release still runs. */
static void release_last(void *context)
{
    EXPECT_EQ(weft_semaphore_release(context, 1), WEFT_OK);
}

static void semaphore_may_go_when_it_has_been_acquired(void)
{
    for (int round = 0; round < 100; round++) {
        weft_semaphore *done = malloc(sizeof *done);
        struct test_team team = {.count = 0};
        EXPECT_EQ(weft_semaphore_init(done, 0), WEFT_OK);
        test_team_start(&team, release_last, done);
        EXPECT_EQ(weft_semaphore_acquire(done, TEST_LIMIT_NS), WEFT_OK);
        weft_semaphore_fini(done);
        free(done);
        test_team_join(&team);
    }
}

static void use_in_slices(void *context, size_t first, size_t last)
{
    (void)context;
    for (size_t i = first; i < last; i++) {
        EXPECT_EQ(weft_semaphore_acquire(&semaphore, TEST_LIMIT_NS), WEFT_OK);
        EXPECT_EQ(atomic_fetch_add(&inside, 1), 0);
        atomic_fetch_sub(&inside, 1);
        EXPECT_EQ(weft_semaphore_release(&semaphore, 1), WEFT_OK);
    }
}

static void semaphore_serves_tasks(void)
{
    weft_options options = {.threads = test_threads()};
    EXPECT_EQ(weft_semaphore_init(&semaphore, 1), WEFT_OK);
    EXPECT_EQ(weft_runtime_start(&options), WEFT_OK);
    weft_for(0, 4 * ROUNDS, 1, use_in_slices, NULL);
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

static void empty_semaphore_times_out(void)
{
    EXPECT_EQ(weft_semaphore_init(&semaphore, 0), WEFT_OK);
    EXPECT_EQ(weft_semaphore_acquire(&semaphore, 0), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_semaphore_acquire(&semaphore, TEST_SHORT_NS), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_semaphore_release(&semaphore, 1), WEFT_OK);
    EXPECT_EQ(weft_semaphore_acquire(&semaphore, WEFT_FOREVER), WEFT_OK);
}

static void counts_out_of_range_are_refused(void)
{
    weft_semaphore full;
    EXPECT_EQ(weft_semaphore_init(NULL, 0), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_semaphore_init(&full, (size_t)WEFT_SEMAPHORE_MAX + 1), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_semaphore_init(&full, SIZE_MAX), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_semaphore_init(&full, WEFT_SEMAPHORE_MAX), WEFT_OK);
    EXPECT_EQ(weft_semaphore_release(&full, 0), WEFT_OK);
    EXPECT_EQ(weft_semaphore_release(&full, 1), WEFT_ERR_LIMIT);
    EXPECT_EQ(weft_semaphore_release(&full, SIZE_MAX), WEFT_ERR_LIMIT);
    EXPECT_EQ(weft_semaphore_acquire(&full, 0), WEFT_OK);
    EXPECT_EQ(weft_semaphore_release(&full, 2), WEFT_ERR_LIMIT);
    EXPECT_EQ(weft_semaphore_release(&full, 1), WEFT_OK);
    EXPECT_EQ(weft_semaphore_acquire(NULL, 0), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_semaphore_release(NULL, 1), WEFT_ERR_INVALID);
    weft_semaphore_fini(NULL);
}

TEST_MAIN(TEST(no_more_than_the_count_are_inside), TEST(every_release_is_acquired),
          TEST(giving_up_loses_nothing), TEST(semaphore_may_go_when_it_has_been_acquired),
          TEST(semaphore_serves_tasks), TEST(empty_semaphore_times_out),
          TEST(counts_out_of_range_are_refused))
