/* What becomes of a call when something fails on one rank: the same on all, and the next call
 * works. */
#include "together.h"

/* Every rank got the same status and message. */
static void expect_everywhere(enum weft_status status, enum weft_status wanted, const char *message)
{
    EXPECT_EQ(status, wanted);
    if (strcmp(weft_mpi_message(ranks), message) != 0) {
        fprintf(stderr, "message \"%s\", wanted \"%s\"\n", weft_mpi_message(ranks), message);
        EXPECT(false);
    }
}

static void add_length(void *context, size_t first, size_t last)
{
    atomic_fetch_add((_Atomic uint64_t *)context, last - first);
}

/* A loop after a failure is whole. */
static void expect_all_well(void)
{
    _Atomic uint64_t length = 0;
    EXPECT_EQ(weft_mpi_for(ranks, 0, 1000, 0, add_length, &length), WEFT_OK);
    EXPECT_EQ(sum_of_ranks(length), 1000);
    EXPECT(weft_mpi_message(ranks)[0] == '\0');
}

/* ---- bodies ---- */

enum way { FAIL, FAIL_WITHOUT_TEXT, CANCEL, CANCEL_JOB };

struct plan {
    size_t rank; /* where it happens */
    enum way way;
};

static void go_wrong(const struct plan *plan)
{
    if (weft_mpi_rank(ranks) != plan->rank)
        return;
    switch (plan->way) {
    case FAIL: weft_mpi_fail(ranks, WEFT_ERR_LIMIT, "the disk is full"); break;
    case FAIL_WITHOUT_TEXT: weft_mpi_fail(ranks, WEFT_ERR_NOMEM, NULL); break;
    case CANCEL: weft_mpi_cancel(ranks); break;
    case CANCEL_JOB: weft_cancel(); break;
    }
}

/* Fails at once where it is meant to; elsewhere it runs until it is stopped. */
static void go_wrong_or_wait(void *context, size_t first, size_t last)
{
    const struct plan *plan = context;
    (void)first;
    (void)last;
    go_wrong(plan);
    while (weft_mpi_rank(ranks) != plan->rank && !weft_cancelled())
        continue;
}

static const struct {
    enum weft_status status;
    const char *text;
} outcomes[] = {
    [FAIL] = {WEFT_ERR_LIMIT, "rank %zu: WEFT_ERR_LIMIT: the disk is full"},
    [FAIL_WITHOUT_TEXT] = {WEFT_ERR_NOMEM, "rank %zu: WEFT_ERR_NOMEM"},
    [CANCEL] = {WEFT_ERR_CANCELLED, "rank %zu: WEFT_ERR_CANCELLED"},
    [CANCEL_JOB] = {WEFT_ERR_CANCELLED, "rank %zu: WEFT_ERR_CANCELLED"},
};

static void expect_outcome(enum weft_status status, const struct plan *plan)
{
    char message[WEFT_MPI_MESSAGE_BYTES];
    const char *text = outcomes[plan->way].text, *after = strchr(text, '%') + 3;
    snprintf(message, sizeof message, "rank %zu%s", plan->rank, after);
    expect_everywhere(status, outcomes[plan->way].status, message);
}

static void a_body_that_fails_stops_all_ranks(void)
{
    for (size_t rank = 0; rank < weft_mpi_ranks(ranks); rank++)
        for (int way = FAIL; way <= CANCEL_JOB; way++) {
            struct plan plan = {rank, (enum way)way};
            enum weft_status status = weft_mpi_for(ranks, 0, 100000, 0, go_wrong_or_wait, &plan);
            expect_outcome(status, &plan);
            expect_all_well();
        }
}

static void part_wrong(void *context, size_t first, size_t last, void *partial)
{
    go_wrong_or_wait(context, first, last);
    *(uint64_t *)partial = 1;
}

static void add(void *context, void *into, const void *from)
{
    (void)context;
    *(uint64_t *)into += *(const uint64_t *)from;
}

static void a_reduction_that_fails_leaves_the_result(void)
{
    for (int way = FAIL; way <= CANCEL_JOB; way++) {
        struct plan plan = {weft_mpi_ranks(ranks) - 1, (enum way)way};
        uint64_t sum = 77;
        enum weft_status status =
            weft_mpi_reduce(ranks, 0, 1000, 0, part_wrong, add, &plan, &sum, sizeof sum);
        expect_outcome(status, &plan);
        EXPECT_EQ(sum, 77);
    }
    expect_all_well();
}

