/* compute.c: the helper, a thread that runs jobs while the driver talks to MPI. */
#include "ranks.h"

#include "core/worker.h"

#define STACK_BYTES ((size_t)1 << 20)

/* Runs as the job, so that the driver can cancel it. */
static void run_order(void *context)
{
    weft_mpi *mpi = context;
    struct weft__mpi_compute *compute = &mpi->compute;
    weft__mpi_lock(&compute->lock);
    compute->job = weft__job_current();
    weft__mpi_unlock(&compute->lock);
    if (atomic_load(&mpi->stopping)) /* before there was anything to cancel */
        weft_cancel();
    compute->fn(compute->context);
    weft__mpi_lock(&compute->lock);
    compute->job = NULL;
    weft__mpi_unlock(&compute->lock);
}

static void run_helper(void *context)
{
    weft_mpi *mpi = context;
    struct weft__mpi_compute *compute = &mpi->compute;
    for (uint32_t turn = 0;; turn++) {
        while (atomic_load(&compute->turn) == turn)
            (void)weft__plat_wait(&compute->turn, turn, WEFT_FOREVER);
        if (compute->fn == NULL)
            return;
        enum weft_status status = weft_run(run_order, mpi);
        if (status != WEFT_OK && !atomic_load(&mpi->stopping))
            weft_mpi_fail(mpi, status, NULL); /* a body has called weft_cancel */
        atomic_fetch_add(&compute->ended, 1);
        weft__mpi_ring(mpi);
    }
}

void weft__mpi_compute_start(weft_mpi *mpi, weft_task_fn fn, void *context)
{
    mpi->compute.fn = fn;
    mpi->compute.context = context;
    atomic_fetch_add(&mpi->compute.turn, 1);
    weft__plat_wake(&mpi->compute.turn, 1);
}

bool weft__mpi_compute_ended(weft_mpi *mpi)
{
    return atomic_load(&mpi->compute.ended) == atomic_load(&mpi->compute.turn);
}

void weft__mpi_compute_cancel(weft_mpi *mpi)
{
    weft__mpi_lock(&mpi->compute.lock);
    if (mpi->compute.job != NULL)
        weft_job_cancel(mpi->compute.job);
    weft__mpi_unlock(&mpi->compute.lock);
}

enum weft_status weft__mpi_compute_init(weft_mpi *mpi)
{
    (void)weft_mutex_init(&mpi->compute.lock);
    return weft__plat_thread_start(&mpi->compute.thread, STACK_BYTES, run_helper, mpi);
}

void weft__mpi_compute_fini(weft_mpi *mpi)
{
    weft__mpi_compute_start(mpi, NULL, NULL);
    weft__plat_thread_join(mpi->compute.thread);
}
