/* ring.c: a queue between two threads. (Lamport, "Specifying concurrent program modules",
 * 1983; each side keeps a copy of the other's index, so that the two share a cache line
 * only when the copy has run out.)
 *
 * `sent` and `received` count items and wrap around; an item is in slot count % slots, and
 * slots is a power of two, so that the wrap does no harm.
 * Invariant R1: received <= sent <= received + capacity. The slots from received to sent
 * belong to the receiver, the others to the sender; an index hands slots over and is
 * written by its own side alone.
 * Invariant R2: who is about to sleep sets its `sleeps`, then looks once more at the other
 * one's index and at `closed`, then sleeps while `sleeps` is set. Who moves an index, or
 * closes, looks at the other one's `sleeps` afterwards, and clears it before it wakes. All
 * of these are sequentially consistent, so one of the two sees the other. */
#include "limit.h"

#include <weft/ring.h>

#include <stdlib.h>

struct weft_ring {
    uint32_t capacity, mask; /* constant */
    void **slots;            /* constant */
    _Atomic uint32_t closed; /* 0 or 1; any thread */

    _Alignas(64) _Atomic uint32_t sent; /* the sender */
    uint32_t received_copy;             /* the sender; never ahead of `received` */
    _Atomic uint32_t receiver_sleeps;   /* the receiver sets it, anybody clears it */

    _Alignas(64) _Atomic uint32_t received; /* the receiver */
    uint32_t sent_copy;                     /* the receiver; never ahead of `sent` */
    _Atomic uint32_t sender_sleeps;         /* the sender sets it, anybody clears it */
};

enum weft_status weft_ring_create(size_t capacity, weft_ring **ring)
{
    uint32_t slots = 1;
    if (ring == NULL || capacity == 0 || capacity > WEFT_RING_MAX)
        return WEFT_ERR_INVALID;
    while (slots < capacity)
        slots *= 2;
    weft_ring *made = aligned_alloc(_Alignof(weft_ring), sizeof *made);
    void **items = calloc(slots, sizeof *items);
    if (made == NULL || items == NULL) {
        free(items);
        free(made);
        return WEFT_ERR_NOMEM;
    }
    *made = (weft_ring){.capacity = (uint32_t)capacity, .mask = slots - 1, .slots = items};
    *ring = made;
    return WEFT_OK;
}

static void wake(_Atomic uint32_t *sleeps)
{
    if (atomic_load(sleeps) != 0) {
        weft__critical_begin(weft__front); /* T1: until the wake-up is given */
        atomic_store(sleeps, 0);
        weft__plat_wake(sleeps, 1);
        weft__critical_end(weft__front);
    }
}

enum weft_status weft_ring_try_send(weft_ring *ring, void *item)
{
    if (ring == NULL)
        return WEFT_ERR_INVALID;
    if (atomic_load(&ring->closed) != 0)
        return WEFT_ERR_CLOSED;
    uint32_t sent = atomic_load_explicit(&ring->sent, memory_order_relaxed); /* our own */
    if (sent - ring->received_copy == ring->capacity) {
        /* Hands over the slots that were read: pairs with the store in try_recv. */
        ring->received_copy = atomic_load(&ring->received);
        if (sent - ring->received_copy == ring->capacity)
            return WEFT_ERR_TIMEOUT;
    }
    ring->slots[sent & ring->mask] = item;
    atomic_store(&ring->sent, sent + 1);
    wake(&ring->receiver_sleeps);
    return WEFT_OK;
}

enum weft_status weft_ring_try_recv(weft_ring *ring, void **item)
{
    if (ring == NULL || item == NULL)
        return WEFT_ERR_INVALID;
    uint32_t received = atomic_load_explicit(&ring->received, memory_order_relaxed); /* our own */
    if (received == ring->sent_copy) {
        /* `closed` first: what was sent before it was closed is then seen. */
        bool closed = atomic_load(&ring->closed) != 0;
        /* Hands over the slots that were written: pairs with the store in try_send. */
        ring->sent_copy = atomic_load(&ring->sent);
        if (received == ring->sent_copy)
            return closed ? WEFT_ERR_CLOSED : WEFT_ERR_TIMEOUT;
    }
    *item = ring->slots[received & ring->mask];
    atomic_store(&ring->received, received + 1);
    wake(&ring->sender_sleeps);
    return WEFT_OK;
}

/* One of the two forms, so that there is one way to wait. */
static enum weft_status attempt(weft_ring *ring, void *item, void **slot)
{
    return slot != NULL ? weft_ring_try_recv(ring, slot) : weft_ring_try_send(ring, item);
}

static enum weft_status wait_for(weft_ring *ring, void *item, void **slot, int64_t timeout_ns)
{
    _Atomic uint32_t *sleeps = slot != NULL ? &ring->receiver_sleeps : &ring->sender_sleeps;
    struct weft__limit limit = weft__limit_begin(WEFT__WAIT_RING, ring, timeout_ns);
    enum weft_status status = WEFT_OK, done;
    for (uint32_t i = 0; i < WEFT__LOCK_SPINS; i++) {
        if ((done = attempt(ring, item, slot)) != WEFT_ERR_TIMEOUT)
            return weft__limit_end(done);
        weft__plat_relax();
    }
    for (;;) {
        atomic_store(sleeps, 1);
        done = attempt(ring, item, slot);
        if (done != WEFT_ERR_TIMEOUT || status != WEFT_OK)
            break;
        status = weft__limit_sleep(&limit, sleeps, 1);
    }
    atomic_store_explicit(sleeps, 0, memory_order_relaxed); /* a wake-up less, at best */
    return weft__limit_end(done != WEFT_ERR_TIMEOUT ? done : status);
}

enum weft_status weft_ring_send(weft_ring *ring, void *item, int64_t timeout_ns)
{
    enum weft_status status = weft_ring_try_send(ring, item);
    if (status != WEFT_ERR_TIMEOUT || timeout_ns == 0)
        return status;
    return wait_for(ring, item, NULL, timeout_ns);
}

enum weft_status weft_ring_recv(weft_ring *ring, void **item, int64_t timeout_ns)
{
    enum weft_status status = weft_ring_try_recv(ring, item);
    if (status != WEFT_ERR_TIMEOUT || timeout_ns == 0)
        return status;
    return wait_for(ring, NULL, item, timeout_ns);
}

void weft_ring_close(weft_ring *ring)
{
    if (ring == NULL)
        return;
    atomic_store(&ring->closed, 1);
    wake(&ring->sender_sleeps);
    wake(&ring->receiver_sleeps);
}

void weft_ring_destroy(weft_ring *ring)
{
    if (ring != NULL)
        free(ring->slots);
    free(ring);
}
