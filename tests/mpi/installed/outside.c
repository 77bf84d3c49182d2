/* outside.c: an MPI program of somebody who has installed weft. */
#include <weft/mpi.h>

#include <stdio.h>

static void part(void *context, size_t first, size_t last, void *partial)
{
    const double *xs = context;
    double sum = 0;
    for (size_t i = first; i < last; i++)
        sum += xs[i];
    *(double *)partial = sum;
}

static void add(void *context, void *into, const void *from)
{
    (void)context;
    *(double *)into += *(const double *)from;
}

int main(int argc, char **argv)
{
    int provided;
    weft_mpi *mpi;
    double xs[100], sum = 0;
    for (int i = 0; i < 100; i++)
        xs[i] = i;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    if (weft_mpi_start(MPI_COMM_WORLD, NULL, &mpi) != WEFT_OK)
        return 1;
    enum weft_status status = weft_mpi_reduce(mpi, 0, 100, 0, part, add, xs, &sum, sizeof sum);
    if (weft_mpi_rank(mpi) == 0)
        printf("sum %.0f on %zu ranks\n", sum, weft_mpi_ranks(mpi));
    weft_mpi_stop(mpi);
    MPI_Finalize();
    return status == WEFT_OK ? 0 : 1;
}
