/* posix.c: what POSIX threads cost: start and join of a thread, mutexes, the allocator.
 * Prints one line `name value unit` per measurement. The same source runs natively, on the
 * thread layer and on Emscripten's threads. */
#define _GNU_SOURCE

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define STARTS 2000
#define ROUNDS 2000000
#define BLOCKS 400000
#define SERIES 9

static double now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

static void *nothing(void *context)
{
    return context;
}

static void start_and_join(void)
{
    static double times[STARTS];
    for (size_t i = 0; i < STARTS; i++) {
        pthread_t thread;
        double start = now_us();
        if (pthread_create(&thread, NULL, nothing, NULL) != 0)
            exit(1);
        pthread_join(thread, NULL);
        times[i] = now_us() - start;
    }
    printf("create+join %.2f us\n", median(times, STARTS));
}

static _Atomic uint32_t word;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t counter;

static void swap_pairs(void)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t expected = 0;
        atomic_compare_exchange_strong(&word, &expected, 1);
        expected = 1;
        atomic_compare_exchange_strong(&word, &expected, 0);
    }
}

/* Nothing but the two calls, as the pair above is nothing but the two instructions. */
static void lock_nothing(void)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    }
}

static void lock_pairs(void)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
    }
}

static void *lock_in_thread(void *context)
{
    lock_pairs();
    return context;
}

static void churn(void)
{
    void *blocks[64] = {NULL};
    uint32_t random = 1;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        random = random * 1664525 + 1013904223;
        uint32_t slot = random >> 26;
        free(blocks[slot]);
        blocks[slot] = malloc(16 + (random >> 8) % 1000);
    }
    for (uint32_t i = 0; i < 64; i++)
        free(blocks[i]);
}

static void *churn_in_thread(void *context)
{
    churn();
    return context;
}

/* Microseconds for fn on each of two threads at once. */
static double on_two(void *(*fn)(void *))
{
    pthread_t threads[2];
    double start = now_us();
    for (int i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, fn, NULL) != 0)
            exit(1);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return now_us() - start;
}

/* Called by the table: who inlines it into main would keep it in baseline code. */
static double swap_us(void)
{
    double start = now_us();
    swap_pairs();
    return now_us() - start;
}

static double lock_us(void)
{
    double start = now_us();
    lock_nothing();
    return now_us() - start;
}

static double contended_us(void)
{
    return on_two(lock_in_thread);
}

static double churn_us(void)
{
    double start = now_us();
    churn();
    return now_us() - start;
}

static double churn_two_us(void)
{
    return on_two(churn_in_thread);
}

static const struct {
    const char *name;
    double (*run)(void);
    double count;
} series[] = {
    {"compare-exchange-pair", swap_us, ROUNDS},         {"mutex-uncontended", lock_us, ROUNDS},
    {"mutex-two-threads", contended_us, 2.0 * ROUNDS},  {"malloc-one-thread", churn_us, BLOCKS},
    {"malloc-two-threads", churn_two_us, 2.0 * BLOCKS},
};

int main(void)
{
    start_and_join();
    for (size_t i = 0; i < sizeof series / sizeof series[0]; i++) {
        double values[SERIES];
        series[i].run();
        for (size_t k = 0; k < SERIES; k++)
            values[k] = series[i].run() * 1e3 / series[i].count;
        printf("%s %.2f ns\n", series[i].name, median(values, SERIES));
    }
    return 0;
}
