/* weft_mpi_for and weft_mpi_reduce: every index once, and the bits of weft_reduce. */
#include "together.h"

#include <time.h>

#define COUNT 10007

struct marks {
    _Atomic uint32_t seen[COUNT];
    size_t least; /* indices in a slice that is not the last */
    size_t last;
    _Atomic uint64_t too_short;
};

static void mark(void *context, size_t first, size_t last)
{
    struct marks *marks = context;
    if (last - first < marks->least && last != marks->last)
        atomic_fetch_add(&marks->too_short, 1);
    for (size_t i = first; i < last; i++)
        atomic_fetch_add(&marks->seen[i], 1);
}

/* The indices first..last-1 were seen once on all ranks together, no others. */
static void check_marks(size_t first, size_t last, size_t grain)
{
    static struct marks marks;
    static uint32_t seen[COUNT];
    memset(&marks, 0, sizeof marks);
    marks.last = last;
    EXPECT_EQ(weft_mpi_for(ranks, first, last, grain, mark, &marks), WEFT_OK);
    for (size_t i = 0; i < COUNT; i++)
        seen[i] = marks.seen[i];
    MPI_Allreduce(MPI_IN_PLACE, seen, COUNT, MPI_UINT32_T, MPI_SUM, MPI_COMM_WORLD);
    size_t wrong = 0;
    for (size_t i = 0; i < COUNT; i++)
        wrong += seen[i] != (i >= first && i < last);
    EXPECT_EQ(wrong, 0);
}

static void a_loop_runs_every_index_on_one_rank(void)
{
    check_marks(0, COUNT, 0);
    check_marks(17, 5000, 0);
    check_marks(0, COUNT, 100);
    check_marks(3, 4, 0);
    check_marks(0, 5, 0);
    check_marks(0, COUNT, COUNT * 2);
    check_marks(0, COUNT, SIZE_MAX);
}

static void a_loop_over_nothing_runs_nothing(void)
{
    check_marks(5, 5, 0);
    check_marks(9, 3, 7);
    check_marks(SIZE_MAX, 0, 0);
}

static void add_length(void *context, size_t first, size_t last)
{
    atomic_fetch_add((_Atomic uint64_t *)context, last - first);
}

static void a_loop_may_be_as_long_as_a_size(void)
{
    static const size_t firsts[] = {0, 1, SIZE_MAX / 2, SIZE_MAX - 3};
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        _Atomic uint64_t length = 0;
        EXPECT_EQ(weft_mpi_for(ranks, firsts[i], SIZE_MAX, 0, add_length, &length), WEFT_OK);
        EXPECT_EQ(sum_of_ranks(length), SIZE_MAX - firsts[i]);
    }
}

static void loop_inside(void *context, size_t first, size_t last)
{
    for (size_t i = first; i < last; i++)
        weft_for(0, i, 0, add_length, context);
}

static void a_body_may_use_loops_of_its_own(void)
{
    _Atomic uint64_t length = 0;
    EXPECT_EQ(weft_mpi_for(ranks, 0, 300, 0, loop_inside, &length), WEFT_OK);
    EXPECT_EQ(sum_of_ranks(length), 300 * 299 / 2);
}

static void many_loops_follow_each_other(void)
{
    _Atomic uint64_t length = 0;
    for (size_t i = 0; i < 200; i++)
        EXPECT_EQ(weft_mpi_for(ranks, 0, i % 7, 0, add_length, &length), WEFT_OK);
    uint64_t wanted = 0;
    for (size_t i = 0; i < 200; i++)
        wanted += i % 7;
    EXPECT_EQ(sum_of_ranks(length), wanted);
}

struct relief {
    size_t share;             /* of rank 0 */
    bool waits;               /* this is rank 0 */
    _Atomic uint32_t *shared; /* set once another rank has run indices of that share */
};

static void wait_for_relief(void *context, size_t first, size_t last)
{
    struct relief *relief = context;
    (void)last;
    if (!relief->waits) {
        if (first < relief->share)
            atomic_store(relief->shared, 1);
        return;
    }
    time_t limit = time(NULL) + 100;
    while (atomic_load(relief->shared) == 0 && time(NULL) < limit)
        continue;
}

