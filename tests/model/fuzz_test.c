/* Larger programs than model_test.c can explore: each runs on the real scheduler under
 * the random schedules of many seeds, and must come to the bits of its serial run.
 * WEFT_FUZZ_SEEDS sets how many; a failure prints what runs its schedule again. */
#include "model.h"

#include "../../src/core/worker.h"

#include "../c/program.h"
#include "../c/test.h"

#include <string.h>

#define SEEDS_DEFAULT 1000
#define STEPS_MOST    2000000

/* An example computes `bytes` bytes of `output`; it runs without a runtime for the bits to
 * expect, then on 2, 3 and 4 threads under every seed. */
struct example {
    const char *name;
    weft_task_fn fn;
    weft_task_fn serial; /* NULL: fn is a job; else fn submits its own, and this does not */
    size_t bytes;
};

static union {
    uint32_t words[2048];
    double doubles[1024];
} output, expected;

static const struct example *current;
static size_t threads_now;

static void run_current(void)
{
    weft_options options = {.threads = threads_now, .spin_ns = -1};
    memset(&output, 0, sizeof output);
    MODEL_CHECK(weft_runtime_start(&options) == WEFT_OK);
    if (current->serial == NULL)
        MODEL_CHECK(weft_run(current->fn, NULL) == WEFT_OK);
    else
        current->fn(NULL);
    MODEL_CHECK(weft_runtime_stop() == WEFT_OK);
    MODEL_CHECK(memcmp(&output, &expected, current->bytes) == 0);
}

static uint32_t seed_count(void)
{
    const char *text = getenv("WEFT_FUZZ_SEEDS");
    unsigned long count = text != NULL ? strtoul(text, NULL, 10) : 0;
    return count >= 1 && count <= UINT32_MAX ? (uint32_t)count : SEEDS_DEFAULT;
}

static void fuzz(const struct example *example)
{
    memset(&output, 0, sizeof output);
    EXPECT_EQ(weft_run(example->serial != NULL ? example->serial : example->fn, NULL), WEFT_OK);
    expected = output;
    current = example;
    for (threads_now = 2; threads_now <= 4; threads_now++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s_on_%zu", example->name, threads_now);
        struct model model = {name, run_current, 0, seed_count(), STEPS_MOST};
        uint64_t runs = model_fuzz(&model);
        EXPECT(runs != 0);
        printf("%s: %llu schedules\n", name, (unsigned long long)runs);
    }
}

/* The i-th of a fixed row of random numbers. */
static uint32_t hash(uint32_t i)
{
    uint32_t x = i * 2654435761u + 12345;
    x ^= x >> 15;
    x *= 2246822519u;
    return x ^ x >> 13;
}

/* Sort: a merge sort that forks down to a few items. */

#define SORT_COUNT 1000
#define SORT_LEAF  6

static uint32_t sort_buffer[SORT_COUNT];

struct stretch {
    uint32_t first, last;
};

static void insertion_sort(uint32_t first, uint32_t last)
{
    for (uint32_t i = first + 1; i < last; i++) {
        uint32_t value = output.words[i], at = i;
        for (; at > first && output.words[at - 1] > value; at--)
            output.words[at] = output.words[at - 1];
        output.words[at] = value;
    }
}

static void merge(uint32_t first, uint32_t middle, uint32_t last)
{
    uint32_t a = first, b = middle;
    for (uint32_t i = first; i < last; i++) {
        bool from_a = b == last || (a < middle && output.words[a] <= output.words[b]);
        sort_buffer[i] = from_a ? output.words[a++] : output.words[b++];
    }
    memcpy(&output.words[first], &sort_buffer[first], (last - first) * sizeof sort_buffer[0]);
}

static void sort_stretch(void *context)
{
    const struct stretch *all = context;
    if (all->last - all->first <= SORT_LEAF) {
        insertion_sort(all->first, all->last);
        return;
    }
    uint32_t middle = all->first + (all->last - all->first) / 2;
    struct stretch left = {all->first, middle}, right = {middle, all->last};
    weft_join(sort_stretch, &left, sort_stretch, &right);
    merge(all->first, middle, all->last);
}

static void sort(void *context)
{
    (void)context;
    struct stretch all = {0, SORT_COUNT};
    for (uint32_t i = 0; i < SORT_COUNT; i++)
        output.words[i] = hash(i);
    sort_stretch(&all);
    for (uint32_t i = 1; i < SORT_COUNT; i++)
        MODEL_CHECK(output.words[i - 1] <= output.words[i]);
}

