/* Locks, explored by model.h. Nobody here has a time limit: who waits waits until it is woken,
 * so a wake-up that is lost shows as threads that all sleep. */
#include "together.h"

#include "../../src/core/look.h"

/* Mutex: one at a time, and nobody sleeps on a free one. */

static weft_mutex mutex;

static void lock_once(void *context)
{
    (void)context;
    MODEL_CHECK(weft_mutex_lock(&mutex, WEFT_FOREVER) == WEFT_OK);
    enter_alone();
    MODEL_CHECK(weft_mutex_unlock(&mutex) == WEFT_OK);
}

static void lock_twice(void *context)
{
    lock_once(context);
    lock_once(context);
}

static void try_once(void *context)
{
    (void)context;
    if (weft_mutex_try_lock(&mutex) != WEFT_OK)
        return;
    enter_alone();
    MODEL_CHECK(weft_mutex_unlock(&mutex) == WEFT_OK);
}

static void begin(void)
{
    inside = total = 0;
    (void)weft_mutex_init(&mutex);
}

static void mutex_of_two(void)
{
    begin();
    TOGETHER(lock_twice, lock_twice);
    MODEL_CHECK(total == 4);
    MODEL_CHECK(weft_mutex_fini(&mutex) == WEFT_OK);
}

static void mutex_of_three(void)
{
    begin();
    TOGETHER(lock_once, lock_twice, lock_once);
    MODEL_CHECK(total == 4);
    MODEL_CHECK(weft_mutex_fini(&mutex) == WEFT_OK);
}

static void mutex_and_try(void)
{
    begin();
    TOGETHER(try_once, lock_twice, lock_once);
    MODEL_CHECK(total >= 3);
    MODEL_CHECK(weft_mutex_fini(&mutex) == WEFT_OK);
}

/* A waiter that looks instead of sleeping and gives up at once, as the host's thread may
 * (src/core/look.h); what it was handed meanwhile it takes. */
static void look_and_leave(void *context)
{
    (void)context;
    uint32_t asleep = 0;
    weft__mutex_join(&mutex);
    enum weft_status status = weft__mutex_look(&mutex, true, false, &asleep);
    if (status == WEFT_ERR_WOULD_BLOCK) {
        status = weft__mutex_look(&mutex, true, true, &asleep);
        weft__plat_wake(&mutex.state, UINT32_MAX);
    }
    if (status != WEFT_OK)
        return;
    enter_alone();
    MODEL_CHECK(weft_mutex_unlock(&mutex) == WEFT_OK);
}

static void mutex_and_a_waiter_that_leaves(void)
{
    begin();
    TOGETHER(look_and_leave, lock_twice, lock_once);
    MODEL_CHECK(total >= 3);
    MODEL_CHECK(weft_mutex_fini(&mutex) == WEFT_OK);
}

/* Condition. */

static weft_cond cond;
static uint32_t stock;

static void begin_stock(void)
{
    begin();
    (void)weft_cond_init(&cond);
    stock = 0;
}

static void consume(void *context)
{
    (void)context;
    MODEL_CHECK(weft_mutex_lock(&mutex, WEFT_FOREVER) == WEFT_OK);
    while (stock == 0)
        MODEL_CHECK(weft_cond_wait(&cond, &mutex, WEFT_FOREVER) == WEFT_OK);
    stock--;
    enter_alone();
    MODEL_CHECK(weft_mutex_unlock(&mutex) == WEFT_OK);
}

static void produce_one(bool inside_lock)
{
    MODEL_CHECK(weft_mutex_lock(&mutex, WEFT_FOREVER) == WEFT_OK);
    stock++;
    if (inside_lock)
        MODEL_CHECK(weft_cond_signal(&cond) == WEFT_OK);
    MODEL_CHECK(weft_mutex_unlock(&mutex) == WEFT_OK);
    if (!inside_lock)
        MODEL_CHECK(weft_cond_signal(&cond) == WEFT_OK);
}

static void produce_inside(void *context)
{
    (void)context;
    produce_one(true);
    produce_one(true);
}

static void produce_outside(void *context)
{
    (void)context;
    produce_one(false);
    produce_one(false);
}

static void produce_for_all(void *context)
{
    (void)context;
    MODEL_CHECK(weft_mutex_lock(&mutex, WEFT_FOREVER) == WEFT_OK);
    stock = 2;
    MODEL_CHECK(weft_mutex_unlock(&mutex) == WEFT_OK);
    MODEL_CHECK(weft_cond_broadcast(&cond) == WEFT_OK);
}

static void cond_signalled_inside(void)
{
    begin_stock();
    TOGETHER(consume, consume, produce_inside);
    MODEL_CHECK(total == 2 && weft_cond_fini(&cond) == WEFT_OK);
}

