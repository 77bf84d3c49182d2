/* exit() in a second thread ends the program while main sleeps in a join and other threads
 * run, with that thread's exit code and after the handlers of atexit. */
#define _GNU_SOURCE

#include "posix_threads.h"

#include <semaphore.h>
#include <unistd.h>

static sem_t started;
static int checked;

static void *run_for_ever(void *context)
{
    sem_post(&started);
    for (;;)
        usleep(1000);
    return context;
}

static void *end_the_program(void *context)
{
    (void)context;
    checked = 1;
    exit(test_failures != 0);
}

/* Without it the process would end well before its time. */
static void refuse_early_end(void)
{
    if (!checked) {
        fprintf(stderr, "the program has ended before exit() was called\n");
        _Exit(1);
    }
}

int main(void)
{
    pthread_t thread;
    pthread_attr_t detached;
    EXPECT_EQ(atexit(refuse_early_end), 0);
    EXPECT_EQ(sem_init(&started, 0, 0), 0);
    EXPECT_EQ(pthread_attr_init(&detached), 0);
    EXPECT_EQ(pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED), 0);
    for (size_t i = 0; i < test_threads(); i++)
        EXPECT_EQ(pthread_create(&thread, &detached, run_for_ever, NULL), 0);
    for (size_t i = 0; i < test_threads(); i++)
        sem_wait(&started);
    EXPECT_EQ(pthread_create(&thread, NULL, end_the_program, NULL), 0);
    pthread_join(thread, NULL);
    return 1; /* never */
}
