/* posix_thread.c: start, end and join of POSIX threads. */
#define _GNU_SOURCE

#include "lock.h"
#include "posix.h"
#include "thread.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define STACK_BYTES_DEFAULT ((size_t)1 << 20)
#define STACK_BYTES_LEAST   ((size_t)1 << 16) /* printf alone takes 8 KiB */
#define IDLE_SPINS          500               /* some 10 us */
#define JOIN_SPINS          250
#define IDLE_NS             INT64_C(5000000000)

#define DISMISSED UINT32_C(1) /* in a carrier's `thread`: end, somebody joins you */

/* What runs one thread after the other. */
struct carrier {
    _Atomic uint32_t thread;   /* the record to run next, 0 while idle, or DISMISSED */
    _Atomic uint32_t sleeps;   /* the carrier only: 1 if `thread` has to be followed by a wake */
    struct carrier *next;      /* under `lock` */
    struct weft__thread *host; /* the carrier, then its reaper */
    size_t stack_bytes;        /* constant */
};

static weft__lock lock;
static struct carrier *idle;  /* under lock: the one that became idle last comes first */
static struct carrier *ended; /* under lock: left their loop, to be joined and freed */
static _Atomic uint32_t live; /* threads of pthread_create that have not ended */

static _Thread_local struct __pthread *me;
static _Thread_local struct __pthread foreign; /* of a thread that pthread_create did not make */

pthread_t pthread_self(void)
{
    if (me == NULL) {
        foreign.stack = weft__thread_stack(&foreign.stack_bytes);
        me = &foreign;
    }
    return me;
}

int(pthread_equal)(pthread_t a, pthread_t b)
{
    return a == b;
}

/* Carriers. */

static void carrier_add(struct carrier **list, struct carrier *carrier)
{
    weft__lock_lock(&lock);
    carrier->next = *list;
    *list = carrier;
    weft__lock_unlock(&lock);
}

/* Takes an idle carrier with enough stack and not too much of it; NULL if there is none. */
static struct carrier *carrier_take(size_t stack_bytes)
{
    weft__lock_lock(&lock);
    struct carrier **link = &idle;
    while (*link != NULL &&
           ((*link)->stack_bytes < stack_bytes || (*link)->stack_bytes / 4 > stack_bytes))
        link = &(*link)->next;
    struct carrier *found = *link;
    if (found != NULL)
        *link = found->next;
    weft__lock_unlock(&lock);
    return found;
}

/* False if somebody has just taken it. */
static bool carrier_retire(struct carrier *carrier)
{
    weft__lock_lock(&lock);
    struct carrier **link = &idle;
    while (*link != NULL && *link != carrier)
        link = &(*link)->next;
    bool found = *link != NULL;
    if (found)
        *link = carrier->next;
    weft__lock_unlock(&lock);
    return found;
}

/* Frees the carriers that have ended. */
static void carriers_reap(void)
{
    if (WEFT__PEEK(&ended) == 0)
        return;
    weft__lock_lock(&lock);
    struct carrier *carrier = ended;
    ended = NULL;
    weft__lock_unlock(&lock);
    while (carrier != NULL) {
        struct carrier *next = carrier->next;
        weft__thread_join(carrier->host); /* it is in its last instructions */
        free(carrier);
        carrier = next;
    }
}

/* Waits for the next thread; NULL when the carrier has to end. */
static struct __pthread *carrier_next(struct carrier *carrier)
{
    for (int i = 0; i < IDLE_SPINS && WEFT__PEEK(&carrier->thread) == 0; i++)
        weft__plat_relax();
    uint32_t thread;
    atomic_store(&carrier->sleeps, 1);
    while ((thread = atomic_load(&carrier->thread)) == 0) {
        if (weft__plat_wait(&carrier->thread, 0, IDLE_NS) == WEFT_ERR_TIMEOUT &&
            carrier_retire(carrier)) {
            carrier_add(&ended, carrier);
            return NULL;
        }
    }
    if (thread == DISMISSED)
        return NULL;
    atomic_store(&carrier->sleeps, 0);
    atomic_store(&carrier->thread, 0);
    return (struct __pthread *)(uintptr_t)thread;
}

static void body(void *context)
{
    struct __pthread *thread = context;
    thread->result = thread->start(thread->argument);
}

/* Lets everybody know that the thread has ended. */
static void announce(struct __pthread *thread)
{
    if (atomic_fetch_sub(&live, 1) == 1)
        weft__plat_wake(&live, UINT32_MAX);
    if (atomic_exchange(&thread->state, WEFT__POSIX_ENDED) == WEFT__POSIX_DETACHED)
        free(thread);
    else
        weft__plat_wake(&thread->state, UINT32_MAX);
}

static void carrier_run(struct carrier *carrier, struct __pthread *thread)
{
    me = thread;
    thread->stack = weft__thread_stack(&thread->stack_bytes);
    weft__posix_catch(body, thread);
    thread->exiting = thread->cancel_disabled = true;
    weft__posix_keys_end();
    weft__thread_renew();
    /* First idle, then ended, so that who joins and starts again finds this carrier. */
    carrier_add(&idle, carrier);
    announce(thread);
}

static void carrier_main(void *context)
{
    struct carrier *carrier = context;
    struct __pthread *thread;
    carrier->host = weft__thread_self();
    while ((thread = carrier_next(carrier)) != NULL)
        carrier_run(carrier, thread);
}

static void carrier_give(struct carrier *carrier, uint32_t thread)
{
    /* Both sides write their own word and then read the other's, so one sees the other. */
    atomic_store(&carrier->thread, thread);
    if (atomic_load(&carrier->sleeps) != 0)
        weft__plat_wake(&carrier->thread, 1);
}

