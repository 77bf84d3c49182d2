/* example.h: what the example programs share: a command line of numbers, and progress. */
#ifndef WEFT_MPI_EXAMPLE_H
#define WEFT_MPI_EXAMPLE_H

#include <weft.h>
#include <weft/mpi.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "--name N", and where N goes. */
struct example_option {
    const char *name;
    uint64_t *value;
    uint64_t least, most;
};

/* Reads options up to the first argument that is none; returns its index, or -1 after a
 * mistake, which rank 0 has printed. --help prints the text and returns -1 too, with
 * *asked set. */
static inline int example_options(int argc, char **argv, const struct example_option *options,
                                  size_t count, const char *help, bool *asked)
{
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    *asked = false;
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--help") == 0) {
            *asked = true;
            if (rank == 0)
                fputs(help, stdout);
            return -1;
        }
        if (strncmp(argv[i], "--", 2) != 0)
            return i;
        size_t known = 0;
        while (known < count && strcmp(argv[i] + 2, options[known].name) != 0)
            known++;
        char *end = NULL;
        errno = 0;
        uint64_t value = i + 1 < argc ? strtoull(argv[i + 1], &end, 10) : 0;
        bool right = known < count && i + 1 < argc && end != argv[i + 1] && *end == '\0' &&
                     argv[i + 1][0] != '-' && errno == 0 && value >= options[known].least &&
                     value <= options[known].most;
        if (!right) {
            if (rank == 0 && known == count)
                fprintf(stderr, "%s: no such option; --help lists them\n", argv[i]);
            else if (rank == 0)
                fprintf(stderr, "%s wants a number from %" PRIu64 " to %" PRIu64 "\n", argv[i],
                        options[known].least, options[known].most);
            return -1;
        }
        *options[known].value = value;
    }
    return argc;
}

/* For weft_mpi_options.progress. */
static inline void example_progress(void *context, uint64_t done, uint64_t total)
{
    const char *what = context;
    if (total > 0)
        fprintf(stderr, "%s: %.0f %%\n", what, 100 * ((double)done / (double)total));
    else
        fprintf(stderr, "%s: %" PRIu64 " so far\n", what, done);
}

/* Starts MPI and weft; ends the program if it cannot. */
static inline weft_mpi *example_start(const char *what)
{
    weft_mpi *mpi;
    char message[WEFT_MPI_MESSAGE_BYTES];
    weft_mpi_options options = {.progress = example_progress,
                                .progress_context = (void *)(uintptr_t)what,
                                .message = message};
    enum weft_status status = weft_mpi_start(MPI_COMM_WORLD, &options, &mpi);
    if (status != WEFT_OK) {
        int rank;
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        if (rank == 0)
            fprintf(stderr, "%s\n", message[0] != '\0' ? message : weft_status_name(status));
        MPI_Finalize();
        exit(1);
    }
    return mpi;
}

/* The exit code; rank 0 says why it is not 0. */
static inline int example_end(weft_mpi *mpi, enum weft_status status)
{
    if (status != WEFT_OK && weft_mpi_rank(mpi) == 0)
        fprintf(stderr, "%s\n", weft_mpi_message(mpi));
    weft_mpi_stop(mpi);
    MPI_Finalize();
    return status == WEFT_OK ? 0 : 1;
}

/* The longest time that any rank took, in seconds. */
static inline double example_seconds(double begin)
{
    double seconds = MPI_Wtime() - begin;
    MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    return seconds;
}

#endif