static void add_wrong(void *context, void *into, const void *from)
{
    go_wrong(context);
    *(uint64_t *)into += *(const uint64_t *)from;
}

static void a_scan_whose_combine_fails_fails_everywhere(void)
{
    enum { COUNT = 30000 };
    static uint64_t xs[COUNT];
    for (int way = FAIL; way <= CANCEL_JOB; way++) {
        struct plan plan = {weft_mpi_ranks(ranks) - 1, (enum way)way};
        enum weft_status status = weft_mpi_scan(ranks, WEFT_SCAN_INCLUSIVE, xs, COUNT, sizeof *xs,
                                                add_wrong, &plan, NULL, xs);
        expect_outcome(status, &plan);
    }
    expect_all_well();
}

static int compare_wrong(void *context, const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    go_wrong(context);
    return (*x > *y) - (*x < *y);
}

static void a_sort_whose_compare_fails_keeps_the_items(void)
{
    enum { COUNT = 30000 };
    static uint64_t xs[COUNT];
    for (int way = FAIL; way <= CANCEL_JOB; way++) {
        struct plan plan = {weft_mpi_ranks(ranks) - 1, (enum way)way};
        uint64_t before = 0, after = 0;
        for (size_t i = 0; i < COUNT; i++)
            before += mix(xs[i] = mix(i + COUNT * weft_mpi_rank(ranks)));
        enum weft_status status = weft_mpi_sort(ranks, xs, COUNT, sizeof *xs, compare_wrong, &plan);
        expect_outcome(status, &plan);
        for (size_t i = 0; i < COUNT; i++)
            after += mix(xs[i]);
        EXPECT_EQ(sum_of_ranks(after), sum_of_ranks(before));
    }
    expect_all_well();
}

static void make_more(void *context, weft_mpi_bag *bag, const void *item)
{
    (void)context;
    weft_mpi_bag_put(bag, item);
    weft_mpi_bag_put(bag, item);
    weft_mpi_bag_put(bag, item);
}

static void make_more_or_fail(void *context, weft_mpi_bag *bag, const void *item)
{
    static _Atomic size_t seen;
    if (atomic_fetch_add(&seen, 1) % 1000 == 999)
        go_wrong(context);
    else if (*(const uint32_t *)item < 20)
        make_more(context, bag, &(uint32_t){*(const uint32_t *)item + 1});
}

/* Without the failure it would take hours. */
static void a_bag_that_fails_ends_on_all_ranks(void)
{
    for (size_t rank = 0; rank < weft_mpi_ranks(ranks); rank++)
        for (int way = FAIL; way <= CANCEL_JOB; way++) {
            struct plan plan = {rank, (enum way)way};
            uint32_t seed = 0;
            enum weft_status status =
                weft_mpi_bag_run(ranks, &seed, 1, sizeof seed, make_more_or_fail, &plan);
            expect_outcome(status, &plan);
        }
    expect_all_well();
}

/* ---- arguments ---- */

static void one_rank_with_a_bad_argument_fails_all(void)
{
    size_t bad = weft_mpi_ranks(ranks) - 1;
    bool here = weft_mpi_rank(ranks) == bad;
    char message[WEFT_MPI_MESSAGE_BYTES];
    uint64_t xs[4] = {0}, sum = 0;
    struct plan plan = {0};
    snprintf(message, sizeof message, "rank %zu: WEFT_ERR_INVALID", bad);
    expect_everywhere(weft_mpi_for(ranks, 0, 9, 0, here ? NULL : add_length, NULL),
                      WEFT_ERR_INVALID, message);
    expect_everywhere(
        weft_mpi_reduce(ranks, 0, 9, 0, part_wrong, add, &plan, here ? NULL : &sum, sizeof sum),
        WEFT_ERR_INVALID, message);
    expect_everywhere(weft_mpi_scan(ranks, WEFT_SCAN_EXCLUSIVE, xs, 4, sizeof *xs, add, NULL,
                                    here ? NULL : &sum, xs),
                      WEFT_ERR_INVALID, message);
    expect_everywhere(weft_mpi_scan_u64(ranks, WEFT_SCAN_INCLUSIVE, here ? NULL : xs, 4, xs),
                      WEFT_ERR_INVALID, message);
    expect_everywhere(weft_mpi_sort(ranks, here ? NULL : xs, 4, sizeof *xs, compare_wrong, &plan),
                      WEFT_ERR_INVALID, message);
    expect_everywhere(weft_mpi_sort_keys(ranks, xs, 4, here ? (enum weft_key)99 : WEFT_KEY_U64),
                      WEFT_ERR_INVALID, message);
    expect_everywhere(weft_mpi_bag_run(ranks, NULL, here ? 3 : 0, 8, make_more, NULL),
                      WEFT_ERR_INVALID, message);
    expect_everywhere(weft_mpi_bag_run(ranks, xs, 1, here ? SIZE_MAX : 8, make_more, NULL),
                      WEFT_ERR_INVALID, message);
    expect_all_well();
}