/* Loops in loops: every cell is reached once. */

#define ROWS    23
#define COLUMNS 31

static void fill_row(void *context, size_t first, size_t last)
{
    uint32_t *row = context;
    for (size_t i = first; i < last; i++)
        row[i]++;
}

static void fill_rows(void *context, size_t first, size_t last)
{
    (void)context;
    for (size_t i = first; i < last; i++)
        weft_for(0, COLUMNS, 0, fill_row, &output.words[i * COLUMNS]);
}

static void nested_loops(void *context)
{
    weft_for(0, ROWS, 0, fill_rows, context);
    weft_for(0, ROWS, 5, fill_rows, context);
    for (uint32_t i = 0; i < ROWS * COLUMNS; i++)
        MODEL_CHECK(output.words[i] == 2);
}

/* Reductions: sums that round, so that another order has other bits. */

static void sum_part(void *context, size_t first, size_t last, void *partial)
{
    double sum = 0;
    for (size_t i = first; i < last; i++)
        sum += 1.0 / (1 + hash((uint32_t)i) % 1000);
    *(double *)partial = sum;
    (void)context;
}

static void sum_combine(void *context, void *into, const void *from)
{
    (void)context;
    double *sum = into;
    *sum = *sum * 0.75 + *(const double *)from; /* neither commutative nor associative */
}

static void reduce_row(void *context, size_t first, size_t last)
{
    (void)context;
    for (size_t i = first; i < last; i++)
        MODEL_CHECK(weft_reduce(0, 40 + i, 0, sum_part, sum_combine, NULL, &output.doubles[i],
                                sizeof output.doubles[i]) == WEFT_OK);
}

static void reductions_in_a_loop(void *context)
{
    weft_for(0, 12, 0, reduce_row, context);
}

/* Groups in a loop: tasks add tasks, fork, and wait for groups of their own. */

struct member {
    weft_group *group;
    uint32_t *slot;
    uint32_t depth;
};

static void bump(void *context)
{
    ++*(uint32_t *)context;
}

static void member(void *context)
{
    struct member *self = context;
    weft_join(bump, &self->slot[0], bump, &self->slot[1]);
    if (self->depth > 0) {
        struct member *next = self + 1;
        *next = (struct member){self->group, self->slot + 2, self->depth - 1};
        weft_group_run(self->group, member, next);
    }
}

#define CHAINS 3
#define DEPTH  4

static void groups_of_row(void *context, size_t first, size_t last)
{
    (void)context;
    for (size_t i = first; i < last; i++) {
        struct member members[CHAINS][DEPTH];
        weft_group group;
        weft_group_init(&group);
        for (size_t j = 0; j < CHAINS; j++) {
            uint32_t *slot = &output.words[(i * CHAINS + j) * DEPTH * 2];
            members[j][0] = (struct member){&group, slot, DEPTH - 1};
            weft_group_run(&group, member, &members[j][0]);
        }
        MODEL_CHECK(weft_group_wait(&group) == WEFT_OK);
        for (size_t j = 0; j < CHAINS * DEPTH * 2; j++)
            MODEL_CHECK(output.words[i * CHAINS * DEPTH * 2 + j] == 1);
    }
}

static void groups_in_a_loop(void *context)
{
    weft_for(0, 10, 0, groups_of_row, context);
}

/* An uneven tree of forks, and more tasks at once than the deque holds. */

struct branch {
    uint32_t id, slot;
};

static void grow(void *context)
{
    const struct branch *self = context;
    output.words[self->slot] = self->id;
    if (self->slot >= 500 || (self->slot >= 7 && hash(self->id) % 4 == 0))
        return;
    struct branch left = {hash(self->id), self->slot * 2 + 1};
    struct branch right = {hash(self->id + 1), self->slot * 2 + 2};
    weft_join(grow, &left, grow, &right);
}

static void uneven_tree(void *context)
{
    (void)context;
    struct branch root = {1, 0};
    grow(&root);
}

#define MANY (3 * WEFT__DEQUE_CAPACITY)

static void grow_twigs(void *context)
{
    uint32_t *twigs = context;
    weft_join(bump, &twigs[0], bump, &twigs[1]);
}

static void many_at_once(void *context)
{
    (void)context;
    weft_task tasks[MANY];
    for (uint32_t i = 0; i < MANY; i++)
        weft_spawn(&tasks[i], grow_twigs, &output.words[2 * i]);
    for (uint32_t i = MANY; i > 0; i--)
        weft_sync(&tasks[i - 1]);
}

