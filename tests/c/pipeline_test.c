/* Pipelines: every item once through each stage, serial stages in order. */
#include "runtime.h"

#include <weft.h>

#define ITEMS 2000

struct item {
    uint32_t number;
    uint32_t value;
    bool discarded;
};

static struct item items[ITEMS];

/* A serial stage's own data needs no atomics: the pipeline orders it. */
static uint32_t made, ended[2];
static _Atomic uint32_t at_once, most_at_once, in_parallel, discarded;

/* Stages fail at this number. */
struct trouble {
    uint32_t at;
    enum weft_status status;
};

static const struct trouble no_trouble = {UINT32_MAX, WEFT_OK};

static enum weft_status outcome(const struct trouble *trouble, uint32_t number)
{
    if (number != trouble->at)
        return WEFT_OK;
    if (trouble->status == WEFT_OK)
        weft_cancel();
    return trouble->status;
}

static enum weft_status make(void *context, void **item)
{
    EXPECT(*item == NULL);
    if (made == ITEMS)
        return WEFT_OK;
    uint32_t now = atomic_fetch_add(&at_once, 1) + 1;
    if (now > atomic_load(&most_at_once))
        atomic_store(&most_at_once, now);
    items[made] = (struct item){.number = made};
    *item = &items[made];
    made++;
    return outcome(context, made - 1);
}

static enum weft_status square(void *context, void **item)
{
    struct item *self = *item;
    for (uint32_t i = 0; i < (self->number * 7919 % 50) * 20; i++)
        (void)atomic_load(&in_parallel); /* uneven work */
    atomic_fetch_add(&in_parallel, 1);
    self->value = self->number * self->number;
    return outcome(context, self->number);
}

static enum weft_status check_order(void *context, void **item)
{
    const struct item *self = *item;
    EXPECT_EQ(self->number, ended[0]);
    ended[0]++;
    return outcome(context, self->number);
}

static enum weft_status end_in_order(void *context, void **item)
{
    const struct item *self = *item;
    EXPECT_EQ(self->number, ended[1]);
    EXPECT_EQ(self->value, self->number * self->number);
    ended[1]++;
    atomic_fetch_sub(&at_once, 1);
    return outcome(context, self->number);
}

static void discard(void *context, void *item)
{
    struct item *self = item;
    EXPECT(context == &discarded);
    EXPECT(!self->discarded);
    self->discarded = true;
    atomic_fetch_add(&discarded, 1);
}

static enum weft_status run(size_t in_flight, size_t trouble_stage, struct trouble trouble)
{
    weft_stage stages[] = {{WEFT_STAGE_SERIAL, make, NULL},
                           {WEFT_STAGE_PARALLEL, square, NULL},
                           {WEFT_STAGE_SERIAL, check_order, NULL},
                           {WEFT_STAGE_PARALLEL, square, NULL},
                           {WEFT_STAGE_SERIAL, end_in_order, NULL}};
    made = ended[0] = ended[1] = 0;
    atomic_store(&at_once, 0);
    atomic_store(&most_at_once, 0);
    atomic_store(&in_parallel, 0);
    atomic_store(&discarded, 0);
    for (size_t i = 0; i < 5; i++)
        stages[i].context = (void *)(uintptr_t)(i == trouble_stage ? &trouble : &no_trouble);
    return weft_pipeline_run(stages, 5, in_flight, discard, &discarded);
}

static void every_item_passes_in_order(void)
{
    static const size_t in_flight[] = {0, 1, 2, 3, 16, 1000};
    for (size_t i = 0; i < sizeof in_flight / sizeof in_flight[0]; i++) {
        EXPECT_EQ(run(in_flight[i], 0, no_trouble), WEFT_OK);
        EXPECT_EQ(ended[0], ITEMS);
        EXPECT_EQ(ended[1], ITEMS);
        EXPECT_EQ(atomic_load(&in_parallel), 2 * ITEMS);
        EXPECT_EQ(atomic_load(&discarded), 0);
        if (in_flight[i] != 0)
            EXPECT(atomic_load(&most_at_once) <= in_flight[i]);
    }
}

static void items_pass_in_order_on_all_threads(void)
{
    start();
    every_item_passes_in_order();
    stop();
}

static void items_pass_in_order_without_a_runtime(void)
{
    every_item_passes_in_order();
}

/* What has not come through is discarded, each item once. */
static void fails_cleanly(void)
{
    for (size_t stage = 0; stage < 5; stage++)
        for (uint32_t at = 0; at < ITEMS; at += 333) {
            enum weft_status status = run(8, stage, (struct trouble){at, WEFT_ERR_LIMIT});
            EXPECT_EQ(status, WEFT_ERR_LIMIT);
            /* The failing call of the last stage has counted its item, too. */
            uint32_t through = ended[1] - (stage == 4 ? 1 : 0);
            EXPECT(through <= at);
            EXPECT_EQ(made, through + atomic_load(&discarded));
        }
}

static void failure_ends_the_pipeline(void)
{
    fails_cleanly();
    start();
    fails_cleanly();
    EXPECT_EQ(run(4, 0, no_trouble), WEFT_OK);
    stop();
}

