/* A thread that must not sleep, as a browser's main thread: every call that would have to
 * says so, or does the work by itself, and leaves everything as if it had not been made. The
 * linker sends the question whether a thread may sleep to the answer below (--wrap). */
#include "runtime.h"
#include "threads.h"

#include <weft.h>

bool __real_weft__plat_may_sleep(void);
bool __wrap_weft__plat_may_sleep(void);

static _Thread_local bool sleepless;

bool __wrap_weft__plat_may_sleep(void)
{
    return !sleepless && __real_weft__plat_may_sleep();
}

/* ---- Locks --------------------------------------------------------------------------- */

static void a_held_mutex_is_left_to_its_holder(void)
{
    weft_mutex mutex = WEFT_MUTEX_INIT;
    weft_cond cond = WEFT_COND_INIT;
    EXPECT_EQ(weft_mutex_lock(&mutex, WEFT_FOREVER), WEFT_OK);
    sleepless = true;
    EXPECT_EQ(weft_mutex_lock(&mutex, 0), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_mutex_lock(&mutex, 1), WEFT_ERR_WOULD_BLOCK);
    EXPECT_EQ(weft_mutex_lock(&mutex, WEFT_FOREVER), WEFT_ERR_WOULD_BLOCK);
    EXPECT_EQ(weft_cond_wait(&cond, &mutex, WEFT_FOREVER), WEFT_ERR_WOULD_BLOCK);
    EXPECT_EQ(weft_cond_fini(&cond), WEFT_OK);
    EXPECT_EQ(weft_mutex_unlock(&mutex), WEFT_OK); /* held still, by one */
    EXPECT_EQ(weft_mutex_lock(&mutex, WEFT_FOREVER), WEFT_OK);
    EXPECT_EQ(weft_mutex_unlock(&mutex), WEFT_OK);
    EXPECT_EQ(weft_mutex_fini(&mutex), WEFT_OK);
    sleepless = false;
}

static void a_reader_writer_lock_keeps_no_place(void)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    sleepless = true;
    EXPECT_EQ(weft_rwlock_read_lock(&lock, WEFT_FOREVER), WEFT_OK);
    EXPECT_EQ(weft_rwlock_write_lock(&lock, WEFT_FOREVER), WEFT_ERR_WOULD_BLOCK);
    EXPECT_EQ(weft_rwlock_read_lock(&lock, 0), WEFT_OK); /* no writer is ahead of it */
    EXPECT_EQ(weft_rwlock_read_unlock(&lock), WEFT_OK);
    EXPECT_EQ(weft_rwlock_read_unlock(&lock), WEFT_OK);
    EXPECT_EQ(weft_rwlock_write_lock(&lock, WEFT_FOREVER), WEFT_OK);
    EXPECT_EQ(weft_rwlock_read_lock(&lock, 1), WEFT_ERR_WOULD_BLOCK);
    EXPECT_EQ(weft_rwlock_write_lock(&lock, WEFT_FOREVER), WEFT_ERR_WOULD_BLOCK);
    EXPECT_EQ(weft_rwlock_write_unlock(&lock), WEFT_OK);
    EXPECT_EQ(weft_rwlock_fini(&lock), WEFT_OK);
    sleepless = false;
}

static void counts_and_flags_stay_as_they_were(void)
{
    weft_semaphore semaphore;
    weft_barrier barrier;
    weft_event event;
    EXPECT_EQ(weft_semaphore_init(&semaphore, 1), WEFT_OK);
    EXPECT_EQ(weft_barrier_init(&barrier, 2), WEFT_OK);
    EXPECT_EQ(weft_event_init(&event), WEFT_OK);
    sleepless = true;
    EXPECT_EQ(weft_semaphore_acquire(&semaphore, WEFT_FOREVER), WEFT_OK);
    EXPECT_EQ(weft_semaphore_acquire(&semaphore, WEFT_FOREVER), WEFT_ERR_WOULD_BLOCK);
    EXPECT_EQ(weft_semaphore_release(&semaphore, 1), WEFT_OK);
    EXPECT_EQ(weft_semaphore_acquire(&semaphore, 0), WEFT_OK);
    EXPECT_EQ(weft_semaphore_acquire(&semaphore, 0), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_barrier_wait(&barrier, NULL, WEFT_FOREVER), WEFT_ERR_WOULD_BLOCK);
    EXPECT_EQ(weft_barrier_fini(&barrier), WEFT_OK); /* nobody is counted */
    EXPECT_EQ(weft_event_wait(&event, WEFT_FOREVER), WEFT_ERR_WOULD_BLOCK);
    EXPECT_EQ(weft_event_set(&event), WEFT_OK);
    EXPECT_EQ(weft_event_wait(&event, WEFT_FOREVER), WEFT_OK);
    sleepless = false;
}

struct long_once {
    weft_once once;
    _Atomic uint32_t entered, go;
};

