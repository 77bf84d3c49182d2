/* js_abi.c: the C side of wasm/ABI.md, for both wasm targets. */
#include "js_abi.h"
#include "js_watch.h"

#include "../core/worker.h"

#include <stdlib.h>

#define MAGIC      0x74666577u /* "weft" */
#define VERSION    2u
#define SLOT_COUNT 4096u

/* Jobs that the host can submit at once. */
#define SUBMIT_MAX 64u

struct slot {
    weft_job job;
    uint32_t function;
    uint32_t worker;
    uint32_t error;
    uint32_t error_bytes;
    uint64_t result;
    uint64_t arguments[16];
    uint64_t reserved[8];
};

/* Finished jobs of one thread, newest first. That thread pushes; the host takes the whole
 * list at once, so no job can come back while one is pushed (no ABA). */
struct list {
    _Alignas(64) _Atomic(weft_job *) newest;
};

struct words {
    uint32_t magic, version, slots, slot_count, slot_bytes;
    uint32_t names, names_bytes; /* written by JavaScript before start */
    uint32_t workers;
    uint32_t modules; /* written by JavaScript */
    uint32_t lists;
    _Atomic uint32_t lists_used;
    uint32_t submit;
    uint32_t reserved[4];
    _Atomic uint32_t finished;
    _Atomic uint32_t listening;
};

#define SAME_IN_JS(condition) _Static_assert(condition, "js-glue/src/layout.js has this offset")
SAME_IN_JS(offsetof(struct slot, job.status) == 16);
SAME_IN_JS(offsetof(struct slot, job.next) == 20);
SAME_IN_JS(offsetof(struct slot, job.done) == 24);
SAME_IN_JS(offsetof(struct slot, job.total) == 32);
SAME_IN_JS(offsetof(struct slot, function) == 40);
SAME_IN_JS(offsetof(struct slot, worker) == 44);
SAME_IN_JS(offsetof(struct slot, error) == 48);
SAME_IN_JS(offsetof(struct slot, error_bytes) == 52);
SAME_IN_JS(offsetof(struct slot, result) == 56);
SAME_IN_JS(offsetof(struct slot, arguments) == 64);
SAME_IN_JS(sizeof(struct slot) == 256);
SAME_IN_JS(offsetof(struct words, slots) == 4 * 2);
SAME_IN_JS(offsetof(struct words, names) == 4 * 5);
SAME_IN_JS(offsetof(struct words, workers) == 4 * 7);
SAME_IN_JS(offsetof(struct words, modules) == 4 * 8);
SAME_IN_JS(offsetof(struct words, lists) == 4 * 9);
SAME_IN_JS(offsetof(struct words, lists_used) == 4 * 10);
SAME_IN_JS(offsetof(struct words, submit) == 4 * 11);
SAME_IN_JS(sizeof(struct list) == 64);
SAME_IN_JS(offsetof(struct words, finished) == 4 * 16);
SAME_IN_JS(offsetof(struct words, listening) == 4 * 17);

/* Both bits: a parallel loop over a function of JavaScript. */
#define JS_LOOP 0xc0000000u

enum { AWAKE = 0, LISTENS_ASYNC = 1, LISTENS_SIGNAL = 2 };

static _Alignas(64) struct words words = {.magic = MAGIC,
                                          .version = VERSION,
                                          .slot_count = SLOT_COUNT,
                                          .slot_bytes = sizeof(struct slot)};

/* The first is for threads that are no workers: the host's own. Then one for each worker. */
static struct list lists[1 + WEFT_THREADS_MAX + WEFT__SPARES_MAX];

static weft_job *submitted[SUBMIT_MAX]; /* the first fields of slots; the host's thread only */

uint32_t weft_js_layout(void)
{
    return (uint32_t)(uintptr_t)&words;
}

/* The end of a host's job, on the worker that ran its root. */
static void host_finished(weft_job *job)
{
    const struct weft__worker *self = weft__worker_self();
    uint32_t index = self != NULL ? self->index + 1 : 0;
    weft_job *newest = atomic_load_explicit(&lists[index].newest, memory_order_relaxed);
    do
        job->next = newest;
    while (!atomic_compare_exchange_weak(&lists[index].newest, &newest, job));
    uint32_t used = atomic_load_explicit(&words.lists_used, memory_order_relaxed);
    while (used <= index && !atomic_compare_exchange_weak(&words.lists_used, &used, index + 1)) {
    }
    /* One of many that finish together wakes the host. */
    uint32_t listening = atomic_load(&words.listening);
    if (listening == AWAKE || !atomic_compare_exchange_strong(&words.listening, &listening, AWAKE))
        return;
    atomic_fetch_add(&words.finished, 1);
    if (listening == LISTENS_SIGNAL)
        weft_signal();
    else
        weft__plat_wake(&words.finished, UINT32_MAX); /* a waitAsync and a wait of the host's */
}

