/* deque.c: the split deque; worker.h has the layout and the invariants. */
#include "worker.h"

static inline uint32_t tail_of(uint64_t offer)
{
    return (uint32_t)(offer & 0xffff);
}

static inline uint32_t split_of(uint64_t offer)
{
    return (uint32_t)(offer >> 16 & 0xffff);
}

static inline uint64_t word(uint32_t version, uint32_t split, uint32_t tail)
{
    return (uint64_t)version << 32 | (uint64_t)split << 16 | tail;
}

_Static_assert(WEFT__DEQUE_CAPACITY < 0xffff, "offer has 16 bits for a slot number");

/* Slots that one call lowers the floor by. */
#define FLOOR_STEPS 32u

/* Makes a slot ready to be taken by a thief. Relaxed: published with the offer. */
static void prepare(struct weft__worker *self, uint32_t index)
{
    atomic_store_explicit(&self->front.slots[index].state, 0, memory_order_relaxed);
}

/* The floor does not follow split down: its slots may hold tasks of groups. F1. */
static void set_split(struct weft__worker *self, uint32_t index)
{
    self->front.split = self->front.slots + index;
    if (self->front.floor < self->front.split)
        self->front.floor = self->front.split;
}

/* Brings the floor down as far as F1 lets it, but for a few slots at a time. */
void weft__deque_lower_floor(struct weft__worker *self)
{
    if (self->unplaced > 0) /* F2 */
        return;
    struct weft__slot *floor = self->front.head;
    for (uint32_t i = 0; i < FLOOR_STEPS && floor > self->front.split; i++) {
        if (atomic_load_explicit(&floor[-1].fn, memory_order_relaxed) == NULL)
            break;
        floor--;
    }
    self->front.floor = floor;
}

/* Puts the `count` oldest private tasks on offer. */
static WEFT__INLINE void publish(struct weft__worker *self, uint32_t count)
{
    uint32_t split = weft__split(self);
    for (uint32_t i = split; i < split + count; i++)
        prepare(self, i);
    /* Sequentially consistent for S1; as a release it pairs with the acquire in steal,
     * so that a thief sees the slots and the tasks. */
    if (self->lowered) { /* D1: no thief can change the word */
        self->lowered = false;
        atomic_store(&self->offer, word(++self->version, split + count, split));
    } else {
        atomic_fetch_add(&self->offer, (uint64_t)count << 16);
    }
    set_split(self, split + count);
}

/* Offers the older half of the private tasks, if nothing is on offer. */
static WEFT__INLINE void offer_half(struct weft__worker *self)
{
    if (!self->lowered) {
        uint64_t offer = atomic_load_explicit(&self->offer, memory_order_relaxed);
        if (tail_of(offer) < split_of(offer))
            return; /* the last offer still stands */
    }
    uint32_t count = (weft__head(self) - weft__split(self) + 1) / 2;
    if (count == 0)
        return;
    publish(self, count);
    weft__stats_add(&self->stats.tasks_offered, count);
}

/* Offers work and wakes a sleeper for it. */
static WEFT__INLINE void share(struct weft__worker *self)
{
    uint32_t before = weft__split(self);
    offer_half(self);
    /* S2: who asks from here on is seen by the next weft_spawn. Who has asked before finds
     * the offer, which is made first because a thief may be waiting for just that. */
    if (WEFT__PEEK(&self->front.limit) == 0)
        atomic_store(&self->front.limit, weft__limit(self));
    if (weft__split(self) != before && atomic_load(&weft__rt.sleepers) != 0 &&
        weft__sleep_wake_for(atomic_load_explicit(&self->job, memory_order_relaxed)))
        atomic_store(&self->front.limit, 0); /* more of them sleep */
}

/* Offers every private task: the owner is about to sleep and could not be asked. */
void weft__deque_offer_all(struct weft__worker *self)
{
    uint32_t count = weft__head(self) - weft__split(self);
    if (count == 0)
        return;
    publish(self, count);
    if (atomic_load(&weft__rt.sleepers) != 0)
        (void)weft__sleep_wake_for(atomic_load_explicit(&self->job, memory_order_relaxed));
}

/* Adds the newest entry by the slow path. There must be room. fn NULL: `context` is the node
 * of a group's task. */
void weft__deque_push(struct weft__worker *self, weft_task_fn fn, void *context)
{
    WEFT__POKE(&self->front.head->fn, fn);
    WEFT__POKE(&self->front.head->context, context);
    self->front.head++;
    if (fn == NULL && self->front.floor < self->front.head)
        self->front.floor = self->front.head; /* F1 */
    if (WEFT__PEEK(&weft__rt.reach) > 1)
        share(self);
}