static void a_rank_that_is_held_up_is_relieved_of_its_share(void)
{
    MPI_Win window;
    MPI_Aint bytes;
    int unit;
    void *own, *shared;
    int here;
    MPI_Comm machine;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
    MPI_Comm_size(machine, &here);
    MPI_Comm_free(&machine);
    if (weft_mpi_ranks(ranks) == 1 || (size_t)here < weft_mpi_ranks(ranks))
        return; /* it needs shared memory to see what others do */
    MPI_Win_allocate_shared(sizeof(uint32_t), 1, MPI_INFO_NULL, MPI_COMM_WORLD, &own, &window);
    MPI_Win_shared_query(window, 0, &bytes, &unit, &shared);
    *(uint32_t *)own = 0;
    MPI_Barrier(MPI_COMM_WORLD);
    struct relief relief = {.share = 4000 / weft_mpi_ranks(ranks),
                            .waits = weft_mpi_rank(ranks) == 0,
                            .shared = shared};
    EXPECT_EQ(weft_mpi_for(ranks, 0, 4000, 0, wait_for_relief, &relief), WEFT_OK);
    EXPECT_EQ(atomic_load(relief.shared), 1);
    MPI_Win_free(&window);
}

/* ---- reductions ---- */

static void part_sum(void *context, size_t first, size_t last, void *partial)
{
    double sum = 0;
    (void)context;
    for (size_t i = first; i < last; i++) /* in another order it would round differently */
        sum += (double)(int64_t)mix(i) * ((i & 1) != 0 ? 1e-9 : 1e9);
    *(double *)partial = sum;
}

static void add_sum(void *context, void *into, const void *from)
{
    (void)context;
    *(double *)into += *(const double *)from;
}

static void a_sum_has_the_bits_of_one_machine(void)
{
    static const size_t counts[] = {1, 2, 3, 511, 512, 513, 1000, 100003};
    static const size_t grains[] = {0, 1, 7, 1000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (size_t j = 0; j < sizeof grains / sizeof grains[0]; j++) {
            double sum = -1, wanted = -2;
            EXPECT_EQ(weft_mpi_reduce(ranks, 5, 5 + counts[i], grains[j], part_sum, add_sum, NULL,
                                      &sum, sizeof sum),
                      WEFT_OK);
            EXPECT_EQ(weft_reduce(5, 5 + counts[i], grains[j], part_sum, add_sum, NULL, &wanted,
                                  sizeof wanted),
                      WEFT_OK);
            EXPECT(memcmp(&sum, &wanted, sizeof sum) == 0);
        }
}

/* Not commutative, and of the largest size: the indices in order. */
struct text {
    uint32_t length;
    uint8_t bytes[WEFT_REDUCE_BYTES_MAX - 4];
};

static void part_text(void *context, size_t first, size_t last, void *partial)
{
    struct text *text = partial;
    (void)context;
    memset(text, 0, sizeof *text);
    for (size_t i = first; i < last; i++)
        text->bytes[text->length++] = (uint8_t)(i * 31);
}

static void append_text(void *context, void *into, const void *from)
{
    struct text *text = into;
    const struct text *more = from;
    (void)context;
    memcpy(text->bytes + text->length, more->bytes, more->length);
    text->length += more->length;
}

static void values_are_combined_in_index_order(void)
{
    static struct text text;
    EXPECT_EQ(weft_mpi_reduce(ranks, 0, 4000, 0, part_text, append_text, NULL, &text, sizeof text),
              WEFT_OK);
    EXPECT_EQ(text.length, 4000);
    for (size_t i = 0; i < text.length; i++)
        if (text.bytes[i] != (uint8_t)(i * 31)) {
            EXPECT_EQ(i, SIZE_MAX);
            break;
        }
}

static void a_reduction_of_nothing_leaves_the_result(void)
{
    double sum = 7;
    EXPECT_EQ(weft_mpi_reduce(ranks, 3, 3, 0, part_sum, add_sum, NULL, &sum, sizeof sum), WEFT_OK);
    EXPECT(sum == 7);
}

static void part_count(void *context, size_t first, size_t last, void *partial)
{
    (void)context;
    *(uint64_t *)partial = last - first;
}

static void add_count(void *context, void *into, const void *from)
{
    (void)context;
    *(uint64_t *)into += *(const uint64_t *)from;
}

static void a_reduction_may_be_as_long_as_a_size(void)
{
    uint64_t count = 0;
    EXPECT_EQ(
        weft_mpi_reduce(ranks, 1, SIZE_MAX, 0, part_count, add_count, NULL, &count, sizeof count),
        WEFT_OK);
    EXPECT_EQ(count, SIZE_MAX - 1);
}

RANKS_MAIN(TEST(a_loop_runs_every_index_on_one_rank), TEST(a_loop_over_nothing_runs_nothing),
           TEST(a_loop_may_be_as_long_as_a_size), TEST(a_body_may_use_loops_of_its_own),
           TEST(many_loops_follow_each_other),
           TEST(a_rank_that_is_held_up_is_relieved_of_its_share),
           TEST(a_sum_has_the_bits_of_one_machine), TEST(values_are_combined_in_index_order),
           TEST(a_reduction_of_nothing_leaves_the_result),
           TEST(a_reduction_may_be_as_long_as_a_size))
