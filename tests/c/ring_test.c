/* Rings: one sender, one receiver. */
#include "threads.h"

#include <weft.h>

#define ITEMS 8000

static uint32_t numbers[ITEMS];
static weft_ring *ring;

static void send_all(void *context)
{
    int64_t limit = context != NULL ? 1000 : TEST_LIMIT_NS;
    for (uint32_t i = 0; i < ITEMS; i++) {
        enum weft_status status;
        numbers[i] = i + 1;
        do
            status = weft_ring_send(ring, &numbers[i], limit);
        while (status == WEFT_ERR_TIMEOUT && context != NULL);
        EXPECT_EQ(status, WEFT_OK);
    }
    weft_ring_close(ring);
}

static void receive_from(size_t capacity, bool hasty)
{
    struct test_team team = {.count = 0};
    uint32_t next = 0;
    void *item = NULL;
    enum weft_status status = WEFT_OK;
    memset(numbers, 0, sizeof numbers);
    EXPECT_EQ(weft_ring_create(capacity, &ring), WEFT_OK);
    test_team_start(&team, send_all, hasty ? &ring : NULL);
    while (status == WEFT_OK || (hasty && status == WEFT_ERR_TIMEOUT)) {
        status = weft_ring_recv(ring, &item, hasty ? 1000 : TEST_LIMIT_NS);
        if (status == WEFT_OK) {
            EXPECT(item == &numbers[next]);
            EXPECT_EQ(*(uint32_t *)item, ++next);
        }
    }
    EXPECT_EQ(status, WEFT_ERR_CLOSED);
    EXPECT_EQ(next, ITEMS);
    test_team_join(&team);
    weft_ring_destroy(ring);
}

static void every_item_arrives_in_order(void)
{
    receive_from(1, false);
    receive_from(3, false);
    receive_from(1000, false);
}

static void limits_that_pass_lose_nothing(void)
{
    receive_from(1, true);
    receive_from(6, true);
}

/* The capacity is exact, though the slots are a power of two. */
static void one_thread_gets_back_what_it_sent(void)
{
    int items[8];
    void *got = NULL;
    for (size_t capacity = 1; capacity <= 7; capacity++) {
        EXPECT_EQ(weft_ring_create(capacity, &ring), WEFT_OK);
        for (int round = 0; round < 5; round++) {
            for (size_t i = 0; i < capacity; i++)
                EXPECT_EQ(weft_ring_try_send(ring, &items[i]), WEFT_OK);
            EXPECT_EQ(weft_ring_try_send(ring, &items[7]), WEFT_ERR_TIMEOUT);
            EXPECT_EQ(weft_ring_send(ring, &items[7], 0), WEFT_ERR_TIMEOUT);
            EXPECT_EQ(weft_ring_send(ring, &items[7], TEST_SHORT_NS), WEFT_ERR_TIMEOUT);
            for (size_t i = 0; i < capacity; i++) {
                EXPECT_EQ(weft_ring_try_recv(ring, &got), WEFT_OK);
                EXPECT(got == &items[i]);
            }
            EXPECT_EQ(weft_ring_try_recv(ring, &got), WEFT_ERR_TIMEOUT);
            EXPECT_EQ(weft_ring_recv(ring, &got, 0), WEFT_ERR_TIMEOUT);
            EXPECT_EQ(weft_ring_recv(ring, &got, TEST_SHORT_NS), WEFT_ERR_TIMEOUT);
            EXPECT(got == &items[capacity - 1]);
        }
        weft_ring_destroy(ring);
    }
}

static void recv_reports_closed_after_the_last_item(void)
{
    int sent;
    void *got = NULL;
    EXPECT_EQ(weft_ring_create(2, &ring), WEFT_OK);
    EXPECT_EQ(weft_ring_send(ring, &sent, 0), WEFT_OK);
    weft_ring_close(ring);
    weft_ring_close(ring);
    EXPECT_EQ(weft_ring_try_send(ring, &sent), WEFT_ERR_CLOSED);
    EXPECT_EQ(weft_ring_send(ring, &sent, WEFT_FOREVER), WEFT_ERR_CLOSED);
    EXPECT_EQ(weft_ring_recv(ring, &got, WEFT_FOREVER), WEFT_OK);
    EXPECT(got == &sent);
    EXPECT_EQ(weft_ring_try_recv(ring, &got), WEFT_ERR_CLOSED);
    EXPECT_EQ(weft_ring_recv(ring, &got, WEFT_FOREVER), WEFT_ERR_CLOSED);
    weft_ring_destroy(ring);
}

static _Atomic uint32_t waiting;

static void wait_on_empty(void *context)
{
    (void)context;
    void *item;
    atomic_fetch_add(&waiting, 1);
    EXPECT_EQ(weft_ring_recv(ring, &item, WEFT_FOREVER), WEFT_ERR_CLOSED);
}

static void wait_on_full(void *context)
{
    int item;
    (void)context;
    EXPECT_EQ(weft_ring_try_send(ring, &item), WEFT_OK);
    atomic_fetch_add(&waiting, 1);
    EXPECT_EQ(weft_ring_send(ring, &item, WEFT_FOREVER), WEFT_ERR_CLOSED);
}

static void close_wakes_whoever_waits(void)
{
    for (int round = 0; round < 100; round++) {
        struct test_team team = {.count = 0};
        int64_t end = weft__plat_now_ns() + TEST_LIMIT_NS;
        atomic_store(&waiting, 0);
        EXPECT_EQ(weft_ring_create(1, &ring), WEFT_OK);
        test_team_start(&team, round % 2 == 0 ? wait_on_empty : wait_on_full, NULL);
        while (atomic_load(&waiting) == 0 && weft__plat_now_ns() < end)
            weft__plat_relax();
        weft_ring_close(ring);
        test_team_join(&team);
        weft_ring_destroy(ring);
    }
}

static void bad_arguments_are_refused(void)
{
    weft_ring *untouched = NULL;
    void *item = NULL;
    EXPECT_EQ(weft_ring_create(0, &untouched), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_ring_create(1, NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_ring_create((size_t)WEFT_RING_MAX + 1, &untouched), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_ring_create(SIZE_MAX, &untouched), WEFT_ERR_INVALID);
    EXPECT(untouched == NULL);
    EXPECT_EQ(weft_ring_send(NULL, &item, 0), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_ring_recv(NULL, &item, 0), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_ring_create(1, &ring), WEFT_OK);
    EXPECT_EQ(weft_ring_recv(ring, NULL, 0), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_ring_recv(ring, NULL, WEFT_FOREVER), WEFT_ERR_INVALID);
    weft_ring_destroy(ring);
    weft_ring_close(NULL);
    weft_ring_destroy(NULL);
}

TEST_MAIN(TEST(every_item_arrives_in_order), TEST(limits_that_pass_lose_nothing),
          TEST(one_thread_gets_back_what_it_sent), TEST(recv_reports_closed_after_the_last_item),
          TEST(close_wakes_whoever_waits), TEST(bad_arguments_are_refused))
