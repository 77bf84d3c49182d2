/* channel.c: items in a ring under a mutex; who has to wait queues up in line with a
 * record on its own stack, and is served by name.
 *
 * Invariant C1 (under the lock): receivers wait only when the channel is empty, senders
 * only when it is full; nobody joins a line once it is closed. So at most one of the two lines is
 * not empty, a sender that finds a receiver in line gives it the item directly, and a receiver that
 * makes room puts the first waiting sender's item behind all others: the order of the
 * items is the order in which sends complete, and in which they queued up.
 * Invariant C2: a waiter is served exactly once, under the lock, by being taken out of
 * the line and given its outcome; or takes itself out, under the lock. So one sleeping
 * thread costs one wake-up, and an item cannot fall between two receivers.
 * Invariant C3: the record may be gone as soon as its word is SERVED, which therefore is
 * the last access; waking a word that nobody waits on does no harm. */
#include "limit.h"

#include <weft/channel.h>

#include <stdlib.h>

enum { WAITING = 0, ASLEEP = 1, SERVED = 2 };

struct waiter {
    struct waiter *next, *before; /* in line; under the lock */
    void *item;                   /* to send, or received; under the lock until served */
    enum weft_status status;      /* what came of it; written before SERVED */
    _Atomic uint32_t word;        /* to ASLEEP: the waiter; to SERVED: who serves it */
};

struct line {
    struct waiter *first, *last;
};

struct weft_channel {
    weft_mutex lock;
    bool closed;           /* all below: under the lock */
    struct line senders;   /* oldest first */
    struct line receivers; /* oldest first */
    size_t capacity;       /* constant */
    size_t count;          /* items inside */
    size_t head;           /* place of the oldest */
    void *items[];
};

static void join_line(struct line *line, struct waiter *waiter)
{
    waiter->next = NULL;
    waiter->before = line->last;
    if (line->last != NULL)
        line->last->next = waiter;
    else
        line->first = waiter;
    line->last = waiter;
}

static void leave_line(struct line *line, struct waiter *waiter)
{
    if (waiter->before != NULL)
        waiter->before->next = waiter->next;
    else
        line->first = waiter->next;
    if (waiter->next != NULL)
        waiter->next->before = waiter->before;
    else
        line->last = waiter->before;
}

/* Takes the first one out of the line and fixes its outcome; NULL for nobody. After the
 * lock is given back, finish() must follow. */
static struct waiter *serve(struct line *line, enum weft_status status)
{
    struct waiter *waiter = line->first;
    if (waiter != NULL) {
        leave_line(line, waiter);
        waiter->status = status;
    }
    return waiter;
}

static void finish(struct waiter *waiter)
{
    if (waiter == NULL)
        return;
    /* Release: pairs with the acquire in wait_served. */
    if (atomic_exchange_explicit(&waiter->word, SERVED, memory_order_acq_rel) == ASLEEP)
        weft__plat_wake(&waiter->word, 1);
}

static void put(weft_channel *channel, void *item)
{
    size_t at = channel->head + channel->count++;
    channel->items[at < channel->capacity ? at : at - channel->capacity] = item;
}

static void *take(weft_channel *channel)
{
    void *item = channel->items[channel->head];
    channel->head = channel->head + 1 < channel->capacity ? channel->head + 1 : 0;
    channel->count--;
    return item;
}

/* Waits for SERVED; anything but WEFT_OK: gave up before it. */
static enum weft_status wait_served(struct waiter *self, const struct weft__limit *limit)
{
    enum weft_status status = WEFT_OK;
    /* Acquire, each time: pairs with the release in finish(). */
    uint32_t word = atomic_load_explicit(&self->word, memory_order_acquire);
    for (uint32_t i = 0; word != SERVED && i < WEFT__LOCK_SPINS; i++) {
        weft__plat_relax();
        word = atomic_load_explicit(&self->word, memory_order_acquire);
    }
    while (word != SERVED && status == WEFT_OK) {
        if (word == ASLEEP ||
            atomic_compare_exchange_strong_explicit(&self->word, &word, ASLEEP,
                                                    memory_order_acquire, memory_order_acquire))
            status = weft__limit_sleep(limit, &self->word, ASLEEP);
        word = atomic_load_explicit(&self->word, memory_order_acquire);
    }
    return word == SERVED ? WEFT_OK : status;
}