static void cancel_at_each_stage(void)
{
    for (size_t stage = 0; stage < 5; stage++) {
        EXPECT_EQ(run(8, stage, (struct trouble){500, WEFT_OK}), WEFT_ERR_CANCELLED);
        EXPECT(made >= 501 && made < ITEMS);
        EXPECT(ended[1] <= 501);
        EXPECT_EQ(made, ended[1] + atomic_load(&discarded));
    }
}

static void cancelled_job_ends_the_pipeline(void)
{
    start();
    cancel_at_each_stage();
    stop();
}

/* Items that a stage takes out are not seen further on; the others keep their order. */
static enum weft_status drop_odd(void *context, void **item)
{
    (void)context;
    struct item *self = *item;
    if (self->number % 2 != 0) {
        *item = NULL;
        atomic_fetch_sub(&at_once, 1);
    }
    return WEFT_OK;
}

static enum weft_status end_even(void *context, void **item)
{
    (void)context;
    const struct item *self = *item;
    EXPECT_EQ(self->number, 2 * ended[0]);
    ended[0]++;
    atomic_fetch_sub(&at_once, 1);
    return WEFT_OK;
}

static void stage_may_take_items_out(void)
{
    const weft_stage stages[] = {{WEFT_STAGE_SERIAL, make, (void *)(uintptr_t)&no_trouble},
                                 {WEFT_STAGE_PARALLEL, drop_odd, NULL},
                                 {WEFT_STAGE_SERIAL, end_even, NULL}};
    start();
    made = ended[0] = 0;
    EXPECT_EQ(weft_pipeline_run(stages, 3, 5, NULL, NULL), WEFT_OK);
    EXPECT_EQ(made, ITEMS);
    EXPECT_EQ(ended[0], ITEMS / 2);
    stop();
}

/* A pipeline in the parallel stage of another. */
struct counter {
    uint32_t left, sum;
};

static enum weft_status count_down(void *context, void **item)
{
    struct counter *counter = context;
    *item = counter->left > 0 ? counter : NULL;
    counter->left -= counter->left > 0;
    return WEFT_OK;
}

static enum weft_status add_one(void *context, void **item)
{
    struct counter *counter = context;
    EXPECT(*item == counter);
    counter->sum++;
    return WEFT_OK;
}

static enum weft_status run_inner(void *context, void **item)
{
    struct counter counter = {.left = 20};
    const weft_stage stages[] = {{WEFT_STAGE_SERIAL, count_down, &counter},
                                 {WEFT_STAGE_SERIAL, add_one, &counter}};
    (void)item;
    enum weft_status status = weft_pipeline_run(stages, 2, 3, NULL, NULL);
    EXPECT_EQ(counter.sum, 20);
    atomic_fetch_add((_Atomic uint32_t *)context, 1);
    return status;
}

static void pipelines_may_be_nested(void)
{
    struct counter counter = {.left = 50};
    _Atomic uint32_t count = 0;
    const weft_stage stages[] = {{WEFT_STAGE_SERIAL, count_down, &counter},
                                 {WEFT_STAGE_PARALLEL, run_inner, &count}};
    start();
    EXPECT_EQ(weft_pipeline_run(stages, 2, 0, NULL, NULL), WEFT_OK);
    EXPECT_EQ(atomic_load(&count), 50);
    stop();
}

static void bad_arguments_are_refused(void)
{
    struct counter counter = {.left = 3};
    weft_stage stages[] = {{WEFT_STAGE_SERIAL, count_down, &counter},
                           {WEFT_STAGE_SERIAL, add_one, &counter}};
    EXPECT_EQ(weft_pipeline_run(NULL, 1, 0, NULL, NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_pipeline_run(stages, 0, 0, NULL, NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_pipeline_run(stages, WEFT_PIPELINE_STAGES_MAX + 1, 0, NULL, NULL),
              WEFT_ERR_INVALID);
    EXPECT_EQ(weft_pipeline_run(stages, 2, WEFT_PIPELINE_ITEMS_MAX + 1, NULL, NULL),
              WEFT_ERR_INVALID);
    EXPECT_EQ(weft_pipeline_run(stages, 2, SIZE_MAX, NULL, NULL), WEFT_ERR_INVALID);
    stages[1].fn = NULL;
    EXPECT_EQ(weft_pipeline_run(stages, 2, 0, NULL, NULL), WEFT_ERR_INVALID);
    stages[1].fn = add_one;
    stages[1].kind = (enum weft_stage_kind)7;
    EXPECT_EQ(weft_pipeline_run(stages, 2, 0, NULL, NULL), WEFT_ERR_INVALID);
    stages[1].kind = WEFT_STAGE_SERIAL;
    stages[0].kind = WEFT_STAGE_PARALLEL;
    EXPECT_EQ(weft_pipeline_run(stages, 2, 0, NULL, NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(counter.left, 3); /* nothing was run */
    stages[0].kind = WEFT_STAGE_SERIAL;
    EXPECT_EQ(weft_pipeline_run(stages, 1, 0, NULL, NULL), WEFT_OK); /* a source alone */
    EXPECT_EQ(counter.left, 0);
}

TEST_MAIN(TEST(items_pass_in_order_without_a_runtime), TEST(items_pass_in_order_on_all_threads),
          TEST(failure_ends_the_pipeline), TEST(cancelled_job_ends_the_pipeline),
          TEST(stage_may_take_items_out), TEST(pipelines_may_be_nested),
          TEST(bad_arguments_are_refused))
