/* bag.c: items that make more items, on all ranks.
 *
 * Each lane, one thread's way through the work, has a private stack and pays nothing for
 * the others but a look at two words after each item. Somebody who has nothing to do counts
 * one of them up; then a lane with two items or more puts the older half of its stack, from
 * which most is to come as a rule, into the rank's pool. (Private deques: Acar, Charguéraud,
 * Rainey, 2013.) Idle lanes take from the pool; an idle rank asks another one, which
 * answers from its pool.
 *
 * The end: rank 0's word ACTIVE counts the ranks that have items or have been sent some. A
 * rank counts another one in before it sends items to it, and itself out when it has none,
 * so the count is 0 only when there is no item anywhere. */
#include "ranks.h"

#include "core/worker.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define TAG_REQUEST 2
#define TAG_REPLY   3

#define REPLY_BYTES_MAX 65536
#define LINE_BYTES      128 /* two cache lines: they are fetched in pairs */
#define LANE_SPINS      2000u
#define LANE_NS         INT64_C(1000000)
#define DONE_STEP       4096 /* items between two words about progress */

/* An idle rank that was refused waits so long, twice as long each time, up to the most. */
#define REFUSED_NS_MIN INT64_C(4000)
#define REFUSED_NS_MAX INT64_C(1000000)

/* Items in the order in which they came. */
struct store {
    unsigned char *bytes;
    size_t head;     /* the oldest, in items */
    size_t count;    /* items */
    size_t capacity; /* items */
};

struct run;

/* A lane. Its own thread only, on cache lines of its own. */
struct weft_mpi_bag {
    _Alignas(LINE_BYTES) struct run *run;
    struct store own;
    size_t item_bytes;
    size_t lane;
    unsigned char *item; /* that is worked on */
};

struct run {
    weft_mpi *mpi;
    size_t item_bytes;
    weft_mpi_bag_fn fn;
    void *context;
    struct weft_mpi_bag *lanes;

    /* Read after each item, written when somebody runs out of them: apart from the rest. */
    _Alignas(LINE_BYTES) _Atomic size_t pooled; /* the pool's count; changed under lock */
    _Atomic size_t wanting;                     /* lanes that wait; changed under lock */

    _Alignas(LINE_BYTES) weft_mutex lock;
    struct store pool;         /* under lock; its count is read without */
    size_t busy;               /* lanes that have items; under lock */
    bool over;                 /* under lock: there will be no more */
    _Atomic uint32_t arrivals; /* waiting lanes sleep on it */

    /* Driver only. */
    bool active;   /* counted in ACTIVE */
    bool asked;    /* a reply is on its way */
    size_t victim; /* from here */
    uint64_t random;
    int64_t refused_ns;    /* how long to wait after a refusal */
    int64_t ask_again_ns;  /* when */
    MPI_Request requested; /* receives requests: an empty message says all */
    MPI_Request reply;
    size_t *thieves; /* ranks that wait for a reply, oldest first */
    size_t thief_count;
    unsigned char *incoming, *outgoing; /* REPLY_BYTES_MAX or one item */
};

/* ---- stores ---- */

/* What a lane writes to after each item lies on cache lines of its own, wherever the heap
 * has room for it. */
