/* weft/mpi.h: the same kernels on the ranks of an MPI program (weft::mpi, -DWEFT_MPI=ON). */
#ifndef WEFT_MPI_H
#define WEFT_MPI_H

#include <weft/base.h>
#include <weft/parallel.h>
#include <weft/runtime.h>
#include <weft/scan.h>
#include <weft/sort.h>
#include <weft/status.h>

#include <mpi.h>

/* A communicator whose ranks work together, each with a weft runtime on its own cores.
 *
 *     int provided;
 *     MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
 *     weft_mpi *mpi;
 *     if (weft_mpi_start(MPI_COMM_WORLD, NULL, &mpi) != WEFT_OK) return 1;
 *     status = weft_mpi_reduce(mpi, 0, count, 0, part, add, xs, &sum, sizeof sum);
 *     weft_mpi_stop(mpi);
 *     MPI_Finalize();
 *
 * Every call but those marked otherwise is collective: all ranks make the same calls in
 * the same order, and all of them get the same status. It is made on a thread outside of
 * any job, where MPI was initialised with MPI_THREAD_FUNNELED on the main thread. The
 * calling thread alone talks to MPI; the work runs on the threads of the runtime, which
 * must not call MPI unless it was initialised with MPI_THREAD_MULTIPLE.
 *
 * Results have the same bits on any number of ranks and threads.
 *
 * Failure: the first error of any rank ends the call on all of them: what has not begun is
 * left out, and weft_mpi_message says which rank failed and why. A rank that dies, and an
 * error of MPI itself, end the whole program: that is what MPI's launchers do. */
typedef struct weft_mpi weft_mpi;

/* The longest message with its 0, in bytes. */
#define WEFT_MPI_MESSAGE_BYTES 256

/* Is told how much of a long call is done. `total` is 0 where nobody knows. */
typedef void (*weft_mpi_progress_fn)(void *context, uint64_t done, uint64_t total);

/* How to start. Zero in a field means its default. */
typedef struct weft_mpi_options {
    /* The runtime of this rank, if none is started yet. threads 0: WEFT_THREADS, else the
     * CPUs that this rank may use; where all ranks of one machine together may use more
     * than it has, because nobody bound them, an equal share of them. */
    weft_options runtime;
    /* Text that has to be equal on all ranks. Default: a digest of the program's file, so
     * that ranks of different builds are found out. "" compares weft's version alone, for
     * machines of different kinds. */
    const char *build;
    /* Called on rank 0, on the thread that made the call, about twice a second in
     * weft_mpi_for, weft_mpi_reduce and weft_mpi_bag_run. */
    weft_mpi_progress_fn progress;
    void *progress_context;
    /* Where weft_mpi_start says why it failed: WEFT_MPI_MESSAGE_BYTES bytes, or NULL. */
    char *message;
} weft_mpi_options;

/* Starts a runtime on every rank of `comm`, which is copied; NULL options: all defaults.
 *
 * Ownership: weft_mpi_stop frees *mpi. After an error *mpi is NULL on all ranks.
 * Errors:    WEFT_ERR_INVALID      comm is null or joins two groups, or an option is out
 *                                  of range; mpi is null
 *            WEFT_ERR_STATE        MPI is not initialised, or finalised; inside a job
 *            WEFT_ERR_UNSUPPORTED  MPI gives less than MPI_THREAD_FUNNELED or not to this
 *                                  thread, or its windows are no plain memory
 *            WEFT_ERR_ENGINE       MPI cannot make a window over its network; the message
 *                                  says what may help
 *            WEFT_ERR_MODULE       not all ranks run the same build; the message names
 *                                  the first that differs from rank 0
 *            and those of weft_runtime_start
 * Threads:   see above. */
WEFT_NODISCARD enum weft_status weft_mpi_start(MPI_Comm comm, const weft_mpi_options *options,
                                               weft_mpi **mpi);

/* Frees everything; the runtime is stopped if weft_mpi_start has started it. NULL does
 * nothing. MPI must not be finalised yet. */
void weft_mpi_stop(weft_mpi *mpi);

/* This rank, and how many there are.
 *
 * Threads: any; not collective. */
size_t weft_mpi_rank(const weft_mpi *mpi);
size_t weft_mpi_ranks(const weft_mpi *mpi);

/* Why the last call failed, "rank 2: WEFT_ERR_LIMIT: disk full"; "" after a success. The
 * same on all ranks.
 *
 * Ownership: lives until the next call. Not collective. */
const char *weft_mpi_message(const weft_mpi *mpi);

/* Makes the call that runs fail on all ranks with `status`; the first failure counts.
 * `message`, which may be NULL, is copied. For bodies of loops; outside of a call it is
 * forgotten.
 *
 * Threads: any; not collective. */
void weft_mpi_fail(weft_mpi *mpi, enum weft_status status, const char *message);

/* weft_mpi_fail with WEFT_ERR_CANCELLED. So does weft_cancel() in a body. */
void weft_mpi_cancel(weft_mpi *mpi);

/* ---- loops --------------------------------------------------------------------------- */

