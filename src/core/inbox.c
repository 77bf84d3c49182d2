#include "inbox.h"

#include <stdlib.h>

enum weft_status weft__inbox_init(struct weft__inbox *inbox)
{
    inbox->cells = malloc(WEFT__INBOX_CAPACITY * sizeof *inbox->cells);
    if (inbox->cells == NULL)
        return WEFT_ERR_NOMEM;
    for (uint32_t i = 0; i < WEFT__INBOX_CAPACITY; i++)
        atomic_init(&inbox->cells[i].sequence, i);
    atomic_store_explicit(&inbox->tail, 0, memory_order_relaxed); /* published by thread start */
    atomic_store_explicit(&inbox->head, 0, memory_order_relaxed);
    return WEFT_OK;
}

void weft__inbox_fini(struct weft__inbox *inbox)
{
    free(inbox->cells);
    inbox->cells = NULL;
}

static struct weft__inbox_cell *cell_at(struct weft__inbox *inbox, uint32_t position)
{
    return &inbox->cells[position % WEFT__INBOX_CAPACITY];
}

/* How many positions from this one on a producer may fill, at most `count`. */
static uint32_t free_cells(struct weft__inbox *inbox, uint32_t position, uint32_t count)
{
    uint32_t free = 0;
    /* Acquire: pairs with the release in pop, so that the last job has been read. */
    while (free < count && atomic_load_explicit(&cell_at(inbox, position + free)->sequence,
                                                memory_order_acquire) == position + free)
        free++;
    return free;
}

uint32_t weft__inbox_push(struct weft__inbox *inbox, weft_job *const *jobs, uint32_t count)
{
    uint32_t position = atomic_load_explicit(&inbox->tail, memory_order_relaxed);
    uint32_t taken;
    do {
        while ((taken = free_cells(inbox, position, count)) == 0) {
            /* Somebody else's position, unless the cell is not given back. */
            uint32_t sequence =
                atomic_load_explicit(&cell_at(inbox, position)->sequence, memory_order_acquire);
            if ((int32_t)(sequence - position) < 0)
                return 0;
            position = atomic_load_explicit(&inbox->tail, memory_order_relaxed);
        }
    } while (!atomic_compare_exchange_weak(&inbox->tail, &position, position + taken));
    for (uint32_t i = 0; i < taken; i++) {
        struct weft__inbox_cell *cell = cell_at(inbox, position + i);
        cell->job = jobs[i];
        /* Sequentially consistent: the producer reads `sleepers` next (S1). */
        atomic_store(&cell->sequence, position + i + 1);
    }
    return taken;
}

weft_job *weft__inbox_pop(struct weft__inbox *inbox)
{
    uint32_t position = atomic_load_explicit(&inbox->head, memory_order_relaxed);
    for (;;) {
        struct weft__inbox_cell *cell = cell_at(inbox, position);
        /* Acquire: pairs with the store in push, so that the job is there. */
        uint32_t sequence = atomic_load_explicit(&cell->sequence, memory_order_acquire);
        int32_t ahead = (int32_t)(sequence - (position + 1));
        if (ahead < 0)
            return NULL;
        if (ahead > 0) {
            position = atomic_load_explicit(&inbox->head, memory_order_relaxed);
        } else if (atomic_compare_exchange_weak(&inbox->head, &position, position + 1)) {
            weft_job *job = cell->job;
            /* Release: pairs with the acquire in push. */
            atomic_store_explicit(&cell->sequence, position + WEFT__INBOX_CAPACITY,
                                  memory_order_release);
            return job;
        }
    }
}
