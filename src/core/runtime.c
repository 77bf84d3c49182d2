/* runtime.c: starts and stops the workers. */
#include "worker.h"

#include <stdlib.h>
#include <string.h>

#define STACK_BYTES_DEFAULT ((size_t)1 << 20)
#define STACK_BYTES_MIN     ((size_t)64 << 10)
#define STACK_BYTES_MAX     ((size_t)256 << 20)
#define SPIN_NS_DEFAULT     INT64_C(50000)
#define SPIN_NS_MAX         INT64_C(1000000000)

/* How often a joiner looks before it sleeps: a few microseconds. */
#define JOIN_SPINS 64u

struct weft__runtime weft__rt;

static size_t threads_wanted(const weft_options *options, const char **from)
{
    if (options->threads != 0) {
        *from = "option";
        return options->threads;
    }
    const char *text = getenv("WEFT_THREADS");
    if (text != NULL) {
        char *end = NULL;
        unsigned long count = strtoul(text, &end, 10);
        if (end != text && *end == '\0' && count >= 1 && count <= WEFT_THREADS_MAX) {
            *from = "WEFT_THREADS";
            return count;
        }
    }
    size_t cpus = weft__plat_cpu_count(from);
    return cpus < WEFT_THREADS_MAX ? cpus : WEFT_THREADS_MAX;
}

static void worker_main(void *context)
{
    struct weft__worker *self = context;
    weft__front = &self->front;
    weft__plat_guard(self);
    weft__front = &weft__nobody;
    atomic_fetch_sub(&weft__rt.looping, 1);
}

static void workers_destroy(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        weft__group_free_nodes(&weft__rt.workers[i]);
        free((void *)weft__rt.workers[i].front.slots);
    }
    free(weft__rt.workers);
    weft__rt.workers = NULL;
    weft__inbox_fini(&weft__rt.inbox);
}

static enum weft_status workers_create(uint32_t count)
{
    enum weft_status status = weft__inbox_init(&weft__rt.inbox);
    if (status != WEFT_OK)
        return status;
    weft__rt.workers =
        aligned_alloc(_Alignof(struct weft__worker), count * sizeof(struct weft__worker));
    if (weft__rt.workers == NULL) {
        weft__inbox_fini(&weft__rt.inbox);
        return WEFT_ERR_NOMEM;
    }
    memset(weft__rt.workers, 0, count * sizeof(struct weft__worker));
    for (uint32_t i = 0; i < count; i++) {
        struct weft__worker *worker = &weft__rt.workers[i];
        worker->front.slots = calloc(WEFT__DEQUE_CAPACITY, sizeof *worker->front.slots);
        if (worker->front.slots == NULL) {
            workers_destroy(i);
            return WEFT_ERR_NOMEM;
        }
        atomic_init(&worker->front.limit, WEFT__DEQUE_CAPACITY);
        worker->index = i;
        worker->random = i * 2654435761u + 1;
        atomic_init(&worker->thief, i);
    }
    return WEFT_OK;
}

/* Lets the workers go once no job is left. */
void weft__runtime_stop_begin(void)
{
    atomic_store(&weft__rt.stopping, 1);
    weft__sleep_wake_all();
}

static void workers_join(uint32_t count)
{
    weft__runtime_stop_begin();
    for (uint32_t i = 0; i < count; i++)
        weft__plat_thread_join(weft__rt.workers[i].thread);
}

static enum weft_status threads_start(size_t stack_bytes)
{
    for (uint32_t i = 0; i < weft__rt.loop_count; i++) {
        atomic_fetch_add(&weft__rt.looping, 1);
        enum weft_status status = weft__plat_thread_start(&weft__rt.workers[i].thread, stack_bytes,
                                                          worker_main, &weft__rt.workers[i]);
        if (status != WEFT_OK) {
            atomic_fetch_sub(&weft__rt.looping, 1);
            workers_join(i);
            return status;
        }
    }
    return WEFT_OK;
}

/* `callers` of the threads are for whoever calls weft_run; the others are started. */
enum weft_status weft__runtime_start(const weft_options *options, uint32_t callers,
                                     const char *threads_from)
{
    size_t stack_bytes = options->stack_bytes != 0 ? options->stack_bytes : STACK_BYTES_DEFAULT;
    int64_t spin_ns = options->spin_ns == 0 ? SPIN_NS_DEFAULT : options->spin_ns;
    if (options->threads > WEFT_THREADS_MAX || stack_bytes < STACK_BYTES_MIN ||
        stack_bytes > STACK_BYTES_MAX || spin_ns > SPIN_NS_MAX)
        return WEFT_ERR_INVALID;
    if (weft__rt.worker_count != 0 || weft__job_current() != NULL)
        return WEFT_ERR_STATE;
    const char *from = threads_from, *rule = NULL;
    size_t threads = threads_wanted(options, &from);
    size_t cpus = weft__plat_cpu_count(&rule);
    enum weft_status status = workers_create((uint32_t)threads);
    if (status != WEFT_OK)
        return status;
    atomic_store(&weft__rt.stopping, 0);
    weft__rt.worker_count = (uint32_t)threads;
    weft__rt.loop_count = (uint32_t)threads - callers;
    weft__rt.spin_ns = spin_ns < 0 || threads > cpus ? 0 : (uint32_t)spin_ns;
    weft__rt.join_spins = threads > cpus ? 0 : JOIN_SPINS;
    weft__rt.info =
        (weft_info){threads, weft__rt.loop_count, cpus, threads_from != NULL ? threads_from : from};
    status = threads_start(stack_bytes);
    if (status != WEFT_OK) {
        weft__rt.worker_count = weft__rt.loop_count = 0;
        workers_destroy((uint32_t)threads);
    }
    return status;
}

enum weft_status weft_runtime_start(const weft_options *options)
{
    weft_options defaults = {0};
    return weft__runtime_start(options != NULL ? options : &defaults, 1, NULL);
}

enum weft_status weft_runtime_stop(void)
{
    if (weft__rt.worker_count == 0 || weft__job_current() != NULL)
        return WEFT_ERR_STATE;
    if (!weft__plat_may_sleep())
        return WEFT_ERR_WOULD_BLOCK;
    uint32_t count = weft__rt.worker_count;
    workers_join(weft__rt.loop_count);
    weft__rt.worker_count = weft__rt.loop_count = 0;
    workers_destroy(count);
    return WEFT_OK;
}

void weft_runtime_info(weft_info *info)
{
    const char *rule = NULL;
    if (weft__rt.worker_count != 0)
        *info = weft__rt.info;
    else
        *info = (weft_info){0, 0, weft__plat_cpu_count(&rule), rule};
}
