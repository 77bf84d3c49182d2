/* stats.c: reads the workers' counters. */
#include "worker.h"

static uint64_t read_counter(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

enum weft_status weft_stats_read(weft_worker_stats *out, size_t capacity, size_t *count)
{
    if (count == NULL || (out == NULL && capacity != 0))
        return WEFT_ERR_INVALID;
    size_t workers = weft__reach();
    for (size_t i = 0; i < workers && i < capacity; i++) {
        const weft_worker_stats *stats = &weft__rt.workers[i].stats;
        out[i] = (weft_worker_stats){.jobs = read_counter(&stats->jobs),
                                     .tasks_stolen = read_counter(&stats->tasks_stolen),
                                     .tasks_offered = read_counter(&stats->tasks_offered),
                                     .steals_failed = read_counter(&stats->steals_failed),
                                     .parks = read_counter(&stats->parks),
                                     .wakes = read_counter(&stats->wakes),
                                     .idle_ns = read_counter(&stats->idle_ns)};
    }
    *count = workers;
    return WEFT_OK;
}

size_t weft_stats_self(void)
{
    const struct weft__worker *self = weft__worker_self();
    return self == NULL ? SIZE_MAX : self->index;
}
