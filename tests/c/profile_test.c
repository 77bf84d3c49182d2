/* Work and span: weft_profile_run, on a clock that only the programs here move. */
#include "core/profile.h"
#include "platform/platform.h"
#include "test.h"

#include <weft.h>

#define BURDEN 100

/* Only the measured thread reads and moves them. */
static int64_t now_ns, reading_ns;

static int64_t read_clock(void)
{
    now_ns += reading_ns;
    return now_ns;
}

static void spend(void *context)
{
    now_ns += *(const int64_t *)context;
}

static void spend_ns(int64_t time_ns)
{
    now_ns += time_ns;
}

static weft_profile_report measure(weft_task_fn fn, void *context)
{
    weft_profile_report report = {0};
    weft__profile_clock = read_clock;
    EXPECT_EQ(weft_profile_run(fn, context, BURDEN, &report), WEFT_OK);
    weft__profile_clock = weft__plat_now_ns;
    return report;
}

static void expect_times(const weft_profile_report *report, int64_t work, int64_t span,
                         int64_t burdened_span)
{
    EXPECT_EQ(report->work_ns, work);
    EXPECT_EQ(report->span_ns, span);
    EXPECT_EQ(report->burdened_span_ns, burdened_span);
    EXPECT(report->parallelism == (double)work / (double)span);
    EXPECT(report->burdened_parallelism == (double)work / (double)burdened_span);
}

static void a_serial_program_has_parallelism_one(void)
{
    int64_t time = 1000;
    weft_profile_report report = measure(spend, &time);
    expect_times(&report, 1000, 1000, 1000);
    EXPECT_EQ(report.tasks, 0);
    EXPECT_EQ(report.strands, 1);
}

struct pair {
    int64_t before, a, b, after;
};

static void join_pair(void *context)
{
    struct pair *pair = context;
    spend_ns(pair->before);
    weft_join(spend, &pair->a, spend, &pair->b);
    spend_ns(pair->after);
}

static void a_join_counts_its_longer_side(void)
{
    struct pair right = {10, 300, 500, 20}, left = {10, 500, 300, 20}, close = {10, 500, 450, 20};
    weft_profile_report report = measure(join_pair, &right);
    expect_times(&report, 830, 530, 630); /* the task is the longer one and burdened */
    EXPECT_EQ(report.tasks, 1);
    EXPECT_EQ(report.strands, 4);
    report = measure(join_pair, &left);
    expect_times(&report, 830, 530, 530);
    report = measure(join_pair, &close); /* longer by its burden only */
    expect_times(&report, 980, 530, 580);
}

static void the_cost_of_the_clock_is_taken_off(void)
{
    struct pair pair = {10, 300, 500, 20};
    reading_ns = 7;
    weft_profile_report report = measure(join_pair, &pair);
    reading_ns = 0;
    expect_times(&report, 830, 530, 630);
}

/* fib with 3 before each fork and 5 after it, 11 in a leaf, against its recurrences. */

struct fib {
    uint32_t n;
    int64_t work, span, burdened;
    uint64_t tasks;
};

static void fib(void *context)
{
    struct fib *self = context;
    if (self->n < 2) {
        spend_ns(11);
        return;
    }
    struct fib a = {.n = self->n - 1}, b = {.n = self->n - 2};
    spend_ns(3);
    weft_join(fib, &a, fib, &b);
    spend_ns(5);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static struct fib fib_wanted(uint32_t n)
{
    if (n < 2)
        return (struct fib){n, 11, 11, 11, 0};
    struct fib a = fib_wanted(n - 1), b = fib_wanted(n - 2);
    return (struct fib){n, a.work + b.work + 8, larger(a.span, b.span) + 8,
                        larger(a.burdened, b.burdened + BURDEN) + 8, a.tasks + b.tasks + 1};
}

static void expect_fib(uint32_t n)
{
    struct fib root = {.n = n}, wanted = fib_wanted(n);
    weft_profile_report report = measure(fib, &root);
    expect_times(&report, wanted.work, wanted.span, wanted.burdened);
    EXPECT_EQ(report.tasks, wanted.tasks);
}

static void a_tree_of_joins_follows_its_recurrences(void)
{
    expect_fib(2);
    expect_fib(12);
    expect_fib(17);
}

/* Spawns at 1, 2, .. COUNT; task i takes 3 * (COUNT - i), so the first is the longest. */
#define COUNT 200

static void spawn_all(void *context)
{
    int64_t *times = context;
    weft_task tasks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        spend_ns(1);
        weft_spawn(&tasks[i], spend, &times[i]);
    }
    for (size_t i = COUNT; i > 0; i--)
        weft_sync(&tasks[i - 1]);
    spend_ns(50);
}

