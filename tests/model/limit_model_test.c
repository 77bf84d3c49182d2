/* Time limits that race with wake-ups, explored by model.h: a limit may pass at any point
 * of any other thread. Nothing that one side has given away may be lost then: a permit, an
 * item, the wake-up that another sleeper needs. */
#include "together.h"

#define LIMIT_NS 1000

/* True for a wait that came through, false for one that its limit ended. */
static bool in_time(enum weft_status status)
{
    MODEL_CHECK(status == WEFT_OK || status == WEFT_ERR_TIMEOUT);
    return status == WEFT_OK;
}

/* Mutex and condition. */

static weft_mutex mutex;
static weft_cond cond;
static uint32_t stock;

static void lock_in_time(void *context)
{
    (void)context;
    if (!in_time(weft_mutex_lock(&mutex, LIMIT_NS)))
        return;
    enter_alone();
    MODEL_CHECK(weft_mutex_unlock(&mutex) == WEFT_OK);
}

static void lock_twice(void *context)
{
    (void)context;
    for (int i = 0; i < 2; i++) {
        MODEL_CHECK(weft_mutex_lock(&mutex, WEFT_FOREVER) == WEFT_OK);
        enter_alone();
        MODEL_CHECK(weft_mutex_unlock(&mutex) == WEFT_OK);
    }
}

static void begin(void)
{
    inside = total = stock = 0;
    (void)weft_mutex_init(&mutex);
    (void)weft_cond_init(&cond);
}

static void mutex_of_one_in_a_hurry(void)
{
    begin();
    TOGETHER(lock_in_time, lock_twice, lock_twice);
    MODEL_CHECK(total >= 4 && weft_mutex_fini(&mutex) == WEFT_OK);
}

static void mutex_of_two_in_a_hurry(void)
{
    begin();
    TOGETHER(lock_in_time, lock_twice, lock_in_time);
    MODEL_CHECK(total >= 2 && weft_mutex_fini(&mutex) == WEFT_OK);
}

static void consume(int64_t limit_ns)
{
    enum weft_status status = WEFT_OK;
    MODEL_CHECK(weft_mutex_lock(&mutex, WEFT_FOREVER) == WEFT_OK);
    while (stock == 0 && in_time(status))
        status = weft_cond_wait(&cond, &mutex, limit_ns);
    if (stock > 0) {
        stock--;
        enter_alone();
    }
    MODEL_CHECK(weft_mutex_unlock(&mutex) == WEFT_OK);
}

static void consume_in_time(void *context)
{
    (void)context;
    consume(LIMIT_NS);
}

static void consume_one(void *context)
{
    (void)context;
    consume(WEFT_FOREVER);
}

static void produce_two(void *context)
{
    (void)context;
    for (int i = 0; i < 2; i++) {
        MODEL_CHECK(weft_mutex_lock(&mutex, WEFT_FOREVER) == WEFT_OK);
        stock++;
        MODEL_CHECK(weft_mutex_unlock(&mutex) == WEFT_OK);
        MODEL_CHECK(weft_cond_signal(&cond) == WEFT_OK);
    }
}

static void cond_of_one_in_a_hurry(void)
{
    begin();
    TOGETHER(consume_in_time, consume_one, produce_two);
    MODEL_CHECK(total >= 1 && total + stock == 2 && weft_cond_fini(&cond) == WEFT_OK);
}

/* Reader-writer lock: a writer that gives up lets in those whom it kept out. */

static weft_rwlock rwlock;

static void read_once(void *context)
{
    (void)context;
    MODEL_CHECK(weft_rwlock_read_lock(&rwlock, WEFT_FOREVER) == WEFT_OK);
    look_away();
    MODEL_CHECK(inside == 0);
    MODEL_CHECK(weft_rwlock_read_unlock(&rwlock) == WEFT_OK);
}

static void read_in_time(void *context)
{
    (void)context;
    if (!in_time(weft_rwlock_read_lock(&rwlock, LIMIT_NS)))
        return;
    look_away();
    MODEL_CHECK(inside == 0);
    MODEL_CHECK(weft_rwlock_read_unlock(&rwlock) == WEFT_OK);
}

