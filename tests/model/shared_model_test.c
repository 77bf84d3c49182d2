/* Locks and channels between the host's thread and others, explored by model.h: the host
 * waits by steps, as js-glue/src/shared-line.js does. */
#include "together.h"

#include "../../src/platform/js_shared.c" /* the host reads its structures */

static struct shared *shared;

static void begin_shared(enum kind kind, uint32_t count)
{
    inside = total = 0;
    shared = weft_js_shared_create(kind, count);
    MODEL_CHECK(shared != NULL);
}

static void end_shared(void)
{
    MODEL_CHECK(weft_js_shared_destroy(shared) == WEFT_OK);
}

/* The host waits until it is served. */
static enum weft_status wait_by_looks(uint32_t side)
{
    const struct turn *turn = &shared->turns[side];
    int32_t status;
    while ((status = weft_js_shared_look(shared, side, 0)) == WEFT_ERR_WOULD_BLOCK)
        (void)weft__plat_wait(turn->word, turn->asleep, WEFT_FOREVER);
    return (enum weft_status)status;
}

/* The host waits, and gives up at some moment; WEFT_ERR_TIMEOUT: it was not served. */
static enum weft_status wait_and_leave(uint32_t side)
{
    const struct turn *turn = &shared->turns[side];
    int32_t status = weft_js_shared_look(shared, side, 0);
    if (status != WEFT_ERR_WOULD_BLOCK)
        return (enum weft_status)status;
    look_away();
    status = weft_js_shared_look(shared, side, 1);
    weft__plat_wake(turn->word, UINT32_MAX);
    return status == WEFT_ERR_WOULD_BLOCK ? wait_by_looks(side) : (enum weft_status)status;
}

/* Channel. */

static int things[3];
static uint32_t received;

static void begin_channel(void)
{
    begin_shared(RAW_CHANNEL, 1);
    received = 0;
}

static void got(const void *item)
{
    MODEL_CHECK(item == &things[0] || item == &things[1] || item == &things[2]);
    uint32_t bit = 1u << ((const int *)item - things);
    MODEL_CHECK((received & bit) == 0);
    MODEL_CHECK(bit != 2 || (received & 1) != 0); /* 1 was sent after 0, by one thread */
    received |= bit;
}

static void send_thing(size_t i)
{
    enum weft_status status = weft_channel_send(shared->object, &things[i], WEFT_FOREVER);
    MODEL_CHECK(status == WEFT_OK || status == WEFT_ERR_CLOSED);
}

static void send_0_and_1(void *context)
{
    (void)context;
    send_thing(0);
    send_thing(1);
}

static void send_2(void *context)
{
    (void)context;
    send_thing(2);
}

static void close_it(void *context)
{
    (void)context;
    weft_channel_close(shared->object);
}

/* As JavaScript: the place of the item holds nothing before. */
static enum weft_status host_receive(enum weft_status (*wait)(uint32_t side))
{
    shared->turns[0].item = NULL;
    enum weft_status status = wait(0);
    if (status == WEFT_OK)
        got(shared->turns[0].item);
    return status;
}

static void host_receives_three(void *context)
{
    (void)context;
    for (int i = 0; i < 3; i++)
        MODEL_CHECK(host_receive(wait_by_looks) == WEFT_OK);
}

static void host_receives_by_tries(void *context)
{
    (void)context;
    for (int i = 0; i < 3; i++)
        if (host_receive(wait_and_leave) == WEFT_ERR_TIMEOUT)
            MODEL_CHECK(host_receive(wait_by_looks) == WEFT_OK);
}

static void host_receives_all(void *context)
{
    (void)context;
    while (host_receive(wait_by_looks) == WEFT_OK)
        continue;
}

static enum weft_status host_send(size_t i, enum weft_status (*wait)(uint32_t side))
{
    shared->turns[1].item = &things[i];
    return wait(1);
}

static void host_sends_three(void *context)
{
    (void)context;
    for (size_t i = 0; i < 3; i++)
        MODEL_CHECK(host_send(i, wait_by_looks) == WEFT_OK);
}

static void host_sends_by_tries(void *context)
{
    (void)context;
    for (size_t i = 0; i < 3; i++)
        if (host_send(i, wait_and_leave) == WEFT_ERR_TIMEOUT)
            MODEL_CHECK(host_send(i, wait_by_looks) == WEFT_OK);
}