static enum weft_status wait_to_go(void *context)
{
    struct long_once *self = context;
    atomic_store(&self->entered, 1);
    while (atomic_load(&self->go) == 0)
        (void)weft__plat_wait(&self->go, 0, TEST_SHORT_NS);
    return WEFT_OK;
}

static void run_long_once(void *context)
{
    struct long_once *self = context;
    EXPECT_EQ(weft_once_run(&self->once, wait_to_go, self, TEST_LIMIT_NS), WEFT_OK);
}

static void a_function_that_another_thread_runs_is_not_waited_for(void)
{
    struct long_once self = {.once = WEFT_ONCE_INIT};
    struct test_team team = {.count = 0};
    test_team_start(&team, run_long_once, &self);
    while (atomic_load(&self.entered) == 0)
        weft__plat_relax();
    sleepless = true;
    EXPECT_EQ(weft_once_run(&self.once, wait_to_go, &self, WEFT_FOREVER), WEFT_ERR_WOULD_BLOCK);
    sleepless = false;
    atomic_store(&self.go, 1);
    test_team_join(&team);
    sleepless = true;
    EXPECT_EQ(weft_once_run(&self.once, wait_to_go, &self, WEFT_FOREVER), WEFT_OK);
    sleepless = false;
}

/* ---- Queues -------------------------------------------------------------------------- */

static void full_and_empty_queues_refuse(void)
{
    int thing;
    void *got = NULL;
    weft_channel *channel = NULL;
    weft_ring *ring = NULL;
    EXPECT_EQ(weft_channel_create(1, &channel), WEFT_OK);
    EXPECT_EQ(weft_ring_create(1, &ring), WEFT_OK);
    sleepless = true;
    EXPECT_EQ(weft_channel_recv(channel, &got, WEFT_FOREVER), WEFT_ERR_WOULD_BLOCK);
    EXPECT_EQ(weft_channel_send(channel, &thing, WEFT_FOREVER), WEFT_OK);
    EXPECT_EQ(weft_channel_send(channel, NULL, 1), WEFT_ERR_WOULD_BLOCK);
    EXPECT_EQ(weft_channel_recv(channel, &got, WEFT_FOREVER), WEFT_OK);
    EXPECT(got == &thing);
    EXPECT_EQ(weft_channel_recv(channel, &got, 0), WEFT_ERR_TIMEOUT); /* the NULL was not sent */
    EXPECT_EQ(weft_ring_recv(ring, &got, WEFT_FOREVER), WEFT_ERR_WOULD_BLOCK);
    EXPECT_EQ(weft_ring_send(ring, &thing, WEFT_FOREVER), WEFT_OK);
    EXPECT_EQ(weft_ring_send(ring, NULL, 1), WEFT_ERR_WOULD_BLOCK);
    EXPECT_EQ(weft_ring_recv(ring, &got, WEFT_FOREVER), WEFT_OK);
    EXPECT(got == &thing);
    sleepless = false;
    weft_channel_destroy(channel);
    weft_ring_destroy(ring);
}

enum { ITEMS = 3000 };

static _Atomic uint32_t received[ITEMS];

static void receive_all(void *context)
{
    void *item;
    while (weft_channel_recv(context, &item, TEST_LIMIT_NS) == WEFT_OK)
        atomic_fetch_add(&received[(uintptr_t)item], 1);
}

/* One side sleeps, the other one must not; each item arrives once. */
static void a_channel_loses_nothing_to_a_sender_that_must_not_sleep(void)
{
    weft_channel *channel = NULL;
    struct test_team team = {.count = 0};
    memset((void *)received, 0, sizeof received);
    EXPECT_EQ(weft_channel_create(4, &channel), WEFT_OK);
    for (size_t i = 0; i + 1 < test_team_size(); i++)
        test_team_start(&team, receive_all, channel);
    sleepless = true;
    for (uintptr_t i = 0; i < ITEMS; i++) {
        enum weft_status status;
        while ((status = weft_channel_send(channel, (void *)i, WEFT_FOREVER)) != WEFT_OK)
            EXPECT_EQ(status, WEFT_ERR_WOULD_BLOCK);
    }
    weft_channel_close(channel);
    sleepless = false;
    test_team_join(&team);
    uint32_t wrong = 0;
    for (size_t i = 0; i < ITEMS; i++)
        wrong += atomic_load(&received[i]) != 1;
    EXPECT_EQ(wrong, 0);
    weft_channel_destroy(channel);
}

/* ---- Jobs and what runs as one ------------------------------------------------------- */

static void wait_for_flag(void *context)
{
    _Atomic uint32_t *flag = context;
    while (atomic_load(flag) == 0)
        (void)weft__plat_wait(flag, 0, TEST_SHORT_NS);
}

