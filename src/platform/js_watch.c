/* js_watch.c: what the host's watchdog asks and does; wasm/ABI.md says what each is. */
#include "js_watch.h"

#include "js_abi.h"
#include "js_shared.h"

#include "../core/worker.h"

enum { STATE_RUNS = 0, STATE_IDLE = 1, STATE_JOINS = 2, STATE_RESTS = 3, STATE_WAITS = 4 };

/* In `flags`. */
enum { TIMED = 1, HOSTS = 2, HELD = 4, ABANDONED = 8 };

struct wait_record {
    uint32_t state, slot, kind, object, number;
    uint32_t flags, owner; /* owner: index + 1 of the worker that holds a mutex; 0: no worker */
    uint32_t owner_slot;   /* the slot of the job that this worker is inside now */
};

_Static_assert(sizeof(struct wait_record) == 32, "js-glue/src/watch.js reads it");

static struct wait_record records[WEFT_THREADS_MAX + WEFT__SPARES_MAX];

static uint32_t slot_of(struct weft__worker *worker)
{
    return (uint32_t)(uintptr_t)weft_worker_slot(worker);
}

_Static_assert(WEFT_THREADS_MAX + WEFT__SPARES_MAX < 255, "a worker's name has 8 bits for it");

/* The worker that took a mutex last, or NULL. */
static struct weft__worker *holder_of(uintptr_t name)
{
    uint32_t index = (uint32_t)(name & 0xff);
    return index == 0 || index > weft__reach() ? NULL : &weft__rt.workers[index - 1];
}

static bool abandoned(const weft_mutex *mutex, uintptr_t name)
{
    struct weft__worker *holder = holder_of(name);
    if (holder == NULL || (WEFT__PEEK(&mutex->state) & WEFT__MUTEX_HELD) == 0)
        return false;
    for (uint32_t i = 0; i < WEFT__LOST; i++)
        if (WEFT__PEEK(&holder->lost[i]) == name)
            return true;
    return false;
}

uint32_t weft_js_mutex_abandoned(const weft_mutex *mutex)
{
    uintptr_t name = WEFT__PEEK(&mutex->owner);
    return abandoned(mutex, name) ? (uint32_t)(name & 0xff) : 0;
}

static void describe_wait(struct weft__worker *worker, struct wait_record *record)
{
    const void *object = atomic_load(&worker->waiting.object);
    record->state = STATE_WAITS;
    record->kind = atomic_load(&worker->waiting.kind);
    record->object = (uint32_t)(uintptr_t)object;
    record->number = atomic_load(&worker->waiting.number);
    record->flags = (atomic_load(&worker->waiting.timed) != 0 ? TIMED : 0) |
                    (weft__wait_is_hosts(object) ? HOSTS : 0);
    if (record->kind != WEFT__WAIT_MUTEX)
        return;
    const weft_mutex *mutex = object;
    uintptr_t name = WEFT__PEEK(&mutex->owner);
    struct weft__worker *holder = holder_of(name);
    if (abandoned(mutex, name))
        record->flags |= ABANDONED;
    if ((WEFT__PEEK(&mutex->state) & WEFT__MUTEX_HELD) != 0)
        record->flags |= HELD;
    if (holder != NULL) {
        record->owner = holder->index + 1;
        record->owner_slot = slot_of(holder);
    }
}

struct wait_record *weft_js_waits(void)
{
    static const uint32_t states[] = {STATE_RUNS, STATE_IDLE, STATE_JOINS, STATE_RESTS};
    for (uint32_t i = 0; i < weft__reach(); i++) {
        struct weft__worker *worker = &weft__rt.workers[i];
        struct wait_record *record = &records[i];
        *record = (struct wait_record){.state = states[atomic_load(&worker->sleep)],
                                       .slot = slot_of(worker)};
        if (record->state == STATE_RUNS && atomic_load(&worker->waiting.word) != NULL)
            describe_wait(worker, record);
    }
    return records;
}

uint32_t weft_js_reach(void)
{
    return weft__reach();
}

void weft_js_end_wait(uint32_t index, struct slot *slot, uint32_t how)
{
    weft__end_ask(&weft__rt.workers[index], (weft_job *)(void *)slot, how);
}

int32_t weft_js_hold(uint32_t index, struct slot *slot)
{
    return (int32_t)weft__end_hold(&weft__rt.workers[index], (weft_job *)(void *)slot);
}

int32_t weft_js_followable(uint32_t index)
{
    struct weft__worker *worker = &weft__rt.workers[index];
    return WEFT__PEEK(&worker->front.critical) == 0 &&
           atomic_load(&worker->waiting.kind) == WEFT__WAIT_NOTHING &&
           weft__plat_thread_followable(worker->thread);
}

int32_t weft_js_resize(uint32_t size)
{
    weft__js_words_resize(size);
    return (int32_t)weft__spare_resize(size);
}

static void unwind(void)
{
    __builtin_trap();
}

void weft__js_watch_start(void)
{
    weft__rt.host_unwind = unwind;
    weft__rt.host_ends = weft__wait_is_hosts;
}
