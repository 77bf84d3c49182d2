/* floor_condvar.c: the fork/join of the textbook: a POSIX mutex and two condition variables. */
#include "../peer.h"

#include <pthread.h>
#include <stdint.h>

static struct {
    pthread_mutex_t lock;
    pthread_cond_t go, done;
    uint32_t begun, ended; /* under `lock`: the round that was begun, and ended by the helper */
    bench_range_fn fn;
    void *context;
    size_t first, last; /* the helper's share */
    bool alone;
} pool = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .go = PTHREAD_COND_INITIALIZER,
    .done = PTHREAD_COND_INITIALIZER,
};

static void *help(void *context)
{
    (void)context;
    for (uint32_t round = 1;; round++) {
        pthread_mutex_lock(&pool.lock);
        while (pool.begun != round)
            pthread_cond_wait(&pool.go, &pool.lock);
        pthread_mutex_unlock(&pool.lock);
        pool.fn(pool.context, pool.first, pool.last);
        pthread_mutex_lock(&pool.lock);
        pool.ended = round;
        pthread_cond_signal(&pool.done);
        pthread_mutex_unlock(&pool.lock);
    }
    return NULL;
}

static const char *start(size_t threads, const char *variant)
{
    (void)variant;
    static pthread_t thread;
    pool.alone = threads < 2;
    if (threads > 2 || (!pool.alone && pthread_create(&thread, NULL, help, NULL) != 0))
        return NULL;
    return "POSIX threads, two threads only";
}

static void loop(size_t count, bench_range_fn fn, void *context)
{
    if (pool.alone) {
        fn(context, 0, count);
        return;
    }
    pthread_mutex_lock(&pool.lock);
    pool.fn = fn;
    pool.context = context;
    pool.first = count / 2;
    pool.last = count;
    uint32_t round = ++pool.begun;
    pthread_cond_signal(&pool.go);
    pthread_mutex_unlock(&pool.lock);
    fn(context, 0, count / 2);
    pthread_mutex_lock(&pool.lock);
    while (pool.ended != round)
        pthread_cond_wait(&pool.done, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}

static void pair(bench_range_fn fn, void *context)
{
    loop(2, fn, context);
}

const struct bench_peer bench_peer = {.start = start, .loop = loop, .pair = pair};