static void a_job_goes_on_without_its_waiter(void)
{
    _Atomic uint32_t flag = 0;
    weft_job job;
    if (test_threads() < 2)
        return; /* the job would run here, and wait for ever */
    start();
    weft_job_init(&job, wait_for_flag, (void *)&flag);
    sleepless = true;
    EXPECT_EQ(weft_job_submit(&job), WEFT_OK);
    EXPECT_EQ(weft_job_wait(&job, 0), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_job_wait(&job, 1), WEFT_ERR_WOULD_BLOCK);
    EXPECT_EQ(weft_job_wait(&job, WEFT_FOREVER), WEFT_ERR_WOULD_BLOCK);
    EXPECT_EQ(weft_runtime_stop(), WEFT_ERR_WOULD_BLOCK);
    atomic_store(&flag, 1);
    enum weft_status status;
    while ((status = weft_job_wait(&job, 0)) == WEFT_ERR_TIMEOUT)
        weft__plat_relax();
    EXPECT_EQ(status, WEFT_OK);
    sleepless = false;
    stop();
}

static enum weft_status bump_stage(void *context, void **item)
{
    bump(context);
    *item = NULL;
    return WEFT_OK;
}

static void a_thread_joins_no_job_that_others_take_part_in(void)
{
    _Atomic uint32_t runs = 0;
    const weft_stage stage = {WEFT_STAGE_SERIAL, bump_stage, (void *)&runs};
    bool alone = test_threads() < 2;
    enum weft_status expected = alone ? WEFT_OK : WEFT_ERR_WOULD_BLOCK;
    start();
    sleepless = true;
    EXPECT_EQ(weft_run(bump, (void *)&runs), expected);
    EXPECT_EQ(weft_pipeline_run(&stage, 1, 1, NULL, NULL), expected);
    EXPECT_EQ(atomic_load(&runs), alone ? 2 : 0);
    sleepless = false;
    stop();
    sleepless = true;
    EXPECT_EQ(weft_run(bump, (void *)&runs), WEFT_OK); /* no runtime: a plain call */
    sleepless = false;
}

enum { NUMBERS = 70000 };

static void count_slice(void *context, size_t first, size_t last)
{
    *(size_t *)context += last - first; /* on one thread */
}

static void sum_slice(void *context, size_t first, size_t last, void *partial)
{
    const uint32_t *numbers = context;
    uint64_t sum = 0;
    for (size_t i = first; i < last; i++)
        sum += numbers[i];
    *(uint64_t *)partial = sum;
}

static void add(void *context, void *into, const void *from)
{
    (void)context;
    *(uint64_t *)into += *(const uint64_t *)from;
}

static int by_number(void *context, const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    (void)context;
    return (x > y) - (x < y);
}

static void fill(uint32_t *numbers)
{
    for (uint32_t i = 0; i < NUMBERS; i++)
        numbers[i] = (uint32_t)((uint64_t)i * 7919 % NUMBERS);
}

static void expect_sorted(const uint32_t *numbers)
{
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < NUMBERS; i++)
        wrong += numbers[i] != i;
    EXPECT_EQ(wrong, 0);
}

static void loops_sorts_and_sums_run_on_the_caller(void)
{
    static uint32_t numbers[NUMBERS], totals[NUMBERS];
    size_t seen = 0;
    uint64_t sum = 0, expected = (uint64_t)NUMBERS * (NUMBERS - 1) / 2;
    start();
    fill(numbers);
    sleepless = true;
    weft_for(0, 5000, 0, count_slice, &seen);
    EXPECT_EQ(seen, 5000);
    EXPECT_EQ(weft_reduce(0, NUMBERS, 0, sum_slice, add, numbers, &sum, sizeof sum), WEFT_OK);
    EXPECT_EQ(sum, expected);
    EXPECT_EQ(weft_scan_u32(WEFT_SCAN_INCLUSIVE, numbers, NUMBERS, totals), WEFT_OK);
    EXPECT_EQ(totals[NUMBERS - 1], (uint32_t)expected);
    EXPECT_EQ(weft_sort(numbers, NUMBERS, sizeof numbers[0], by_number, NULL), WEFT_OK);
    expect_sorted(numbers);
    fill(numbers);
    EXPECT_EQ(weft_sort_keys(numbers, NUMBERS, WEFT_KEY_U32), WEFT_OK);
    expect_sorted(numbers);
    sleepless = false;
    stop();
}

TEST_MAIN(TEST(a_held_mutex_is_left_to_its_holder), TEST(a_reader_writer_lock_keeps_no_place),
          TEST(counts_and_flags_stay_as_they_were),
          TEST(a_function_that_another_thread_runs_is_not_waited_for),
          TEST(full_and_empty_queues_refuse),
          TEST(a_channel_loses_nothing_to_a_sender_that_must_not_sleep),
          TEST(a_job_goes_on_without_its_waiter),
          TEST(a_thread_joins_no_job_that_others_take_part_in),
          TEST(loops_sorts_and_sums_run_on_the_caller))