static void tasks_spawned_together_run_beside_each_other(void)
{
    int64_t times[COUNT], work = COUNT + 50;
    for (int64_t i = 0; i < COUNT; i++) {
        times[i] = 3 * (COUNT - i);
        work += times[i];
    }
    weft_profile_report report = measure(spawn_all, times);
    expect_times(&report, work, 1 + 3 * COUNT + 50, 1 + BURDEN + 3 * COUNT + 50);
    EXPECT_EQ(report.tasks, COUNT);
}

struct range {
    size_t count, grain;
};

static void body(void *context, size_t first, size_t last)
{
    (void)context;
    spend_ns(10 * (int64_t)(last - first));
}

static void loop(void *context)
{
    const struct range *range = context;
    weft_for(0, range->count, range->grain, body, NULL);
}

static void a_loop_is_a_balanced_tree_of_leaves(void)
{
    struct range fine = {1024, 0}, coarse = {1024, 256}, uneven = {1000, 0}, one = {1, 0};
    weft_profile_report report = measure(loop, &fine);
    expect_times(&report, 10240, 20, 20 + 9 * BURDEN); /* 512 leaves of 2 */
    EXPECT_EQ(report.tasks, 511);
    report = measure(loop, &coarse);
    expect_times(&report, 10240, 2560, 2560 + 2 * BURDEN);
    EXPECT_EQ(report.tasks, 3);
    report = measure(loop, &uneven);
    EXPECT_EQ(report.work_ns, 10000);
    EXPECT_EQ(report.span_ns, 30); /* leaves of 2 and 3 */
    report = measure(loop, &one);
    expect_times(&report, 10, 10, 10);
}

static void outer_body(void *context, size_t first, size_t last)
{
    for (size_t i = first; i < last; i++)
        loop(context);
}

static void nested_loops(void *context)
{
    weft_for(0, 16, 0, outer_body, context);
}

static void nested_loops_multiply(void)
{
    struct range inner = {64, 0};
    weft_profile_report report = measure(nested_loops, &inner);
    expect_times(&report, 16 * 64 * 10, 10, 10 + (4 + 6) * BURDEN);
    EXPECT_EQ(report.tasks, 15 + 16 * 63);
}

static void part(void *context, size_t first, size_t last, void *partial)
{
    body(context, first, last);
    *(uint64_t *)partial = last - first;
}

static void combine(void *context, void *into, const void *from)
{
    (void)context;
    spend_ns(3);
    *(uint64_t *)into += *(const uint64_t *)from;
}

static void reduce(void *context)
{
    uint64_t count = 0;
    EXPECT_EQ(
        weft_reduce(0, *(const size_t *)context, 0, part, combine, NULL, &count, sizeof count),
        WEFT_OK);
    EXPECT_EQ(count, *(const size_t *)context);
}

static void a_reduction_combines_up_its_tree(void)
{
    size_t count = 2048; /* 512 leaves of 4 */
    weft_profile_report report = measure(reduce, &count);
    expect_times(&report, 20480 + 511 * 3, 40 + 9 * 3, 40 + 9 * 3 + 9 * BURDEN);
    EXPECT_EQ(report.tasks, 511);
}

/* A group whose second task forks inside and whose third adds a fourth. */

static struct pair inner_pair = {1, 20, 30, 2};
static int64_t group_times[] = {100, 60, 40};

static void add_fourth(void *context)
{
    spend_ns(7);
    weft_group_run(context, spend, &group_times[2]);
    spend_ns(5);
}

static void group(void *context)
{
    (void)context;
    weft_group all;
    weft_group_init(&all);
    spend_ns(1);
    weft_group_run(&all, spend, &group_times[1]); /* 1 .. 61 */
    spend_ns(1);
    weft_group_run(&all, join_pair, &inner_pair); /* 2 .. 35 */
    spend_ns(30);
    weft_group_run(&all, add_fourth, &all); /* 32 .. 44, the fourth 39 .. 79 */
    spend_ns(4);
    EXPECT_EQ(weft_group_wait(&all), WEFT_OK);
    spend_ns(10);
}

static void a_group_ends_with_its_last_task(void)
{
    weft_profile_report report = measure(group, NULL);
    expect_times(&report, 36 + 60 + 53 + 12 + 40 + 10, 89, 89 + 2 * BURDEN);
    EXPECT_EQ(report.tasks, 5);
}

static void groups_in_a_fork(void *context)
{
    (void)context;
    weft_group outer;
    weft_task task;
    weft_group_init(&outer);
    weft_group_run(&outer, group, NULL);
    weft_spawn(&task, spend, &group_times[0]);
    EXPECT_EQ(weft_group_wait(&outer), WEFT_OK);
    weft_sync(&task);
}

static void groups_and_forks_may_cross(void)
{
    weft_profile_report report = measure(groups_in_a_fork, NULL);
    expect_times(&report, 211 + 100, 100, 89 + 3 * BURDEN);
}

