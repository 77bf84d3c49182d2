/* Every allocation, and every start of a thread, fails once, in turn; then all of them from
 * there on. What is called says so or does without, nothing hangs, nothing leaks, and the
 * runtime works afterwards. */
#include "runtime.h"
#include "threads.h"

#include "failing.h"

#include <weft.h>

#define POINTS_MAX 5000 /* far above the allocations of any scenario */

static void add_range(void *context, size_t first, size_t last, void *partial)
{
    (void)context;
    uint64_t sum = 0;
    for (size_t i = first; i < last; i++)
        sum += i;
    *(uint64_t *)partial = sum;
}

static void add(void *context, void *into, const void *from)
{
    (void)context;
    *(uint64_t *)into += *(const uint64_t *)from;
}

static void expect_to_work(void)
{
    uint64_t sum = 0;
    EXPECT_EQ(weft_reduce(0, 5000, 1, add_range, add, NULL, &sum, sizeof sum), WEFT_OK);
    EXPECT_EQ(sum, 5000 * 4999 / 2);
}

/* One attempt; false once the scenario has got by without the failing call. */
static bool fails_at(uint32_t point, bool for_good, void (*scenario)(void), bool started)
{
    int64_t live = atomic_load(&failing.live);
    if (started)
        start();
    failing_begin(point, for_good);
    scenario();
    uint32_t failed = failing_end();
    if (started) {
        expect_to_work();
        EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
    }
    EXPECT_EQ(atomic_load(&failing.live), live);
    return failed != 0;
}

static void fail_everywhere(void (*scenario)(void), bool started, bool for_good)
{
    int failures = test_failures;
    uint32_t point = 1;
    (void)test_threads(); /* wasi-libc exits if it cannot copy the environment, once */
    while (fails_at(point, for_good, scenario, started) && test_failures == failures &&
           point < POINTS_MAX)
        point++;
    EXPECT(point < POINTS_MAX);
    if (test_failures != failures)
        fprintf(stderr, "at allocation %u%s\n", point, for_good ? " and all later ones" : "");
}

static void fail_at_every_point(void (*scenario)(void))
{
    fail_everywhere(scenario, true, false);
    fail_everywhere(scenario, true, true);
}

/* ---- The runtime itself -------------------------------------------------------------- */

