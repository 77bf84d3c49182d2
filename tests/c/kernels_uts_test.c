/* kernels_uts_test.c: weft_uts against the published sizes of the trees. */
#include "kernels_everywhere.h"

typedef int32_t (*uts_fn)(uint32_t tree, uint64_t out[3]);

static void check_trees(uts_fn fn)
{
    uint64_t out[3];
    EXPECT_EQ(fn(1, out), WEFT_OK);
    EXPECT_EQ(out[0], 4130071);
    EXPECT_EQ(out[1], 10);
    EXPECT_EQ(out[2], 3305118);
    EXPECT_EQ(fn(3, out), WEFT_OK);
    EXPECT_EQ(out[0], 4112897);
    EXPECT_EQ(out[1], 1572);
    EXPECT_EQ(out[2], 3599034);
}

static void check_parallel(void *context)
{
    (void)context;
    check_trees(weft_uts);
}

static void trees_have_the_published_sizes(void)
{
    check_trees(weft_uts_serial);
    everywhere(check_parallel, NULL);
}

static void other_trees_are_invalid(void)
{
    static const uint32_t numbers[] = {0, 2, 4, UINT32_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        uint64_t out[3] = {7, 8, 9};
        EXPECT_EQ(weft_uts(numbers[i], out), WEFT_ERR_INVALID);
        EXPECT_EQ(weft_uts_serial(numbers[i], out), WEFT_ERR_INVALID);
        EXPECT(out[0] == 7 && out[1] == 8 && out[2] == 9);
    }
    EXPECT_EQ(weft_uts(1, NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_uts_serial(1, NULL), WEFT_ERR_INVALID);
}

static void check_cancelled(void *context)
{
    uint64_t out[3] = {7, 8, 9};
    (void)context;
    weft_cancel();
    EXPECT_EQ(weft_uts(1, out), WEFT_ERR_CANCELLED);
    EXPECT(out[0] == 7 && out[1] == 8 && out[2] == 9);
}

static void cancellation_leaves_the_result_alone(void)
{
    cancelled(check_cancelled, NULL);
}

TEST_MAIN(TEST(trees_have_the_published_sizes), TEST(other_trees_are_invalid),
          TEST(cancellation_leaves_the_result_alone))
