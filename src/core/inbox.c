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

bool weft__inbox_push(struct weft__inbox *inbox, weft_job *job)
{
    uint32_t position = atomic_load_explicit(&inbox->tail, memory_order_relaxed);
    for (;;) {
        struct weft__inbox_cell *cell = &inbox->cells[position % WEFT__INBOX_CAPACITY];
        /* Acquire: pairs with the release in pop, so that the last job has been read. */
        uint32_t sequence = atomic_load_explicit(&cell->sequence, memory_order_acquire);
        int32_t ahead = (int32_t)(sequence - position);
        if (ahead < 0)
            return false;
        if (ahead > 0) {
            position = atomic_load_explicit(&inbox->tail, memory_order_relaxed);
        } else if (atomic_compare_exchange_weak(&inbox->tail, &position, position + 1)) {
            cell->job = job;
            /* Sequentially consistent: the producer reads `sleepers` next (S1). */
            atomic_store(&cell->sequence, position + 1);
            return true;
        }
    }
}

weft_job *weft__inbox_pop(struct weft__inbox *inbox)
{
    uint32_t position = atomic_load_explicit(&inbox->head, memory_order_relaxed);
    for (;;) {
        struct weft__inbox_cell *cell = &inbox->cells[position % WEFT__INBOX_CAPACITY];
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
