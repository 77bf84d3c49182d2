/* runtime.c: starts and stops the workers. */
#include "worker.h"

#include <stdlib.h>
#include <string.h>

#define STACK_BYTES_DEFAULT ((size_t)1 << 20)
#define STACK_BYTES_MIN     ((size_t)64 << 10)
#define STACK_BYTES_MAX     ((size_t)256 << 20)
#define SPIN_NS_DEFAULT     INT64_C(50000)
#define SPIN_NS_MAX         INT64_C(1000000000)

/* How long a joiner looks before it sleeps: so often, a few microseconds, and then about as long
 * as it takes to wake it. What it waits for is mostly one slice of a loop away. */
#define JOIN_SPINS    96u
#define JOIN_PATIENCE 16u /* the first of them look at nothing but the task */
#define JOIN_NS_MAX   50000u

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

/* The function of a worker's thread; the host may leave it and enter it again. */
void weft__worker_main(void *context)
{
    struct weft__worker *self = context;
    weft__front = &self->front;
    weft__plat_guard(self);
    weft__front = &weft__nobody;
    atomic_fetch_sub(&weft__rt.looping, 1);
}

static void workers_destroy(void)
{
    atomic_store(&weft__rt.reach, 0);
    weft__rt.threads = weft__rt.loop_count = 0;
    /* All of them: a spare whose thread was refused has a deque, too. */
    for (uint32_t i = 0; weft__rt.workers != NULL && i < weft__rt.capacity; i++) {
        weft__group_free_nodes(&weft__rt.workers[i]);
        free(weft__rt.workers[i].front.slots);
    }
    free(weft__rt.workers);
    weft__rt.workers = NULL;
    for (size_t lane = 0; lane < WEFT__LANES; lane++)
        weft__inbox_fini(&weft__rt.inboxes[lane]);
}

/* Makes the record of a worker, which is all 0 or was made before. */
enum weft_status weft__worker_init(struct weft__worker *worker, uint32_t index)
{
    if (worker->front.slots == NULL)
        worker->front.slots = aligned_alloc(64, WEFT__DEQUE_CAPACITY * sizeof(struct weft__slot));
    if (worker->front.slots == NULL)
        return WEFT_ERR_NOMEM;
    worker->front.head = worker->front.split = worker->front.floor = worker->front.slots;
    worker->offered = worker->front.slots;
    atomic_init(&worker->front.limit, weft__limit(worker));
    worker->index = index;
    atomic_init(&worker->front.name, index + 1);
    worker->random = index * 2654435761u + 1;
    atomic_init(&worker->thief, index);
    return WEFT_OK;
}

static enum weft_status workers_create(uint32_t count)
{
    size_t bytes = weft__rt.capacity * sizeof(struct weft__worker);
    weft__rt.workers = aligned_alloc(_Alignof(struct weft__worker), bytes);
    enum weft_status status = weft__rt.workers != NULL ? WEFT_OK : WEFT_ERR_NOMEM;
    if (status == WEFT_OK)
        memset(weft__rt.workers, 0, bytes);
    for (size_t lane = 0; lane < WEFT__LANES && status == WEFT_OK; lane++)
        status = weft__inbox_init(&weft__rt.inboxes[lane]);
    for (uint32_t i = 0; i < count && status == WEFT_OK; i++) {
        status = weft__worker_init(&weft__rt.workers[i], i);
        if (status == WEFT_OK)
            atomic_store(&weft__rt.reach, i + 1);
    }
    if (status != WEFT_OK)
        workers_destroy();
    return status;
}

/* Lets the workers go once no job is left. */
void weft__runtime_stop_begin(void)
{
    atomic_store(&weft__rt.stopping, 1);
    weft__sleep_wake_all();
}

/* Waits for the first `count` workers that loop, and for every spare. */
static void workers_join(uint32_t count)
{
    weft__runtime_stop_begin();
    for (uint32_t i = 0; i < count; i++)
        weft__plat_thread_join(weft__rt.workers[i].thread);
    /* No job is left to block and to start another one. */
    for (uint32_t i = weft__rt.threads; i < weft__reach(); i++)
        weft__plat_thread_join(weft__rt.workers[i].thread);
}

