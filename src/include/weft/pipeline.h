/* weft/pipeline.h: items that go through several stages, many of them at once. */
#ifndef WEFT_PIPELINE_H
#define WEFT_PIPELINE_H

#include <weft/base.h>
#include <weft/status.h>

/* How a stage takes the items. */
enum weft_stage_kind {
    WEFT_STAGE_SERIAL = 0,   /* one at a time, in the order in which they were read */
    WEFT_STAGE_PARALLEL = 1, /* any number at a time, in any order */
};

/* Works on *item and may replace it; what it leaves there the next stage gets. Leaving
 * NULL takes the item out of the stream: later stages do not see it. Anything but WEFT_OK
 * ends the pipeline with that status. */
typedef enum weft_status (*weft_stage_fn)(void *context, void **item);

typedef struct weft_stage {
    enum weft_stage_kind kind;
    weft_stage_fn fn;
    void *context;
} weft_stage;

/* Frees, or takes back, an item that did not come through. */
typedef void (*weft_discard_fn)(void *context, void *item);

/* The most stages, and the most items in flight. */
#define WEFT_PIPELINE_STAGES_MAX 64
#define WEFT_PIPELINE_ITEMS_MAX  1024

/* The same as
 *
 *     while (stages[0].fn(stages[0].context, &item) == WEFT_OK && item != NULL)
 *         for (i = 1; i < count && item != NULL; i++)
 *             stages[i].fn(stages[i].context, &item);
 *
 * with up to `in_flight` items at a time inside, 1..WEFT_PIPELINE_ITEMS_MAX; 0 stands for
 * four for each thread. The first stage is serial, makes the items (*item is NULL before
 * it) and ends the stream with NULL. A serial stage sees the items in the order in which
 * they were made, on any number of threads.
 *
 * When a stage fails or the job is cancelled no stage is called any more, and what is
 * still in flight, what the failing stage left in *item included, goes to
 * discard(discard_context, item), if `discard` is not NULL; what each serial stage has
 * seen is the beginning of the stream. Of several failures the first one is reported.
 *
 *     weft_stage stages[] = {
 *         {WEFT_STAGE_SERIAL, read_block, input},
 *         {WEFT_STAGE_PARALLEL, compress, NULL},
 *         {WEFT_STAGE_SERIAL, write_block, output},
 *     };
 *     status = weft_pipeline_run(stages, 3, 0, free_block, NULL);
 *
 * Errors:  WEFT_ERR_INVALID    stages or a function is NULL; a number is out of range; the
 *                              first stage is not serial
 *          WEFT_ERR_NOMEM      out of memory; nothing was run
 *          WEFT_ERR_CANCELLED  the job was cancelled
 *          WEFT_ERR_WOULD_BLOCK  outside of a job, on a thread that must not sleep (a
 *                                browser's main thread); nothing was run
 *          what the stage that failed returned
 * Threads: any thread; may be nested. */
WEFT_NODISCARD enum weft_status weft_pipeline_run(const weft_stage *stages, size_t count,
                                                  size_t in_flight, weft_discard_fn discard,
                                                  void *discard_context);

#endif
