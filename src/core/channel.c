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
#include "look.h"

#include <weft/channel.h>

#include <stdlib.h>

/* weft__waiter.word: to ASLEEP by the waiter, to SERVED by who serves it. */
enum { WAITING = 0, ASLEEP = WEFT__WAITER_ASLEEP, SERVED = 2 };

struct weft__line {
    struct weft__waiter *first, *last;
};

struct weft_channel {
    weft_mutex lock;
    bool closed;                 /* all below: under the lock */
    struct weft__line senders;   /* oldest first */
    struct weft__line receivers; /* oldest first */
    size_t capacity;             /* constant */
    size_t count;                /* items inside */
    size_t head;                 /* place of the oldest */
    void *items[];
};

/* Where a pointer has 4 bytes. */
#define SAME_IN_JS(condition)                                                                      \
    _Static_assert(sizeof(void *) != 4 || (condition), "js-glue/src/layout.js has this offset")
SAME_IN_JS(offsetof(struct weft_channel, closed) == 8);
SAME_IN_JS(offsetof(struct weft_channel, capacity) == 28);
SAME_IN_JS(offsetof(struct weft_channel, count) == 32);

static void join_line(struct weft__line *line, struct weft__waiter *waiter)
{
    waiter->line = line;
    waiter->status = WEFT_ERR_UNSUPPORTED; /* not served */
    atomic_init(&waiter->word, WAITING);
    waiter->next = NULL;
    waiter->before = line->last;
    if (line->last != NULL)
        line->last->next = waiter;
    else
        line->first = waiter;
    line->last = waiter;
}

