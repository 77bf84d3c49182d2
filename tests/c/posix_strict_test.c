/* Parts of POSIX that not every host keeps to: not built for Emscripten, whose 3.1.6 sleeps
 * for ever until a time, gives new keys old values, reads no names and overlooks that there
 * is no memory for a stack. */
#define _GNU_SOURCE

#include "posix_threads.h"

#include <errno.h>

static void a_thread_has_a_name_of_fifteen_letters(void)
{
    char name[16] = "";
    EXPECT_EQ(pthread_setname_np(pthread_self(), "shuttle"), 0);
    EXPECT_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
    EXPECT(strcmp(name, "shuttle") == 0);
    EXPECT_EQ(pthread_setname_np(pthread_self(), "sixteen letters!"), ERANGE);
}

static void a_new_key_has_no_value(void)
{
    for (int i = 0; i < 300; i++) {
        pthread_key_t fresh;
        EXPECT_EQ(pthread_key_create(&fresh, NULL), 0);
        EXPECT(pthread_getspecific(fresh) == NULL);
        EXPECT_EQ(pthread_setspecific(fresh, &fresh), 0);
        EXPECT_EQ(pthread_key_delete(fresh), 0);
    }
}

static void *nothing(void *context)
{
    return context;
}

static void a_stack_that_cannot_be_had_is_reported(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    EXPECT_EQ(pthread_attr_init(&attributes), 0);
    EXPECT_EQ(pthread_attr_setstacksize(&attributes, (size_t)1 << (sizeof(size_t) * 8 - 2)), 0);
    EXPECT_EQ(pthread_create(&thread, &attributes, nothing, NULL), EAGAIN);
    EXPECT_EQ(pthread_attr_destroy(&attributes), 0);
}

static void a_sleep_ends_at_its_time(void)
{
    clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC};
    for (int i = 0; i < 2; i++) {
        struct timespec at = posix_time(clocks[i], 20);
        EXPECT_EQ(clock_nanosleep(clocks[i], TIMER_ABSTIME, &at, NULL), 0);
        EXPECT(posix_reached(clocks[i], &at));
        at = posix_time(clocks[i], -1000);
        EXPECT_EQ(clock_nanosleep(clocks[i], TIMER_ABSTIME, &at, NULL), 0);
    }
}

TEST_MAIN(TEST(a_thread_has_a_name_of_fifteen_letters), TEST(a_new_key_has_no_value),
          TEST(a_stack_that_cannot_be_had_is_reported), TEST(a_sleep_ends_at_its_time))
