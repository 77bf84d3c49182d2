/* Channels: what goes in comes out once and in order, and closing ends every wait. */
#include "threads.h"

#include <weft.h>

#define ITEMS   5000 /* by each sender */
#define SENDERS TEST_TEAM_MOST

struct message {
    uint32_t sender, number;
};

static struct message messages[SENDERS][ITEMS];
static weft_channel *channel;
static uint32_t count; /* items by each sender */
static _Atomic uint32_t next_sender, received[SENDERS][ITEMS], refused;

static void send_all(void *context)
{
    uint32_t sender = atomic_fetch_add(&next_sender, 1);
    int64_t limit = context != NULL ? 20000 : TEST_LIMIT_NS;
    for (uint32_t i = 0; i < count; i++) {
        enum weft_status status;
        messages[sender][i] = (struct message){sender, i};
        do
            status = weft_channel_send(channel, &messages[sender][i], limit);
        while (status == WEFT_ERR_TIMEOUT && context != NULL);
        if (status == WEFT_ERR_CLOSED)
            atomic_fetch_add(&refused, 1);
        else
            EXPECT_EQ(status, WEFT_OK);
    }
}

/* One receiver sees the items of one sender in the order in which they were sent. */
static void receive_all(void *context)
{
    uint32_t next[SENDERS] = {0};
    void *item = NULL;
    int64_t limit = context != NULL ? 20000 : TEST_LIMIT_NS;
    for (;;) {
        enum weft_status status = weft_channel_recv(channel, &item, limit);
        if (status == WEFT_ERR_CLOSED)
            return;
        if (status == WEFT_ERR_TIMEOUT && context != NULL)
            continue;
        EXPECT_EQ(status, WEFT_OK);
        if (status != WEFT_OK)
            return;
        const struct message *message = item;
        EXPECT(message->number >= next[message->sender]);
        next[message->sender] = message->number + 1;
        atomic_fetch_add(&received[message->sender][message->number], 1);
    }
}

static void begin(size_t capacity)
{
    memset(received, 0, sizeof received);
    atomic_store(&next_sender, 0);
    atomic_store(&refused, 0);
    count = ITEMS;
    EXPECT_EQ(weft_channel_create(capacity, &channel), WEFT_OK);
}

/* Half of the team sends, the other half receives; `hasty`: with limits that pass. */
static void exchange(size_t capacity, bool hasty)
{
    struct test_team senders = {.count = 0}, receivers = {.count = 0};
    void *context = hasty ? &channel : NULL;
    size_t half = test_team_size() / 2;
    begin(capacity);
    count = hasty ? ITEMS / 10 : ITEMS;
    while (receivers.count < half)
        test_team_start(&receivers, receive_all, context);
    while (senders.count < half)
        test_team_start(&senders, send_all, context);
    test_team_join(&senders);
    weft_channel_close(channel);
    test_team_join(&receivers);
    for (size_t sender = 0; sender < half; sender++)
        for (size_t i = 0; i < count; i++)
            EXPECT_EQ(atomic_load(&received[sender][i]), 1);
    weft_channel_destroy(channel);
}

static void every_item_arrives_once_and_in_order(void)
{
    exchange(1, false);
    exchange(7, false);
    exchange(1000, false);
}

static void limits_that_pass_lose_nothing(void)
{
    exchange(1, true);
    exchange(5, true);
}

static void one_thread_gets_back_what_it_sent(void)
{
    int items[5];
    void *got = NULL;
    EXPECT_EQ(weft_channel_create(3, &channel), WEFT_OK);
    for (int round = 0; round < 4; round++) { /* around the end of the ring */
        for (int i = 0; i < 3; i++)
            EXPECT_EQ(weft_channel_send(channel, &items[i], 0), WEFT_OK);
        EXPECT_EQ(weft_channel_send(channel, &items[3], 0), WEFT_ERR_TIMEOUT);
        EXPECT_EQ(weft_channel_send(channel, &items[3], TEST_SHORT_NS), WEFT_ERR_TIMEOUT);
        EXPECT_EQ(weft_channel_recv(channel, &got, 0), WEFT_OK);
        EXPECT(got == &items[0]);
        EXPECT_EQ(weft_channel_send(channel, NULL, 0), WEFT_OK);
        for (int i = 1; i < 3; i++) {
            EXPECT_EQ(weft_channel_recv(channel, &got, WEFT_FOREVER), WEFT_OK);
            EXPECT(got == &items[i]);
        }
        EXPECT_EQ(weft_channel_recv(channel, &got, 0), WEFT_OK);
        EXPECT(got == NULL);
        got = &items[4];
        EXPECT_EQ(weft_channel_recv(channel, &got, 0), WEFT_ERR_TIMEOUT);
        EXPECT_EQ(weft_channel_recv(channel, &got, TEST_SHORT_NS), WEFT_ERR_TIMEOUT);
        EXPECT(got == &items[4]);
    }
    weft_channel_destroy(channel);
}

static void recv_reports_closed_after_the_last_item(void)
{
    int sent = 7;
    void *got = NULL;
    EXPECT_EQ(weft_channel_create(2, &channel), WEFT_OK);
    EXPECT_EQ(weft_channel_send(channel, &sent, 0), WEFT_OK);
    weft_channel_close(channel);
    weft_channel_close(channel);
    EXPECT_EQ(weft_channel_send(channel, &sent, WEFT_FOREVER), WEFT_ERR_CLOSED);
    EXPECT_EQ(weft_channel_recv(channel, &got, 0), WEFT_OK);
    EXPECT(got == &sent);
    EXPECT_EQ(weft_channel_recv(channel, &got, 0), WEFT_ERR_CLOSED);
    EXPECT_EQ(weft_channel_recv(channel, &got, WEFT_FOREVER), WEFT_ERR_CLOSED);
    weft_channel_destroy(channel);
}

