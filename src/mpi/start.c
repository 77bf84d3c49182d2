/* start.c: from a communicator to ranks that can work together, and back. */
#include "ranks.h"

#include "core/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Before there is anything that could pass on a failure. */
struct opening {
    weft_mpi *mpi;
    const weft_options *runtime;
    char *message; /* WEFT_MPI_MESSAGE_BYTES */
};

static enum weft_status say(struct opening *opening, enum weft_status status, const char *why)
{
    (void)snprintf(opening->message, WEFT_MPI_MESSAGE_BYTES, "%s", why);
    return status;
}

/* What can be told without the other ranks. */
static enum weft_status look_around(struct opening *opening, MPI_Comm comm)
{
    int begun = 0, over = 0, provided, here, joins_two;
    MPI_Initialized(&begun);
    MPI_Finalized(&over);
    if (!begun || over)
        return say(opening, WEFT_ERR_STATE, "MPI is not initialised: call MPI_Init_thread first");
    if (weft__job_current() != NULL)
        return say(opening, WEFT_ERR_STATE, "called from inside a job");
    MPI_Query_thread(&provided);
    MPI_Is_thread_main(&here);
    if (provided < MPI_THREAD_FUNNELED)
        return say(opening, WEFT_ERR_UNSUPPORTED,
                   "MPI gives no threads: ask MPI_Init_thread for MPI_THREAD_FUNNELED");
    if (provided < MPI_THREAD_SERIALIZED && !here)
        return say(opening, WEFT_ERR_UNSUPPORTED,
                   "MPI_THREAD_FUNNELED lets only the thread that initialised MPI call it");
    if (comm == MPI_COMM_NULL)
        return say(opening, WEFT_ERR_INVALID, "the communicator is null");
    MPI_Comm_test_inter(comm, &joins_two);
    if (joins_two)
        return say(opening, WEFT_ERR_INVALID, "the communicator joins two groups");
    return WEFT_OK;
}

/* The lowest rank that has failed tells all of them. */
static enum weft_status agree_to_open(struct opening *opening, enum weft_status mine)
{
    weft_mpi *mpi = opening->mpi;
    uint64_t failure =
        mine == WEFT_OK ? 0 : (uint64_t)(mpi->ranks - mpi->rank) << 32 | (uint64_t)mine;
    MPI_Allreduce(MPI_IN_PLACE, &failure, 1, MPI_UINT64_T, MPI_MAX, mpi->comm);
    if (failure == 0)
        return WEFT_OK;
    size_t rank = mpi->ranks - (size_t)(failure >> 32);
    enum weft_status status = (enum weft_status)(failure & UINT32_MAX);
    char why[WEFT_MPI_MESSAGE_BYTES];
    memcpy(why, opening->message, sizeof why);
    MPI_Bcast(why, sizeof why, MPI_CHAR, (int)rank, mpi->comm);
    (void)snprintf(opening->message, WEFT_MPI_MESSAGE_BYTES, "rank %zu: %s%s%.*s", rank,
                   weft_status_name(status), why[0] != '\0' ? ": " : "", (int)sizeof why - 64, why);
    return status;
}

/* ---- builds ---- */

static enum weft_status compare_builds(struct opening *opening, const char *build)
{
    weft_mpi *mpi = opening->mpi;
    char mine[64], theirs[64];
    uint64_t digest = build == NULL ? weft__mpi_build_digest() : weft__mpi_mix_text(build);
    (void)snprintf(mine, sizeof mine, "weft %d.%d.%d, %zu bits, build %016llx", WEFT_VERSION_MAJOR,
                   WEFT_VERSION_MINOR, WEFT_VERSION_PATCH, 8 * sizeof(size_t),
                   (unsigned long long)digest);
    memcpy(theirs, mine, sizeof mine);
    MPI_Bcast(theirs, sizeof theirs, MPI_CHAR, 0, mpi->comm);
    if (strncmp(mine, theirs, sizeof mine) == 0)
        return WEFT_OK;
    (void)snprintf(opening->message, WEFT_MPI_MESSAGE_BYTES, "runs %s; rank 0 runs %s", mine,
                   theirs);
    return WEFT_ERR_MODULE;
}

