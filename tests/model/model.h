/* model.h: explores the thread interleavings of the real scheduler code.
 *
 * The program runs again and again, its threads as coroutines of one, with a switch
 * possible at every atomic access; each run follows another schedule. All schedules with
 * at most `preemptions` switches away from a thread that could go on are tried (Musuvathi
 * & Qadeer, "Iterative context bounding", 2007), then `random_runs` schedules with any
 * number of them, each from a seed. A sleep with a time limit may end by it wherever
 * another thread could go on. A run fails when its threads all sleep (a lost wake-up, a
 * deadlock), when it does not end, or when a check in it fails. */
#ifndef WEFT_MODEL_H
#define WEFT_MODEL_H

#include <stdint.h>

struct model {
    const char *name;
    void (*run)(void); /* the first thread; others by weft__plat_thread_start */
    uint32_t preemptions;
    uint32_t random_runs; /* each has a seed: 1, 2, and so on */
    uint32_t steps;       /* of a run that ends, at most 4,000,000; 0: 20,000 */
};

/* A sleep with a limit of this or more does not end by it: a lost wake-up is found. */
#define MODEL_FOREVER (INT64_MAX / 4)

/* Explores. Returns the number of runs, or 0 after a failure, which is printed with
 * the schedule: set WEFT_MODEL_REPLAY to it, or after a random run WEFT_MODEL_SEED, to run
 * that one alone. */
uint64_t model_explore(const struct model *model);

/* The random runs alone, for programs with too many schedules to try them all. */
uint64_t model_fuzz(const struct model *model);

/* Fails the current run. */
void model_fail(const char *what);

#define MODEL_CHECK(condition)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            model_fail(#condition);                                                                \
    } while (0)

/* Visits of workers to their host, by wait and wake. */
extern _Atomic uint32_t model_visits;

#endif