static bool carrier_start(size_t stack_bytes, struct __pthread *thread)
{
    struct carrier *carrier = calloc(1, sizeof *carrier);
    if (carrier == NULL)
        return false;
    carrier->stack_bytes = stack_bytes;
    atomic_store_explicit(&carrier->thread, (uint32_t)(uintptr_t)thread, memory_order_relaxed);
    struct weft__thread *host;
    if (weft__thread_start(stack_bytes, carrier_main, carrier, &host) == WEFT_OK)
        return true;
    free(carrier);
    return false;
}

/* Ends an idle carrier and frees its stack; false if there is none. */
static bool carrier_dismiss(void)
{
    weft__lock_lock(&lock);
    struct carrier *carrier = idle;
    if (carrier != NULL)
        idle = carrier->next;
    weft__lock_unlock(&lock);
    if (carrier == NULL)
        return false;
    carrier_give(carrier, DISMISSED);
    weft__thread_join(carrier->host);
    free(carrier);
    return true;
}

/* Threads. */

static bool run(struct __pthread *thread, size_t stack_bytes)
{
    carriers_reap();
    if (atomic_fetch_add(&live, 1) < PTHREAD_THREADS_MAX) {
        struct carrier *carrier = carrier_take(stack_bytes);
        if (carrier != NULL) {
            carrier_give(carrier, (uint32_t)(uintptr_t)thread);
            return true;
        }
        do {
            if (carrier_start(stack_bytes, thread))
                return true;
        } while (carrier_dismiss()); /* their stacks may be what is missing */
    }
    atomic_fetch_sub(&live, 1);
    return false;
}

int pthread_create(pthread_t *restrict out, const pthread_attr_t *restrict attributes,
                   void *(*start)(void *), void *restrict argument)
{
    size_t stack_bytes = STACK_BYTES_DEFAULT;
    int detach_state = PTHREAD_CREATE_JOINABLE;
    if (attributes != NULL) {
        pthread_attr_getstacksize(attributes, &stack_bytes);
        pthread_attr_getdetachstate(attributes, &detach_state);
    }
    if (stack_bytes < STACK_BYTES_LEAST)
        stack_bytes = STACK_BYTES_LEAST;
    struct __pthread *thread = calloc(1, sizeof *thread);
    if (thread == NULL)
        return EAGAIN;
    thread->start = start;
    thread->argument = argument;
    if (detach_state == PTHREAD_CREATE_DETACHED)
        atomic_store_explicit(&thread->state, WEFT__POSIX_DETACHED, memory_order_relaxed);
    *out = thread; /* first: the thread may end, and be freed, before this returns */
    if (run(thread, stack_bytes))
        return 0;
    free(thread);
    return EAGAIN;
}

/* The main thread's end: the others' ends are awaited, then the program's. */
static _Noreturn void main_exit(struct __pthread *self)
{
    weft__posix_keys_end();
    atomic_store(&self->state, WEFT__POSIX_ENDED);
    weft__plat_wake(&self->state, UINT32_MAX);
    uint32_t others;
    while ((others = atomic_load(&live)) != 0) {
        if (weft__plat_wait(&live, others, -1) == WEFT_ERR_WOULD_BLOCK)
            weft__plat_relax();
    }
    exit(0);
}

_Noreturn void pthread_exit(void *result)
{
    struct __pthread *self = pthread_self();
    if (self->exiting)
        weft__thread_die("pthread_exit was called by a destructor or a cleanup handler");
    self->exiting = self->cancel_disabled = true;
    self->result = result;
    while (self->cleanup != NULL) {
        struct __ptcb *handler = self->cleanup;
        self->cleanup = handler->__next;
        handler->__f(handler->__x);
    }
    if (self->start != NULL)
        weft__posix_throw();
    if (weft__thread_self() == NULL)
        main_exit(self);
    weft__thread_die("pthread_exit was called on a thread that pthread_create did not make");
}

/* Waits until the thread has ended; 0, ETIMEDOUT, EINVAL, EDEADLK or ECANCELED. */
static int await(struct __pthread *thread, const struct timespec *deadline)
{
    for (int i = 0; i < JOIN_SPINS && WEFT__PEEK(&thread->state) == WEFT__POSIX_RUNS; i++)
        weft__plat_relax();
    int failure = 0;
    while (failure == 0 && atomic_load(&thread->state) == WEFT__POSIX_RUNS)
        failure = weft__posix_wait_cancellable(&thread->state, WEFT__POSIX_RUNS, CLOCK_REALTIME,
                                               deadline);
    return failure;
}

int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *deadline)
{
    pthread_testcancel();
    if (thread == pthread_self())
        return EDEADLK;
    if (atomic_load(&thread->state) == WEFT__POSIX_DETACHED)
        return EINVAL;
    int failure = await(thread, deadline);
    if (failure == ECANCELED)
        weft__posix_cancel_now();
    if (failure != 0)
        return failure;
    if (result != NULL)
        *result = thread->result;
    if (thread->start != NULL)
        free(thread);
    return 0;
}

int pthread_join(pthread_t thread, void **result)
{
    return pthread_timedjoin_np(thread, result, NULL);
}

int pthread_tryjoin_np(pthread_t thread, void **result)
{
    if (atomic_load(&thread->state) == WEFT__POSIX_RUNS)
        return EBUSY;
    return pthread_timedjoin_np(thread, result, NULL);
}

int pthread_detach(pthread_t thread)
{
    uint32_t state = WEFT__POSIX_RUNS;
    if (atomic_compare_exchange_strong(&thread->state, &state, WEFT__POSIX_DETACHED))
        return 0;
    if (state == WEFT__POSIX_DETACHED)
        return EINVAL;
    if (thread->start != NULL)
        free(thread);
    return 0;
}