/* ---- threads ---- */

/* The CPUs that this rank may use. */
struct cpus {
    uint64_t mine;
    uint64_t here;  /* all that the ranks of this machine may use together */
    uint64_t ranks; /* on this machine */
};

static MPI_Comm ranks_of_this_machine(weft_mpi *mpi)
{
    MPI_Comm machine;
    MPI_Comm_split_type(mpi->comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
    return machine;
}

/* Where the ranks of a machine could use more CPUs than there are, because nobody has bound
 * them or all of them are under one quota, each gets the same share. */
static struct cpus share_cpus(MPI_Comm machine)
{
    const char *rule;
    int ranks;
    struct cpus cpus = {.mine = weft__plat_cpu_count(&rule)};
    uint64_t wanted = cpus.mine;
    MPI_Comm_size(machine, &ranks);
    MPI_Allreduce(MPI_IN_PLACE, &wanted, 1, MPI_UINT64_T, MPI_SUM, machine);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    cpus.ranks = (uint64_t)ranks;
    cpus.here = strcmp(rule, "cgroup") == 0 || online < 1 ? cpus.mine : (uint64_t)online;
    if (wanted > cpus.here)
        cpus.mine = cpus.here / cpus.ranks;
    if (cpus.mine == 0)
        cpus.mine = 1;
    if (cpus.mine > WEFT_THREADS_MAX)
        cpus.mine = WEFT_THREADS_MAX;
    return cpus;
}

static enum weft_status start_runtime(struct opening *opening)
{
    weft_mpi *mpi = opening->mpi;
    weft_info info;
    weft_options options = *opening->runtime;
    MPI_Comm machine = ranks_of_this_machine(mpi);
    struct cpus cpus = share_cpus(machine);
    weft_runtime_info(&info);
    enum weft_status status = WEFT_OK;
    if (info.threads == 0) {
        if (options.threads == 0 && getenv("WEFT_THREADS") == NULL)
            options.threads = (size_t)cpus.mine;
        status = weft_runtime_start(&options);
        mpi->started_runtime = status == WEFT_OK;
        weft_runtime_info(&info);
    }
    mpi->threads = info.threads;
    uint64_t threads = info.threads;
    MPI_Allreduce(MPI_IN_PLACE, &threads, 1, MPI_UINT64_T, MPI_SUM, machine);
    MPI_Comm_free(&machine);
    mpi->crowded = threads > cpus.here;
    return status == WEFT_OK ? WEFT_OK : say(opening, status, "the runtime does not start");
}

/* ---- the window ---- */

/* On one machine in memory that its ranks share, which is quicker; and Open MPI up to 4.1 at
 * least mixes up windows of disjoint communicators on one machine otherwise. */
static enum weft_status make_window(struct opening *opening)
{
    weft_mpi *mpi = opening->mpi;
    void *memory;
    int *model, known, here;
    MPI_Aint bytes = WEFT__MPI_WORDS * (MPI_Aint)sizeof(uint64_t);
    MPI_Comm machine = ranks_of_this_machine(mpi);
    MPI_Comm_size(machine, &here);
    MPI_Comm_free(&machine);
    MPI_Comm_set_errhandler(mpi->comm, MPI_ERRORS_RETURN);
    int error;
    if ((size_t)here == mpi->ranks)
        error = MPI_Win_allocate_shared(bytes, sizeof(uint64_t), MPI_INFO_NULL, mpi->comm, &memory,
                                        &mpi->window);
    else
        error = MPI_Win_allocate(bytes, sizeof(uint64_t), MPI_INFO_NULL, mpi->comm, &memory,
                                 &mpi->window);
    MPI_Comm_set_errhandler(mpi->comm, MPI_ERRORS_ARE_FATAL);
    if (error != MPI_SUCCESS)
        return say(opening, WEFT_ERR_ENGINE,
                   "MPI has no windows over this network; for Open MPI 4 and TCP: "
                   "mpirun --mca osc sm,rdma,pt2pt");
    mpi->words = memory;
    memset(memory, 0, WEFT__MPI_WORDS * sizeof(uint64_t));
    MPI_Win_lock_all(MPI_MODE_NOCHECK, mpi->window);
    MPI_Win_get_attr(mpi->window, MPI_WIN_MODEL, &model, &known);
    if (!known || *model != MPI_WIN_UNIFIED)
        return say(opening, WEFT_ERR_UNSUPPORTED, "this MPI keeps two copies of a window");
    return WEFT_OK;
}

static void free_window(weft_mpi *mpi)
{
    MPI_Win_unlock_all(mpi->window);
    MPI_Win_free(&mpi->window);
}

/* ---- all together ---- */

/* Each step is agreed on, so that a failure undoes the same steps on all ranks. */
static enum weft_status open_ranks(struct opening *opening, const char *build)
{
    weft_mpi *mpi = opening->mpi;
    enum weft_status status = agree_to_open(opening, compare_builds(opening, build));
    if (status != WEFT_OK)
        return status;
    status = agree_to_open(opening, start_runtime(opening));
    if (status == WEFT_OK) {
        enum weft_status mine = make_window(opening);
        if (mine == WEFT_OK)
            mine = weft__mpi_compute_init(mpi);
        bool has_helper = mine == WEFT_OK;
        status = agree_to_open(opening, mine);
        if (status == WEFT_OK)
            return WEFT_OK;
        if (has_helper)
            weft__mpi_compute_fini(mpi);
        if (status != WEFT_ERR_ENGINE) /* else not all ranks have one to free together */
            free_window(mpi);
    }
    if (mpi->started_runtime)
        (void)weft_runtime_stop();
    return status;
}

enum weft_status weft_mpi_start(MPI_Comm comm, const weft_mpi_options *options, weft_mpi **mpi)
{
    static const weft_mpi_options defaults;
    char nowhere[WEFT_MPI_MESSAGE_BYTES];
    if (options == NULL)
        options = &defaults;
    if (mpi == NULL)
        return WEFT_ERR_INVALID;
    *mpi = NULL;
    struct opening opening = {.runtime = &options->runtime,
                              .message = options->message != NULL ? options->message : nowhere};
    memset(opening.message, 0, WEFT_MPI_MESSAGE_BYTES);
    enum weft_status status = look_around(&opening, comm);
    if (status != WEFT_OK)
        return status;
    int ranks;
    MPI_Comm_size(comm, &ranks);
    weft_mpi *made = calloc(1, sizeof *made);
    MPI_Request *requests = calloc(2 * (size_t)ranks, sizeof(MPI_Request));
    size_t *begins = calloc((size_t)ranks + 1, sizeof(size_t));
    if (made == NULL || requests == NULL ||
        begins == NULL) { /* the others wait for this rank for ever */
        (void)fprintf(stderr, "weft_mpi_start: no memory\n");
        MPI_Abort(comm, 1);
        abort();
    }
    opening.mpi = made;
    int rank;
    MPI_Comm_dup(comm, &made->comm);
    MPI_Comm_set_errhandler(made->comm, MPI_ERRORS_ARE_FATAL);
    MPI_Comm_rank(made->comm, &rank);
    made->rank = (size_t)rank;
    made->ranks = (size_t)ranks;
    made->requests = requests;
    made->begins = begins;
    made->progress = options->progress;
    made->progress_context = options->progress_context;
    status = open_ranks(&opening, options->build);
    if (status == WEFT_OK) {
        *mpi = made;
        return WEFT_OK;
    }
    MPI_Comm_free(&made->comm);
    free(begins);
    free(requests);
    free(made);
    return status;
}

void weft_mpi_stop(weft_mpi *mpi)
{
    if (mpi == NULL)
        return;
    weft__mpi_compute_fini(mpi);
    free_window(mpi);
    MPI_Comm_free(&mpi->comm);
    if (mpi->started_runtime)
        (void)weft_runtime_stop();
    free(mpi->begins);
    free(mpi->requests);
    free(mpi);
}

size_t weft_mpi_rank(const weft_mpi *mpi)
{
    return mpi->rank;
}

size_t weft_mpi_ranks(const weft_mpi *mpi)
{
    return mpi->ranks;
}
