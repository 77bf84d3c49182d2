/* stats.h: counters of a worker; the owner adds, anybody reads.
 *
 * A counter is a plain load, add and store, whole but in no order with anything else.
 * These are not the calls of stdatomic.h, as each of those is a place where the explorer
 * of tests/model switches threads, and counters decide nothing. */
#ifndef WEFT_CORE_STATS_H
#define WEFT_CORE_STATS_H

#include <weft/stats.h>

static inline void weft__stats_add(uint64_t *counter, uint64_t count)
{
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + count, __ATOMIC_RELAXED);
}

/* Times are differences of clock readings; a clock that goes back counts for nothing. */
static inline void weft__stats_add_time(uint64_t *counter, int64_t passed_ns)
{
    if (passed_ns > 0)
        weft__stats_add(counter, (uint64_t)passed_ns);
}

#endif
