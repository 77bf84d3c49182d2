/* Channels, rings and pipelines, explored by model.h, as lock_model_test.c does locks. */
#include "together.h"

/* Channel. */

static weft_channel *channel;
static int things[4];
static uint32_t received, refused;
static bool two_receivers;

static void send_thing(size_t i)
{
    enum weft_status status = weft_channel_send(channel, &things[i], WEFT_FOREVER);
    MODEL_CHECK(status == WEFT_OK || status == WEFT_ERR_CLOSED);
    refused += status == WEFT_ERR_CLOSED;
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

static bool receive(void)
{
    void *item = NULL;
    enum weft_status status = weft_channel_recv(channel, &item, WEFT_FOREVER);
    if (status != WEFT_OK) {
        MODEL_CHECK(status == WEFT_ERR_CLOSED && item == NULL);
        return false;
    }
    uint32_t bit = 1u << ((int *)item - things);
    MODEL_CHECK((received & bit) == 0);
    /* 1 was sent after 0, by one thread; of two receivers the later may be heard first. */
    MODEL_CHECK(bit != 2 || (received & 1) != 0 || two_receivers);
    received |= bit;
    return true;
}

static void receive_one(void *context)
{
    (void)context;
    (void)receive();
}

static void receive_three(void *context)
{
    (void)context;
    for (int i = 0; i < 3; i++)
        MODEL_CHECK(receive());
}

static void receive_all(void *context)
{
    (void)context;
    while (receive())
        continue;
}

static void close_channel(void *context)
{
    (void)context;
    weft_channel_close(channel);
}

static void begin_channel(void)
{
    received = refused = 0;
    two_receivers = false;
    MODEL_CHECK(weft_channel_create(1, &channel) == WEFT_OK);
}

static void channel_of_two_senders(void)
{
    begin_channel();
    TOGETHER(send_0_and_1, send_2, receive_three);
    MODEL_CHECK(received == 7);
    weft_channel_destroy(channel);
}

static void channel_of_two_receivers(void)
{
    begin_channel();
    two_receivers = true;
    TOGETHER(receive_one, receive_one, send_0_and_1);
    MODEL_CHECK(received == 3);
    weft_channel_destroy(channel);
}

static uint32_t bits(uint32_t word)
{
    return (uint32_t)__builtin_popcount(word);
}

static void channel_closed_on_senders(void)
{
    begin_channel();
    TOGETHER(send_0_and_1, send_2, close_channel);
    receive_all(NULL);
    MODEL_CHECK(bits(received) + refused == 3);
    weft_channel_destroy(channel);
}

static void channel_closed_on_receivers(void)
{
    begin_channel();
    two_receivers = true;
    TOGETHER(receive_all, receive_all, close_channel);
    MODEL_CHECK(received == 0);
    weft_channel_destroy(channel);
}

static void channel_closed_on_both(void)
{
    begin_channel();
    TOGETHER(send_0_and_1, receive_all, close_channel);
    MODEL_CHECK(bits(received) + refused == 2);
    weft_channel_destroy(channel);
}

/* Ring: both sides sleep and are woken; closing wakes. */

static weft_ring *ring;

static void ring_send_three(void *context)
{
    (void)context;
    for (size_t i = 0; i < 3; i++) {
        enum weft_status status = weft_ring_send(ring, &things[i], WEFT_FOREVER);
        MODEL_CHECK(status == WEFT_OK || status == WEFT_ERR_CLOSED);
    }
}

static void ring_send_and_close(void *context)
{
    ring_send_three(context);
    weft_ring_close(ring);
}

static void ring_receive_all(void *context)
{
    void *item = NULL;
    (void)context;
    for (; weft_ring_recv(ring, &item, WEFT_FOREVER) == WEFT_OK; received++)
        MODEL_CHECK(item == &things[received]);
}

static void ring_close_now(void *context)
{
    (void)context;
    weft_ring_close(ring);
}

static void ring_of_one(void)
{
    received = 0;
    MODEL_CHECK(weft_ring_create(1, &ring) == WEFT_OK);
    TOGETHER(ring_send_and_close, ring_receive_all);
    MODEL_CHECK(received == 3);
    weft_ring_destroy(ring);
}

static void ring_of_two(void)
{
    received = 0;
    MODEL_CHECK(weft_ring_create(2, &ring) == WEFT_OK);
    TOGETHER(ring_receive_all, ring_send_and_close);
    MODEL_CHECK(received == 3);
    weft_ring_destroy(ring);
}

static void ring_closed_by_a_third(void)
{
    received = 0;
    MODEL_CHECK(weft_ring_create(1, &ring) == WEFT_OK);
    TOGETHER(ring_send_three, ring_receive_all, ring_close_now);
    MODEL_CHECK(received <= 3);
    weft_ring_destroy(ring);
}

static void ring_closed_on_a_full_sender(void)
{
    received = 0;
    MODEL_CHECK(weft_ring_create(1, &ring) == WEFT_OK);
    TOGETHER(ring_send_three, ring_close_now);
    weft_ring_destroy(ring);
}

/* Pipeline: every item passes each stage, the serial ones in order. */

static uint32_t made, seen;

static enum weft_status make(void *context, void **item)
{
    (void)context;
    MODEL_CHECK(inside == 0);
    inside++;
    look_away();
    inside--;
    *item = made < 3 ? &things[made++] : NULL;
    return WEFT_OK;
}

static enum weft_status touch(void *context, void **item)
{
    (void)context;
    ++*(int *)*item;
    return WEFT_OK;
}

static enum weft_status take_in_order(void *context, void **item)
{
    (void)context;
    MODEL_CHECK(*item == &things[seen]);
    look_away();
    MODEL_CHECK(*item == &things[seen]);
    seen++;
    return WEFT_OK;
}

static void run_pipeline(size_t in_flight)
{
    static const weft_stage stages[] = {{WEFT_STAGE_SERIAL, make, NULL},
                                        {WEFT_STAGE_PARALLEL, touch, NULL},
                                        {WEFT_STAGE_SERIAL, take_in_order, NULL}};
    inside = total = 0;
    made = seen = 0;
    memset(things, 0, sizeof things);
    weft_options options = {.threads = 2, .spin_ns = -1};
    MODEL_CHECK(weft_runtime_start(&options) == WEFT_OK);
    MODEL_CHECK(weft_pipeline_run(stages, 3, in_flight, NULL, NULL) == WEFT_OK);
    MODEL_CHECK(weft_runtime_stop() == WEFT_OK);
    MODEL_CHECK(seen == 3 && things[0] == 1 && things[1] == 1 && things[2] == 1);
}

static void pipeline_of_one_token(void)
{
    run_pipeline(1);
}

static void pipeline_of_two_tokens(void)
{
    run_pipeline(2);
}

static void pipeline_of_many_tokens(void)
{
    run_pipeline(4);
}

EXPLORE(channel_of_two_senders, 4)
EXPLORE(channel_of_two_receivers, 4)
EXPLORE(channel_closed_on_senders, 4)
EXPLORE(channel_closed_on_receivers, 4)
EXPLORE(channel_closed_on_both, 4)
EXPLORE(ring_of_one, 4)
EXPLORE(ring_of_two, 4)
EXPLORE(ring_closed_by_a_third, 4)
EXPLORE(ring_closed_on_a_full_sender, 4)
EXPLORE(pipeline_of_one_token, 2)
EXPLORE(pipeline_of_two_tokens, 2)
EXPLORE(pipeline_of_many_tokens, 2)

TEST_MAIN(EVERY(channel_of_two_senders), EVERY(channel_of_two_receivers),
          EVERY(channel_closed_on_senders), EVERY(channel_closed_on_receivers),
          EVERY(channel_closed_on_both), EVERY(ring_of_one), EVERY(ring_of_two),
          EVERY(ring_closed_by_a_third), EVERY(ring_closed_on_a_full_sender),
          EVERY(pipeline_of_one_token), EVERY(pipeline_of_two_tokens),
          EVERY(pipeline_of_many_tokens))