static void run_runtime(void)
{
    weft_options options = {.threads = test_threads()};
    enum weft_status status = weft_runtime_start(&options);
    weft_info info;
    weft_runtime_info(&info);
    if (status != WEFT_OK) {
        EXPECT(status == WEFT_ERR_NOMEM || status == WEFT_ERR_WORKER);
        EXPECT_EQ(info.threads, 0);
        EXPECT_EQ(weft_runtime_stop(), WEFT_ERR_STATE);
        return;
    }
    EXPECT_EQ(info.threads, test_threads());
    expect_to_work();
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

static void a_runtime_starts_whole_or_not_at_all(void)
{
    fail_everywhere(run_runtime, false, false);
    fail_everywhere(run_runtime, false, true);
}

static void run_jobs(void)
{
    enum { JOBS = 40 };
    weft_job jobs[JOBS];
    _Atomic uint32_t runs = 0;
    for (size_t i = 0; i < JOBS; i++) {
        weft_job_init(&jobs[i], bump, (void *)&runs);
        EXPECT_EQ(weft_job_submit_lane(&jobs[i], i % 3 == 0 ? WEFT_BATCH : WEFT_INTERACTIVE),
                  WEFT_OK);
    }
    for (size_t i = 0; i < JOBS; i++)
        EXPECT_EQ(weft_job_wait(&jobs[i], TEST_LIMIT_NS), WEFT_OK);
    EXPECT_EQ(atomic_load(&runs), JOBS);
}

static void jobs_need_no_memory_but_for_spares(void)
{
    fail_at_every_point(run_jobs);
}

/* ---- Groups, loops, reductions ------------------------------------------------------- */

struct family {
    weft_group *group;
    _Atomic uint32_t runs;
};

static void count_member(void *context)
{
    bump((void *)&((struct family *)context)->runs);
}

static void add_members(void *context)
{
    struct family *family = context;
    count_member(family);
    for (size_t i = 0; i < 150; i++)
        weft_group_run(family->group, count_member, family);
}

static void run_family(void *context)
{
    struct family *family = context;
    weft_group group;
    family->group = &group;
    weft_group_init(&group);
    for (size_t i = 0; i < 6; i++)
        weft_group_run(&group, add_members, family);
    EXPECT_EQ(weft_group_wait(&group), WEFT_OK);
}

static void run_groups(void)
{
    struct family family = {.runs = 0};
    EXPECT_EQ(weft_run(run_family, &family), WEFT_OK);
    EXPECT_EQ(atomic_load(&family.runs), 6 * 151);
}

static void a_group_runs_in_place_what_it_has_no_record_for(void)
{
    fail_at_every_point(run_groups);
}

static void count_indices(void *context, size_t first, size_t last)
{
    atomic_fetch_add((_Atomic uint32_t *)context, (uint32_t)(last - first));
}

static void count_cells(void *context, const weft_range_2d *tile)
{
    atomic_fetch_add((_Atomic uint32_t *)context, (uint32_t)((tile->row_last - tile->row_first) *
                                                             (tile->col_last - tile->col_first)));
}

struct wide {
    uint64_t sums[WEFT_REDUCE_BYTES_MAX / sizeof(uint64_t)];
};

static void add_wide_range(void *context, size_t first, size_t last, void *partial)
{
    struct wide *wide = partial;
    memset(wide, 0, sizeof *wide);
    add_range(context, first, last, &wide->sums[511]);
}

static void add_wide(void *context, void *into, const void *from)
{
    struct wide *wide = into;
    add(context, &wide->sums[511], &((const struct wide *)from)->sums[511]);
}

static void run_loops(void)
{
    _Atomic uint32_t seen = 0;
    struct wide wide = {{0}};
    weft_for(0, 1000, 0, count_indices, (void *)&seen);
    weft_for_2d(30, 40, 0, 0, count_cells, (void *)&seen);
    EXPECT_EQ(atomic_load(&seen), 2200);
    EXPECT_EQ(weft_reduce(0, 5000, 0, add_wide_range, add_wide, NULL, &wide, sizeof wide), WEFT_OK);
    EXPECT_EQ(wide.sums[511], 5000 * 4999 / 2);
}

static void loops_and_reductions_need_no_memory(void)
{
    fail_at_every_point(run_loops);
    start();
    failing_begin(1, true);
    run_loops();
    EXPECT_EQ(failing_end(), 0);
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

/* ---- Scans and sorts ----------------------------------------------------------------- */

enum { SCANNED = 9000 };

static void run_scan(void)
{
    static uint64_t xs[SCANNED], ys[SCANNED];
    for (size_t i = 0; i < SCANNED; i++) {
        xs[i] = i;
        ys[i] = 7;
    }
    for (int typed = 0; typed < 2; typed++) {
        enum weft_status status =
            typed ? weft_scan_u64(WEFT_SCAN_INCLUSIVE, xs, SCANNED, ys)
                  : weft_scan(WEFT_SCAN_INCLUSIVE, xs, SCANNED, sizeof xs[0], add, NULL, NULL, ys);
        EXPECT(status == WEFT_OK || status == WEFT_ERR_NOMEM);
        bool right = true;
        for (size_t i = 0; i < SCANNED; i++) {
            right = right && ys[i] == (status == WEFT_OK ? i * (i + 1) / 2 : 7);
            ys[i] = 7;
        }
        EXPECT(right);
    }
}

static void a_scan_without_memory_writes_nothing(void)
{
    fail_at_every_point(run_scan);
}

struct item {
    uint32_t key;
    unsigned char rest[196]; /* sorted by pointers */
};

static int by_key(void *context, const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    (void)context;
    return (x > y) - (x < y);
}

static uint32_t shuffled(size_t i, size_t count)
{
    return (uint32_t)(i * 7919 % count); /* a permutation: 7919 is prime */
}

/* Sorts 0..count-1, shuffled; without memory they stay as they were. */
static void sort_items(unsigned char *items, size_t count, size_t bytes)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t key = shuffled(i, count);
        memcpy(items + i * bytes, &key, sizeof key);
    }
    enum weft_status status = weft_sort(items, count, bytes, by_key, NULL);
    EXPECT(status == WEFT_OK || status == WEFT_ERR_NOMEM);
    bool right = true;
    for (size_t i = 0; i < count; i++) {
        uint32_t key;
        memcpy(&key, items + i * bytes, sizeof key);
        right = right && key == (status == WEFT_OK ? i : shuffled(i, count));
    }
    EXPECT(right);
}

