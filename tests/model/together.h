/* together.h: what the model programs of locks and queues share. */
#ifndef WEFT_MODEL_TOGETHER_H
#define WEFT_MODEL_TOGETHER_H

#include "explore.h"

#include "../../src/core/worker.h"

#define THREADS_MOST 4

/* Runs the functions on threads of their own, and the last one on this one. */
static void together(void (*const *fns)(void *), size_t count)
{
    weft__plat_thread threads[THREADS_MOST];
    for (size_t i = 0; i + 1 < count; i++)
        MODEL_CHECK(weft__plat_thread_start(&threads[i], 0, fns[i], NULL) == WEFT_OK);
    fns[count - 1](NULL);
    for (size_t i = 0; i + 1 < count; i++)
        weft__plat_thread_join(threads[i]);
}

#define TOGETHER(...)                                                                              \
    do {                                                                                           \
        void (*const fns[])(void *) = {__VA_ARGS__};                                               \
        together(fns, sizeof fns / sizeof fns[0]);                                                 \
    } while (0)

/* A point where others may run, in the middle of what must not be interrupted. */
static _Atomic uint32_t elsewhere;

static void look_away(void)
{
    (void)atomic_load(&elsewhere);
}

/* Plain variables: the threads are coroutines. */
static uint32_t inside, total;

static void enter_alone(void)
{
    MODEL_CHECK(inside == 0);
    inside++;
    look_away();
    MODEL_CHECK(inside == 1);
    inside--;
    total++;
}

#endif
