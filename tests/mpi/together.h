/* together.h: tests that all ranks run together. A case is a collective call: every rank goes
 * through the same ones, and any rank's failure fails the program. WEFT_TEST_THREADS is the
 * number of threads on each rank. */
#ifndef WEFT_TEST_TOGETHER_H
#define WEFT_TEST_TOGETHER_H

#include "c/test.h"

#include <weft.h>
#include <weft/mpi.h>

static weft_mpi *ranks;

static inline uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline uint64_t sum_of_ranks(uint64_t mine)
{
    uint64_t all = 0;
    MPI_Allreduce(&mine, &all, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    return all;
}

/* Ways to lay `count` elements out over the ranks. */
enum layout { EVEN, FIRST_HAS_ALL, LAST_HAS_ALL, EVERY_SECOND_EMPTY, RISING, LAYOUTS };

static inline size_t layout_begin(enum layout layout, size_t count, size_t rank)
{
    size_t all = weft_mpi_ranks(ranks);
    if (rank == 0 || rank == all)
        return rank == 0 ? 0 : count;
    switch (layout) {
    case EVEN: return count / all * rank + (rank < count % all ? rank : count % all);
    case FIRST_HAS_ALL: return count;
    case LAST_HAS_ALL: return 0;
    case EVERY_SECOND_EMPTY: return count / all * (rank / 2 * 2);
    case RISING: return count / (all * all) * (rank * rank);
    case LAYOUTS: break;
    }
    return 0;
}

struct part {
    size_t first, count;
};

static inline struct part layout_part(enum layout layout, size_t count)
{
    size_t rank = weft_mpi_rank(ranks), first = layout_begin(layout, count, rank);
    return (struct part){first, layout_begin(layout, count, rank + 1) - first};
}

static inline void *make_bytes(size_t count)
{
    void *bytes = malloc(count + 1);
    if (bytes == NULL) {
        fprintf(stderr, "no memory for a test\n");
        exit(1);
    }
    return bytes;
}

static inline int ranks_main(int argc, char **argv, const struct test_case *cases, size_t count)
{
    int provided;
    char message[WEFT_MPI_MESSAGE_BYTES];
    weft_mpi_options options = {.runtime = {.threads = test_threads()}, .message = message};
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    enum weft_status status = weft_mpi_start(MPI_COMM_WORLD, &options, &ranks);
    if (status != WEFT_OK) {
        fprintf(stderr, "%s: %s\n", weft_status_name(status), message);
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    int failed = test_run(cases, count, argc > 1 ? argv[1] : NULL);
    weft_mpi_stop(ranks);
    MPI_Finalize();
    return failed;
}

#define RANKS_MAIN(...)                                                                            \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        static const struct test_case cases[] = {__VA_ARGS__};                                     \
        return ranks_main(argc, argv, cases, sizeof cases / sizeof cases[0]);                      \
    }

#endif
