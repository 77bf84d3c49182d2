/* costs.c: what the parts of weft::mpi cost on these ranks, as lines of JSON from rank 0. */
#include "kernels/kernels.h"
#include "mpi/ranks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDS  31
#define REPEATS 200

static weft_mpi *ranks;

static void nothing(void *context, size_t first, size_t last)
{
    (void)context;
    (void)first;
    (void)last;
}

static void drop(void *context, weft_mpi_bag *bag, const void *item)
{
    (void)context;
    (void)bag;
    (void)item;
}

static void must(enum weft_status status)
{
    if (status != WEFT_OK) {
        fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_mpi_message(ranks));
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
}

/* ---- what is measured, once ---- */

static void empty_range(void)
{
    must(weft_mpi_for(ranks, 0, 0, 0, nothing, NULL));
}

static void empty_body(void)
{
    must(weft_mpi_for(ranks, 0, weft_mpi_ranks(ranks), 0, nothing, NULL));
}

static void empty_body_everywhere(void)
{
    must(weft_mpi_for(ranks, 0, 1000000, 0, nothing, NULL));
}

static void empty_bag(void)
{
    must(weft_mpi_bag_run(ranks, NULL, 0, 8, drop, NULL));
}

/* Of the loop on one machine alone. */
static void plain_body(void)
{
    weft_for(0, 1000000, 0, nothing, NULL);
}

static void claim_at_home(void)
{
    (void)weft__mpi_add_now(ranks, weft_mpi_rank(ranks), WEFT__MPI_NEXT, 1);
}

static void claim_elsewhere(void)
{
    size_t next = (weft_mpi_rank(ranks) + 1) % weft_mpi_ranks(ranks);
    (void)weft__mpi_add_now(ranks, next, WEFT__MPI_NEXT, 1);
}

/* There and back, between ranks 0 and 1. */
static void ping(void)
{
    char byte = 0;
    if (weft_mpi_rank(ranks) == 0) {
        MPI_Send(&byte, 1, MPI_CHAR, 1, 1, MPI_COMM_WORLD);
        MPI_Recv(&byte, 1, MPI_CHAR, 1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else if (weft_mpi_rank(ranks) == 1) {
        MPI_Recv(&byte, 1, MPI_CHAR, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Send(&byte, 1, MPI_CHAR, 0, 1, MPI_COMM_WORLD);
    }
}

static void tree_1(void)
{
    uint64_t sizes[3];
    if (weft_mpi_rank(ranks) == 0 && weft_uts(1, sizes) != WEFT_OK)
        MPI_Abort(MPI_COMM_WORLD, 1);
}

/* ---- measuring ---- */

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void measure(const char *name, void (*fn)(void), int repeats)
{
    double us[ROUNDS];
    for (int round = -1; round < ROUNDS; round++) { /* the first warms up */
        MPI_Barrier(MPI_COMM_WORLD);
        double begin = MPI_Wtime();
        for (int i = 0; i < repeats; i++)
            fn();
        if (round >= 0)
            us[round] = (MPI_Wtime() - begin) / repeats * 1e6;
    }
    qsort(us, ROUNDS, sizeof *us, by_value);
    if (weft_mpi_rank(ranks) == 0)
        printf("{\"name\": \"%s\", \"us\": %.3f, \"min\": %.3f, \"max\": %.3f}\n", name,
               us[ROUNDS / 2], us[0], us[ROUNDS - 1]);
}

/* How long the rows of the large Mandelbrot picture take, one in 128 of them. */
static void measure_rows(void)
{
    enum { SIZE = 16384, STEP = 128 };
    static uint16_t row[SIZE];
    double step = 3.0 / SIZE;
    if (weft_mpi_rank(ranks) == 0) {
        printf("{\"name\": \"rows\", \"us\": [");
        for (int y = 0; y < SIZE; y += STEP) {
            double begin = MPI_Wtime();
            weft_mandelbrot_serial(row, SIZE, 1, -2.25, -1.5 + y * step, step, 256);
            printf("%s%.1f", y > 0 ? ", " : "", (MPI_Wtime() - begin) * 1e6);
        }
        printf("]}\n");
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

int main(int argc, char **argv)
{
    int provided;
    char message[WEFT_MPI_MESSAGE_BYTES];
    weft_mpi_options options = {.message = message};
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    if (weft_mpi_start(MPI_COMM_WORLD, &options, &ranks) != WEFT_OK) {
        fprintf(stderr, "%s\n", message);
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    measure("loop over nothing", empty_range, REPEATS);
    measure("loop, an index per rank", empty_body, REPEATS);
    measure("loop, 1e6 indices", empty_body_everywhere, REPEATS);
    measure("weft_for, 1e6 indices", plain_body, REPEATS);
    measure("bag of nothing", empty_bag, REPEATS);
    measure("claim at home", claim_at_home, REPEATS);
    if (weft_mpi_ranks(ranks) > 1) {
        measure("claim elsewhere", claim_elsewhere, REPEATS);
        measure("ping", ping, REPEATS);
    }
    measure("weft_uts T1 on rank 0", tree_1, 1);
    measure_rows();
    weft_mpi_stop(ranks);
    MPI_Finalize();
    return 0;
}