/* Queues up and sleeps. Called with the lock, returns without. */
static enum weft_status wait_in_line(weft_channel *channel, struct line *line, struct waiter *self,
                                     int64_t timeout_ns)
{
    static const struct weft__limit forever = {.timeout_ns = WEFT_FOREVER, .leaf = true};
    struct weft__limit limit = weft__limit_begin(timeout_ns);
    atomic_init(&self->word, WAITING);
    self->status = WEFT_ERR_UNSUPPORTED; /* not served */
    join_line(line, self);
    (void)weft_mutex_unlock(&channel->lock);
    enum weft_status status = wait_served(self, &limit);
    if (status == WEFT_OK)
        return self->status;
    weft__mutex_lock_leaf(&channel->lock);
    bool served = self->status != WEFT_ERR_UNSUPPORTED;
    if (!served)
        leave_line(line, self);
    (void)weft_mutex_unlock(&channel->lock);
    if (!served)
        return status;
    while (wait_served(self, &forever) != WEFT_OK) /* C3: finish() is under way */
        weft__plat_relax();
    return self->status;
}

/* What to do instead of waiting. */
static enum weft_status must_wait(int64_t timeout_ns)
{
    if (timeout_ns == 0)
        return WEFT_ERR_TIMEOUT;
    return weft__plat_may_sleep() ? WEFT_OK : WEFT_ERR_WOULD_BLOCK;
}

enum weft_status weft_channel_create(size_t capacity, weft_channel **channel)
{
    if (channel == NULL || capacity == 0 || capacity > WEFT_CHANNEL_MAX)
        return WEFT_ERR_INVALID;
    weft_channel *made = calloc(1, sizeof *made + capacity * sizeof made->items[0]);
    if (made == NULL)
        return WEFT_ERR_NOMEM;
    (void)weft_mutex_init(&made->lock);
    made->capacity = capacity;
    *channel = made;
    return WEFT_OK;
}

enum weft_status weft_channel_send(weft_channel *channel, void *item, int64_t timeout_ns)
{
    struct waiter *receiver = NULL;
    enum weft_status status = WEFT_OK;
    if (channel == NULL)
        return WEFT_ERR_INVALID;
    weft__mutex_lock_leaf(&channel->lock);
    if (channel->closed) {
        status = WEFT_ERR_CLOSED;
    } else if ((receiver = serve(&channel->receivers, WEFT_OK)) != NULL) {
        receiver->item = item;
    } else if (channel->count < channel->capacity) {
        put(channel, item);
    } else if ((status = must_wait(timeout_ns)) == WEFT_OK) {
        struct waiter self = {.item = item};
        return wait_in_line(channel, &channel->senders, &self, timeout_ns);
    }
    (void)weft_mutex_unlock(&channel->lock);
    finish(receiver);
    return status;
}

enum weft_status weft_channel_recv(weft_channel *channel, void **item, int64_t timeout_ns)
{
    struct waiter *sender = NULL;
    enum weft_status status = WEFT_OK;
    void *got = NULL;
    if (channel == NULL || item == NULL)
        return WEFT_ERR_INVALID;
    weft__mutex_lock_leaf(&channel->lock);
    if (channel->count > 0) {
        got = take(channel);
        if ((sender = serve(&channel->senders, WEFT_OK)) != NULL)
            put(channel, sender->item);
    } else if (channel->closed) {
        status = WEFT_ERR_CLOSED;
    } else if ((status = must_wait(timeout_ns)) == WEFT_OK) {
        struct waiter self = {.item = NULL};
        status = wait_in_line(channel, &channel->receivers, &self, timeout_ns);
        if (status == WEFT_OK)
            *item = self.item;
        return status;
    }
    (void)weft_mutex_unlock(&channel->lock);
    finish(sender);
    if (status == WEFT_OK)
        *item = got;
    return status;
}

static void refuse_all(weft_channel *channel, struct line *line)
{
    struct waiter *waiter;
    do {
        weft__mutex_lock_leaf(&channel->lock);
        waiter = serve(line, WEFT_ERR_CLOSED);
        (void)weft_mutex_unlock(&channel->lock);
        finish(waiter);
    } while (waiter != NULL);
}

void weft_channel_close(weft_channel *channel)
{
    if (channel == NULL)
        return;
    weft__mutex_lock_leaf(&channel->lock);
    channel->closed = true; /* nobody joins a line from here on */
    (void)weft_mutex_unlock(&channel->lock);
    refuse_all(channel, &channel->senders);
    refuse_all(channel, &channel->receivers);
}

void weft_channel_destroy(weft_channel *channel)
{
    free(channel);
}