static void cond_signalled_outside(void)
{
    begin_stock();
    TOGETHER(consume, consume, produce_outside);
    MODEL_CHECK(total == 2 && weft_cond_fini(&cond) == WEFT_OK);
}

static void cond_broadcast(void)
{
    begin_stock();
    TOGETHER(consume, consume, produce_for_all);
    MODEL_CHECK(total == 2 && weft_cond_fini(&cond) == WEFT_OK);
}

/* Reader-writer lock. */

static weft_rwlock rwlock;
static uint32_t readers;

static void read_once(void *context)
{
    (void)context;
    MODEL_CHECK(weft_rwlock_read_lock(&rwlock, WEFT_FOREVER) == WEFT_OK);
    MODEL_CHECK(inside == 0);
    readers++;
    look_away();
    MODEL_CHECK(inside == 0);
    readers--;
    MODEL_CHECK(weft_rwlock_read_unlock(&rwlock) == WEFT_OK);
}

static void write_once(void *context)
{
    (void)context;
    MODEL_CHECK(weft_rwlock_write_lock(&rwlock, WEFT_FOREVER) == WEFT_OK);
    MODEL_CHECK(readers == 0);
    enter_alone();
    MODEL_CHECK(readers == 0);
    MODEL_CHECK(weft_rwlock_write_unlock(&rwlock) == WEFT_OK);
}

static void begin_rwlock(void)
{
    begin();
    readers = 0;
    (void)weft_rwlock_init(&rwlock);
}

static void rwlock_of_two_writers_and_a_reader(void)
{
    begin_rwlock();
    TOGETHER(write_once, read_once, write_once);
    MODEL_CHECK(total == 2 && weft_rwlock_fini(&rwlock) == WEFT_OK);
}

static void rwlock_of_two_readers_and_a_writer(void)
{
    begin_rwlock();
    TOGETHER(read_once, write_once, read_once);
    MODEL_CHECK(total == 1 && weft_rwlock_fini(&rwlock) == WEFT_OK);
}

/* Semaphore. */

static weft_semaphore semaphore;

static void acquire_once(void *context)
{
    (void)context;
    MODEL_CHECK(weft_semaphore_acquire(&semaphore, WEFT_FOREVER) == WEFT_OK);
    total++;
}

static void acquire_and_release(void *context)
{
    (void)context;
    MODEL_CHECK(weft_semaphore_acquire(&semaphore, WEFT_FOREVER) == WEFT_OK);
    enter_alone();
    MODEL_CHECK(weft_semaphore_release(&semaphore, 1) == WEFT_OK);
}

static void release_two_at_once(void *context)
{
    (void)context;
    MODEL_CHECK(weft_semaphore_release(&semaphore, 2) == WEFT_OK);
}

static void release_one_by_one(void *context)
{
    (void)context;
    MODEL_CHECK(weft_semaphore_release(&semaphore, 1) == WEFT_OK);
    MODEL_CHECK(weft_semaphore_release(&semaphore, 1) == WEFT_OK);
}

static void begin_semaphore(size_t count)
{
    begin();
    MODEL_CHECK(weft_semaphore_init(&semaphore, count) == WEFT_OK);
}

static void semaphore_released_at_once(void)
{
    begin_semaphore(0);
    TOGETHER(acquire_once, acquire_once, release_two_at_once);
    MODEL_CHECK(total == 2);
}

static void semaphore_released_one_by_one(void)
{
    begin_semaphore(0);
    TOGETHER(acquire_once, acquire_once, release_one_by_one);
    MODEL_CHECK(total == 2);
}

static void semaphore_as_a_lock(void)
{
    begin_semaphore(1);
    TOGETHER(acquire_and_release, acquire_and_release, acquire_and_release);
    MODEL_CHECK(total == 3);
}

/* Barrier: nobody goes on before all have come, one is the serial one, twice over. */

static weft_barrier barrier;
static uint32_t came[2], serials[2];

static void meet_twice(void *context)
{
    (void)context;
    for (size_t i = 0; i < 2; i++) {
        bool serial = false;
        came[i]++;
        MODEL_CHECK(weft_barrier_wait(&barrier, &serial, WEFT_FOREVER) == WEFT_OK);
        MODEL_CHECK(came[i] == barrier.count);
        serials[i] += serial;
    }
}

static void begin_barrier(size_t count)
{
    came[0] = came[1] = serials[0] = serials[1] = 0;
    MODEL_CHECK(weft_barrier_init(&barrier, count) == WEFT_OK);
}

