/* weft_mpi_bag_run: every item once, wherever it is made. */
#include "together.h"

#define DEPTH    14
#define CHILDREN 3
#define NODES    UINT64_C(7174453) /* (3^15 - 1) / 2 */

struct tally {
    uint64_t items, digest;
    char line[48]; /* a cache line apart */
};

static struct tally tallies[WEFT_THREADS_MAX];

static uint64_t items_of_all(void)
{
    uint64_t items = 0;
    for (size_t lane = 0; lane < WEFT_THREADS_MAX; lane++)
        items += tallies[lane].items;
    return sum_of_ranks(items);
}

static uint64_t digest_of_all(void)
{
    uint64_t digest = 0;
    for (size_t lane = 0; lane < WEFT_THREADS_MAX; lane++)
        digest += tallies[lane].digest;
    return sum_of_ranks(digest);
}

/* Numbered as in a heap. */
struct node {
    uint32_t depth;
    uint32_t number;
};

static void visit(void *context, weft_mpi_bag *bag, const void *item)
{
    const struct node *node = item;
    struct tally *tally = &tallies[weft_mpi_bag_lane(bag)];
    (void)context;
    tally->items++;
    tally->digest += mix(node->number);
    for (uint32_t i = 0; node->depth < DEPTH && i < CHILDREN; i++) {
        struct node child = {node->depth + 1, node->number * CHILDREN + 1 + i};
        weft_mpi_bag_put(bag, &child);
    }
}

static void check_tree(bool from_last_rank)
{
    static const struct node root = {0, 0};
    size_t seed = from_last_rank ? weft_mpi_ranks(ranks) - 1 : 0;
    memset(tallies, 0, sizeof tallies);
    EXPECT_EQ(
        weft_mpi_bag_run(ranks, &root, weft_mpi_rank(ranks) == seed, sizeof root, visit, NULL),
        WEFT_OK);
    EXPECT_EQ(items_of_all(), NODES);
    uint64_t digest = 0;
    for (uint64_t number = 0; number < NODES; number++)
        digest += mix(number);
    EXPECT_EQ(digest_of_all(), digest);
}

static void a_tree_is_visited_once_from_any_rank(void)
{
    check_tree(false);
    check_tree(true);
}

static void count_item(void *context, weft_mpi_bag *bag, const void *item)
{
    const unsigned char *bytes = item;
    size_t item_bytes = *(const size_t *)context;
    struct tally *tally = &tallies[weft_mpi_bag_lane(bag)];
    tally->items++;
    for (size_t i = 0; i < item_bytes; i++)
        tally->digest += mix(bytes[i] * (i + 1));
}

static void every_rank_may_bring_items_of_any_size(void)
{
    static const size_t sizes[] = {1, 3, 24, 1000, WEFT_MPI_ITEM_BYTES_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t count = 100 * weft_mpi_rank(ranks), bytes = sizes[i];
        unsigned char *items = make_bytes(count * bytes);
        uint64_t digest = 0;
        memset(tallies, 0, sizeof tallies);
        for (size_t j = 0; j < count * bytes; j++) {
            items[j] = (unsigned char)mix(j);
            digest += mix(items[j] * (j % bytes + 1));
        }
        EXPECT_EQ(weft_mpi_bag_run(ranks, items, count, bytes, count_item, &bytes), WEFT_OK);
        EXPECT_EQ(items_of_all(), sum_of_ranks(count));
        EXPECT_EQ(digest_of_all(), sum_of_ranks(digest));
        free(items);
    }
}

static void an_empty_bag_ends_at_once(void)
{
    memset(tallies, 0, sizeof tallies);
    for (int i = 0; i < 20; i++)
        EXPECT_EQ(weft_mpi_bag_run(ranks, NULL, 0, 8, count_item, NULL), WEFT_OK);
    EXPECT_EQ(items_of_all(), 0);
}

/* One item at a time exists: nobody can ever help. */
static void hand_on(void *context, weft_mpi_bag *bag, const void *item)
{
    uint32_t left = *(const uint32_t *)item;
    (void)context;
    tallies[weft_mpi_bag_lane(bag)].items++;
    if (left-- > 0)
        weft_mpi_bag_put(bag, &left);
}

static void a_chain_of_items_comes_to_its_end(void)
{
    uint32_t length = 20000;
    memset(tallies, 0, sizeof tallies);
    EXPECT_EQ(
        weft_mpi_bag_run(ranks, &length, weft_mpi_rank(ranks) == 0, sizeof length, hand_on, NULL),
        WEFT_OK);
    EXPECT_EQ(items_of_all(), length + 1);
}

RANKS_MAIN(TEST(a_tree_is_visited_once_from_any_rank), TEST(every_rank_may_bring_items_of_any_size),
           TEST(an_empty_bag_ends_at_once), TEST(a_chain_of_items_comes_to_its_end))