static void write_for(int64_t limit_ns)
{
    if (!in_time(weft_rwlock_write_lock(&rwlock, limit_ns)))
        return;
    enter_alone();
    MODEL_CHECK(weft_rwlock_write_unlock(&rwlock) == WEFT_OK);
}

static void write_once(void *context)
{
    (void)context;
    write_for(WEFT_FOREVER);
}

static void write_in_time(void *context)
{
    (void)context;
    write_for(LIMIT_NS);
}

static void begin_rwlock(void)
{
    begin();
    (void)weft_rwlock_init(&rwlock);
}

static void rwlock_of_a_writer_in_a_hurry(void)
{
    begin_rwlock();
    TOGETHER(read_once, write_in_time, read_once);
    MODEL_CHECK(weft_rwlock_fini(&rwlock) == WEFT_OK);
}

static void rwlock_of_writers_and_one_in_a_hurry(void)
{
    begin_rwlock();
    TOGETHER(write_once, write_in_time, write_once);
    MODEL_CHECK(total >= 2 && weft_rwlock_fini(&rwlock) == WEFT_OK);
}

static void rwlock_of_a_reader_in_a_hurry(void)
{
    begin_rwlock();
    TOGETHER(write_once, read_in_time, write_once);
    MODEL_CHECK(total == 2 && weft_rwlock_fini(&rwlock) == WEFT_OK);
}

/* Semaphore: one permit, which whoever is in a hurry gives back. */

static weft_semaphore semaphore;

static void pass_in_time(void *context)
{
    (void)context;
    if (in_time(weft_semaphore_acquire(&semaphore, LIMIT_NS)))
        MODEL_CHECK(weft_semaphore_release(&semaphore, 1) == WEFT_OK);
}

static void pass_through(void *context)
{
    (void)context;
    MODEL_CHECK(weft_semaphore_acquire(&semaphore, WEFT_FOREVER) == WEFT_OK);
    enter_alone();
    MODEL_CHECK(weft_semaphore_release(&semaphore, 1) == WEFT_OK);
}

static void release_one(void *context)
{
    (void)context;
    MODEL_CHECK(weft_semaphore_release(&semaphore, 1) == WEFT_OK);
}

static void release_two(void *context)
{
    (void)context;
    MODEL_CHECK(weft_semaphore_release(&semaphore, 2) == WEFT_OK);
}

static void expect_permits(uint32_t count)
{
    while (weft_semaphore_acquire(&semaphore, 0) == WEFT_OK)
        count--;
    MODEL_CHECK(count == 0);
}

static void begin_semaphore(void)
{
    begin();
    MODEL_CHECK(weft_semaphore_init(&semaphore, 0) == WEFT_OK);
}

static void semaphore_of_one_in_a_hurry(void)
{
    begin_semaphore();
    TOGETHER(pass_in_time, pass_through, release_one);
    MODEL_CHECK(total == 1);
    expect_permits(1);
}

static void semaphore_of_two_in_a_hurry(void)
{
    begin_semaphore();
    TOGETHER(pass_in_time, pass_in_time, pass_through, release_one);
    MODEL_CHECK(total == 1);
    expect_permits(1);
}

static void semaphore_released_for_two(void)
{
    begin_semaphore();
    TOGETHER(pass_in_time, pass_through, release_two);
    MODEL_CHECK(total == 1);
    expect_permits(2);
}

/* Barrier: who gives up is not counted; who comes back is. */

static weft_barrier barrier;
static uint32_t came;

static void meet_at_last(void *context)
{
    (void)context;
    enum weft_status status;
    int64_t limit_ns = LIMIT_NS;
    do {
        came++;
        status = weft_barrier_wait(&barrier, NULL, limit_ns);
        if (!in_time(status))
            came--;
        limit_ns = WEFT_FOREVER;
    } while (status != WEFT_OK);
    MODEL_CHECK(came == barrier.count);
}

static void barrier_of_two_in_a_hurry(void)
{
    came = 0;
    MODEL_CHECK(weft_barrier_init(&barrier, 2) == WEFT_OK);
    TOGETHER(meet_at_last, meet_at_last);
    MODEL_CHECK(weft_barrier_fini(&barrier) == WEFT_OK);
}

