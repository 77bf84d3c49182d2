/* loop.c: loops and reductions over all ranks.
 *
 * The range is cut into units, and every rank has an equal share of them, one contiguous
 * part. How many of a share have been handed out stands in its rank's window; whoever adds
 * to that number owns the units that it has added. (One-sided, self-scheduled loops: Ciorba
 * et al., "Distributed dynamic loop self-scheduling with MPI one-sided communication",
 * 2019.) A rank begins with its own share and goes round the others when that is used up,
 * taking a part of what is left each time, so pieces are long at first and short at the
 * end. It gives up after some that have nothing left: whoever a share belongs to sees to it
 * that all of it is run. The driver asks for the next piece while the helper works on the last one;
 * near the end only when a thread has nothing to do, so as not to sit on work that others lack. */
#include "ranks.h"

#include "core/worker.h"

#include <stdlib.h>
#include <string.h>

/* Chosen by tests/bench/mpi/simulate.js, which has the same numbers. */
#define UNITS_PER_RANK 1024
#define PART           16 /* a piece is one in so many of the units that are left, per thread */
#define FIRST_PART     64 /* of all units, where it is not known how many are left */
#define REFUSALS_MOST  16 /* shares in a row with nothing left */

#define FEW_LEFT   4 /* units per thread: no more asking ahead */
#define LANE_SPINS 2000u
#define LANE_NS    INT64_C(1000000)

struct piece {
    size_t first, last; /* indices */
};

struct loop {
    weft_mpi *mpi;
    size_t first, last;
    size_t grain;
    size_t unit;    /* indices in a unit, except in the last */
    uint64_t units; /* of the whole range */
    weft_range_fn fn;
    void *context;

    /* Pieces that wait for a thread. Under `lock`. */
    weft_mutex lock;
    struct piece pieces[WEFT_THREADS_MAX + 1];
    size_t head, count;
    size_t waiting;            /* lanes that have nothing to do */
    bool dry;                  /* no more pieces will come */
    _Atomic uint32_t arrivals; /* lanes sleep on it */

    /* Driver only. */
    size_t stride;   /* from one share to the next; all can be reached */
    size_t offset;   /* shares that it is done with */
    size_t refusals; /* in a row: shares with nothing left */
    uint64_t left;   /* in the share that it takes from, as far as it knows */
    bool unknown;    /* it does not; left is 0 */
    bool asked;      /* `request` is under way for `amount` units */
    uint64_t amount;
    uint64_t before;
    MPI_Request request;
};

static uint64_t share_begin(const struct loop *loop, size_t rank)
{
    uint64_t ranks = loop->mpi->ranks, rest = loop->units % ranks;
    return loop->units / ranks * rank + (rank < rest ? rank : rest);
}

static uint64_t share_units(const struct loop *loop, size_t rank)
{
    return share_begin(loop, rank + 1) - share_begin(loop, rank);
}

static size_t target_of(const struct loop *loop)
{
    return (loop->mpi->rank + loop->offset * loop->stride) % loop->mpi->ranks;
}

/* Neighbours are dry at the same time, as a rule: the next one is far away. */
static size_t stride_of(size_t ranks)
{
    size_t stride = ranks * 5 / 8;
    for (; stride > 1; stride--) {
        size_t a = ranks, b = stride;
        while (b != 0) {
            size_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1)
            break;
    }
    return stride > 0 ? stride : 1;
}

/* ---- the helper's side ---- */

/* Takes a piece if there is one, and asks for more if few are left. */
static bool take_piece(struct loop *loop, struct piece *piece, bool *dry)
{
    weft__mpi_lock(&loop->lock);
    bool taken = loop->count > 0;
    if (taken) {
        *piece = loop->pieces[loop->head];
        loop->head = (loop->head + 1) % (WEFT_THREADS_MAX + 1);
        loop->count--;
    }
    *dry = loop->dry;
    bool low = !loop->dry && loop->count < loop->mpi->threads;
    weft__mpi_unlock(&loop->lock);
    if (taken && low)
        weft__mpi_ring(loop->mpi);
    return taken;
}

static void count_waiting(struct loop *loop, bool more)
{
    weft__mpi_lock(&loop->lock);
    loop->waiting += more ? (size_t)1 : SIZE_MAX;
    weft__mpi_unlock(&loop->lock);
    if (more)
        weft__mpi_ring(loop->mpi);
}

/* False: there will be none. */
static bool next_piece(struct loop *loop, struct piece *piece)
{
    bool dry = false, taken = take_piece(loop, piece, &dry);
    if (taken || dry)
        return taken && !weft_cancelled();
    count_waiting(loop, true);
    for (uint32_t round = 0; !taken && !dry && !weft_cancelled(); round++) {
        uint32_t seen = atomic_load(&loop->arrivals);
        taken = take_piece(loop, piece, &dry);
        if (taken || dry)
            break;
        if (round < LANE_SPINS && !loop->mpi->crowded)
            weft__plat_relax();
        else
            (void)weft__plat_wait(&loop->arrivals, seen, LANE_NS);
    }
    count_waiting(loop, false);
    return taken && !weft_cancelled();
}

/* Each lane is one thread's way through the pieces; the threads also help each other
 * inside a piece. */
static void run_lanes(void *context, size_t first, size_t last)
{
    struct loop *loop = context;
    for (size_t lane = first; lane < last; lane++) {
        struct piece piece;
        while (next_piece(loop, &piece)) {
            weft_for(piece.first, piece.last, loop->grain, loop->fn, loop->context);
            atomic_fetch_add_explicit(&loop->mpi->done, piece.last - piece.first,
                                      memory_order_relaxed); /* only told to people */
        }
    }
}