static void barrier_of_two(void)
{
    begin_barrier(2);
    TOGETHER(meet_twice, meet_twice);
    MODEL_CHECK(serials[0] == 1 && serials[1] == 1);
    MODEL_CHECK(weft_barrier_fini(&barrier) == WEFT_OK);
}

static void barrier_of_three(void)
{
    begin_barrier(3);
    TOGETHER(meet_twice, meet_twice, meet_twice);
    MODEL_CHECK(serials[0] == 1 && serials[1] == 1);
    MODEL_CHECK(weft_barrier_fini(&barrier) == WEFT_OK);
}

/* Event: a set lets through those that wait, also when it is reset at once. */

static weft_event event;

static void await_event(void *context)
{
    (void)context;
    MODEL_CHECK(weft_event_wait(&event, WEFT_FOREVER) == WEFT_OK);
    total++;
}

static void set_event(void *context)
{
    (void)context;
    MODEL_CHECK(weft_event_set(&event) == WEFT_OK);
}

/* A pulse reaches a thread that waits already. */
static void pulse_event(void *context)
{
    (void)context;
    /* Whoever has set SLEEPERS (2) waits. */
    while ((atomic_load(&event.state) & 2) == 0)
        look_away();
    MODEL_CHECK(weft_event_set(&event) == WEFT_OK);
    MODEL_CHECK(weft_event_reset(&event) == WEFT_OK);
}

static void event_set_for_two(void)
{
    begin();
    (void)weft_event_init(&event);
    TOGETHER(await_event, await_event, set_event);
    MODEL_CHECK(total == 2);
}

static void event_pulsed(void)
{
    begin();
    (void)weft_event_init(&event);
    TOGETHER(await_event, pulse_event);
    MODEL_CHECK(total == 1);
}

/* Once: the function succeeds once; after a failure somebody else runs it. */

static weft_once once;
static uint32_t tries, failures_left;

static enum weft_status initialise(void *context)
{
    (void)context;
    MODEL_CHECK(inside == 0);
    inside++;
    look_away();
    inside--;
    tries++;
    if (failures_left > 0) {
        failures_left--;
        return WEFT_ERR_NOMEM;
    }
    total = 1;
    return WEFT_OK;
}

static void initialise_once(void *context)
{
    (void)context;
    enum weft_status status = weft_once_run(&once, initialise, NULL, WEFT_FOREVER);
    MODEL_CHECK(status == WEFT_OK || status == WEFT_ERR_NOMEM);
    MODEL_CHECK(status != WEFT_OK || total == 1);
}

static void begin_once(uint32_t failures)
{
    begin();
    tries = 0;
    failures_left = failures;
    atomic_init(&once.state, 0);
}

static void once_of_three(void)
{
    begin_once(0);
    TOGETHER(initialise_once, initialise_once, initialise_once);
    MODEL_CHECK(tries == 1);
}

static void once_that_fails_first(void)
{
    begin_once(1);
    TOGETHER(initialise_once, initialise_once, initialise_once);
    MODEL_CHECK(tries == 2 && total == 1);
}

EXPLORE(mutex_of_two, 6)
EXPLORE(mutex_of_three, 5)
EXPLORE(mutex_and_try, 5)
EXPLORE(mutex_and_a_waiter_that_leaves, 4)
EXPLORE(cond_signalled_inside, 3)
EXPLORE(cond_signalled_outside, 3)
EXPLORE(cond_broadcast, 4)
EXPLORE(rwlock_of_two_writers_and_a_reader, 4)
EXPLORE(rwlock_of_two_readers_and_a_writer, 4)
EXPLORE(semaphore_released_at_once, 5)
EXPLORE(semaphore_released_one_by_one, 5)
EXPLORE(semaphore_as_a_lock, 5)
EXPLORE(barrier_of_two, 4)
EXPLORE(barrier_of_three, 3)
EXPLORE(event_set_for_two, 5)
EXPLORE(event_pulsed, 3)
EXPLORE(once_of_three, 4)
EXPLORE(once_that_fails_first, 4)

TEST_MAIN(EVERY(mutex_of_two), EVERY(mutex_of_three), EVERY(mutex_and_try),
          EVERY(mutex_and_a_waiter_that_leaves), EVERY(cond_signalled_inside),
          EVERY(cond_signalled_outside), EVERY(cond_broadcast),
          EVERY(rwlock_of_two_writers_and_a_reader), EVERY(rwlock_of_two_readers_and_a_writer),
          EVERY(semaphore_released_at_once), EVERY(semaphore_released_one_by_one),
          EVERY(semaphore_as_a_lock), EVERY(barrier_of_two), EVERY(barrier_of_three),
          EVERY(event_set_for_two), EVERY(event_pulsed), EVERY(once_of_three),
          EVERY(once_that_fails_first))
