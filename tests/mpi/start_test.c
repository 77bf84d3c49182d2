/* weft_mpi_start: what it refuses, and how it says so on all ranks. */
#include "c/test.h"

#include <weft.h>
#include <weft/mpi.h>

static int rank, count;
static char message[WEFT_MPI_MESSAGE_BYTES];

static weft_mpi_options options_of(void)
{
    weft_mpi_options options = {.runtime = {.threads = test_threads()}, .message = message};
    memset(message, '?', sizeof message - 1);
    return options;
}

static void a_bad_communicator_is_refused(void)
{
    weft_mpi_options options = options_of();
    weft_mpi *mpi = (weft_mpi *)&options;
    EXPECT_EQ(weft_mpi_start(MPI_COMM_NULL, &options, &mpi), WEFT_ERR_INVALID);
    EXPECT(mpi == NULL);
    EXPECT(strcmp(message, "the communicator is null") == 0);
    EXPECT_EQ(weft_mpi_start(MPI_COMM_WORLD, &options, NULL), WEFT_ERR_INVALID);
}

static void a_communicator_between_two_groups_is_refused(void)
{
    weft_mpi_options options = options_of();
    weft_mpi *mpi = NULL;
    MPI_Comm half, between;
    if (count < 2)
        return;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - rank % 2, 7, &between);
    EXPECT_EQ(weft_mpi_start(between, &options, &mpi), WEFT_ERR_INVALID);
    EXPECT(strcmp(message, "the communicator joins two groups") == 0);
    MPI_Comm_free(&between);
    MPI_Comm_free(&half);
}

static void ranks_of_another_build_are_named(void)
{
    weft_mpi_options options = options_of();
    weft_mpi *mpi = NULL;
    if (count < 2)
        return;
    options.build = rank == count - 1 ? "blue" : "green";
    EXPECT_EQ(weft_mpi_start(MPI_COMM_WORLD, &options, &mpi), WEFT_ERR_MODULE);
    EXPECT(mpi == NULL);
    char wanted[64];
    snprintf(wanted, sizeof wanted, "rank %d: WEFT_ERR_MODULE: runs weft ", count - 1);
    EXPECT(strncmp(message, wanted, strlen(wanted)) == 0);
    EXPECT(strstr(message, "; rank 0 runs weft ") != NULL);
    weft_info info;
    weft_runtime_info(&info);
    EXPECT_EQ(info.threads, 0);
}

static void an_option_out_of_range_on_one_rank_is_refused_on_all(void)
{
    weft_mpi_options options = options_of();
    weft_mpi *mpi = NULL;
    if (rank == count - 1)
        options.runtime.threads = WEFT_THREADS_MAX + 1;
    EXPECT_EQ(weft_mpi_start(MPI_COMM_WORLD, &options, &mpi), WEFT_ERR_INVALID);
    char wanted[64];
    snprintf(wanted, sizeof wanted, "rank %d: WEFT_ERR_INVALID", count - 1);
    EXPECT(strncmp(message, wanted, strlen(wanted)) == 0);
    weft_info info;
    weft_runtime_info(&info);
    EXPECT_EQ(info.threads, 0);
}

static void start_in_a_job(void *context)
{
    weft_mpi_options options = options_of();
    weft_mpi *mpi = NULL;
    *(enum weft_status *)context = weft_mpi_start(MPI_COMM_WORLD, &options, &mpi);
}

static void a_job_cannot_start_it(void)
{
    enum weft_status status = WEFT_OK;
    EXPECT_EQ(weft_run(start_in_a_job, &status), WEFT_OK);
    EXPECT_EQ(status, WEFT_ERR_STATE);
}

static void add_length(void *context, size_t first, size_t last)
{
    atomic_fetch_add((_Atomic uint64_t *)context, last - first);
}