/* Event and once: those without a limit come through all the same. */

static weft_event event;

static void await_event(void *context)
{
    (void)context;
    MODEL_CHECK(weft_event_wait(&event, WEFT_FOREVER) == WEFT_OK);
    total++;
}

static void await_in_time(void *context)
{
    (void)context;
    (void)in_time(weft_event_wait(&event, LIMIT_NS));
}

static void set_event(void *context)
{
    (void)context;
    MODEL_CHECK(weft_event_set(&event) == WEFT_OK);
}

static void event_of_one_in_a_hurry(void)
{
    begin();
    (void)weft_event_init(&event);
    TOGETHER(await_in_time, await_event, set_event);
    MODEL_CHECK(total == 1);
}

static weft_once once;
static uint32_t failures_left;

static enum weft_status initialise(void *context)
{
    (void)context;
    enter_alone();
    if (failures_left > 0) {
        failures_left--;
        return WEFT_ERR_NOMEM;
    }
    stock = 1;
    return WEFT_OK;
}

static void initialise_once(void *context)
{
    (void)context;
    enum weft_status status = weft_once_run(&once, initialise, NULL, WEFT_FOREVER);
    MODEL_CHECK(status == WEFT_ERR_NOMEM || (status == WEFT_OK && stock == 1));
}

static void initialise_in_time(void *context)
{
    (void)context;
    enum weft_status status = weft_once_run(&once, initialise, NULL, LIMIT_NS);
    MODEL_CHECK(status == WEFT_ERR_NOMEM || !in_time(status) || stock == 1);
}

static void once_of_one_in_a_hurry(void)
{
    begin();
    failures_left = 1;
    atomic_init(&once.state, 0);
    TOGETHER(initialise_once, initialise_in_time, initialise_once);
    MODEL_CHECK(stock == 1 && total == 2);
}

/* Channel and ring: what was sent arrives, what was not does not. */

static weft_channel *channel;
static weft_ring *ring;
static int things[3];
static uint32_t sent, received;

static uint32_t bit_of(const void *item)
{
    return 1u << ((const int *)item - things);
}

static void send_in_time(size_t i)
{
    if (in_time(weft_channel_send(channel, &things[i], LIMIT_NS)))
        sent |= 1u << i;
}

static void send_0_and_1_in_time_and_close(void *context)
{
    (void)context;
    send_in_time(0);
    send_in_time(1);
    weft_channel_close(channel);
}

static void send_0_in_time(void *context)
{
    (void)context;
    send_in_time(0);
}

static void send_1(void *context)
{
    (void)context;
    MODEL_CHECK(weft_channel_send(channel, &things[1], WEFT_FOREVER) == WEFT_OK);
    sent |= 2;
}

/* False when there is nothing to come. */
static bool receive(int64_t limit_ns)
{
    void *item = NULL;
    enum weft_status status = weft_channel_recv(channel, &item, limit_ns);
    if (status == WEFT_ERR_CLOSED || !in_time(status)) {
        MODEL_CHECK(item == NULL);
        return false;
    }
    MODEL_CHECK((received & bit_of(item)) == 0);
    received |= bit_of(item);
    return true;
}

static void receive_all(void *context)
{
    (void)context;
    while (receive(WEFT_FOREVER))
        continue;
}

static void receive_in_time(void *context)
{
    (void)context;
    (void)receive(LIMIT_NS);
}

static void receive_until_1(void *context)
{
    (void)context;
    while ((received & 2) == 0)
        MODEL_CHECK(receive(WEFT_FOREVER));
}

static void begin_channel(void)
{
    sent = received = 0;
    MODEL_CHECK(weft_channel_create(1, &channel) == WEFT_OK);
}

/* What is left inside comes out, and then all has. */
static void end_channel(void)
{
    weft_channel_close(channel);
    receive_all(NULL);
    MODEL_CHECK(sent == received);
    weft_channel_destroy(channel);
}

static void channel_of_a_receiver_in_a_hurry(void)
{
    begin_channel();
    TOGETHER(send_0_and_1_in_time_and_close, receive_all, receive_in_time);
    end_channel();
}

