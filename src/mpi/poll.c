/* poll.c: what the driver does while it waits, and its ways to talk to the other ranks. */
#include "ranks.h"

#include "core/worker.h"

#include <assert.h>
#include <sched.h>
#include <string.h>

/* A driver that has nothing to do looks at MPI so often. */
#define TICK_NS INT64_C(1000000)

/* Waiting for an answer: so many looks in a row, then with a yield in between, then asleep for as
 * long as a timer takes at least; longer the longer it has waited, up to a tick. */
#define SPINS    200u
#define YIELDS   2000u
#define SLEEP_NS INT64_C(50000)
#define SLEEPS   64u /* until they get longer by SLEEP_NS */

#define PROGRESS_NS INT64_C(500000000)
#define MESSAGE_TAG 1

size_t weft__mpi_piece_bytes = (size_t)1 << 27;

void weft__mpi_ring(weft_mpi *mpi)
{
    atomic_fetch_add(&mpi->bell, 1);
    weft__plat_wake(&mpi->bell, 1);
}

void weft__mpi_sleep(weft_mpi *mpi, uint32_t seen)
{
    (void)weft__plat_wait(&mpi->bell, seen, TICK_NS);
}

static int64_t nap_ns(uint32_t naps)
{
    int64_t ns = SLEEP_NS * (1 + naps / SLEEPS);
    return ns < TICK_NS ? ns : TICK_NS;
}

void weft__mpi_wait_a_little(weft_mpi *mpi, struct weft__mpi_patience *patience, uint32_t seen)
{
    if (patience->rounds < UINT32_MAX)
        patience->rounds++;
    if (patience->rounds <= SPINS && !mpi->crowded)
        weft__plat_relax();
    else if (patience->rounds <= SPINS + YIELDS)
        (void)sched_yield();
    else
        (void)weft__plat_wait(&mpi->bell, seen, nap_ns(patience->rounds - SPINS - YIELDS));
}

/* ---- the words ---- */

void weft__mpi_add(weft_mpi *mpi, size_t rank, enum weft__mpi_word word, const uint64_t *amount,
                   uint64_t *before, MPI_Request *request)
{
    MPI_Rget_accumulate(amount, 1, MPI_UINT64_T, before, 1, MPI_UINT64_T, (int)rank, (MPI_Aint)word,
                        1, MPI_UINT64_T, MPI_SUM, mpi->window, request);
}

uint64_t weft__mpi_add_now(weft_mpi *mpi, size_t rank, enum weft__mpi_word word, uint64_t amount)
{
    uint64_t before = 0;
    MPI_Fetch_and_op(&amount, &before, MPI_UINT64_T, (int)rank, (MPI_Aint)word, MPI_SUM,
                     mpi->window);
    MPI_Win_flush((int)rank, mpi->window);
    return before;
}

void weft__mpi_set_words(weft_mpi *mpi, const uint64_t words[WEFT__MPI_WORDS])
{
    MPI_Accumulate(words, WEFT__MPI_WORDS, MPI_UINT64_T, (int)mpi->rank, 0, WEFT__MPI_WORDS,
                   MPI_UINT64_T, MPI_REPLACE, mpi->window);
    MPI_Win_flush((int)mpi->rank, mpi->window);
}

static void set_word(weft_mpi *mpi, size_t rank, enum weft__mpi_word word, const uint64_t *value)
{
    MPI_Accumulate(value, 1, MPI_UINT64_T, (int)rank, (MPI_Aint)word, 1, MPI_UINT64_T, MPI_REPLACE,
                   mpi->window);
}

/* ---- failures ---- */

static void stop_here(weft_mpi *mpi)
{
    atomic_store(&mpi->stopping, true);
    weft__mpi_compute_cancel(mpi);
}

/* In rank order from the next one on, so that two failing ranks do not queue at the same. */
static void stop_everywhere(weft_mpi *mpi)
{
    const uint64_t one = 1;
    mpi->told = true;
    for (size_t i = 1; i < mpi->ranks; i++)
        set_word(mpi, (mpi->rank + i) % mpi->ranks, WEFT__MPI_STOP, &one);
    MPI_Win_flush_all(mpi->window);
}

/* ---- progress ---- */

static void tell_progress(weft_mpi *mpi, uint64_t total)
{
    const uint64_t done = atomic_load_explicit(&mpi->done, memory_order_relaxed);
    int64_t now = weft__plat_now_ns();
    if (now - mpi->progress_ns < PROGRESS_NS)
        return;
    mpi->progress_ns = now;
    set_word(mpi, mpi->rank, WEFT__MPI_DONE, &done);
    MPI_Win_flush((int)mpi->rank, mpi->window);
    if (mpi->rank != 0 || mpi->progress == NULL)
        return;
    uint64_t all = done;
    for (size_t rank = 1; rank < mpi->ranks; rank++) {
        uint64_t theirs = 0;
        MPI_Fetch_and_op(NULL, &theirs, MPI_UINT64_T, (int)rank, WEFT__MPI_DONE, MPI_NO_OP,
                         mpi->window);
        MPI_Win_flush((int)rank, mpi->window);
        all += theirs;
    }
    mpi->progress(mpi->progress_context, all, total);
}

