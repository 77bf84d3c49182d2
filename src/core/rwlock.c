/* rwlock.c: the reader-writer lock.
 *
 * weft_rwlock.state:
 *     bits    what                  changed by
 *     0..15   readers that hold it  each reader, +1 and -1
 *     16..30  writers that wait     each such writer, +1 and -1
 *     31      WRITTEN               the writer that holds it
 *
 * Readers and writers sleep on words of their own, the gates.
 * Invariant R1: a thread reads its gate, then finds that the state keeps it out, then
 * sleeps while the gate is the same. Who changes the state so that others may get in
 * changes their gate afterwards. So nobody sleeps past a change.
 * Invariant R2: while the state keeps a waiting writer out, somebody holds the lock, and
 * whoever ends that wakes one writer as long as any waits. Readers are kept out by
 * writers alone; the last one to hold the lock or to give up wakes them all. */
#include "limit.h"

#define READER  1u
#define READERS 0xffffu
#define WAITING 0x10000u
#define WAITERS 0x7fff0000u
#define WRITTEN 0x80000000u

_Static_assert(WEFT_RWLOCK_READERS_MAX == READERS, "weft/lock.h says how many readers fit");

enum weft_status weft_rwlock_init(weft_rwlock *lock)
{
    if (lock == NULL)
        return WEFT_ERR_INVALID;
    atomic_init(&lock->state, 0);
    atomic_init(&lock->readers_waiting, 0);
    atomic_init(&lock->reader_gate, 0);
    atomic_init(&lock->writer_gate, 0);
    return WEFT_OK;
}

/* The lock has become free of what `state` does not show any more. Sequentially
 * consistent against readers_waiting in weft_rwlock_read_lock: one of both sees the other. */
static void let_in(weft_rwlock *lock, uint32_t state)
{
    if ((state & WRITTEN) != 0)
        return;
    if ((state & WAITERS) != 0) {
        if ((state & READERS) == 0) {
            atomic_fetch_add(&lock->writer_gate, 1);
            weft__plat_wake(&lock->writer_gate, 1);
        }
    } else if (atomic_load(&lock->readers_waiting) != 0) {
        atomic_fetch_add(&lock->reader_gate, 1);
        weft__plat_wake(&lock->reader_gate, UINT32_MAX);
    }
}

/* WEFT_OK, WEFT_ERR_LIMIT, or WEFT_ERR_TIMEOUT when writers keep us out. */
static enum weft_status read_now(weft_rwlock *lock)
{
    uint32_t state = atomic_load(&lock->state);
    while ((state & (WAITERS | WRITTEN)) == 0) {
        if ((state & READERS) == READERS)
            return WEFT_ERR_LIMIT;
        if (atomic_compare_exchange_weak(&lock->state, &state, state + READER))
            return WEFT_OK;
    }
    return WEFT_ERR_TIMEOUT;
}

enum weft_status weft_rwlock_read_lock(weft_rwlock *lock, int64_t timeout_ns)
{
    if (lock == NULL)
        return WEFT_ERR_INVALID;
    enum weft_status now = read_now(lock);
    if (now != WEFT_ERR_TIMEOUT || timeout_ns == 0)
        return now;
    struct weft__limit limit = weft__limit_begin(WEFT__WAIT_READ_LOCK, lock, timeout_ns);
    enum weft_status status = WEFT_OK;
    atomic_fetch_add(&lock->readers_waiting, 1);
    for (;;) {
        uint32_t gate = atomic_load(&lock->reader_gate);
        if ((now = read_now(lock)) != WEFT_ERR_TIMEOUT || status != WEFT_OK)
            break;
        status = weft__limit_sleep(&limit, &lock->reader_gate, gate);
    }
    atomic_fetch_sub(&lock->readers_waiting, 1);
    return weft__limit_end(now != WEFT_ERR_TIMEOUT ? now : status);
}

enum weft_status weft_rwlock_read_unlock(weft_rwlock *lock)
{
    if (lock == NULL)
        return WEFT_ERR_INVALID;
    enum weft_status status = WEFT_OK;
    weft__critical_begin(weft__front); /* T1: until the wake-up is given */
    uint32_t state = atomic_load_explicit(&lock->state, memory_order_relaxed);
    do {
        if ((state & READERS) == 0)
            status = WEFT_ERR_STATE;
    } while (status == WEFT_OK &&
             !atomic_compare_exchange_weak(&lock->state, &state, state - READER));
    /* Readers wait only for writers, so the last reader has none to let in. */
    if (status == WEFT_OK && (state & WAITERS) != 0)
        let_in(lock, state - READER);
    weft__critical_end(weft__front);
    return status;
}

/* Takes the lock for a writer that is (`waits` is WAITING) or is not (0) counted. */
static bool write_now(weft_rwlock *lock, uint32_t waits)
{
    uint32_t state = atomic_load(&lock->state);
    while ((state & (READERS | WRITTEN)) == 0)
        if (atomic_compare_exchange_weak(&lock->state, &state, (state - waits) | WRITTEN))
            return true;
    return false;
}

static bool begin_waiting(weft_rwlock *lock)
{
    uint32_t state = atomic_load(&lock->state);
    do {
        if ((state & WAITERS) == WAITERS)
            return false;
    } while (!atomic_compare_exchange_weak(&lock->state, &state, state + WAITING));
    return true;
}

enum weft_status weft_rwlock_write_lock(weft_rwlock *lock, int64_t timeout_ns)
{
    if (lock == NULL)
        return WEFT_ERR_INVALID;
    if (write_now(lock, 0))
        return WEFT_OK;
    if (timeout_ns == 0)
        return WEFT_ERR_TIMEOUT;
    struct weft__limit limit = weft__limit_begin(WEFT__WAIT_WRITE_LOCK, lock, timeout_ns);
    enum weft_status status = WEFT_OK;
    if (!begin_waiting(lock))
        return weft__limit_end(WEFT_ERR_LIMIT);
    for (;;) {
        uint32_t gate = atomic_load(&lock->writer_gate);
        if (write_now(lock, WAITING))
            return weft__limit_end(WEFT_OK);
        if (status != WEFT_OK)
            break;
        status = weft__limit_sleep(&limit, &lock->writer_gate, gate);
    }
    /* The wake-up that we may have got goes on to another writer, or to readers. */
    let_in(lock, atomic_fetch_sub(&lock->state, WAITING) - WAITING);
    return weft__limit_end(status);
}

enum weft_status weft_rwlock_write_unlock(weft_rwlock *lock)
{
    if (lock == NULL)
        return WEFT_ERR_INVALID;
    weft__critical_begin(weft__front); /* T1: until the wake-up is given */
    uint32_t state = atomic_fetch_and(&lock->state, ~WRITTEN);
    if ((state & WRITTEN) != 0)
        let_in(lock, state & ~WRITTEN);
    weft__critical_end(weft__front);
    return (state & WRITTEN) != 0 ? WEFT_OK : WEFT_ERR_STATE;
}

enum weft_status weft_rwlock_fini(weft_rwlock *lock)
{
    bool busy =
        lock != NULL && (atomic_load_explicit(&lock->state, memory_order_relaxed) != 0 ||
                         atomic_load_explicit(&lock->readers_waiting, memory_order_relaxed) != 0);
    return busy ? WEFT_ERR_STATE : WEFT_OK;
}