/* Takes back the newest entry; its slot is front.head afterwards. False, with nothing
 * changed, when it has been stolen. There must be one. */
bool weft__deque_pop(struct weft__worker *self)
{
    uint32_t top = weft__head(self) - 1;
    if (top < weft__split(self)) {
        /* Acquire: pairs with the thief's exchange, see D2. */
        uint64_t offer = atomic_load_explicit(&self->offer, memory_order_acquire);
        uint32_t split, version = self->version + 1;
        do {
            uint32_t tail = tail_of(offer);
            if (tail > top)
                return false;
            split = tail + (top - tail) / 2; /* the older ones stay on offer */
        } while (!atomic_compare_exchange_weak_explicit(
            &self->offer, &offer, word(version, split, tail_of(offer)), memory_order_acq_rel,
            memory_order_acquire));
        self->version = version;
        self->front.split = self->front.slots + split;
    }
    self->front.head--;
    weft__deque_lower_floor(self);
    return true;
}

/* Forgets the slots from `head` up. All slots have been stolen. */
void weft__deque_lower(struct weft__worker *self, uint32_t head)
{
    self->front.head = self->front.slots + head;
    if (self->front.split > self->front.head) {
        self->front.split = self->front.head;
        self->lowered = true; /* D1 */
    }
    weft__deque_lower_floor(self);
}

/* Brings the word up to date, see D1. */
static void settle(struct weft__worker *self)
{
    if (!self->lowered)
        return;
    self->lowered = false;
    /* A plain store: with tail == split no thief can change the word. Release: pairs with
     * the acquire in steal. */
    atomic_store_explicit(&self->offer, word(++self->version, weft__split(self), weft__split(self)),
                          memory_order_release);
}

/* After the death of the owner: its copies are brought up to date. */
void weft__deque_recover(struct weft__worker *self)
{
    settle(self);
    uint64_t offer = atomic_load(&self->offer);
    self->version = (uint32_t)(offer >> 32);
    self->front.split = self->front.slots + split_of(offer); /* D1, had it just changed */
    self->unplaced = 0;
    weft__deque_lower_floor(self);
}

/* Takes the oldest offered entry of `victim` if it belongs to *job (any job when *job is
 * NULL, which is then set). Nothing: nothing on offer, or somebody else was faster. */
struct weft__entry weft__deque_steal(struct weft__worker *victim, weft_job **job)
{
    struct weft__entry none = {NULL, NULL, NULL};
    uint64_t offer = atomic_load_explicit(&victim->offer, memory_order_acquire);
    uint32_t tail = tail_of(offer);
    if (tail >= split_of(offer))
        return none;
    weft_job *of = atomic_load_explicit(&victim->job, memory_order_acquire);
    if (of == NULL || (*job != NULL && *job != of))
        return none;
    struct weft__slot *slot = &victim->offered[tail];
    struct weft__entry entry = {slot, atomic_load_explicit(&slot->fn, memory_order_relaxed), /* D2 */
                                atomic_load_explicit(&slot->context, memory_order_relaxed)};
    __builtin_prefetch(entry.context); /* of another core, at the same time as the word */
    if (!atomic_compare_exchange_strong(&victim->offer, &offer, offer + 1))
        return none;
    /* The owner offers more when it is asked; sleepers cannot ask again. */
    if (tail + 1 == split_of(offer) && atomic_load(&weft__rt.sleepers) != 0)
        atomic_store(&victim->front.limit, 0);
    *job = of;
    return entry;
}

/* Takes the owner's own oldest entry as a thief would; nothing when all have been stolen. */
struct weft__entry weft__deque_take_oldest(struct weft__worker *self)
{
    settle(self);
    uint64_t offer = atomic_load_explicit(&self->offer, memory_order_acquire);
    for (;;) {
        uint32_t tail = tail_of(offer), split = split_of(offer);
        if (tail >= weft__head(self))
            return (struct weft__entry){NULL, NULL, NULL};
        if (split == tail)
            prepare(self, split++);
        uint64_t taken = (offer & ~UINT64_C(0xffffffff)) | (uint64_t)split << 16 | (tail + 1);
        if (atomic_compare_exchange_weak_explicit(&self->offer, &offer, taken, memory_order_acq_rel,
                                                  memory_order_acquire)) {
            set_split(self, split);
            return weft__entry_at(self, tail);
        }
    }
}