static void run_sort(void)
{
    static struct item items[3000];
    sort_items((unsigned char *)items, 3000, sizeof items[0]);
    sort_items((unsigned char *)items, 3000, sizeof(uint32_t));
}

static void a_sort_without_memory_changes_nothing(void)
{
    fail_at_every_point(run_sort);
}

enum { KEYS = 300000 }; /* more than one block, which takes a table */

static void expect_keys(const uint32_t *keys, const uint32_t *values, enum weft_status status)
{
    bool right = true;
    for (size_t i = 0; i < KEYS; i++) {
        right = right && keys[i] == (status == WEFT_OK ? i : shuffled(i, KEYS));
        right = right && (values == NULL || shuffled(values[i], KEYS) == keys[i]);
    }
    EXPECT(status == WEFT_OK || status == WEFT_ERR_NOMEM);
    EXPECT(right);
}

static void fill_keys(uint32_t *keys, uint32_t *values)
{
    for (size_t i = 0; i < KEYS; i++) {
        keys[i] = shuffled(i, KEYS);
        values[i] = (uint32_t)i;
    }
}

static void run_key_sort(void)
{
    static uint32_t keys[KEYS], values[KEYS];
    fill_keys(keys, values);
    expect_keys(keys, NULL, weft_sort_keys(keys, KEYS, WEFT_KEY_U32));
    fill_keys(keys, values);
    expect_keys(keys, values, weft_sort_pairs(keys, WEFT_KEY_I32, values, KEYS));
    fill_keys(keys, values);
    expect_keys(keys, NULL, weft_sort_keys_serial(keys, KEYS, WEFT_KEY_U32));
}

static void a_key_sort_without_memory_changes_nothing(void)
{
    fail_at_every_point(run_key_sort);
}

/* ---- Queues -------------------------------------------------------------------------- */

static void run_queues(void)
{
    int thing;
    void *got = NULL;
    weft_channel *channel = NULL;
    weft_ring *ring = NULL;
    enum weft_status status = weft_channel_create(8, &channel);
    EXPECT(status == WEFT_OK || (status == WEFT_ERR_NOMEM && channel == NULL));
    if (status == WEFT_OK) {
        EXPECT_EQ(weft_channel_send(channel, &thing, 0), WEFT_OK);
        EXPECT_EQ(weft_channel_recv(channel, &got, 0), WEFT_OK);
        EXPECT(got == &thing);
    }
    weft_channel_destroy(channel);
    status = weft_ring_create(8, &ring);
    EXPECT(status == WEFT_OK || (status == WEFT_ERR_NOMEM && ring == NULL));
    if (status == WEFT_OK) {
        EXPECT_EQ(weft_ring_send(ring, &thing, 0), WEFT_OK);
        EXPECT_EQ(weft_ring_recv(ring, &got, 0), WEFT_OK);
        EXPECT(got == &thing);
    }
    weft_ring_destroy(ring);
}

static void queues_are_made_whole_or_not_at_all(void)
{
    fail_at_every_point(run_queues);
}

struct line {
    uint32_t made, seen;
    bool ordered;
};

static enum weft_status make_number(void *context, void **item)
{
    struct line *line = context;
    *item = line->made < 300 ? (void *)(uintptr_t)++line->made : NULL;
    return WEFT_OK;
}

static enum weft_status keep_number(void *context, void **item)
{
    (void)context, (void)item;
    return WEFT_OK;
}

static enum weft_status see_number(void *context, void **item)
{
    struct line *line = context;
    line->seen++;
    line->ordered = line->ordered && *item == (void *)(uintptr_t)line->seen;
    return WEFT_OK;
}

static void run_pipeline(void)
{
    struct line line = {0, 0, true};
    const weft_stage stages[] = {{WEFT_STAGE_SERIAL, make_number, &line},
                                 {WEFT_STAGE_PARALLEL, keep_number, NULL},
                                 {WEFT_STAGE_SERIAL, see_number, &line}};
    enum weft_status status = weft_pipeline_run(stages, 3, 64, NULL, NULL);
    EXPECT(status == WEFT_OK || (status == WEFT_ERR_NOMEM && line.made == 0));
    EXPECT_EQ(line.seen, line.made);
    EXPECT(line.ordered && (status != WEFT_OK || line.seen == 300));
}

