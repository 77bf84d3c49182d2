/* sort.c: sorts an array that no rank could hold, and checks the result. */
#include "example.h"

#include "kernels.h"

#include <sys/resource.h>

static const char help[] =
    "usage: mpirun -n RANKS mpi_sort [--count N] [--limit-mib N] [--reversed 1] [--runs N]\n"
    "\n"
    "Sorts N 64-bit numbers on each rank (default 2^24: 128 MiB) into one order over all ranks.\n"
    "--limit-mib bounds the memory of each rank (RLIMIT_DATA), so that none could hold the whole\n"
    "array. --reversed 1: falling numbers, of which every one has to travel as far as it can;\n"
    "default: noise. --runs repeats the work, for measurements.\n";

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* what SplitMix64 steps by */

struct sums {
    uint64_t sum, mixed; /* of all numbers, whatever their order */
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void part_sums(void *context, size_t first, size_t last, void *partial)
{
    const uint64_t *xs = context;
    struct sums sums = {0, 0};
    for (size_t i = first; i < last; i++) {
        sums.sum += xs[i];
        sums.mixed += mix(xs[i]);
    }
    *(struct sums *)partial = sums;
}

static void add_sums(void *context, void *into, const void *from)
{
    struct sums *a = into;
    const struct sums *b = from;
    (void)context;
    a->sum += b->sum;
    a->mixed += b->mixed;
}

/* Of the numbers on all ranks. */
static struct sums sums_of_all(uint64_t *xs, size_t count)
{
    struct sums sums = {0, 0};
    if (weft_reduce(0, count, 0, part_sums, add_sums, xs, &sums, sizeof sums) != WEFT_OK)
        MPI_Abort(MPI_COMM_WORLD, 1);
    MPI_Allreduce(MPI_IN_PLACE, &sums, 2, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    return sums;
}

/* Is this part in order, and not below the one before it? Then so for all ranks. */
static bool all_in_order(const uint64_t *xs, size_t count, int rank, int ranks)
{
    uint64_t before = 0;
    MPI_Sendrecv(&xs[count - 1], 1, MPI_UINT64_T, rank + 1 < ranks ? rank + 1 : MPI_PROC_NULL, 1,
                 &before, 1, MPI_UINT64_T, rank > 0 ? rank - 1 : MPI_PROC_NULL, 1, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
    bool right = rank == 0 || before <= xs[0];
    for (size_t i = 1; i < count; i++)
        right = right && xs[i - 1] <= xs[i];
    MPI_Allreduce(MPI_IN_PLACE, &right, 1, MPI_C_BOOL, MPI_LAND, MPI_COMM_WORLD);
    return right;
}

static void make_numbers(uint64_t *xs, size_t count, int rank, int ranks, bool reversed)
{
    size_t first = count * (size_t)rank;
    if (!reversed)
        weft_fill_noise_u64(xs, count, 42 + first * GOLDEN);
    for (size_t i = 0; reversed && i < count; i++)
        xs[i] = (uint64_t)ranks * count - (first + i);
}

static bool sort_once(weft_mpi *mpi, uint64_t *xs, size_t count, bool reversed,
                      enum weft_status *status)
{
    int rank = (int)weft_mpi_rank(mpi), ranks = (int)weft_mpi_ranks(mpi);
    make_numbers(xs, count, rank, ranks, reversed);
    struct sums before = sums_of_all(xs, count);
    MPI_Barrier(MPI_COMM_WORLD);
    double begin = MPI_Wtime();
    *status = weft_mpi_sort_keys(mpi, xs, count, WEFT_KEY_U64);
    double seconds = example_seconds(begin);
    if (*status != WEFT_OK)
        return true;
    struct sums after = sums_of_all(xs, count);
    bool right = all_in_order(xs, count, rank, ranks) && before.sum == after.sum &&
                 before.mixed == after.mixed;
    if (rank == 0)
        printf("%" PRIu64 " numbers, %" PRIu64 " MiB on %d ranks, checksum %016" PRIx64
               ": %s, %.3f s\n",
               (uint64_t)count * (uint64_t)ranks, (uint64_t)count * (uint64_t)ranks >> 17, ranks,
               after.mixed, right ? "in order" : "WRONG", seconds);
    return right;
}

int main(int argc, char **argv)
{
    uint64_t count = 1 << 24, limit = 0, reversed = 0, runs = 1;
    const struct example_option options[] = {{"count", &count, 1, UINT64_C(1) << 40},
                                             {"limit-mib", &limit, 1, UINT64_C(1) << 30},
                                             {"reversed", &reversed, 0, 1},
                                             {"runs", &runs, 1, 1000}};
    int provided;
    bool asked, right = true;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    int next = example_options(argc, argv, options, 4, help, &asked);
    if (next != argc) {
        if (next >= 0)
            fprintf(stderr, "%s: not an option\n", argv[next]);
        MPI_Finalize();
        return asked ? 0 : 2;
    }
    weft_mpi *mpi = example_start("sort");
    struct rlimit most = {limit << 20, limit << 20};
    if (limit > 0 && setrlimit(RLIMIT_DATA, &most) != 0)
        fprintf(stderr, "no limit: %s\n", strerror(errno));
    uint64_t *xs = malloc(count * sizeof *xs);
    if (xs == NULL) {
        fprintf(stderr, "rank %zu: no memory for its part\n", weft_mpi_rank(mpi));
        MPI_Abort(MPI_COMM_WORLD, 1);
        abort();
    }
    enum weft_status status = WEFT_OK;
    for (uint64_t run = 0; run < runs && status == WEFT_OK && right; run++)
        right = sort_once(mpi, xs, count, reversed != 0, &status);
    free(xs);
    int code = example_end(mpi, status);
    return right ? code : 1;
}