/* Jobs of two threads. A worker that waits inside a job runs tasks of that job only. */

#define JOBS      4
#define JOB_DEPTH 4
#define JOB_WORDS (1u << JOB_DEPTH)

static uint32_t inside[WEFT_THREADS_MAX]; /* the job that a worker's frames are of, or 0 */

struct job_branch {
    uint32_t job, first, depth;
};

static void grow_job(void *context)
{
    const struct job_branch *self = context;
    struct weft__worker *worker = weft__worker_self();
    uint32_t none = 0, *mine = worker != NULL ? &inside[worker->index] : &none, before = *mine;
    MODEL_CHECK(before == 0 || before == self->job);
    *mine = self->job;
    if (self->depth == 0) {
        output.words[self->first] = hash(self->first);
    } else {
        uint32_t depth = self->depth - 1;
        struct job_branch left = {self->job, self->first, depth};
        struct job_branch right = {self->job, self->first + (1u << depth), depth};
        weft_join(grow_job, &left, grow_job, &right);
    }
    *mine = before;
}

static void submit_jobs(void *context)
{
    uint32_t first = *(const uint32_t *)context;
    weft_job jobs[JOBS / 2];
    struct job_branch roots[JOBS / 2];
    for (uint32_t i = 0; i < JOBS / 2; i++) {
        roots[i] = (struct job_branch){first + i + 1, (first + i) * JOB_WORDS, JOB_DEPTH};
        weft_job_init(&jobs[i], grow_job, &roots[i]);
        MODEL_CHECK(weft_job_submit(&jobs[i]) == WEFT_OK);
    }
    for (uint32_t i = 0; i < JOBS / 2; i++)
        MODEL_CHECK(weft_job_wait(&jobs[i], WEFT_FOREVER) == WEFT_OK);
}

static void jobs_of_two_threads(void *context)
{
    weft__plat_thread producer;
    uint32_t here = 0, there = JOBS / 2;
    (void)context;
    memset(inside, 0, sizeof inside);
    MODEL_CHECK(weft__plat_thread_start(&producer, 0, submit_jobs, &there) == WEFT_OK);
    submit_jobs(&here);
    weft__plat_thread_join(producer);
}

static void jobs_one_by_one(void *context)
{
    (void)context;
    for (uint32_t i = 0; i < JOBS; i++) {
        struct job_branch root = {i + 1, i * JOB_WORDS, JOB_DEPTH};
        grow_job(&root);
    }
}

/* Programs made from seeds of their own, see ../c/program.h. */

#define PROGRAMS      12
#define PROGRAM_DEPTH 3

static void random_programs(void *context)
{
    (void)context;
    for (uint32_t i = 0; i < PROGRAMS; i++) {
        struct program program = {i + 1, PROGRAM_DEPTH, 0};
        program_run(&program);
        output.doubles[i] = program.value;
    }
}

#define FUZZ(function, serial, bytes)                                                              \
    static void function##_has_the_bits_of_its_serial_run(void)                                    \
    {                                                                                              \
        static const struct example example = {#function, function, serial, bytes};                \
        fuzz(&example);                                                                            \
    }

FUZZ(sort, NULL, SORT_COUNT * sizeof(uint32_t))
FUZZ(nested_loops, NULL, ROWS *COLUMNS * sizeof(uint32_t))
FUZZ(reductions_in_a_loop, NULL, 12 * sizeof(double))
FUZZ(groups_in_a_loop, NULL, 10 * CHAINS * DEPTH * 2 * sizeof(uint32_t))
FUZZ(uneven_tree, NULL, sizeof output)
FUZZ(many_at_once, NULL, sizeof output)
FUZZ(random_programs, NULL, PROGRAMS * sizeof(double))
FUZZ(jobs_of_two_threads, jobs_one_by_one, JOBS *JOB_WORDS * sizeof(uint32_t))

TEST_MAIN(TEST(sort_has_the_bits_of_its_serial_run),
          TEST(nested_loops_has_the_bits_of_its_serial_run),
          TEST(reductions_in_a_loop_has_the_bits_of_its_serial_run),
          TEST(groups_in_a_loop_has_the_bits_of_its_serial_run),
          TEST(uneven_tree_has_the_bits_of_its_serial_run),
          TEST(many_at_once_has_the_bits_of_its_serial_run),
          TEST(random_programs_has_the_bits_of_its_serial_run),
          TEST(jobs_of_two_threads_has_the_bits_of_its_serial_run))
