/* ranks.h: what the parts of weft::mpi share.
 *
 * Two threads per rank. The driver is the thread that made the call: it alone talks to
 * MPI. The helper runs the work as a weft job, as one of the runtime's threads. While the
 * work runs, the driver mostly sleeps on `bell`; it looks at MPI once per tick, because a
 * network without remote memory access in hardware gets on with nothing unless both ends
 * enter MPI now and then.
 *
 * A call begins and ends with an agreement of all ranks (agree.c), so it returns the same
 * status everywhere. Between them ranks reach into each other's window: */
#ifndef WEFT_MPI_RANKS_H
#define WEFT_MPI_RANKS_H

#include <weft/mpi.h>

#include "platform/platform.h"

#include <weft/job.h>
#include <weft/lock.h>

/* The words of a rank's window.
 *
 *     word    meaning                                        who adds to it or sets it
 *     NEXT    units of its own share that were handed out    any rank adds
 *     DONE    how much it has done, for progress             its own driver sets
 *     STOP    not 0: the call has failed somewhere           any rank sets to 1
 *     HUNGRY  ranks that wait for items of its bag           any rank adds
 *     ACTIVE  rank 0's only: ranks that have items, or have  any rank adds
 *             been sent some
 *
 * They are set anew by their own rank between two calls only. */
enum weft__mpi_word {
    WEFT__MPI_NEXT,
    WEFT__MPI_DONE,
    WEFT__MPI_STOP,
    WEFT__MPI_HUNGRY,
    WEFT__MPI_ACTIVE,
    WEFT__MPI_WORDS
};

/* What runs on the helper. */
struct weft__mpi_compute {
    weft__plat_thread thread;
    _Atomic uint32_t turn;  /* counts the jobs that the driver has ordered; helper sleeps on it */
    _Atomic uint32_t ended; /* counts those that have ended */
    weft_task_fn fn;        /* NULL: the helper ends; written before `turn` */
    void *context;
    weft_mutex lock;
    weft_job *job; /* that runs, or NULL; under `lock` */
};

struct weft_mpi {
    MPI_Comm comm;
    MPI_Win window;
    _Atomic uint64_t *words; /* this rank's window; other ranks write to it */
    size_t rank, ranks;
    size_t threads;
    bool crowded; /* more threads on this machine than CPUs: spinning would take them from others */
    bool started_runtime;
    MPI_Request *requests; /* two for each rank; driver only */
    size_t *begins;        /* see weft__mpi_find_parts; driver only */
    weft_mpi_progress_fn progress;
    void *progress_context;
    int64_t progress_ns;                  /* when progress was told last; driver only */
    char message[WEFT_MPI_MESSAGE_BYTES]; /* driver only */

    /* The call that runs. */
    _Atomic uint32_t bell;   /* whoever wants the driver counts it up, wakes it */
    _Atomic bool open;       /* failures count */
    _Atomic bool failing;    /* somebody writes `why` */
    _Atomic uint32_t failed; /* enum weft_status; release: after `why` */
    char why[WEFT_MPI_MESSAGE_BYTES];
    bool told;             /* the other ranks know; driver only */
    _Atomic bool stopping; /* leave out what has not begun; driver sets */
    _Atomic uint64_t done; /* of this rank */
    struct weft__mpi_compute compute;
};

/* The arguments that have to be equal on all ranks. */
struct weft__mpi_call {
    const char *name; /* "weft_mpi_for" */
    uint64_t numbers[5];
};

/* Takes a lock that is only ever held for a few instructions. */
static inline void weft__mpi_lock(weft_mutex *mutex)
{
    while (weft_mutex_lock(mutex, WEFT_FOREVER) != WEFT_OK)
        continue;
}

static inline void weft__mpi_unlock(weft_mutex *mutex)
{
    (void)weft_mutex_unlock(mutex);
}

/* ---- agree.c ---- */

/* Begins a call: all ranks compare what they call, and whether anybody's own check of its
 * arguments has given an error. Returns the same on all of them. After WEFT_OK the window
 * is ready and weft__mpi_leave must follow. */
enum weft_status weft__mpi_enter(weft_mpi *mpi, const struct weft__mpi_call *call,
                                 enum weft_status mine);

