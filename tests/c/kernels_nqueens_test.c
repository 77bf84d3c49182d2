/* kernels_nqueens_test.c: weft_nqueens against the published counts (OEIS A000170). */
#include "kernels_everywhere.h"

static const uint64_t solutions[] = {0, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712};
#define BOARDS (sizeof solutions / sizeof solutions[0])

static void check_counts(void *context)
{
    (void)context;
    for (uint32_t n = 0; n < BOARDS; n++)
        EXPECT_EQ(weft_nqueens(n), solutions[n]);
}

static void counts_are_the_published_ones(void)
{
    for (uint32_t n = 0; n < BOARDS; n++)
        EXPECT_EQ(weft_nqueens_serial(n), solutions[n]);
    everywhere(check_counts, NULL);
}

static void boards_out_of_range_have_no_solution(void)
{
    EXPECT_EQ(weft_nqueens(33), 0);
    EXPECT_EQ(weft_nqueens(UINT32_MAX), 0);
    EXPECT_EQ(weft_nqueens_serial(33), 0);
}

static void check_cancelled(void *context)
{
    (void)context;
    weft_cancel();
    EXPECT_EQ(weft_nqueens(32), 0); /* would take longer than the universe has */
    EXPECT_EQ(weft_nqueens(8), 0);
}

static void cancellation_ends_the_count(void)
{
    cancelled(check_cancelled, NULL);
}

TEST_MAIN(TEST(counts_are_the_published_ones), TEST(boards_out_of_range_have_no_solution),
          TEST(cancellation_ends_the_count))