/* After weft__runtime_stop_begin: waits for the threads and frees what they had. */
void weft__runtime_stop_end(void)
{
    workers_join(weft__rt.loop_count);
    workers_destroy();
}

enum weft_status weft__worker_start(struct weft__worker *worker)
{
    atomic_fetch_add(&weft__rt.looping, 1);
    enum weft_status status =
        weft__plat_thread_start(&worker->thread, weft__rt.stack_bytes, weft__worker_main, worker);
    if (status != WEFT_OK)
        atomic_fetch_sub(&weft__rt.looping, 1);
    return status;
}

static enum weft_status threads_start(void)
{
    for (uint32_t i = 0; i < weft__rt.loop_count; i++) {
        enum weft_status status = weft__worker_start(&weft__rt.workers[i]);
        if (status != WEFT_OK) {
            workers_join(i);
            return status;
        }
    }
    return WEFT_OK;
}

/* `callers` of the threads are for whoever calls weft_run; the others are started. Their
 * number is decided, by what `threads_from` says. */
enum weft_status weft__runtime_start(const weft_options *options, uint32_t callers,
                                     const char *threads_from)
{
    size_t stack_bytes = options->stack_bytes != 0 ? options->stack_bytes : STACK_BYTES_DEFAULT;
    int64_t spin_ns = options->spin_ns == 0 ? SPIN_NS_DEFAULT : options->spin_ns;
    if (options->threads > WEFT_THREADS_MAX || stack_bytes < STACK_BYTES_MIN ||
        stack_bytes > STACK_BYTES_MAX || spin_ns > SPIN_NS_MAX)
        return WEFT_ERR_INVALID;
    if (weft__rt.threads != 0 || weft__job_current() != NULL)
        return WEFT_ERR_STATE;
    const char *rule = NULL;
    size_t threads = options->threads;
    size_t cpus = weft__plat_cpu_count(&rule);
    /* Only a runtime without callers can grow: theirs are the last records but for spares. */
    weft__rt.capacity = (callers == 0 ? WEFT_THREADS_MAX : (uint32_t)threads) + WEFT__SPARES_MAX;
    enum weft_status status = workers_create((uint32_t)threads);
    if (status != WEFT_OK)
        return status;
    atomic_store(&weft__rt.stopping, 0);
    atomic_store(&weft__rt.loan, 0);
    weft__rt.threads = (uint32_t)threads;
    atomic_store(&weft__rt.size, (uint32_t)threads);
    weft__rt.stack_bytes = stack_bytes;
    weft__rt.loop_count = (uint32_t)threads - callers;
    weft__rt.spin_ns = spin_ns < 0 || threads > cpus ? 0 : (uint32_t)spin_ns;
    weft__rt.join_spins = threads > cpus ? 0 : JOIN_SPINS;
    weft__rt.join_ns = weft__rt.spin_ns < JOIN_NS_MAX ? weft__rt.spin_ns : JOIN_NS_MAX;
    weft__rt.join_patience = threads > cpus ? 0 : JOIN_PATIENCE;
    weft__rt.info = (weft_info){threads, weft__rt.loop_count, cpus, threads_from};
    status = threads_start();
    if (status != WEFT_OK)
        workers_destroy();
    return status;
}

enum weft_status weft_runtime_start(const weft_options *options)
{
    weft_options wanted = {0};
    const char *from = NULL;
    if (options != NULL)
        wanted = *options;
    wanted.threads = threads_wanted(&wanted, &from);
    return weft__runtime_start(&wanted, 1, from);
}

enum weft_status weft_runtime_stop(void)
{
    if (weft__rt.threads == 0 || weft__job_current() != NULL)
        return WEFT_ERR_STATE;
    if (!weft__plat_may_sleep())
        return WEFT_ERR_WOULD_BLOCK;
    weft__runtime_stop_end();
    return WEFT_OK;
}

void weft_runtime_info(weft_info *info)
{
    const char *rule = NULL;
    if (weft__rt.threads != 0) {
        size_t callers = weft__rt.threads - weft__rt.loop_count;
        *info = weft__rt.info;
        info->threads = atomic_load(&weft__rt.size);
        info->workers = info->threads - callers;
    } else {
        *info = (weft_info){0, 0, weft__plat_cpu_count(&rule), rule};
    }
}
