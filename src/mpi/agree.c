/* agree.c: where all ranks meet: what they call, and whether anybody has failed.
 *
 * An agreement is one reduction to the maximum. A failure is a number that is greater the
 * lower the rank is, so the lowest rank that has failed wins, whoever was first. */
#include "ranks.h"

#include <stdio.h>
#include <string.h>

#define CALL_WORDS (sizeof(struct weft__mpi_call) / sizeof(uint64_t))

static uint64_t failure_of(const weft_mpi *mpi, enum weft_status status)
{
    return status == WEFT_OK ? 0 : (uint64_t)(mpi->ranks - mpi->rank) << 32 | (uint64_t)status;
}

static size_t rank_of(const weft_mpi *mpi, uint64_t failure)
{
    return mpi->ranks - (size_t)(failure >> 32);
}

static void all_maximum(weft_mpi *mpi, uint64_t *words, int count)
{
    MPI_Request request;
    MPI_Iallreduce(MPI_IN_PLACE, words, count, MPI_UINT64_T, MPI_MAX, mpi->comm, &request);
    weft__mpi_finish(mpi, &request);
}

/* Every rank gets the message of the one that failed. */
static enum weft_status spread_failure(weft_mpi *mpi, uint64_t failure)
{
    size_t rank = rank_of(mpi, failure);
    enum weft_status status = (enum weft_status)(failure & UINT32_MAX);
    char why[WEFT_MPI_MESSAGE_BYTES] = "";
    /* Acquire: pairs with the release in weft_mpi_fail. */
    if (rank == mpi->rank &&
        atomic_load_explicit(&mpi->failed, memory_order_acquire) == (uint32_t)status)
        memcpy(why, mpi->why, sizeof why);
    MPI_Request request;
    MPI_Ibcast(why, sizeof why, MPI_CHAR, (int)rank, mpi->comm, &request);
    weft__mpi_finish(mpi, &request);
    (void)snprintf(mpi->message, sizeof mpi->message, "rank %zu: %s%s%.*s", rank,
                   weft_status_name(status), why[0] != '\0' ? ": " : "", (int)(sizeof why - 64),
                   why);
    return status;
}

/* ---- the beginning ---- */

/* The ranks differ: finds the first that differs from rank 0. */
static enum weft_status name_the_odd_one(weft_mpi *mpi, uint64_t digest)
{
    uint64_t first = digest;
    MPI_Request request;
    MPI_Ibcast(&first, 1, MPI_UINT64_T, 0, mpi->comm, &request);
    weft__mpi_finish(mpi, &request);
    uint64_t odd = digest != first ? mpi->ranks - mpi->rank : 0;
    all_maximum(mpi, &odd, 1);
    (void)snprintf(mpi->message, sizeof mpi->message,
                   "rank %zu: WEFT_ERR_INVALID: not the call, or not the arguments, of rank 0",
                   mpi->ranks - (size_t)odd);
    return WEFT_ERR_INVALID;
}

static void open_call(weft_mpi *mpi)
{
    const uint64_t words[WEFT__MPI_WORDS] = {[WEFT__MPI_ACTIVE] = mpi->ranks};
    weft__mpi_set_words(mpi, words);
    atomic_store(&mpi->failed, WEFT_OK);
    atomic_store(&mpi->failing, false);
    atomic_store(&mpi->stopping, false);
    atomic_store(&mpi->done, 0);
    mpi->why[0] = mpi->message[0] = '\0';
    mpi->told = false;
    mpi->progress_ns = weft__plat_now_ns();
    atomic_store(&mpi->open, true);
}

enum weft_status weft__mpi_enter(weft_mpi *mpi, const struct weft__mpi_call *call,
                                 enum weft_status mine)
{
    uint64_t digest = weft__mpi_mix_text(call->name);
    for (size_t i = 0; i < sizeof call->numbers / sizeof call->numbers[0]; i++)
        digest = weft__mpi_mix(digest, call->numbers[i]);
    open_call(mpi);
    uint64_t words[3] = {failure_of(mpi, mine), digest, ~digest};
    all_maximum(mpi, words, 3);
    enum weft_status status = WEFT_OK;
    if (words[0] != 0)
        status = spread_failure(mpi, words[0]);
    else if (words[1] != ~words[2])
        status = name_the_odd_one(mpi, digest);
    if (status != WEFT_OK)
        atomic_store(&mpi->open, false);
    return status;
}

/* ---- the middle and the end ---- */

enum weft_status weft__mpi_agree(weft_mpi *mpi, enum weft_status mine)
{
    if (mine != WEFT_OK)
        weft_mpi_fail(mpi, mine, NULL);
    weft__mpi_poll_failures(mpi); /* others may still be working */
    uint64_t failure = mpi->told ? failure_of(mpi, (enum weft_status)atomic_load(&mpi->failed)) : 0;
    all_maximum(mpi, &failure, 1);
    enum weft_status status = failure == 0 ? WEFT_OK : spread_failure(mpi, failure);
    if (status != WEFT_OK)
        atomic_store(&mpi->open, false);
    return status;
}

enum weft_status weft__mpi_leave(weft_mpi *mpi, enum weft_status mine)
{
    enum weft_status status = weft__mpi_agree(mpi, mine);
    atomic_store(&mpi->open, false);
    return status;
}

/* ---- failures ---- */

void weft_mpi_fail(weft_mpi *mpi, enum weft_status status, const char *message)
{
    if (mpi == NULL || status == WEFT_OK || !atomic_load(&mpi->open) ||
        atomic_exchange(&mpi->failing, true))
        return;
    (void)snprintf(mpi->why, sizeof mpi->why, "%s", message != NULL ? message : "");
    /* Release: whoever sees the status sees the text. */
    atomic_store_explicit(&mpi->failed, (uint32_t)status, memory_order_release);
    weft__mpi_ring(mpi);
}

void weft_mpi_cancel(weft_mpi *mpi)
{
    weft_mpi_fail(mpi, WEFT_ERR_CANCELLED, NULL);
}

const char *weft_mpi_message(const weft_mpi *mpi)
{
    return mpi != NULL ? mpi->message : "";
}