int32_t weft_js_start(uint32_t threads, uint32_t stack_bytes, double spin_ns)
{
    bool alone = threads == 0;
    weft_options options = {alone ? 1 : threads, stack_bytes, (int64_t)spin_ns};
    if (words.slots == 0) {
        struct slot *slots = aligned_alloc(64, SLOT_COUNT * sizeof *slots);
        if (slots == NULL)
            return WEFT_ERR_NOMEM;
        words.slots = (uint32_t)(uintptr_t)slots;
        words.lists = (uint32_t)(uintptr_t)lists;
        words.submit = (uint32_t)(uintptr_t)submitted;
    }
    weft__rt.host_finished = host_finished;
    weft__js_watch_start();
    weft__rt.alone = alone;
    enum weft_status status = weft__runtime_start(&options, alone ? 1 : 0, "host");
    words.workers = weft__rt.loop_count;
    return (int32_t)status;
}

void weft_js_stop(void)
{
    weft__runtime_stop_begin();
}

/* True when no job is open and every worker sleeps without one. Nobody but the host could
 * change that, as nobody else is awake. */
static bool all_idle(void)
{
    if (atomic_load(&weft__rt.open_jobs) != 0 || atomic_load(&weft__rt.spare_starting) != 0)
        return false;
    for (uint32_t i = 0; i < weft__reach(); i++) {
        uint32_t sleep = atomic_load(&weft__rt.workers[i].sleep);
        if (sleep != WEFT__SLEEP_IDLE && sleep != WEFT__SLEEP_SPARE)
            return false;
    }
    return true;
}

int32_t weft_js_rest(void)
{
    if (weft__rt.alone || !all_idle())
        return 0;
    weft__runtime_stop_begin();
    return 1;
}

void weft_js_rested(void)
{
    weft__runtime_stop_end();
}

void weft__js_words_resize(uint32_t size)
{
    words.workers = size;
}

int32_t weft_js_stopped(void)
{
    return atomic_load(&weft__rt.looping) == 0;
}

/* The root of a host's job. */
static void invoke(void *context)
{
    struct slot *slot = context;
    slot->worker = weft__worker_self()->index;
    if ((slot->function & JS_LOOP) == JS_LOOP)
        weft_js_for((struct weft__js_loop *)slot->arguments);
    else
        weft_invoke(slot);
}

uint32_t weft_js_submit(uint32_t count, int32_t lane)
{
    for (uint32_t i = 0; i < count; i++) {
        struct slot *slot = (struct slot *)(void *)submitted[i];
        slot->error = 0;
        weft_job_init(&slot->job, invoke, slot);
    }
    return weft__job_submit_host(submitted, count, (enum weft_lane)lane);
}

void weft_js_cancel(struct slot *slot)
{
    weft_job_cancel(&slot->job);
}

int32_t weft_js_stalled(void)
{
    return weft__sleep_stalled();
}

uint32_t weft_js_stats(weft_worker_stats *out, uint32_t capacity)
{
    size_t count = 0;
    (void)weft_stats_read(out, capacity, &count); /* out is NULL only with a capacity of 0 */
    return (uint32_t)count;
}

void *weft_js_alloc(uint32_t bytes, uint32_t align)
{
    /* aligned_alloc wants a multiple of the alignment. */
    uint32_t rounded = (bytes + align - 1) & ~(align - 1);
    return rounded < bytes ? NULL : aligned_alloc(align, rounded != 0 ? rounded : align);
}

void weft_js_free(void *address)
{
    free(address);
}

struct weft__worker *weft_js_alone(void)
{
    return weft__rt.alone ? weft__rt.workers : NULL;
}

int32_t weft_worker_enter(struct weft__worker *worker)
{
    if (!weft__rt.alone)
        return weft__worker_loop(worker);
    weft__front = &worker->front;
    bool ran = weft__worker_turn(worker);
    weft__front = &weft__nobody;
    return ran;
}

int32_t weft_worker_recover(struct weft__worker *worker, uint32_t status)
{
    bool whole = weft__worker_recover(worker, (enum weft_status)status);
    if (weft__rt.alone)
        weft__front = &weft__nobody;
    return whole;
}

uint32_t weft_worker_index(struct weft__worker *worker)
{
    return worker->index;
}

/* Slots belong to the host's jobs only; any other job has no slot. */
struct slot *weft_worker_slot(struct weft__worker *worker)
{
    weft_job *job = atomic_load_explicit(&worker->job, memory_order_relaxed);
    uintptr_t first = words.slots, at = (uintptr_t)job;
    bool ours = job != NULL && at >= first && at < first + SLOT_COUNT * sizeof(struct slot);
    return ours ? (struct slot *)(void *)job : NULL;
}