/* weft_for over all ranks: fn(context, ...) runs on slices of first..last-1, each index on
 * one rank, with that rank's `context`. A rank begins with its own share, one contiguous
 * part of the range, and then takes from those that have some left. A rank's slices are
 * handed to weft_for with `grain`; no slice that a rank takes is shorter, but for the last.
 *
 * Errors: WEFT_ERR_INVALID    fn or mpi is null, or the ranks differ in first, last or grain
 *         WEFT_ERR_CANCELLED  weft_mpi_cancel, or weft_cancel in a body
 *         WEFT_ERR_NOMEM
 *         whatever a body said to weft_mpi_fail */
WEFT_NODISCARD enum weft_status weft_mpi_for(weft_mpi *mpi, size_t first, size_t last, size_t grain,
                                             weft_range_fn fn, void *context);

/* weft_reduce over all ranks, with the same bits as weft_reduce on one machine. Every rank
 * gets the result. The leaves of its tree, at most 512, are what is handed out, so that is
 * also the most ranks that have anything to do; a leaf may use a weft_for of its own.
 *
 * Ownership: *result is unchanged when first >= last or after an error.
 * Errors:    as weft_mpi_for; WEFT_ERR_INVALID as weft_reduce, too */
WEFT_NODISCARD enum weft_status weft_mpi_reduce(weft_mpi *mpi, size_t first, size_t last,
                                                size_t grain, weft_reduce_fn fn,
                                                weft_combine_fn combine, void *context,
                                                void *result, size_t bytes);

/* ---- arrays whose parts lie on the ranks, in rank order; a part may be empty ------------ */

/* weft_scan of the array of which xs[0..count-1] is this rank's part, with the same bits as
 * on one machine. `ys` gets this rank's part of the totals.
 *
 * Errors: as weft_scan on any rank; WEFT_ERR_INVALID also if the ranks differ in kind or
 *         bytes, or all parts together are above SIZE_MAX bytes. ys may be written in part. */
WEFT_NODISCARD enum weft_status weft_mpi_scan(weft_mpi *mpi, enum weft_scan_kind kind,
                                              const void *xs, size_t count, size_t bytes,
                                              weft_combine_fn combine, void *context,
                                              const void *initial, void *ys);

/* weft_scan_f64 and weft_scan_u64 likewise. */
WEFT_NODISCARD enum weft_status weft_mpi_scan_f64(weft_mpi *mpi, enum weft_scan_kind kind,
                                                  const double *xs, size_t count, double *ys);
WEFT_NODISCARD enum weft_status weft_mpi_scan_u64(weft_mpi *mpi, enum weft_scan_kind kind,
                                                  const uint64_t *xs, size_t count, uint64_t *ys);

/* weft_sort of the array of which items[0..count-1] is this rank's part: stable, and each
 * part keeps its length. Each rank sorts its part; then samples from all of them find
 * exactly where the parts of the result begin, every item travels once, and each rank
 * merges what it received. Needs as much memory again as the part has, on each rank.
 *
 * Errors: as weft_sort on any rank; WEFT_ERR_INVALID also if the ranks differ in
 *         item_bytes, or all parts together are above SIZE_MAX bytes. After
 *         WEFT_ERR_CANCELLED and WEFT_ERR_NOMEM each part holds items of the array, all of
 *         them being there, in any order. */
WEFT_NODISCARD enum weft_status weft_mpi_sort(weft_mpi *mpi, void *items, size_t count,
                                              size_t item_bytes, weft_compare_fn compare,
                                              void *context);

/* weft_sort_keys likewise. */
WEFT_NODISCARD enum weft_status weft_mpi_sort_keys(weft_mpi *mpi, void *keys, size_t count,
                                                   enum weft_key type);

/* ---- work that turns up on the way ------------------------------------------------------- */

/* The largest item of a bag, in bytes. */
#define WEFT_MPI_ITEM_BYTES_MAX 4096

/* One thread's end of a bag; lives as long as the function that is given it. */
typedef struct weft_mpi_bag weft_mpi_bag;

/* Works on one item and may put new ones into the bag. */
typedef void (*weft_mpi_bag_fn)(void *context, weft_mpi_bag *bag, const void *item);

/* Runs fn on every item of the bag, which holds each rank's items[0..count-1] to begin with
 * (count 0: none of them), until none is left on any rank. The same as
 *
 *     while (count > 0) fn(context, &bag, items[--count]);    // fn may append to items
 *
 * with the items taken in any order, by all threads of all ranks: a thread takes its own
 * newest first; threads and ranks that have none steal the oldest ones. So how the items
 * spread is left to chance; what fn adds up must not depend on it.
 *
 * Errors: WEFT_ERR_INVALID    fn or mpi is null, item_bytes is not 1..WEFT_MPI_ITEM_BYTES_MAX
 *                             or not the same on all ranks; items is null and count is not 0
 *         WEFT_ERR_NOMEM      on any rank
 *         as weft_mpi_for */
WEFT_NODISCARD enum weft_status weft_mpi_bag_run(weft_mpi *mpi, const void *items, size_t count,
                                                 size_t item_bytes, weft_mpi_bag_fn fn,
                                                 void *context);

/* Puts a copy of an item into the bag. Without memory for it the run fails.
 *
 * Threads: the one whose bag it is; not collective. */
void weft_mpi_bag_put(weft_mpi_bag *bag, const void *item);

/* A number below the threads of this rank's runtime, that no other thread has meanwhile:
 * for sums without atomics. Not collective. */
size_t weft_mpi_bag_lane(const weft_mpi_bag *bag);

#endif
