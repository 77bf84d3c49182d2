/* fault.c: a rank that dies in some way in the middle of a call: fault <way>. The others
 * would work for ever; the launcher has to end them. fault.cmake looks at what comes of it.
 * Compiled twice, as two builds of one program. */
#include <weft.h>
#include <weft/mpi.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef ANOTHER_BUILD
const char *fault_build = "another build"; /* in its file */
#endif

static weft_mpi *mpi;

static void die(const char *way)
{
    if (strcmp(way, "abort") == 0) {
        fprintf(stderr, "the body gives up\n");
        abort();
    } else if (strcmp(way, "kill") == 0) {
        raise(SIGKILL);
    } else if (strcmp(way, "exit") == 0) {
        _exit(3);
    } else if (strcmp(way, "status") == 0) {
        weft_mpi_fail(mpi, WEFT_ERR_LIMIT, "no licence for this body");
    }
}

static void die_or_wait(void *context, size_t first, size_t last)
{
    (void)first;
    (void)last;
    if (weft_mpi_rank(mpi) == weft_mpi_ranks(mpi) - 1)
        die(context);
    while (weft_mpi_rank(mpi) != weft_mpi_ranks(mpi) - 1 && !weft_cancelled())
        continue;
}

/* Rank 0 prints how many ranks were told the same. */
static void print_message(const char *message)
{
    int rank, same, all = 0;
    char first[WEFT_MPI_MESSAGE_BYTES] = "";
    strncpy(first, message, sizeof first - 1);
    MPI_Bcast(first, sizeof first, MPI_CHAR, 0, MPI_COMM_WORLD);
    same = strcmp(first, message) == 0;
    MPI_Reduce(&same, &all, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0)
        fprintf(stderr, "%d ranks: %s\n", all, message);
}

int main(int argc, char **argv)
{
    int provided;
    char message[WEFT_MPI_MESSAGE_BYTES];
    weft_mpi_options options = {.message = message};
    const char *way = argc > 1 ? argv[1] : "";
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    enum weft_status status = weft_mpi_start(MPI_COMM_WORLD, &options, &mpi);
    if (status != WEFT_OK) {
        print_message(message);
        MPI_Finalize();
        return 4;
    }
    if (strcmp(way, "return") == 0 && weft_mpi_rank(mpi) == 0)
        return 5; /* out of main, without a word to anybody */
    status = weft_mpi_for(mpi, 0, 1000, 0, die_or_wait, (void *)(uintptr_t)way);
    print_message(weft_mpi_message(mpi));
    weft_mpi_stop(mpi);
    MPI_Finalize();
    return status == WEFT_OK ? 0 : 6;
}