static void receive_three(void *context)
{
    (void)context;
    void *item = NULL;
    for (int i = 0; i < 3; i++) {
        MODEL_CHECK(weft_channel_recv(shared->object, &item, WEFT_FOREVER) == WEFT_OK);
        got(item);
    }
}

static void channel_to_the_host(void)
{
    begin_channel();
    TOGETHER(send_0_and_1, send_2, host_receives_three);
    MODEL_CHECK(received == 7);
    end_shared();
}

static void channel_to_a_host_that_leaves(void)
{
    begin_channel();
    TOGETHER(send_0_and_1, send_2, host_receives_by_tries);
    MODEL_CHECK(received == 7);
    end_shared();
}

static void channel_closed_on_the_host(void)
{
    begin_channel();
    TOGETHER(send_0_and_1, close_it, host_receives_all);
    MODEL_CHECK(received == 0 || received == 1 || received == 3);
    end_shared();
}

static void channel_from_the_host(void)
{
    begin_channel();
    TOGETHER(receive_three, host_sends_three);
    MODEL_CHECK(received == 7);
    end_shared();
}

static void channel_from_a_host_that_leaves(void)
{
    begin_channel();
    TOGETHER(receive_three, host_sends_by_tries);
    MODEL_CHECK(received == 7);
    end_shared();
}

/* Mutex, semaphore, event. */

static void lock_twice(void *context)
{
    (void)context;
    for (int i = 0; i < 2; i++) {
        MODEL_CHECK(weft_mutex_lock(shared->object, WEFT_FOREVER) == WEFT_OK);
        enter_alone();
        MODEL_CHECK(weft_mutex_unlock(shared->object) == WEFT_OK);
    }
}

static void host_locks_twice(void *context)
{
    (void)context;
    for (int i = 0; i < 2; i++) {
        if (wait_and_leave(0) == WEFT_ERR_TIMEOUT)
            MODEL_CHECK(wait_by_looks(0) == WEFT_OK);
        enter_alone();
        MODEL_CHECK(weft_mutex_unlock(shared->object) == WEFT_OK);
    }
}

static void mutex_with_the_host(void)
{
    begin_shared(MUTEX, 0);
    TOGETHER(lock_twice, host_locks_twice);
    MODEL_CHECK(total == 4);
    end_shared();
}

static void release_two(void *context)
{
    (void)context;
    for (int i = 0; i < 2; i++)
        MODEL_CHECK(weft_semaphore_release(shared->object, 1) == WEFT_OK);
}

static void acquire_one(void *context)
{
    (void)context;
    MODEL_CHECK(weft_semaphore_acquire(shared->object, WEFT_FOREVER) == WEFT_OK);
    total++;
}

static void host_acquires_one(void *context)
{
    (void)context;
    if (wait_and_leave(0) == WEFT_ERR_TIMEOUT)
        MODEL_CHECK(wait_by_looks(0) == WEFT_OK);
    total++;
}

static void semaphore_with_the_host(void)
{
    begin_shared(SEMAPHORE, 0);
    TOGETHER(release_two, acquire_one, host_acquires_one);
    MODEL_CHECK(total == 2);
    end_shared();
}

static void await_event(void *context)
{
    (void)context;
    MODEL_CHECK(weft_event_wait(shared->object, WEFT_FOREVER) == WEFT_OK);
    total++;
}

static void set_event(void *context)
{
    (void)context;
    MODEL_CHECK(weft_event_set(shared->object) == WEFT_OK);
}

static void event_with_the_host(void)
{
    begin_shared(EVENT, 0);
    TOGETHER(set_event, await_event, host_acquires_one);
    MODEL_CHECK(total == 2);
    end_shared();
}

EXPLORE(channel_to_the_host, 4)
EXPLORE(channel_to_a_host_that_leaves, 3)
EXPLORE(channel_closed_on_the_host, 4)
EXPLORE(channel_from_the_host, 5)
EXPLORE(channel_from_a_host_that_leaves, 4)
EXPLORE(mutex_with_the_host, 5)
EXPLORE(semaphore_with_the_host, 4)
EXPLORE(event_with_the_host, 4)

TEST_MAIN(EVERY(channel_to_the_host), EVERY(channel_to_a_host_that_leaves),
          EVERY(channel_closed_on_the_host), EVERY(channel_from_the_host),
          EVERY(channel_from_a_host_that_leaves), EVERY(mutex_with_the_host),
          EVERY(semaphore_with_the_host), EVERY(event_with_the_host))
