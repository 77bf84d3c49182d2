/* inbox.h: the bounded queue of submitted jobs, any number of threads at both ends.
 *
 * Source: Dmitry Vyukov, "Bounded MPMC queue" (2010). A cell's sequence number says
 * whose turn it is: equal to the position, a producer may fill it; one more, a consumer
 * may empty it. Nobody waits for anybody; a cell that is being filled looks empty, and
 * its producer wakes a worker after it is filled. */
#ifndef WEFT_CORE_INBOX_H
#define WEFT_CORE_INBOX_H

#include <weft/job.h>

#ifndef WEFT__INBOX_CAPACITY       /* the model check has a small one */
#define WEFT__INBOX_CAPACITY 4096u /* a power of two */
#endif

struct weft__inbox_cell {
    _Atomic uint32_t sequence;
    weft_job *job; /* whoever's turn it is */
};

struct weft__inbox {
    struct weft__inbox_cell *cells;
    _Alignas(64) _Atomic uint32_t tail; /* producers */
    _Alignas(64) _Atomic uint32_t head; /* consumers */
};

enum weft_status weft__inbox_init(struct weft__inbox *inbox);
void weft__inbox_fini(struct weft__inbox *inbox);
weft_job *weft__inbox_pop(struct weft__inbox *inbox); /* NULL: empty */

/* Queues the first of the jobs, one after the other, as many as there is room for. Returns how
 * many; fewer than `count` only if it is full, or if a consumer that is a whole round behind has
 * taken the job of the next cell and not given that back yet. */
uint32_t weft__inbox_push(struct weft__inbox *inbox, weft_job *const *jobs, uint32_t count);

/* True when as many jobs wait as there is room for. Errs only on the other side: by the time
 * that `head` is read some may have gone, never come. */
static inline bool weft__inbox_full(struct weft__inbox *inbox)
{
    uint32_t tail = atomic_load(&inbox->tail);
    return tail - atomic_load(&inbox->head) >= WEFT__INBOX_CAPACITY;
}

/* True when a job can be taken. A job whose producer is in the middle of push does not
 * count, nor do those behind it: that producer wakes a worker when it is through. */
static inline bool weft__inbox_filled(struct weft__inbox *inbox)
{
    uint32_t position = atomic_load(&inbox->head);
    return atomic_load(&inbox->cells[position % WEFT__INBOX_CAPACITY].sequence) == position + 1;
}

#endif
