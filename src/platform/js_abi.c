/* js_abi.c: the C side of wasm/ABI.md, for both wasm targets. */
#include "js_abi.h"

#include "../core/worker.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC      0x74666577u /* "weft" */
#define VERSION    1u
#define SLOT_COUNT 1024u

struct slot {
    weft_job job;
    uint32_t function;
    uint32_t worker;
    uint32_t error;
    uint32_t error_bytes;
    uint64_t result;
    uint64_t arguments[16];
    uint64_t reserved[2];
};

struct words {
    uint32_t magic, version, slots, slot_count, slot_bytes;
    uint32_t names, names_bytes; /* written by JavaScript before start */
    uint32_t workers;
    uint32_t reserved[8];
    _Atomic uint32_t finished;
    _Atomic uint32_t listening;
};

#define SAME_IN_JS(condition) _Static_assert(condition, "js-glue/src/layout.js has this offset")
SAME_IN_JS(offsetof(struct slot, job.status) == 16);
SAME_IN_JS(offsetof(struct slot, function) == 24);
SAME_IN_JS(offsetof(struct slot, worker) == 28);
SAME_IN_JS(offsetof(struct slot, error) == 32);
SAME_IN_JS(offsetof(struct slot, error_bytes) == 36);
SAME_IN_JS(offsetof(struct slot, result) == 40);
SAME_IN_JS(offsetof(struct slot, arguments) == 48);
SAME_IN_JS(sizeof(struct slot) == 192);
SAME_IN_JS(offsetof(struct words, slots) == 4 * 2);
SAME_IN_JS(offsetof(struct words, names) == 4 * 5);
SAME_IN_JS(offsetof(struct words, workers) == 4 * 7);
SAME_IN_JS(offsetof(struct words, finished) == 4 * 16);
SAME_IN_JS(offsetof(struct words, listening) == 4 * 17);

enum { AWAKE = 0, LISTENS_ASYNC = 1, LISTENS_SIGNAL = 2 };

static _Alignas(64) struct words words = {.magic = MAGIC,
                                          .version = VERSION,
                                          .slot_count = SLOT_COUNT,
                                          .slot_bytes = sizeof(struct slot)};

/* Finished jobs, newest first. Workers push; the host takes the whole list at once, so
 * no job can come back while somebody pushes (no ABA). */
static _Atomic(weft_job *) finished_jobs;
static weft_job *taken_jobs; /* oldest first; the host's thread only */

uint32_t weft_js_layout(void)
{
    return (uint32_t)(uintptr_t)&words;
}

/* The end of a host's job, on the worker that ran its root. */
static void host_finished(weft_job *job)
{
    weft_job *head = atomic_load_explicit(&finished_jobs, memory_order_relaxed);
    do
        job->next = head;
    while (!atomic_compare_exchange_weak(&finished_jobs, &head, job));
    atomic_fetch_add(&words.finished, 1);
    /* One of many that finish together wakes the host. */
    uint32_t listening = atomic_load(&words.listening);
    if (listening == AWAKE || !atomic_compare_exchange_strong(&words.listening, &listening, AWAKE))
        return;
    if (listening == LISTENS_ASYNC)
        weft__plat_wake(&words.finished, 1);
    else
        weft_signal();
}

int32_t weft_js_start(uint32_t threads, uint32_t stack_bytes, double spin_ns)
{
    weft_options options = {threads, stack_bytes, (int64_t)spin_ns};
    if (threads == 0)
        return WEFT_ERR_INVALID;
    if (words.slots == 0) {
        struct slot *slots = aligned_alloc(64, SLOT_COUNT * sizeof *slots);
        if (slots == NULL)
            return WEFT_ERR_NOMEM;
        memset(slots, 0, SLOT_COUNT * sizeof *slots);
        words.slots = (uint32_t)(uintptr_t)slots;
    }
    weft__rt.host_finished = host_finished;
    enum weft_status status = weft__runtime_start(&options, 0, "host");
    words.workers = weft__rt.loop_count;
    return (int32_t)status;
}

void weft_js_stop(void)
{
    weft__runtime_stop_begin();
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
    weft_invoke(slot);
}

int32_t weft_js_submit(struct slot *slot)
{
    slot->error = 0;
    weft_job_init(&slot->job, invoke, slot);
    return (int32_t)weft__job_submit_host(&slot->job);
}

void weft_js_cancel(struct slot *slot)
{
    weft_job_cancel(&slot->job);
}

struct slot *weft_js_finished(void)
{
    if (taken_jobs == NULL) {
        weft_job *newest = atomic_exchange(&finished_jobs, NULL);
        while (newest != NULL) {
            weft_job *job = newest;
            newest = job->next;
            job->next = taken_jobs;
            taken_jobs = job;
        }
    }
    weft_job *job = taken_jobs;
    if (job != NULL)
        taken_jobs = job->next;
    return (struct slot *)(void *)job;
}

int32_t weft_js_stalled(void)
{
    return weft__sleep_stalled();
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

void weft_worker_enter(struct weft__worker *worker)
{
    weft__worker_loop(worker);
}

void weft_worker_recover(struct weft__worker *worker, uint32_t status)
{
    weft__worker_recover(worker, (enum weft_status)status);
}

/* Slots belong to the host's jobs only; any other job has no slot. */
struct slot *weft_worker_slot(struct weft__worker *worker)
{
    weft_job *job = atomic_load_explicit(&worker->job, memory_order_relaxed);
    uintptr_t first = words.slots, at = (uintptr_t)job;
    bool ours = job != NULL && at >= first && at < first + SLOT_COUNT * sizeof(struct slot);
    return ours ? (struct slot *)(void *)job : NULL;
}