/* Whether any rank has failed by now; the call goes on after WEFT_OK. */
enum weft_status weft__mpi_agree(weft_mpi *mpi, enum weft_status mine);

/* weft__mpi_agree, and ends the call. An agreement on an error has ended it already. */
enum weft_status weft__mpi_leave(weft_mpi *mpi, enum weft_status mine);

/* ---- poll.c ---- */

/* Lets MPI get on, passes failures on in both directions, tells progress. The driver calls
 * it at least once per tick while others may run. Total 0: unknown. */
void weft__mpi_poll(weft_mpi *mpi, uint64_t total);

/* Tells the other ranks of a failure here, and stops the work for one anywhere. */
void weft__mpi_poll_failures(weft_mpi *mpi);

/* How long the driver has waited in vain. */
struct weft__mpi_patience {
    uint32_t rounds;
};

/* Waits a little, longer every time, until the bell is no longer `seen`. */
void weft__mpi_wait_a_little(weft_mpi *mpi, struct weft__mpi_patience *patience, uint32_t seen);

/* Sleeps one tick at most, until the bell is no longer `seen`. */
void weft__mpi_sleep(weft_mpi *mpi, uint32_t seen);

void weft__mpi_ring(weft_mpi *mpi);

/* Waits for a request while everything else goes on. */
void weft__mpi_finish(weft_mpi *mpi, MPI_Request *request);

/* Adds to a word of a rank; *before is what it held once the request is done. */
void weft__mpi_add(weft_mpi *mpi, size_t rank, enum weft__mpi_word word, const uint64_t *amount,
                   uint64_t *before, MPI_Request *request);

/* The same, finished. */
uint64_t weft__mpi_add_now(weft_mpi *mpi, size_t rank, enum weft__mpi_word word, uint64_t amount);

/* Sets all words of this rank; only between two calls. */
void weft__mpi_set_words(weft_mpi *mpi, const uint64_t words[WEFT__MPI_WORDS]);

/* One of this rank's own words. */
static inline uint64_t weft__mpi_word_here(const weft_mpi *mpi, enum weft__mpi_word word)
{
    return atomic_load_explicit(&mpi->words[word], memory_order_relaxed); /* a hint */
}

/* One message of any size. */
struct weft__mpi_message {
    unsigned char *bytes;
    size_t count; /* of bytes */
    size_t peer;
    bool receive;
    size_t moved; /* 0 to begin with */
};

/* A message travels in pieces of so many bytes, because MPI counts in int. Tests make it
 * small. */
extern size_t weft__mpi_piece_bytes;

/* Sends and receives all of them at once; at most two for each rank. */
void weft__mpi_exchange(weft_mpi *mpi, struct weft__mpi_message *messages, size_t count);

/* Combines a table of which every byte is 0 on all ranks but one. */
void weft__mpi_unite(weft_mpi *mpi, unsigned char *table, size_t bytes);

/* Learns where the part of each rank begins in an array of which this rank has `count`
 * elements: mpi->begins[0..ranks], the last one being the length of the array.
 * Errors: WEFT_ERR_INVALID  more than SIZE_MAX bytes; on all ranks, and the call has ended */
enum weft_status weft__mpi_find_parts(weft_mpi *mpi, size_t count, size_t bytes);

/* ---- compute.c ---- */

enum weft_status weft__mpi_compute_init(weft_mpi *mpi);
void weft__mpi_compute_fini(weft_mpi *mpi);

/* Runs fn(context) as a job on the helper. */
void weft__mpi_compute_start(weft_mpi *mpi, weft_task_fn fn, void *context);
bool weft__mpi_compute_ended(weft_mpi *mpi);
void weft__mpi_compute_cancel(weft_mpi *mpi);

/* ---- loop.c ---- */

/* The loop of a call that has been entered. */
enum weft_status weft__mpi_loop(weft_mpi *mpi, size_t first, size_t last, size_t grain,
                                weft_range_fn fn, void *context);

/* ---- build.c ---- */

/* A digest of this program's file, 0 if nobody can read it. */
uint64_t weft__mpi_build_digest(void);

uint64_t weft__mpi_mix(uint64_t digest, uint64_t word);
uint64_t weft__mpi_mix_text(const char *text);

#endif
