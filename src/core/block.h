/* block.h: for whoever sleeps in the middle of a task, and for whoever must not be cut short.
 *
 * A host may end a worker's thread at any moment, and another thread then takes its place
 * on the same memory (weft__worker_recover). An engine ends a thread where it looks whether
 * it should: at the entry of a function, at the head of a loop, in a wait, in JavaScript.
 *
 * Invariant T1: a dead thread can be followed by another one when it was outside of every
 * critical section and inside no wait of limit.h. Code that takes something over from other
 * threads or hands it to them (a job, a task, a wake-up, a place in a line) and has not
 * noted it in its worker's record yet is a critical section; so is the code that holds a
 * lock of ours. User code and the scheduler's own sleep are none.
 * Invariant T2: `critical` is raised before the first and lowered after the last such step.
 * It costs plain loads and a store, none of them on the fast path of fork/join.
 * Invariant T3: whoever is `held` enters no critical section: it raises `critical`, then
 * looks at `held`, and if that is set lowers `critical` again and waits. So a host that set
 * `held` some time ago, long enough for a store to be seen, and reads a `critical` of 0 may
 * end the thread at any later moment, and it can be followed. */
#ifndef WEFT_CORE_BLOCK_H
#define WEFT_CORE_BLOCK_H

#include <weft/task.h>

extern struct weft__front weft__nobody; /* the front of a thread that is no worker */

/* Around each sleep that is not the scheduler's own: the calling thread's worker counts
 * as blocked meanwhile, and a spare one may work in its place (spare.c). Nothing on a
 * thread that is no worker. */
void weft__block_begin(void);
void weft__block_end(void);

/* True while the host refuses a spare that is wanted: whoever sleeps then had better wake
 * up soon and begin again, which asks again. */
bool weft__spare_missing(void);

void weft__end_wait_held(struct weft__front *front); /* end.c */

/* Critical sections nest. `front` is the calling thread's. */
inline void weft__critical_begin(struct weft__front *front)
{
    if (front == &weft__nobody)
        return; /* nobody follows such a thread, and all of them share this record */
    uint32_t depth = WEFT__PEEK(&front->critical);
    WEFT__POKE(&front->critical, depth + 1);
    atomic_signal_fence(memory_order_seq_cst); /* T2: only the compiler could reorder it */
    if (depth == 0 && !WEFT__LIKELY(WEFT__PEEK(&front->held) == 0))
        weft__end_wait_held(front); /* T3 */
}

static inline void weft__critical_end(struct weft__front *front)
{
    if (front == &weft__nobody)
        return;
    atomic_signal_fence(memory_order_seq_cst); /* T2 */
    WEFT__POKE(&front->critical, WEFT__PEEK(&front->critical) - 1);
}

#endif