static unsigned char *lines_of(size_t bytes)
{
    if (bytes > SIZE_MAX - LINE_BYTES)
        return NULL;
    return aligned_alloc(LINE_BYTES, (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES);
}

static bool grow(struct store *store, size_t item_bytes)
{
    if (store->head > 0) { /* there is room below */
        memmove(store->bytes, store->bytes + store->head * item_bytes, store->count * item_bytes);
        store->head = 0;
        if (store->count <= store->capacity / 2)
            return true;
    }
    size_t capacity = store->capacity == 0 ? 64 : 2 * store->capacity;
    if (capacity > SIZE_MAX / item_bytes)
        return false;
    unsigned char *bytes = lines_of(capacity * item_bytes);
    if (bytes == NULL)
        return false;
    if (store->count > 0)
        memcpy(bytes, store->bytes, store->count * item_bytes);
    free(store->bytes);
    store->bytes = bytes;
    store->capacity = capacity;
    return true;
}

static bool push(struct store *store, size_t item_bytes, const void *items, size_t count)
{
    while (store->capacity - store->head - store->count < count)
        if (!grow(store, item_bytes))
            return false;
    memcpy(store->bytes + (store->head + store->count) * item_bytes, items, count * item_bytes);
    store->count += count;
    return true;
}

static bool pop_newest(struct store *store, size_t item_bytes, unsigned char *item)
{
    if (store->count == 0)
        return false;
    store->count--;
    memcpy(item, store->bytes + (store->head + store->count) * item_bytes, item_bytes);
    if (store->count == 0)
        store->head = 0;
    return true;
}

static const unsigned char *oldest(const struct store *store, size_t item_bytes)
{
    return store->bytes + store->head * item_bytes;
}

static void drop_oldest(struct store *store, size_t count)
{
    store->count -= count;
    store->head = store->count == 0 ? 0 : store->head + count;
}

/* ---- lanes ---- */

static void fail_for_memory(struct run *run)
{
    weft_mpi_fail(run->mpi, WEFT_ERR_NOMEM, "no memory for the items of a bag");
}

static void wake_lanes(struct run *run, uint32_t count)
{
    atomic_fetch_add(&run->arrivals, 1);
    weft__plat_wake(&run->arrivals, count);
}

/* Relaxed: hints. */
static size_t wanting(const struct run *run)
{
    return atomic_load_explicit(&run->wanting, memory_order_relaxed);
}

static bool pool_is_short(const struct run *run)
{
    uint64_t hungry = wanting(run) + weft__mpi_word_here(run->mpi, WEFT__MPI_HUNGRY);
    return hungry != 0 && hungry > atomic_load_explicit(&run->pooled, memory_order_relaxed);
}

static WEFT__COLD void share_half(struct weft_mpi_bag *bag)
{
    struct run *run = bag->run;
    size_t count = bag->own.count / 2;
    if (count == 0)
        return;
    weft__mpi_lock(&run->lock);
    bool pushed = push(&run->pool, run->item_bytes, oldest(&bag->own, run->item_bytes), count);
    if (pushed) {
        drop_oldest(&bag->own, count);
        atomic_store(&run->pooled, run->pool.count);
    }
    weft__mpi_unlock(&run->lock);
    if (!pushed)
        fail_for_memory(run);
    if (wanting(run) > 0)
        wake_lanes(run, UINT32_MAX);
    if (weft__mpi_word_here(run->mpi, WEFT__MPI_HUNGRY) != 0) {
        /* Where all CPUs are busy, Linux wakes the driver onto this one, behind this thread's time
         * slice of milliseconds; it needs microseconds to answer. */
        weft__mpi_ring(run->mpi);
        (void)sched_yield();
    }
}

/* Takes some of the pool, all of it if nobody else wants any. Under lock. */
static bool take_from_pool(struct run *run, struct weft_mpi_bag *bag)
{
    size_t count = run->pool.count;
    if (count == 0)
        return false;
    if (wanting(run) > 1 || weft__mpi_word_here(run->mpi, WEFT__MPI_HUNGRY) != 0)
        count = (count + 1) / 2;
    if (!push(&bag->own, run->item_bytes, oldest(&run->pool, run->item_bytes), count)) {
        fail_for_memory(run);
        return false;
    }
    drop_oldest(&run->pool, count);
    atomic_store(&run->pooled, run->pool.count);
    return true;
}

/* False: there is no more, or the run has failed. */
static bool find_items(struct run *run, struct weft_mpi_bag *bag, bool had_items)
{
    bool found = false, over = false;
    weft__mpi_lock(&run->lock);
    run->busy -= had_items;
    bool rank_is_idle = run->busy == 0 && run->pool.count == 0;
    /* What an idle rank gets next comes by its driver, to which this thread leaves the CPU. */
    bool spins = !run->mpi->crowded && (run->mpi->ranks == 1 || !rank_is_idle);
    atomic_fetch_add(&run->wanting, 1);
    weft__mpi_unlock(&run->lock);
    if (rank_is_idle)
        weft__mpi_ring(run->mpi);
    for (uint32_t round = 0;; round++) {
        uint32_t seen = atomic_load(&run->arrivals);
        for (uint32_t spin = 0;
             spins && round > 0 && spin < LANE_SPINS && atomic_load(&run->arrivals) == seen; spin++)
            weft__plat_relax();
        weft__mpi_lock(&run->lock);
        found = take_from_pool(run, bag);
        over = run->over || weft_cancelled();
        if (found || over) {
            atomic_fetch_sub(&run->wanting, 1);
            run->busy += found;
        }
        weft__mpi_unlock(&run->lock);
        if (found || over)
            return found;
        if (round > 0)
            (void)weft__plat_wait(&run->arrivals, seen, LANE_NS);
    }
}

static void tell_done(struct run *run, uint64_t *done)
{
    /* Relaxed: it is only told to people. */
    atomic_fetch_add_explicit(&run->mpi->done, *done, memory_order_relaxed);
    *done = 0;
}

static void run_lanes(void *context, size_t first, size_t last)
{
    struct run *run = context;
    for (size_t lane = first; lane < last; lane++) {
        struct weft_mpi_bag *bag = &run->lanes[lane];
        for (bool had_items = false; find_items(run, bag, had_items); had_items = true) {
            uint64_t done = 0;
            while (!weft_cancelled() && pop_newest(&bag->own, run->item_bytes, bag->item)) {
                run->fn(run->context, bag, bag->item);
                if (pool_is_short(run))
                    share_half(bag);
                if (++done == DONE_STEP)
                    tell_done(run, &done);
            }
            tell_done(run, &done);
        }
    }
}

static void run_all_lanes(void *context)
{
    struct run *run = context;
    weft_for(0, run->mpi->threads, 1, run_lanes, run);
}

void weft_mpi_bag_put(weft_mpi_bag *bag, const void *item)
{
    if (!push(&bag->own, bag->item_bytes, item, 1))
        fail_for_memory(bag->run);
}

size_t weft_mpi_bag_lane(const weft_mpi_bag *bag)
{
    return bag->lane;
}

/* ---- the driver: requests of others ---- */

static void await_request(struct run *run)
{
    MPI_Irecv(NULL, 0, MPI_BYTE, MPI_ANY_SOURCE, TAG_REQUEST, run->mpi->comm, &run->requested);
}

static void hear_requests(struct run *run)
{
    for (;;) {
        int any = 0;
        MPI_Status status;
        MPI_Test(&run->requested, &any, &status);
        if (!any)
            return;
        run->thieves[run->thief_count++] = (size_t)status.MPI_SOURCE; /* each asks once */
        await_request(run);
    }
}

/* Takes what one thief gets. False: it has to wait. */
static bool cut_reply(struct run *run, bool closing, size_t *count)
{
    size_t most = REPLY_BYTES_MAX / run->item_bytes;
    weft__mpi_lock(&run->lock);
    *count = closing ? 0 : run->pool.count;
    bool may_refuse = closing || run->busy == 0;
    if (wanting(run) > 0 && *count > 0)
        *count = *count / 2 > 0 ? *count / 2 : run->busy > 0;
    if (*count > most)
        *count = most;
    memcpy(run->outgoing, oldest(&run->pool, run->item_bytes), *count * run->item_bytes);
    drop_oldest(&run->pool, *count);
    atomic_store(&run->pooled, run->pool.count);
    weft__mpi_unlock(&run->lock);
    return *count > 0 || may_refuse;
}

static void answer_requests(struct run *run, bool closing)
{
    size_t count, served = 0;
    weft_mpi *mpi = run->mpi;
    while (served < run->thief_count && cut_reply(run, closing, &count)) {
        size_t thief = run->thieves[served++];
        if (count > 0)
            (void)weft__mpi_add_now(mpi, 0, WEFT__MPI_ACTIVE, 1);
        (void)weft__mpi_add_now(mpi, mpi->rank, WEFT__MPI_HUNGRY, UINT64_MAX);
        /* The thief receives already. */
        MPI_Send(run->outgoing, (int)(count * run->item_bytes), MPI_BYTE, (int)thief, TAG_REPLY,
                 mpi->comm);
    }
    run->thief_count -= served;
    memmove(run->thieves, run->thieves + served, run->thief_count * sizeof *run->thieves);
}

/* ---- the driver: requests of its own ---- */

static void ask(struct run *run)
{
    weft_mpi *mpi = run->mpi;
    uint64_t x = run->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    run->random = x;
    run->victim = (mpi->rank + 1 + (size_t)(x % (mpi->ranks - 1))) % mpi->ranks;
    MPI_Irecv(run->incoming, REPLY_BYTES_MAX, MPI_BYTE, (int)run->victim, TAG_REPLY, mpi->comm,
              &run->reply);
    (void)weft__mpi_add_now(mpi, run->victim, WEFT__MPI_HUNGRY, 1);
    MPI_Send(NULL, 0, MPI_BYTE, (int)run->victim, TAG_REQUEST, mpi->comm);
    run->asked = true;
}

static void hear_reply(struct run *run)
{
    int ended = 0, bytes;
    MPI_Status status;
    MPI_Test(&run->reply, &ended, &status);
    if (!ended)
        return;
    run->asked = false;
    MPI_Get_count(&status, MPI_BYTE, &bytes);
    if (bytes == 0) {
        run->ask_again_ns = weft__plat_now_ns() + run->refused_ns;
        if (run->refused_ns < REFUSED_NS_MAX)
            run->refused_ns *= 2;
        return;
    }
    run->refused_ns = REFUSED_NS_MIN;
    run->active = true;
    weft__mpi_lock(&run->lock);
    bool pushed = push(&run->pool, run->item_bytes, run->incoming, (size_t)bytes / run->item_bytes);
    atomic_store(&run->pooled, run->pool.count);
    weft__mpi_unlock(&run->lock);
    if (!pushed)
        fail_for_memory(run);
    wake_lanes(run, UINT32_MAX);
}

/* Has this rank nothing to do? */
static bool is_idle(struct run *run)
{
    weft__mpi_lock(&run->lock);
    bool idle = run->busy == 0 && run->pool.count == 0;
    weft__mpi_unlock(&run->lock);
    return idle;
}

/* What an idle rank does. True: nobody has anything. */
static bool look_elsewhere(struct run *run)
{
    weft_mpi *mpi = run->mpi;
    if (run->active) {
        run->active = false;
        if (weft__mpi_add_now(mpi, 0, WEFT__MPI_ACTIVE, UINT64_MAX) == 1)
            return true;
    }
    if (run->asked || weft__plat_now_ns() < run->ask_again_ns)
        return false;
    if (weft__mpi_add_now(mpi, 0, WEFT__MPI_ACTIVE, 0) == 0)
        return true;
    ask(run);
    return false;
}

/* ---- the driver: from the first item to the last ---- */

static void drive(struct run *run)
{
    weft_mpi *mpi = run->mpi;
    struct weft__mpi_patience patience = {0};
    while (!atomic_load(&mpi->stopping)) {
        uint32_t seen = atomic_load(&mpi->bell);
        weft__mpi_poll(mpi, 0);
        hear_requests(run);
        answer_requests(run, false);
        if (run->asked)
            hear_reply(run);
        bool idle = is_idle(run);
        if (idle && look_elsewhere(run))
            return;
        bool owes =
            atomic_load(&run->pooled) != 0 && weft__mpi_word_here(mpi, WEFT__MPI_HUNGRY) != 0;
        if (idle || run->asked || owes) {
            weft__mpi_wait_a_little(mpi, &patience, seen);
        } else {
            patience.rounds = 0;
            weft__mpi_sleep(mpi, seen);
        }
    }
}

/* Everybody refuses until nobody asks any more. */
static void close_run(struct run *run)
{
    weft_mpi *mpi = run->mpi;
    struct weft__mpi_patience patience = {0};
    MPI_Request barrier = MPI_REQUEST_NULL;
    bool entered = false;
    int left = 0;
    weft__mpi_lock(&run->lock);
    run->over = true;
    weft__mpi_unlock(&run->lock);
    wake_lanes(run, UINT32_MAX);
    while (!left) {
        uint32_t seen = atomic_load(&mpi->bell);
        weft__mpi_poll(mpi, 0);
        hear_requests(run);
        answer_requests(run, true);
        if (run->asked)
            hear_reply(run);
        if (!run->asked && !entered && weft__mpi_compute_ended(mpi)) {
            entered = true;
            MPI_Ibarrier(mpi->comm, &barrier);
        }
        if (entered)
            MPI_Test(&barrier, &left, MPI_STATUS_IGNORE);
        if (!left)
            weft__mpi_wait_a_little(mpi, &patience, seen);
    }
    MPI_Cancel(&run->requested);
    MPI_Wait(&run->requested, MPI_STATUS_IGNORE);
}

/* ---- memory ---- */

static void destroy(struct run *run)
{
    if (run == NULL)
        return;
    for (size_t lane = 0; run->lanes != NULL && lane < run->mpi->threads; lane++) {
        free(run->lanes[lane].own.bytes);
        free(run->lanes[lane].item);
    }
    free(run->lanes);
    free(run->pool.bytes);
    free(run->thieves);
    free(run->incoming);
    free(run->outgoing);
    free(run);
}

static struct run *create(weft_mpi *mpi, const void *items, size_t count, size_t item_bytes)
{
    struct run *run = aligned_alloc(LINE_BYTES, sizeof *run);
    if (run == NULL)
        return NULL;
    memset(run, 0, sizeof *run);
    run->mpi = mpi;
    run->item_bytes = item_bytes;
    run->random = weft__mpi_mix(mpi->rank + 1, 1) | 1;
    run->refused_ns = REFUSED_NS_MIN;
    run->active = true;
    (void)weft_mutex_init(&run->lock);
    run->lanes = aligned_alloc(LINE_BYTES, mpi->threads * sizeof *run->lanes);
    if (run->lanes != NULL)
        memset(run->lanes, 0, mpi->threads * sizeof *run->lanes);
    run->thieves = calloc(mpi->ranks, sizeof *run->thieves);
    run->incoming = malloc(REPLY_BYTES_MAX);
    run->outgoing = malloc(REPLY_BYTES_MAX);
    bool whole = run->lanes != NULL && run->thieves != NULL && run->incoming != NULL &&
                 run->outgoing != NULL && grow(&run->pool, item_bytes);
    for (size_t lane = 0; whole && lane < mpi->threads; lane++) {
        struct weft_mpi_bag *bag = &run->lanes[lane];
        *bag = (struct weft_mpi_bag){.run = run, .item_bytes = item_bytes, .lane = lane};
        bag->item = lines_of(item_bytes);
        whole = bag->item != NULL && grow(&bag->own, item_bytes);
    }
    if (whole && count > 0)
        whole = push(&run->pool, item_bytes, items, count);
    if (whole)
        atomic_init(&run->pooled, count);
    if (whole)
        return run;
    destroy(run);
    return NULL;
}

enum weft_status weft_mpi_bag_run(weft_mpi *mpi, const void *items, size_t count, size_t item_bytes,
                                  weft_mpi_bag_fn fn, void *context)
{
    if (mpi == NULL)
        return WEFT_ERR_INVALID;
    const struct weft__mpi_call call = {"weft_mpi_bag_run", {item_bytes}};
    bool valid = fn != NULL && item_bytes > 0 && item_bytes <= WEFT_MPI_ITEM_BYTES_MAX &&
                 (items != NULL || count == 0) && count <= SIZE_MAX / WEFT_MPI_ITEM_BYTES_MAX;
    enum weft_status status = weft__mpi_enter(mpi, &call, valid ? WEFT_OK : WEFT_ERR_INVALID);
    if (status != WEFT_OK)
        return status;
    struct run *run = create(mpi, items, count, item_bytes);
    status = weft__mpi_agree(mpi, run != NULL ? WEFT_OK : WEFT_ERR_NOMEM);
    if (status == WEFT_OK) {
        run->fn = fn;
        run->context = context;
        await_request(run);
        weft__mpi_compute_start(mpi, run_all_lanes, run);
        drive(run);
        close_run(run);
        status = weft__mpi_leave(mpi, WEFT_OK);
    }
    destroy(run);
    return status;
}
