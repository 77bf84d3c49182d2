/* Whatever threads wait for: every negative limit is none, 0 never sleeps, what somebody waits
 * for cannot be ended, and what waits in vain leaves no trace. */
#include "test.h"
#include "threads.h"

#include <weft.h>

/* One of each; made anew for each wait. */
static struct {
    weft_mutex mutex;
    weft_cond cond;
    weft_rwlock rwlock;
    weft_semaphore semaphore;
    weft_event event;
    weft_barrier barrier;
    weft_once once;
    weft_channel *channel;
    weft_ring *ring;
} all;

static int item;

static void make_all(void)
{
    EXPECT_EQ(weft_mutex_init(&all.mutex), WEFT_OK);
    EXPECT_EQ(weft_cond_init(&all.cond), WEFT_OK);
    EXPECT_EQ(weft_rwlock_init(&all.rwlock), WEFT_OK);
    EXPECT_EQ(weft_semaphore_init(&all.semaphore, 0), WEFT_OK);
    EXPECT_EQ(weft_event_init(&all.event), WEFT_OK);
    EXPECT_EQ(weft_barrier_init(&all.barrier, 2), WEFT_OK);
    all.once = (weft_once)WEFT_ONCE_INIT;
    EXPECT_EQ(weft_channel_create(1, &all.channel), WEFT_OK);
    EXPECT_EQ(weft_ring_create(1, &all.ring), WEFT_OK);
}

static void end_all(void)
{
    EXPECT_EQ(weft_mutex_fini(&all.mutex), WEFT_OK);
    EXPECT_EQ(weft_cond_fini(&all.cond), WEFT_OK);
    EXPECT_EQ(weft_rwlock_fini(&all.rwlock), WEFT_OK);
    weft_semaphore_fini(&all.semaphore);
    weft_event_fini(&all.event);
    EXPECT_EQ(weft_barrier_fini(&all.barrier), WEFT_OK);
    weft_channel_destroy(all.channel);
    weft_ring_destroy(all.ring);
}

/* ---- the waits: what makes one necessary, the wait, what ends it, what gives back ---- */

static void no_step(void)
{
}

static void mutex_take(void)
{
    EXPECT_EQ(weft_mutex_try_lock(&all.mutex), WEFT_OK);
}

static enum weft_status mutex_wait(int64_t limit)
{
    return weft_mutex_lock(&all.mutex, limit);
}

static void mutex_give(void)
{
    EXPECT_EQ(weft_mutex_unlock(&all.mutex), WEFT_OK);
}

static bool cond_told; /* under the mutex */

static enum weft_status cond_wait(int64_t limit)
{
    enum weft_status status = WEFT_OK;
    EXPECT_EQ(weft_mutex_lock(&all.mutex, TEST_LIMIT_NS), WEFT_OK);
    while (!cond_told && status == WEFT_OK)
        status = weft_cond_wait(&all.cond, &all.mutex, limit);
    cond_told = false;
    EXPECT_EQ(weft_mutex_unlock(&all.mutex), WEFT_OK);
    return status;
}

static void cond_tell(void)
{
    EXPECT_EQ(weft_mutex_lock(&all.mutex, TEST_LIMIT_NS), WEFT_OK);
    cond_told = true;
    EXPECT_EQ(weft_cond_signal(&all.cond), WEFT_OK);
    EXPECT_EQ(weft_mutex_unlock(&all.mutex), WEFT_OK);
}

static void rwlock_take(void)
{
    EXPECT_EQ(weft_rwlock_try_write_lock(&all.rwlock), WEFT_OK);
}

static enum weft_status rwlock_read(int64_t limit)
{
    return weft_rwlock_read_lock(&all.rwlock, limit);
}

static enum weft_status rwlock_write(int64_t limit)
{
    return weft_rwlock_write_lock(&all.rwlock, limit);
}

static void rwlock_give(void)
{
    EXPECT_EQ(weft_rwlock_write_unlock(&all.rwlock), WEFT_OK);
}

static void rwlock_give_read(void)
{
    EXPECT_EQ(weft_rwlock_read_unlock(&all.rwlock), WEFT_OK);
}

static enum weft_status semaphore_wait(int64_t limit)
{
    return weft_semaphore_acquire(&all.semaphore, limit);
}

static void semaphore_release(void)
{
    EXPECT_EQ(weft_semaphore_release(&all.semaphore, 1), WEFT_OK);
}

static enum weft_status event_wait(int64_t limit)
{
    return weft_event_wait(&all.event, limit);
}