static _Atomic uint32_t waiting;

static void send_until_closed(void *context)
{
    int item;
    enum weft_status status;
    (void)context;
    atomic_fetch_add(&waiting, 1);
    do
        status = weft_channel_send(channel, &item, WEFT_FOREVER);
    while (status == WEFT_OK);
    EXPECT_EQ(status, WEFT_ERR_CLOSED);
}

static void receive_until_closed(void *context)
{
    void *item;
    enum weft_status status;
    (void)context;
    atomic_fetch_add(&waiting, 1);
    do
        status = weft_channel_recv(channel, &item, WEFT_FOREVER);
    while (status == WEFT_OK);
    EXPECT_EQ(status, WEFT_ERR_CLOSED);
}

/* Whether they sleep already or are about to, all of them are told. */
static void closed_while_waiting(void (*wait)(void *))
{
    for (int round = 0; round < 30; round++) {
        struct test_team team = {.count = 0};
        int64_t end = weft__plat_now_ns() + TEST_LIMIT_NS;
        begin(2);
        atomic_store(&waiting, 0);
        while (team.count < test_team_size())
            test_team_start(&team, wait, NULL);
        while (atomic_load(&waiting) < team.count && weft__plat_now_ns() < end)
            weft__plat_relax();
        weft_channel_close(channel);
        test_team_join(&team);
        weft_channel_destroy(channel);
    }
}

static void close_wakes_every_sender(void)
{
    closed_while_waiting(send_until_closed);
}

static void close_wakes_every_receiver(void)
{
    closed_while_waiting(receive_until_closed);
}

static void close_in_the_middle_loses_no_accepted_item(void)
{
    for (int round = 0; round < 5; round++) {
        struct test_team senders = {.count = 0};
        void *item;
        uint32_t got = 0;
        size_t half = test_team_size() / 2;
        begin(3);
        while (senders.count < half)
            test_team_start(&senders, send_all, NULL);
        while (got < ITEMS / 2 && weft_channel_recv(channel, &item, TEST_LIMIT_NS) == WEFT_OK)
            got++;
        weft_channel_close(channel);
        while (weft_channel_recv(channel, &item, TEST_LIMIT_NS) == WEFT_OK)
            got++;
        test_team_join(&senders);
        EXPECT_EQ(got + atomic_load(&refused), half * ITEMS);
        weft_channel_destroy(channel);
    }
}

/* Tasks that receive while another task of theirs sends: a sleeping one does not keep the
 * sender from running. */
static void send_to_tasks(void *context)
{
    static int item;
    (void)context;
    for (int i = 0; i < 100; i++)
        EXPECT_EQ(weft_channel_send(channel, &item, TEST_LIMIT_NS), WEFT_OK);
    weft_channel_close(channel);
}

static void receive_in_task(void *context)
{
    void *item;
    while (weft_channel_recv(channel, &item, TEST_LIMIT_NS) == WEFT_OK)
        atomic_fetch_add((_Atomic uint32_t *)context, 1);
}

static void talk_in_job(void *context)
{
    weft_group group;
    weft_group_init(&group);
    weft_group_run(&group, send_to_tasks, NULL);
    weft_group_run(&group, receive_in_task, context);
    weft_group_run(&group, receive_in_task, context);
    EXPECT_EQ(weft_group_wait(&group), WEFT_OK);
}

static void tasks_may_wait_for_each_other(void)
{
    weft_options options = {.threads = test_threads()};
    EXPECT_EQ(weft_runtime_start(&options), WEFT_OK);
    for (int round = 0; round < 10; round++) {
        _Atomic uint32_t taken = 0;
        begin(2);
        EXPECT_EQ(weft_run(talk_in_job, &taken), WEFT_OK);
        EXPECT_EQ(atomic_load(&taken), 100);
        weft_channel_destroy(channel);
    }
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

static void bad_arguments_are_refused(void)
{
    weft_channel *untouched = NULL;
    void *item = NULL;
    EXPECT_EQ(weft_channel_create(0, &untouched), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_channel_create(1, NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_channel_create((size_t)WEFT_CHANNEL_MAX + 1, &untouched), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_channel_create(SIZE_MAX, &untouched), WEFT_ERR_INVALID);
    EXPECT(untouched == NULL);
    EXPECT_EQ(weft_channel_send(NULL, &item, 0), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_channel_recv(NULL, &item, 0), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_channel_create(1, &channel), WEFT_OK);
    EXPECT_EQ(weft_channel_recv(channel, NULL, 0), WEFT_ERR_INVALID);
    weft_channel_destroy(channel);
    weft_channel_close(NULL);
    weft_channel_destroy(NULL);
}

TEST_MAIN(TEST(every_item_arrives_once_and_in_order), TEST(limits_that_pass_lose_nothing),
          TEST(one_thread_gets_back_what_it_sent), TEST(recv_reports_closed_after_the_last_item),
          TEST(close_wakes_every_sender), TEST(close_wakes_every_receiver),
          TEST(close_in_the_middle_loses_no_accepted_item), TEST(tasks_may_wait_for_each_other),
          TEST(bad_arguments_are_refused))