static void run_all_lanes(void *context)
{
    struct loop *loop = context;
    weft_for(0, loop->mpi->threads, 1, run_lanes, loop);
}

/* ---- the driver's side ---- */

static void dry_up(struct loop *loop)
{
    weft__mpi_lock(&loop->lock);
    loop->dry = true;
    weft__mpi_unlock(&loop->lock);
    atomic_fetch_add(&loop->arrivals, 1);
    weft__plat_wake(&loop->arrivals, UINT32_MAX);
}

static void push_piece(struct loop *loop, uint64_t first_unit, uint64_t last_unit)
{
    struct piece piece = {loop->first + (size_t)first_unit * loop->unit, loop->last};
    if (last_unit < loop->units)
        piece.last = loop->first + (size_t)last_unit * loop->unit;
    weft__mpi_lock(&loop->lock);
    size_t place = (loop->head + loop->count) % (WEFT_THREADS_MAX + 1);
    loop->pieces[place] = piece;
    loop->count++;
    weft__mpi_unlock(&loop->lock);
    atomic_fetch_add(&loop->arrivals, 1);
    weft__plat_wake(&loop->arrivals, 1);
}

static bool wants_piece(struct loop *loop)
{
    weft__mpi_lock(&loop->lock);
    bool plenty = loop->left > FEW_LEFT * (uint64_t)loop->mpi->threads;
    bool wants = !loop->dry && loop->count < (plenty ? loop->mpi->threads : loop->waiting);
    weft__mpi_unlock(&loop->lock);
    return wants;
}

static void ask_for_piece(struct loop *loop)
{
    size_t target = target_of(loop);
    uint64_t part = loop->unknown ? share_units(loop, target) / FIRST_PART : loop->left / PART;
    part /= loop->mpi->threads;
    loop->amount = part > 0 ? part : 1;
    loop->asked = true;
    weft__mpi_add(loop->mpi, target, WEFT__MPI_NEXT, &loop->amount, &loop->before, &loop->request);
}

static void take_answer(struct loop *loop)
{
    size_t rank = target_of(loop);
    uint64_t units = share_units(loop, rank), begin = share_begin(loop, rank);
    loop->asked = false;
    if (loop->before >= units) { /* nothing left there; and so it stays */
        loop->left = 0;
        loop->unknown = true;
        if (++loop->offset == loop->mpi->ranks || ++loop->refusals > REFUSALS_MOST)
            dry_up(loop);
        return;
    }
    uint64_t rest = units - loop->before;
    uint64_t amount = loop->amount < rest ? loop->amount : rest;
    loop->left = rest - amount;
    loop->unknown = false;
    loop->refusals = 0;
    push_piece(loop, begin + loop->before, begin + loop->before + amount);
}

static void drive(struct loop *loop)
{
    weft_mpi *mpi = loop->mpi;
    struct weft__mpi_patience patience = {0};
    bool stopped = false;
    while (!weft__mpi_compute_ended(mpi) || loop->asked) {
        uint32_t seen = atomic_load(&mpi->bell);
        weft__mpi_poll(mpi, loop->last - loop->first);
        if (!stopped && atomic_load(&mpi->stopping)) {
            stopped = true;
            dry_up(loop);
        }
        if (loop->asked) {
            int ended = 0;
            MPI_Test(&loop->request, &ended, MPI_STATUS_IGNORE);
            if (ended)
                take_answer(loop);
        }
        bool ask = !loop->asked && !stopped && wants_piece(loop);
        if (ask)
            ask_for_piece(loop);
        if (ask)
            patience.rounds = 0;
        else if (loop->asked)
            weft__mpi_wait_a_little(mpi, &patience, seen);
        else if (!weft__mpi_compute_ended(mpi))
            weft__mpi_sleep(mpi, seen);
    }
}

enum weft_status weft__mpi_loop(weft_mpi *mpi, size_t first, size_t last, size_t grain,
                                weft_range_fn fn, void *context)
{
    if (first >= last)
        return WEFT_OK;
    size_t count = last - first;
    size_t pieces = mpi->ranks * UNITS_PER_RANK;
    size_t unit = count / pieces + (count % pieces != 0);
    if (unit < grain)
        unit = grain;
    struct loop *loop = calloc(1, sizeof *loop); /* the driver's stack may be small */
    if (loop == NULL)
        return WEFT_ERR_NOMEM;
    loop->mpi = mpi;
    loop->first = first;
    loop->last = last;
    loop->grain = grain;
    loop->unit = unit;
    loop->units = count / unit + (count % unit != 0);
    loop->fn = fn;
    loop->context = context;
    (void)weft_mutex_init(&loop->lock);
    loop->left = share_units(loop, mpi->rank);
    loop->stride = stride_of(mpi->ranks);
    weft__mpi_compute_start(mpi, run_all_lanes, loop);
    drive(loop);
    free(loop);
    return WEFT_OK;
}

enum weft_status weft_mpi_for(weft_mpi *mpi, size_t first, size_t last, size_t grain,
                              weft_range_fn fn, void *context)
{
    if (mpi == NULL)
        return WEFT_ERR_INVALID;
    const struct weft__mpi_call call = {"weft_mpi_for", {first, last, grain}};
    enum weft_status status = weft__mpi_enter(mpi, &call, fn == NULL ? WEFT_ERR_INVALID : WEFT_OK);
    if (status != WEFT_OK)
        return status;
    return weft__mpi_leave(mpi, weft__mpi_loop(mpi, first, last, grain, fn, context));
}