void weft__mpi_poll_failures(weft_mpi *mpi)
{
    bool failed = atomic_load(&mpi->failed) != WEFT_OK;
    if (failed && !mpi->told)
        stop_everywhere(mpi);
    if ((failed || weft__mpi_word_here(mpi, WEFT__MPI_STOP) != 0) && !atomic_load(&mpi->stopping))
        stop_here(mpi);
}

void weft__mpi_poll(weft_mpi *mpi, uint64_t total)
{
    int any;
    MPI_Iprobe(MPI_ANY_SOURCE, MESSAGE_TAG, mpi->comm, &any, MPI_STATUS_IGNORE);
    MPI_Win_sync(mpi->window);
    weft__mpi_poll_failures(mpi);
    tell_progress(mpi, total);
}

/* ---- messages ---- */

void weft__mpi_finish(weft_mpi *mpi, MPI_Request *request)
{
    struct weft__mpi_patience patience = {0};
    for (;;) {
        int ended = 0;
        uint32_t seen = atomic_load(&mpi->bell);
        MPI_Test(request, &ended, MPI_STATUS_IGNORE);
        if (ended)
            return;
        weft__mpi_wait_a_little(mpi, &patience, seen);
    }
}

static size_t piece_of(const struct weft__mpi_message *message)
{
    size_t left = message->count - message->moved;
    return left < weft__mpi_piece_bytes ? left : weft__mpi_piece_bytes;
}

/* Starts the next piece; the request stays null at the end of the message. */
static void start_piece(weft_mpi *mpi, struct weft__mpi_message *message, MPI_Request *request)
{
    unsigned char *bytes = message->bytes + message->moved;
    int count = (int)piece_of(message), peer = (int)message->peer;
    *request = MPI_REQUEST_NULL;
    if (count == 0)
        return;
    if (message->receive)
        MPI_Irecv(bytes, count, MPI_BYTE, peer, MESSAGE_TAG, mpi->comm, request);
    else
        MPI_Isend(bytes, count, MPI_BYTE, peer, MESSAGE_TAG, mpi->comm, request);
}

void weft__mpi_exchange(weft_mpi *mpi, struct weft__mpi_message *messages, size_t count)
{
    struct weft__mpi_patience patience = {0};
    WEFT_ASSERT(count <= 2 * mpi->ranks);
    for (size_t i = 0; i < count; i++)
        start_piece(mpi, &messages[i], &mpi->requests[i]);
    for (;;) {
        int index, ended;
        uint32_t seen = atomic_load(&mpi->bell);
        MPI_Testany((int)count, mpi->requests, &index, &ended, MPI_STATUS_IGNORE);
        if (ended && index == MPI_UNDEFINED)
            return;
        if (ended) {
            messages[index].moved += piece_of(&messages[index]);
            start_piece(mpi, &messages[index], &mpi->requests[index]);
            patience.rounds = 0;
        } else {
            weft__mpi_wait_a_little(mpi, &patience, seen);
        }
    }
}

void weft__mpi_unite(weft_mpi *mpi, unsigned char *table, size_t bytes)
{
    for (size_t done = 0, piece; done < bytes; done += piece) {
        MPI_Request request;
        piece = bytes - done < weft__mpi_piece_bytes ? bytes - done : weft__mpi_piece_bytes;
        MPI_Iallreduce(MPI_IN_PLACE, table + done, (int)piece, MPI_BYTE, MPI_BOR, mpi->comm,
                       &request);
        weft__mpi_finish(mpi, &request);
    }
}

/* ---- parts of arrays ---- */

static bool add_up(weft_mpi *mpi, size_t bytes)
{
    size_t most = SIZE_MAX / bytes, begin = 0;
    for (size_t rank = 0; rank <= mpi->ranks; rank++) {
        size_t count = rank < mpi->ranks ? mpi->begins[rank] : 0;
        mpi->begins[rank] = begin;
        if (count > most - begin)
            return false;
        begin += count;
    }
    return true;
}

enum weft_status weft__mpi_find_parts(weft_mpi *mpi, size_t count, size_t bytes)
{
    MPI_Request request;
    static_assert(sizeof(size_t) == sizeof(uint64_t), "parts are counted in MPI_UINT64_T");
    MPI_Iallgather(&count, 1, MPI_UINT64_T, mpi->begins, 1, MPI_UINT64_T, mpi->comm, &request);
    weft__mpi_finish(mpi, &request);
    return add_up(mpi, bytes) ? WEFT_OK : weft__mpi_leave(mpi, WEFT_ERR_INVALID);
}