static void a_pipeline_runs_whole_or_not_at_all(void)
{
    fail_at_every_point(run_pipeline);
}

/* ---- Spares -------------------------------------------------------------------------- */

static void meet(void *context)
{
    EXPECT_EQ(weft_barrier_wait(context, NULL, TEST_LIMIT_NS), WEFT_OK);
}

/* More tasks meet than there are workers: each that sleeps needs another one. */
static void run_meeting(void *context)
{
    enum { MOST = 32 };
    size_t count = test_threads() + 3;
    weft_barrier *barrier = context;
    weft_task tasks[MOST];
    EXPECT_EQ(weft_barrier_init(barrier, count), WEFT_OK);
    for (size_t i = 0; i < count; i++) /* a group would run in place what it has no room for */
        weft_spawn(&tasks[i], meet, barrier);
    while (count > 0)
        weft_sync(&tasks[--count]);
}

static void run_meetings(void)
{
    weft_barrier barrier;
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(weft_run(run_meeting, &barrier), WEFT_OK);
}

/* Without any spare the meeting could not take place, so one call alone fails. */
static void a_spare_that_could_not_start_is_tried_again(void)
{
    fail_everywhere(run_meetings, true, false);
}

static void lock_once(void *context, size_t first, size_t last)
{
    for (size_t i = first; i < last; i++) {
        EXPECT_EQ(weft_mutex_lock(context, TEST_LIMIT_NS), WEFT_OK);
        EXPECT_EQ(weft_mutex_unlock(context), WEFT_OK);
    }
}

static void run_locks(void)
{
    weft_mutex mutex = WEFT_MUTEX_INIT;
    weft_worker_stats stats[WEFT_THREADS_MAX];
    size_t count = 0;
    weft_for(0, 200, 1, lock_once, &mutex);
    EXPECT_EQ(weft_mutex_fini(&mutex), WEFT_OK);
    EXPECT_EQ(weft_stats_read(stats, WEFT_THREADS_MAX, &count), WEFT_OK);
    EXPECT(count >= test_threads());
}

static void locks_and_statistics_do_without_spares(void)
{
    fail_at_every_point(run_locks);
}

/* ---- Profile ------------------------------------------------------------------------- */

static void nothing(void *context)
{
    (void)context;
}

/* More forks and groups than the first of the measurement's tables hold. */
static void fork_many(void *context)
{
    enum { FORKS = 150 };
    weft_task tasks[FORKS];
    weft_group groups[FORKS];
    for (size_t i = 0; i < FORKS; i++) {
        weft_spawn(&tasks[i], bump, context);
        weft_group_init(&groups[i]);
        weft_group_run(&groups[i], bump, context);
    }
    for (size_t i = FORKS; i-- > 0;) {
        EXPECT_EQ(weft_group_wait(&groups[i]), WEFT_OK);
        weft_sync(&tasks[i]);
    }
}

static void run_profile(void)
{
    _Atomic uint32_t runs = 0;
    weft_profile_report report = {.work_ns = -1};
    enum weft_status status = weft_profile_run(fork_many, (void *)&runs, 0, &report);
    EXPECT(status == WEFT_OK || status == WEFT_ERR_NOMEM);
    EXPECT(status == WEFT_OK ? report.tasks == 300 : report.work_ns == -1);
    uint32_t ran = atomic_load(&runs);
    EXPECT(ran == 300 || (status == WEFT_ERR_NOMEM && ran == 0));
    EXPECT_EQ(weft_run(nothing, NULL), WEFT_OK);
}

static void a_profile_without_memory_says_so(void)
{
    fail_at_every_point(run_profile);
}

TEST_MAIN(TEST(a_runtime_starts_whole_or_not_at_all), TEST(jobs_need_no_memory_but_for_spares),
          TEST(a_group_runs_in_place_what_it_has_no_record_for),
          TEST(loops_and_reductions_need_no_memory), TEST(a_scan_without_memory_writes_nothing),
          TEST(a_sort_without_memory_changes_nothing),
          TEST(a_key_sort_without_memory_changes_nothing),
          TEST(queues_are_made_whole_or_not_at_all), TEST(a_pipeline_runs_whole_or_not_at_all),
          TEST(a_spare_that_could_not_start_is_tried_again),
          TEST(locks_and_statistics_do_without_spares), TEST(a_profile_without_memory_says_so))
