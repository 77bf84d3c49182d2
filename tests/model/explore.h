/* explore.h: a test of every schedule of a model program. */
#ifndef WEFT_MODEL_EXPLORE_H
#define WEFT_MODEL_EXPLORE_H

#include "model.h"

#include "../c/test.h"

static void explore(const char *name, void (*run)(void), uint32_t preemptions)
{
    struct model model = {
        .name = name, .run = run, .preemptions = preemptions, .random_runs = 20000};
    uint64_t runs = model_explore(&model);
    EXPECT(runs != 0);
    printf("%s: %llu schedules, all with up to %u preemptions\n", name, (unsigned long long)runs,
           preemptions);
}

#define EXPLORE(run, preemptions)                                                                  \
    static void every_schedule_of_##run(void)                                                      \
    {                                                                                              \
        explore(#run, run, preemptions);                                                           \
    }

#define EVERY(run) TEST(every_schedule_of_##run)

#endif
