/* Thread-specific data. */
#define _GNU_SOURCE

#include "posix_threads.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>

static pthread_key_t key;
static atomic_size_t destroyed, wrong;

static void destroy(void *value)
{
    atomic_fetch_add(&destroyed, *(size_t *)value);
    if (pthread_getspecific(key) != NULL)
        atomic_fetch_add(&wrong, 1);
    free(value);
}

static void *set_own(void *context)
{
    (void)context;
    size_t *value = malloc(sizeof *value);
    *value = 1;
    if (pthread_getspecific(key) != NULL)
        atomic_fetch_add(&wrong, 1);
    EXPECT_EQ(pthread_setspecific(key, value), 0);
    if (pthread_getspecific(key) != value)
        atomic_fetch_add(&wrong, 1);
    if (context != NULL)
        pthread_exit(NULL);
    return NULL;
}

static void each_thread_has_its_value_and_destroys_it(void)
{
    EXPECT_EQ(pthread_key_create(&key, destroy), 0);
    for (int i = 0; i < 10; i++)
        posix_run(set_own, i % 2 ? &key : NULL);
    EXPECT_EQ(atomic_load(&destroyed), 10 * test_threads());
    EXPECT_EQ(atomic_load(&wrong), 0);
    EXPECT(pthread_getspecific(key) == NULL);
    EXPECT_EQ(pthread_key_delete(key), 0);
}

static size_t calls;

static void set_again(void *value)
{
    calls++;
    pthread_setspecific(key, value);
}

static void *set_stubborn(void *context)
{
    pthread_setspecific(key, context);
    return NULL;
}

static void destructors_are_called_again_but_not_for_ever(void)
{
    EXPECT_EQ(pthread_key_create(&key, set_again), 0);
    posix_ask(set_stubborn, &key);
    EXPECT(calls >= PTHREAD_DESTRUCTOR_ITERATIONS && calls < 100);
    EXPECT_EQ(pthread_key_delete(key), 0);
}

static void keys_run_out(void)
{
    static pthread_key_t keys[100000];
    size_t count = 0;
    int failure = 0;
    while (count < 100000 && (failure = pthread_key_create(&keys[count], NULL)) == 0)
        count++;
    EXPECT_EQ(failure, EAGAIN);
    EXPECT(count >= 100);
    for (size_t i = 0; i < count; i++) {
        EXPECT_EQ(pthread_setspecific(keys[i], &keys[i]), 0);
        EXPECT(pthread_getspecific(keys[i]) == &keys[i]);
    }
    for (size_t i = 0; i < count; i++)
        EXPECT_EQ(pthread_key_delete(keys[i]), 0);
}

TEST_MAIN(TEST(each_thread_has_its_value_and_destroys_it),
          TEST(destructors_are_called_again_but_not_for_ever), TEST(keys_run_out))