static void event_set(void)
{
    EXPECT_EQ(weft_event_set(&all.event), WEFT_OK);
}

static enum weft_status barrier_wait(int64_t limit)
{
    return weft_barrier_wait(&all.barrier, NULL, limit);
}

static void barrier_come(void)
{
    EXPECT_EQ(weft_barrier_wait(&all.barrier, NULL, TEST_LIMIT_NS), WEFT_OK);
}

static void channel_fill(void)
{
    EXPECT_EQ(weft_channel_send(all.channel, &item, 0), WEFT_OK);
}

static enum weft_status channel_send(int64_t limit)
{
    return weft_channel_send(all.channel, &item, limit);
}

static enum weft_status channel_recv(int64_t limit)
{
    void *got = NULL;
    enum weft_status status = weft_channel_recv(all.channel, &got, limit);
    EXPECT(got == (status == WEFT_OK ? &item : NULL));
    return status;
}

static void channel_empty(void)
{
    EXPECT_EQ(channel_recv(0), WEFT_OK);
}

static void ring_fill(void)
{
    EXPECT_EQ(weft_ring_try_send(all.ring, &item), WEFT_OK);
}

static enum weft_status ring_send(int64_t limit)
{
    return weft_ring_send(all.ring, &item, limit);
}

static enum weft_status ring_recv(int64_t limit)
{
    void *got = NULL;
    enum weft_status status = weft_ring_recv(all.ring, &got, limit);
    EXPECT(got == (status == WEFT_OK ? &item : NULL));
    return status;
}

static void ring_empty(void)
{
    EXPECT_EQ(ring_recv(0), WEFT_OK);
}

static const struct wait {
    void (*begin)(void); /* afterwards the wait would last */
    enum weft_status (*wait)(int64_t limit);
    void (*end)(void);       /* by the thread of `begin` */
    void (*give_back)(void); /* by the thread that has waited */
} waits[] = {
    {mutex_take, mutex_wait, mutex_give, mutex_give},
    {no_step, cond_wait, cond_tell, no_step},
    {rwlock_take, rwlock_read, rwlock_give, rwlock_give_read},
    {rwlock_take, rwlock_write, rwlock_give, rwlock_give},
    {no_step, semaphore_wait, semaphore_release, no_step},
    {no_step, event_wait, event_set, no_step},
    {no_step, barrier_wait, barrier_come, no_step},
    {channel_fill, channel_send, channel_empty, no_step},
    {no_step, channel_recv, channel_fill, no_step},
    {ring_fill, ring_send, ring_empty, no_step},
    {no_step, ring_recv, ring_fill, no_step},
};
#define WAITS (sizeof waits / sizeof waits[0])

/* ---- limits -------------------------------------------------------------------------- */

static weft_event begun = WEFT_EVENT_INIT;

/* Begins what makes the others wait, and ends it when they sleep, mostly. */
static void hold_for_a_moment(void *context)
{
    static _Atomic uint32_t never;
    const struct wait *wait = context;
    wait->begin();
    EXPECT_EQ(weft_event_set(&begun), WEFT_OK);
    (void)weft__plat_wait(&never, 0, TEST_SHORT_NS);
    wait->end();
}

static void every_negative_limit_is_none(void)
{
    static const int64_t none[] = {WEFT_FOREVER, -2, -TEST_SHORT_NS, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < WAITS; i++)
        for (size_t j = 0; j < sizeof none / sizeof none[0]; j++) {
            struct test_team team = {.count = 0};
            struct wait wait = waits[i];
            make_all();
            EXPECT_EQ(weft_event_reset(&begun), WEFT_OK);
            test_team_start(&team, hold_for_a_moment, &wait);
            EXPECT_EQ(weft_event_wait(&begun, TEST_LIMIT_NS), WEFT_OK);
            EXPECT_EQ(wait.wait(none[j]), WEFT_OK);
            test_team_join(&team);
            wait.give_back();
            end_all();
        }
}

/* After the limit everything is as before, so that the same can be had later. */
static void what_waited_in_vain_left_no_trace(void)
{
    static const int64_t limits[] = {0, 1, 50000};
    for (size_t i = 0; i < WAITS; i++)
        for (size_t j = 0; j < sizeof limits / sizeof limits[0]; j++) {
            make_all();
            waits[i].begin();
            EXPECT_EQ(waits[i].wait(limits[j]), WEFT_ERR_TIMEOUT);
            EXPECT_EQ(waits[i].wait(limits[j]), WEFT_ERR_TIMEOUT);
            if (waits[i].end != barrier_come && waits[i].end != cond_tell) {
                waits[i].end();
                EXPECT_EQ(waits[i].wait(limits[j]), WEFT_OK);
                waits[i].give_back();
            }
            end_all();
        }
}