static void ranks_that_differ_are_named(void)
{
    size_t odd = weft_mpi_ranks(ranks) - 1;
    bool here = weft_mpi_rank(ranks) == odd;
    char message[WEFT_MPI_MESSAGE_BYTES];
    _Atomic uint64_t length = 0;
    uint64_t x = 0;
    if (odd == 0)
        return;
    snprintf(message, sizeof message,
             "rank %zu: WEFT_ERR_INVALID: not the call, or not the arguments, of rank 0", odd);
    expect_everywhere(weft_mpi_for(ranks, 0, here ? 8 : 9, 0, add_length, &length),
                      WEFT_ERR_INVALID, message);
    EXPECT_EQ(length, 0);
    expect_everywhere(here ? weft_mpi_sort_keys(ranks, &x, 1, WEFT_KEY_U64)
                           : weft_mpi_for(ranks, 0, 9, 0, add_length, &length),
                      WEFT_ERR_INVALID, message);
    EXPECT_EQ(length, 0);
    expect_all_well();
}

static void an_array_beyond_the_address_space_is_refused(void)
{
    static uint64_t xs[1];
    size_t most = SIZE_MAX / WEFT_SORT_BYTES_MAX;
    if (weft_mpi_ranks(ranks) < 2)
        return;
    /* Refused before an element is touched. */
    enum weft_status status =
        weft_mpi_scan_u64(ranks, WEFT_SCAN_INCLUSIVE, xs, SIZE_MAX / sizeof *xs, xs);
    EXPECT_EQ(status, WEFT_ERR_INVALID);
    status = weft_mpi_sort(ranks, xs, most, WEFT_SORT_BYTES_MAX, compare_wrong, NULL);
    EXPECT_EQ(status, WEFT_ERR_INVALID);
    expect_all_well();
}

static void no_handle_is_invalid(void)
{
    uint64_t x = 0;
    EXPECT_EQ(weft_mpi_for(NULL, 0, 1, 0, add_length, NULL), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_mpi_reduce(NULL, 0, 1, 0, part_wrong, add, NULL, &x, 8), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_mpi_scan_u64(NULL, WEFT_SCAN_INCLUSIVE, &x, 1, &x), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_mpi_sort_keys(NULL, &x, 1, WEFT_KEY_U64), WEFT_ERR_INVALID);
    EXPECT_EQ(weft_mpi_bag_run(NULL, &x, 1, 8, make_more, NULL), WEFT_ERR_INVALID);
    weft_mpi_fail(NULL, WEFT_ERR_LIMIT, "");
    weft_mpi_fail(ranks, WEFT_ERR_LIMIT, "outside of a call");
    expect_all_well();
}

RANKS_MAIN(TEST(a_body_that_fails_stops_all_ranks), TEST(a_reduction_that_fails_leaves_the_result),
           TEST(a_scan_whose_combine_fails_fails_everywhere),
           TEST(a_sort_whose_compare_fails_keeps_the_items),
           TEST(a_bag_that_fails_ends_on_all_ranks), TEST(one_rank_with_a_bad_argument_fails_all),
           TEST(ranks_that_differ_are_named), TEST(an_array_beyond_the_address_space_is_refused),
           TEST(no_handle_is_invalid))