static void profile_again(void *context)
{
    weft_profile_report report;
    EXPECT_EQ(weft_profile_run(spend, context, 0, &report), WEFT_ERR_STATE);
}

static void cancel(void *context)
{
    (void)context;
    weft_cancel();
}

static void bad_calls_report_what_is_wrong(void)
{
    int64_t time = 1;
    weft_profile_report report = {.work_ns = 42};
    EXPECT_EQ(weft_profile_run(NULL, NULL, 0, &report), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_profile_run(spend, &time, 0, NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_profile_run(spend, &time, -1, &report), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_profile_run(spend, &time, WEFT_PROFILE_BURDEN_NS_MAX + 1, &report),
              WEFT_ERR_INVALID);
    EXPECT_EQ(weft_profile_run(cancel, NULL, 0, &report), WEFT_ERR_CANCELLED);
    EXPECT_EQ(report.work_ns, 42);
    EXPECT_EQ(weft_profile_run(profile_again, &time, 0, &report), WEFT_OK);
}

static void burden_zero_is_the_default(void)
{
    struct pair pair = {10, 300, 500, 20};
    weft_profile_report report = {0};
    weft__profile_clock = read_clock;
    EXPECT_EQ(weft_profile_run(join_pair, &pair, 0, &report), WEFT_OK);
    weft__profile_clock = weft__plat_now_ns;
    EXPECT_EQ(report.burdened_span_ns, 530 + WEFT_PROFILE_BURDEN_NS);
}

/* Inside a job the thread is a worker again afterwards, and others may go on working. */

static _Atomic uint32_t marks;

static void mark(void *context, size_t first, size_t last)
{
    (void)context;
    atomic_fetch_add(&marks, (uint32_t)(last - first));
}

static void profile_in_job(void *context)
{
    (void)context;
    expect_fib(10);
    weft_for(0, 1000, 0, mark, NULL);
}

static void it_works_inside_a_job_on_any_worker(void)
{
    weft_options options = {.threads = test_threads()};
    EXPECT_EQ(weft_runtime_start(&options), WEFT_OK);
    weft_job job;
    atomic_store(&marks, 0);
    weft_job_init(&job, profile_in_job, NULL);
    EXPECT_EQ(weft_job_submit(&job), WEFT_OK);
    EXPECT_EQ(weft_job_wait(&job, WEFT_FOREVER), WEFT_OK);
    EXPECT_EQ(weft_run(profile_in_job, NULL), WEFT_OK);
    expect_fib(10);
    EXPECT_EQ(atomic_load(&marks), 2000);
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

static void real_time_passes_on_the_real_clock(void)
{
    struct fib root = {.n = 15};
    weft_profile_report report = {0};
    EXPECT_EQ(weft_profile_run(fib, &root, 0, &report), WEFT_OK);
    EXPECT(report.span_ns <= report.work_ns && report.span_ns <= report.burdened_span_ns);
    EXPECT(report.parallelism >= 1);
}

static bool near(double value, double wanted)
{
    return value > wanted - 1e-9 && value < wanted + 1e-9;
}

static void the_speed_up_lies_between_burden_and_parallelism(void)
{
    weft_profile_report report = {.work_ns = 1000,
                                  .span_ns = 100,
                                  .burdened_span_ns = 200,
                                  .parallelism = 10,
                                  .burdened_parallelism = 5};
    double low, high;
    weft_profile_speedup(&report, 4, &low, &high);
    EXPECT(near(high, 4) && near(low, 1000.0 / (250 + 340)));
    weft_profile_speedup(&report, 1000, &low, &high);
    EXPECT(near(high, 10) && near(low, 1000.0 / (1 + 340)));
    weft_profile_speedup(&report, 1, &low, &high);
    EXPECT(near(high, 1) && near(low, 1));
    report = (weft_profile_report){.work_ns = 1000, .burdened_span_ns = 0, .parallelism = 3};
    weft_profile_speedup(&report, 8, &low, &high);
    EXPECT(near(high, 3) && near(low, 3)); /* never above the other bound */
}

TEST_MAIN(TEST(a_serial_program_has_parallelism_one), TEST(a_join_counts_its_longer_side),
          TEST(the_cost_of_the_clock_is_taken_off), TEST(a_tree_of_joins_follows_its_recurrences),
          TEST(tasks_spawned_together_run_beside_each_other),
          TEST(a_loop_is_a_balanced_tree_of_leaves), TEST(nested_loops_multiply),
          TEST(a_reduction_combines_up_its_tree), TEST(a_group_ends_with_its_last_task),
          TEST(groups_and_forks_may_cross), TEST(bad_calls_report_what_is_wrong),
          TEST(burden_zero_is_the_default), TEST(it_works_inside_a_job_on_any_worker),
          TEST(real_time_passes_on_the_real_clock),
          TEST(the_speed_up_lies_between_burden_and_parallelism))