static void channel_of_a_sender_in_a_hurry(void)
{
    begin_channel();
    TOGETHER(send_0_in_time, send_1, receive_until_1);
    end_channel();
}

static void ring_send_in_time_and_close(void *context)
{
    (void)context;
    for (size_t i = 0; i < 3; i++)
        if (in_time(weft_ring_send(ring, &things[i], LIMIT_NS)))
            sent |= 1u << i;
    weft_ring_close(ring);
}

/* Waits in vain a few times at most: after that without a limit. */
static void ring_receive_all(void *context)
{
    (void)context;
    for (int losses = 0;;) {
        void *item = NULL;
        enum weft_status status = weft_ring_recv(ring, &item, losses < 2 ? LIMIT_NS : WEFT_FOREVER);
        if (status == WEFT_ERR_CLOSED)
            return;
        if (!in_time(status)) {
            losses++;
            continue;
        }
        MODEL_CHECK(received < bit_of(item)); /* in order */
        received |= bit_of(item);
    }
}

static void ring_of_two_in_a_hurry(void)
{
    sent = received = 0;
    MODEL_CHECK(weft_ring_create(1, &ring) == WEFT_OK);
    TOGETHER(ring_send_in_time_and_close, ring_receive_all);
    MODEL_CHECK(sent == received);
    weft_ring_destroy(ring);
}

/* A job outlives a wait that gives up. */

static void count_up(void *context)
{
    (void)context;
    total++;
}

static void job_of_one_in_a_hurry(void)
{
    weft_options options = {.threads = 2, .spin_ns = -1};
    weft_job job;
    begin();
    MODEL_CHECK(weft_runtime_start(&options) == WEFT_OK);
    weft_job_init(&job, count_up, NULL);
    MODEL_CHECK(weft_job_submit(&job) == WEFT_OK);
    if (!in_time(weft_job_wait(&job, LIMIT_NS)))
        MODEL_CHECK(weft_job_wait(&job, WEFT_FOREVER) == WEFT_OK);
    MODEL_CHECK(total == 1);
    MODEL_CHECK(weft_runtime_stop() == WEFT_OK);
}

EXPLORE(mutex_of_one_in_a_hurry, 3)
EXPLORE(mutex_of_two_in_a_hurry, 3)
EXPLORE(cond_of_one_in_a_hurry, 3)
EXPLORE(rwlock_of_a_writer_in_a_hurry, 3)
EXPLORE(rwlock_of_writers_and_one_in_a_hurry, 3)
EXPLORE(rwlock_of_a_reader_in_a_hurry, 3)
EXPLORE(semaphore_of_one_in_a_hurry, 4)
EXPLORE(semaphore_of_two_in_a_hurry, 2)
EXPLORE(semaphore_released_for_two, 4)
EXPLORE(barrier_of_two_in_a_hurry, 5)
EXPLORE(event_of_one_in_a_hurry, 4)
EXPLORE(once_of_one_in_a_hurry, 4)
EXPLORE(channel_of_a_receiver_in_a_hurry, 2)
EXPLORE(channel_of_a_sender_in_a_hurry, 2)
EXPLORE(ring_of_two_in_a_hurry, 2)
EXPLORE(job_of_one_in_a_hurry, 2)

TEST_MAIN(EVERY(mutex_of_one_in_a_hurry), EVERY(mutex_of_two_in_a_hurry),
          EVERY(cond_of_one_in_a_hurry), EVERY(rwlock_of_a_writer_in_a_hurry),
          EVERY(rwlock_of_writers_and_one_in_a_hurry), EVERY(rwlock_of_a_reader_in_a_hurry),
          EVERY(semaphore_of_one_in_a_hurry), EVERY(semaphore_of_two_in_a_hurry),
          EVERY(semaphore_released_for_two), EVERY(barrier_of_two_in_a_hurry),
          EVERY(event_of_one_in_a_hurry), EVERY(once_of_one_in_a_hurry),
          EVERY(channel_of_a_receiver_in_a_hurry), EVERY(channel_of_a_sender_in_a_hurry),
          EVERY(ring_of_two_in_a_hurry), EVERY(job_of_one_in_a_hurry))