/* ---- ending what somebody waits for -------------------------------------------------- */

static void wait_once(void *context)
{
    const struct wait *wait = context;
    EXPECT_EQ(wait->wait(TEST_LIMIT_NS), WEFT_OK);
    wait->give_back();
}

/* Until the other thread waits: `busy` says so. False when it takes too long. */
static bool comes_to_wait(bool (*busy)(void))
{
    int64_t end = weft__plat_now_ns() + TEST_LIMIT_NS;
    while (!busy() && weft__plat_now_ns() < end)
        weft__plat_relax();
    return busy();
}

static bool cond_is_busy(void)
{
    return weft_cond_fini(&all.cond) == WEFT_ERR_STATE;
}

static bool barrier_is_busy(void)
{
    return weft_barrier_fini(&all.barrier) == WEFT_ERR_STATE;
}

/* While a writer waits no reader gets in. */
static bool rwlock_is_busy(void)
{
    if (weft_rwlock_try_read_lock(&all.rwlock) == WEFT_ERR_TIMEOUT)
        return true;
    rwlock_give_read();
    return false;
}

static void check_busy(const struct wait *of, void (*begin)(void), bool (*busy)(void),
                       void (*end)(void))
{
    struct test_team team = {.count = 0};
    struct wait wait = *of;
    make_all();
    begin();
    test_team_start(&team, wait_once, &wait);
    EXPECT(comes_to_wait(busy));
    if (wait.wait == rwlock_write)
        EXPECT_EQ(weft_rwlock_fini(&all.rwlock), WEFT_ERR_STATE);
    end(); /* nothing has changed: the waiter gets what it waits for */
    test_team_join(&team);
    end_all();
}

static void rwlock_take_read(void)
{
    EXPECT_EQ(weft_rwlock_try_read_lock(&all.rwlock), WEFT_OK);
}

static void what_somebody_waits_for_cannot_be_ended(void)
{
    check_busy(&waits[1], no_step, cond_is_busy, cond_tell);
    check_busy(&waits[3], rwlock_take_read, rwlock_is_busy, rwlock_give_read);
    check_busy(&waits[6], no_step, barrier_is_busy, barrier_come);
}

static void what_somebody_holds_cannot_be_ended(void)
{
    make_all();
    rwlock_take();
    EXPECT_EQ(weft_rwlock_fini(&all.rwlock), WEFT_ERR_STATE);
    EXPECT_EQ(weft_rwlock_read_unlock(&all.rwlock), WEFT_ERR_STATE); /* a writer's */
    rwlock_give();
    rwlock_take_read();
    EXPECT_EQ(weft_rwlock_fini(&all.rwlock), WEFT_ERR_STATE);
    EXPECT_EQ(weft_rwlock_write_unlock(&all.rwlock), WEFT_ERR_STATE); /* a reader's */
    rwlock_give_read();
    mutex_take();
    EXPECT_EQ(weft_mutex_fini(&all.mutex), WEFT_ERR_STATE);
    mutex_give();
    end_all();
}

/* So many threads are not to be had: the count of those that wait, which is private, is set. */
static void more_writers_than_fit_are_refused(void)
{
    const uint32_t most = 32767;
    make_all();
    rwlock_take_read();
    atomic_fetch_add(&all.rwlock.state, most << 16);
    EXPECT_EQ(weft_rwlock_write_lock(&all.rwlock, WEFT_FOREVER), WEFT_ERR_LIMIT);
    EXPECT_EQ(weft_rwlock_write_lock(&all.rwlock, 0), WEFT_ERR_TIMEOUT);
    EXPECT_EQ(weft_rwlock_try_read_lock(&all.rwlock), WEFT_ERR_TIMEOUT);
    atomic_fetch_sub(&all.rwlock.state, most << 16);
    rwlock_give_read();
    end_all();
}

TEST_MAIN(TEST(every_negative_limit_is_none), TEST(what_waited_in_vain_left_no_trace),
          TEST(what_somebody_waits_for_cannot_be_ended), TEST(what_somebody_holds_cannot_be_ended),
          TEST(more_writers_than_fit_are_refused))