static void expect_loop(weft_mpi *mpi, MPI_Comm comm)
{
    _Atomic uint64_t length = 0;
    uint64_t mine, all = 0;
    EXPECT_EQ(weft_mpi_for(mpi, 0, 1000, 0, add_length, &length), WEFT_OK);
    mine = length;
    MPI_Allreduce(&mine, &all, 1, MPI_UINT64_T, MPI_SUM, comm);
    EXPECT_EQ(all, 1000);
}

static void it_starts_and_stops_the_runtime(void)
{
    weft_mpi_options options = options_of();
    weft_mpi *mpi = NULL;
    weft_info info;
    for (int i = 0; i < 10; i++) {
        EXPECT_EQ(weft_mpi_start(MPI_COMM_WORLD, &options, &mpi), WEFT_OK);
        EXPECT_EQ(weft_mpi_rank(mpi), rank);
        EXPECT_EQ(weft_mpi_ranks(mpi), count);
        weft_runtime_info(&info);
        EXPECT_EQ(info.threads, test_threads());
        expect_loop(mpi, MPI_COMM_WORLD);
        weft_mpi_stop(mpi);
        weft_runtime_info(&info);
        EXPECT_EQ(info.threads, 0);
    }
    weft_mpi_stop(NULL);
}

static void it_uses_a_runtime_that_is_there_and_leaves_it(void)
{
    weft_mpi_options options = options_of();
    weft_mpi *mpi = NULL;
    weft_info info;
    EXPECT_EQ(weft_runtime_start(&(weft_options){.threads = 3}), WEFT_OK);
    EXPECT_EQ(weft_mpi_start(MPI_COMM_WORLD, &options, &mpi), WEFT_OK);
    expect_loop(mpi, MPI_COMM_WORLD);
    weft_mpi_stop(mpi);
    weft_runtime_info(&info);
    EXPECT_EQ(info.threads, 3);
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

static void several_communicators_may_be_open(void)
{
    weft_mpi_options options = options_of();
    weft_mpi *all = NULL, *some = NULL;
    MPI_Comm half;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &half);
    EXPECT_EQ(weft_mpi_start(MPI_COMM_WORLD, &options, &all), WEFT_OK);
    EXPECT_EQ(weft_mpi_start(half, &options, &some), WEFT_OK);
    expect_loop(some, half);
    expect_loop(all, MPI_COMM_WORLD);
    expect_loop(some, half);
    weft_mpi_stop(some);
    expect_loop(all, MPI_COMM_WORLD);
    weft_mpi_stop(all);
    MPI_Comm_free(&half);
}

static void without_an_option_threads_are_a_share_of_the_cpus(void)
{
    weft_mpi *mpi = NULL;
    weft_info info;
    EXPECT_EQ(weft_mpi_start(MPI_COMM_WORLD, NULL, &mpi), WEFT_OK);
    weft_runtime_info(&info);
    EXPECT(info.threads >= 1);
    /* Nobody has bound these ranks. */
    EXPECT(info.threads == 1 || info.threads * (size_t)count <= info.cpus);
    weft_mpi_stop(mpi);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        TEST(a_bad_communicator_is_refused),
        TEST(a_communicator_between_two_groups_is_refused),
        TEST(ranks_of_another_build_are_named),
        TEST(an_option_out_of_range_on_one_rank_is_refused_on_all),
        TEST(a_job_cannot_start_it),
        TEST(it_starts_and_stops_the_runtime),
        TEST(it_uses_a_runtime_that_is_there_and_leaves_it),
        TEST(several_communicators_may_be_open),
        TEST(without_an_option_threads_are_a_share_of_the_cpus),
    };
    int provided;
    weft_mpi_options options = options_of();
    weft_mpi *mpi = NULL;
    EXPECT_EQ(weft_mpi_start(MPI_COMM_WORLD, &options, &mpi), WEFT_ERR_STATE);
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &count);
    int failed = test_run(cases, sizeof cases / sizeof cases[0], argc > 1 ? argv[1] : NULL);
    MPI_Finalize();
    EXPECT_EQ(weft_mpi_start(MPI_COMM_WORLD, &options, &mpi), WEFT_ERR_STATE);
    return failed != 0 || test_failures != 0;
}