static void leave_line(struct weft__waiter *waiter)
{
    struct weft__line *line = waiter->line;
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
static struct weft__waiter *serve(struct weft__line *line, enum weft_status status)
{
    struct weft__waiter *waiter = line->first;
    if (waiter != NULL) {
        leave_line(waiter);
        waiter->status = status;
    }
    return waiter;
}

static void finish(struct weft__waiter *waiter)
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

enum weft_status weft__channel_look(struct weft__waiter *self)
{
    /* Acquire, here and below: pairs with the release in finish(). */
    uint32_t word = atomic_load_explicit(&self->word, memory_order_acquire);
    while (word != SERVED)
        if (word == ASLEEP ||
            atomic_compare_exchange_weak_explicit(&self->word, &word, ASLEEP, memory_order_acquire,
                                                  memory_order_acquire))
            return WEFT_ERR_WOULD_BLOCK;
    return self->status;
}

bool weft__channel_leave(weft_channel *channel, struct weft__waiter *self)
{
    weft__mutex_lock_leaf(&channel->lock);
    bool waiting = self->status == WEFT_ERR_UNSUPPORTED;
    if (waiting)
        leave_line(self);
    weft__mutex_unlock_leaf(&channel->lock);
    return waiting;
}

/* Sleeps until it is served. Called without the lock, in line. */
static enum weft_status wait_in_line(weft_channel *channel, struct weft__waiter *self,
                                     int64_t timeout_ns)
{
    struct weft__limit limit = weft__limit_begin(WEFT__WAIT_CHANNEL, channel, timeout_ns);
    for (uint32_t i = 0; i < WEFT__LOCK_SPINS && WEFT__PEEK(&self->word) != SERVED; i++)
        weft__plat_relax();
    enum weft_status status = WEFT_OK, look;
    while ((look = weft__channel_look(self)) == WEFT_ERR_WOULD_BLOCK) {
        if (status != WEFT_OK) {
            if (weft__channel_leave(channel, self))
                return weft__limit_end(status);
            limit.timeout_ns = WEFT_FOREVER; /* C3: finish() is under way */
            limit.leaf = true;
        }
        status = weft__limit_sleep(&limit, &self->word, ASLEEP);
    }
    return weft__limit_end(look);
}

/* True when this call waits for its turn; else *status says what to do instead. */
static bool may_wait(int64_t timeout_ns, enum weft_status *status)
{
    *status = timeout_ns == 0 ? WEFT_ERR_TIMEOUT : WEFT_ERR_WOULD_BLOCK;
    return timeout_ns != 0 && weft__plat_may_sleep();
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

enum weft_status weft__channel_offer(weft_channel *channel, void *item, struct weft__waiter *self)
{
    struct weft__waiter *receiver = NULL;
    enum weft_status status = WEFT_OK;
    weft__mutex_lock_leaf(&channel->lock);
    if (channel->closed) {
        status = WEFT_ERR_CLOSED;
    } else if ((receiver = serve(&channel->receivers, WEFT_OK)) != NULL) {
        receiver->item = item;
    } else if (channel->count < channel->capacity) {
        put(channel, item);
    } else {
        status = WEFT_ERR_WOULD_BLOCK;
        if (self != NULL) {
            self->item = item;
            join_line(&channel->senders, self);
        }
    }
    weft__mutex_unlock_leaf(&channel->lock);
    finish(receiver);
    return status;
}

enum weft_status weft_channel_send(weft_channel *channel, void *item, int64_t timeout_ns)
{
    struct weft__waiter self;
    enum weft_status otherwise;
    if (channel == NULL)
        return WEFT_ERR_INVALID;
    bool waits = may_wait(timeout_ns, &otherwise);
    weft__critical_begin(weft__front); /* T1: in line, or about to finish() */
    enum weft_status status = weft__channel_offer(channel, item, waits ? &self : NULL);
    if (status == WEFT_ERR_WOULD_BLOCK)
        status = waits ? wait_in_line(channel, &self, timeout_ns) : otherwise;
    weft__critical_end(weft__front);
    return status;
}

enum weft_status weft__channel_ask(weft_channel *channel, void **item, struct weft__waiter *self)
{
    struct weft__waiter *sender = NULL;
    enum weft_status status = WEFT_OK;
    void *got = NULL;
    weft__mutex_lock_leaf(&channel->lock);
    if (channel->count > 0) {
        got = take(channel);
        if ((sender = serve(&channel->senders, WEFT_OK)) != NULL)
            put(channel, sender->item);
    } else if (channel->closed) {
        status = WEFT_ERR_CLOSED;
    } else {
        status = WEFT_ERR_WOULD_BLOCK;
        if (self != NULL)
            join_line(&channel->receivers, self);
    }
    weft__mutex_unlock_leaf(&channel->lock);
    finish(sender);
    if (status == WEFT_OK)
        *item = got;
    return status;
}

enum weft_status weft_channel_recv(weft_channel *channel, void **item, int64_t timeout_ns)
{
    struct weft__waiter self;
    enum weft_status otherwise;
    if (channel == NULL || item == NULL)
        return WEFT_ERR_INVALID;
    bool waits = may_wait(timeout_ns, &otherwise);
    weft__critical_begin(weft__front); /* as in weft_channel_send */
    enum weft_status status = weft__channel_ask(channel, item, waits ? &self : NULL);
    if (status == WEFT_ERR_WOULD_BLOCK) {
        status = waits ? wait_in_line(channel, &self, timeout_ns) : otherwise;
        if (status == WEFT_OK)
            *item = self.item;
    }
    weft__critical_end(weft__front);
    return status;
}

static void refuse_all(weft_channel *channel, struct weft__line *line)
{
    struct weft__waiter *waiter;
    do {
        weft__mutex_lock_leaf(&channel->lock);
        waiter = serve(line, WEFT_ERR_CLOSED);
        weft__mutex_unlock_leaf(&channel->lock);
        finish(waiter);
    } while (waiter != NULL);
}

void weft_channel_close(weft_channel *channel)
{
    if (channel == NULL)
        return;
    weft__mutex_lock_leaf(&channel->lock);
    channel->closed = true; /* nobody joins a line from here on */
    weft__mutex_unlock_leaf(&channel->lock);
    weft__critical_begin(weft__front);
    refuse_all(channel, &channel->senders);
    refuse_all(channel, &channel->receivers);
    weft__critical_end(weft__front);
}

bool weft__channel_awaited(weft_channel *channel)
{
    weft__mutex_lock_leaf(&channel->lock);
    bool awaited = channel->senders.first != NULL || channel->receivers.first != NULL;
    weft__mutex_unlock_leaf(&channel->lock);
    return awaited;
}

void weft_channel_destroy(weft_channel *channel)
{
    free(channel);
}
