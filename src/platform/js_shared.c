/* js_shared.c: mutexes, semaphores, events and channels that JavaScript makes and shares
 * with C, for both wasm targets ("Shared objects" in wasm/ABI.md).
 *
 * The host's thread waits for them by steps (core/look.h) and is woken by
 * Atomics.waitAsync. Threads that may sleep call the C API through the exports below, so a
 * JavaScript task that waits is accounted for like one of C's. */
#include "js_shared.h"

#include "../core/look.h"

#include <stdlib.h>
#include <string.h>

enum kind { MUTEX = 1, SEMAPHORE = 2, EVENT = 3, CHANNEL = 4, RAW_CHANNEL = 5 };

/* Looks in vain after which the host is starved. Fewer than other waiters have: its look
 * comes late, after a turn of the event loop, so it loses most of them. */
#define HOST_LOSSES 3u

/* A wait of the host's, which has one at a time for each thing to wait for. */
struct turn {
    _Atomic uint32_t *word;     /* look again when this ... */
    uint32_t asleep;            /* ... is not this any more, or when woken */
    void *item;                 /* channel: to send, or received */
    bool joined;                /* a look has said WEFT_ERR_WOULD_BLOCK */
    uint32_t number;            /* mutex: looks in vain; event: see look.h */
    struct weft__waiter waiter; /* channel */
};

struct shared {
    void *object;         /* what the C API takes */
    uint32_t held;        /* mutex: the host holds it; written by the host */
    struct turn turns[2]; /* channel: the first one receives, the other sends */
    enum kind kind;
    union {
        weft_mutex mutex;
        weft_semaphore semaphore;
        weft_event event;
    } is;
    struct shared *next;
};

/* Where a pointer has 4 bytes; tests/model has this file elsewhere. */
#define SAME_IN_JS(condition)                                                                      \
    _Static_assert(sizeof(void *) != 4 || (condition), "js-glue/src/layout.js has this offset")
SAME_IN_JS(offsetof(struct shared, object) == 0);
SAME_IN_JS(offsetof(struct shared, held) == 4);
SAME_IN_JS(offsetof(struct shared, turns) == 8);
SAME_IN_JS(offsetof(struct turn, word) == 0);
SAME_IN_JS(offsetof(struct turn, asleep) == 4);
SAME_IN_JS(offsetof(struct turn, item) == 8);
SAME_IN_JS(sizeof(struct turn) == 44);

static struct shared *all; /* the host's thread only */

/* ---- Objects, on the host's thread ------------------------------------------------------ */

static enum weft_status make(struct shared *shared, uint32_t count)
{
    weft_channel *channel = NULL;
    enum weft_status status;
    shared->object = &shared->is;
    shared->turns[0].word = &shared->is.mutex.state; /* a union: of any of the three */
    switch (shared->kind) {
    case MUTEX: return weft_mutex_init(&shared->is.mutex);
    case SEMAPHORE: return weft_semaphore_init(&shared->is.semaphore, count);
    case EVENT: return weft_event_init(&shared->is.event);
    case CHANNEL:
    case RAW_CHANNEL:
        status = weft_channel_create(count, &channel);
        shared->object = channel;
        for (size_t i = 0; i < 2; i++)
            shared->turns[i].word = &shared->turns[i].waiter.word;
        return status;
    }
    return WEFT_ERR_INVALID;
}

struct shared *weft_js_shared_create(uint32_t kind, uint32_t count)
{
    struct shared *shared = calloc(1, sizeof *shared);
    if (shared == NULL)
        return NULL;
    shared->kind = (enum kind)kind;
    if (make(shared, count) != WEFT_OK) {
        free(shared);
        return NULL;
    }
    shared->next = all;
    all = shared;
    return shared;
}

int32_t weft_js_shared_destroy(struct shared *shared)
{
    struct shared **link = &all;
    void *item = NULL;
    if (shared->kind == MUTEX && weft_mutex_fini(&shared->is.mutex) != WEFT_OK)
        return WEFT_ERR_STATE;
    if (shared->kind >= CHANNEL) {
        if (weft__channel_awaited(shared->object))
            return WEFT_ERR_STATE;
        while (shared->kind == CHANNEL && weft_channel_recv(shared->object, &item, 0) == WEFT_OK)
            free(item);
        weft_channel_destroy(shared->object);
    }
    while (*link != shared)
        link = &(*link)->next;
    *link = shared->next;
    free(shared);
    return WEFT_OK;
}

/* A mutex is the host's to give while the host holds it, or while it is free and a waiter,
 * perhaps the host, is on its way to it. Anything else that the host has made, it can act
 * on at any time. */
bool weft__wait_is_hosts(const void *object)
{
    for (const struct shared *shared = all; shared != NULL; shared = shared->next) {
        if (shared->object != object)
            continue;
        if (shared->kind != MUTEX || shared->held != 0)
            return true;
        uint32_t state = atomic_load_explicit(&shared->is.mutex.state, memory_order_relaxed);
        return (state & WEFT__MUTEX_HELD) == 0;
    }
    return false;
}

/* ---- Waiting, on the host's thread ------------------------------------------------------ */

static enum weft_status look_at_mutex(struct shared *shared, struct turn *turn, bool leaves)
{
    if (!turn->joined) {
        weft__mutex_join(&shared->is.mutex);
        turn->number = 0;
    }
    enum weft_status status =
        weft__mutex_look(&shared->is.mutex, turn->number++ >= HOST_LOSSES, leaves, &turn->asleep);
    if (status == WEFT_OK)
        WEFT__POKE(&shared->is.mutex.owner, WEFT__PEEK(&weft__front->name));
    return status;
}

static enum weft_status look_at_event(struct shared *shared, struct turn *turn)
{
    if (!turn->joined)
        turn->number = weft__event_join(&shared->is.event);
    return weft__event_look(&shared->is.event, turn->number, &turn->asleep) ? WEFT_OK
                                                                            : WEFT_ERR_WOULD_BLOCK;
}

static enum weft_status look_at_channel(struct shared *shared, struct turn *turn, bool leaves)
{
    weft_channel *channel = shared->object;
    turn->asleep = WEFT__WAITER_ASLEEP;
    if (!turn->joined) {
        enum weft_status status = turn == &shared->turns[0]
                                      ? weft__channel_ask(channel, &turn->item, &turn->waiter)
                                      : weft__channel_offer(channel, turn->item, &turn->waiter);
        if (status != WEFT_ERR_WOULD_BLOCK)
            return status;
    }
    if (leaves && weft__channel_leave(channel, &turn->waiter))
        return WEFT_ERR_TIMEOUT;
    enum weft_status status = weft__channel_look(&turn->waiter);
    if (status == WEFT_OK) /* in line, be it for a moment: the item came there */
        turn->item = turn->waiter.item;
    return status;
}

static enum weft_status look_once(struct shared *shared, struct turn *turn, bool leaves)
{
    switch (shared->kind) {
    case MUTEX: return look_at_mutex(shared, turn, leaves);
    case SEMAPHORE:
        return weft__semaphore_look(&shared->is.semaphore, &turn->asleep) ? WEFT_OK
                                                                          : WEFT_ERR_WOULD_BLOCK;
    case EVENT: return look_at_event(shared, turn);
    case CHANNEL:
    case RAW_CHANNEL: break;
    }
    return look_at_channel(shared, turn, leaves);
}

int32_t weft_js_shared_look(struct shared *shared, uint32_t side, uint32_t leaves)
{
    struct turn *turn = &shared->turns[side];
    enum weft_status status = look_once(shared, turn, leaves != 0);
    /* Who leaves a semaphore or an event was never in a line. */
    if (leaves != 0 && status == WEFT_ERR_WOULD_BLOCK && shared->kind < CHANNEL)
        status = WEFT_ERR_TIMEOUT;
    turn->joined = status == WEFT_ERR_WOULD_BLOCK;
    return (int32_t)status;
}

/* ---- The C API, on any thread ----------------------------------------------------------- */

static int64_t nanoseconds(double ms)
{
    return ms >= 0 && ms < 9e12 ? (int64_t)(ms * 1e6) : WEFT_FOREVER;
}

int32_t weft_js_mutex_lock(weft_mutex *mutex, double timeout_ms)
{
    return (int32_t)weft_mutex_lock(mutex, nanoseconds(timeout_ms));
}

int32_t weft_js_mutex_unlock(weft_mutex *mutex)
{
    return (int32_t)weft_mutex_unlock(mutex);
}

int32_t weft_js_semaphore_acquire(weft_semaphore *semaphore, double timeout_ms)
{
    return (int32_t)weft_semaphore_acquire(semaphore, nanoseconds(timeout_ms));
}

int32_t weft_js_semaphore_release(weft_semaphore *semaphore, uint32_t count)
{
    return (int32_t)weft_semaphore_release(semaphore, count);
}

int32_t weft_js_event_wait(weft_event *event, double timeout_ms)
{
    return (int32_t)weft_event_wait(event, nanoseconds(timeout_ms));
}

int32_t weft_js_event_set(weft_event *event)
{
    return (int32_t)weft_event_set(event);
}

int32_t weft_js_event_reset(weft_event *event)
{
    return (int32_t)weft_event_reset(event);
}

int32_t weft_js_channel_send(weft_channel *channel, void *item, double timeout_ms)
{
    return (int32_t)weft_channel_send(channel, item, nanoseconds(timeout_ms));
}

/* The item, or a status as a negative number. */
double weft_js_channel_recv(weft_channel *channel, double timeout_ms)
{
    void *item = NULL;
    enum weft_status status = weft_channel_recv(channel, &item, nanoseconds(timeout_ms));
    return status == WEFT_OK ? (double)(uintptr_t)item : -(double)status;
}

void weft_js_channel_close(weft_channel *channel)
{
    weft_channel_close(channel);
}
