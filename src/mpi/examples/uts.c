/* uts.c: Unbalanced Tree Search over all ranks. Nobody knows beforehand which subtree is
 * large, so ranks that run dry steal from others. */
#include "example.h"

#include "uts_tree.h"

static const char help[] =
    "usage: mpirun -n RANKS mpi_uts [--tree 1|3] [--runs N]\n"
    "\n"
    "Counts the tree T1 or T3 (default) of the UTS benchmark and compares with the published\n"
    "sizes: 4,130,071 and 4,112,897 nodes. Prints how many nodes each rank has counted; how they\n"
    "spread is left to chance. --runs repeats the work, for measurements.\n";

static const struct {
    uint64_t nodes, leaves;
    uint32_t depth;
} published[] = {[1] = {4130071, 3305118, 10}, [3] = {4112897, 3599034, 1572}};

/* An inner node: a leaf is counted where it is made. */
struct inner {
    struct node node;
    uint32_t children;
};

struct search {
    struct tree tree;
    struct {
        _Alignas(128) struct totals totals; /* two threads never write to one cache line */
    } lanes[WEFT_THREADS_MAX];
};

static void visit(void *context, weft_mpi_bag *bag, const void *item)
{
    struct search *search = context;
    const struct inner *parent = item;
    struct totals *totals = &search->lanes[weft_mpi_bag_lane(bag)].totals;
    for (uint32_t i = 0; i < parent->children; i++) {
        struct inner child;
        make_child(&parent->node, i, &child.node);
        child.children = count_children(&search->tree, &child.node);
        count_node(totals, &child.node, child.children);
        if (child.children > 0)
            weft_mpi_bag_put(bag, &child);
    }
}

/* Of this rank. */
static struct totals totals_of(const struct search *search)
{
    struct totals totals = {0};
    for (size_t lane = 0; lane < WEFT_THREADS_MAX; lane++)
        add_totals(&totals, &search->lanes[lane].totals);
    return totals;
}

static enum weft_status search_once(weft_mpi *mpi, uint32_t number, bool *right)
{
    static struct search search;
    memset(&search, 0, sizeof search);
    (void)tree_of(number, &search.tree);
    struct inner root = {.node = root_of(&search.tree)};
    root.children = count_children(&search.tree, &root.node);
    size_t rank = weft_mpi_rank(mpi), ranks = weft_mpi_ranks(mpi);
    if (rank == 0)
        count_node(&search.lanes[0].totals, &root.node, root.children);
    MPI_Barrier(MPI_COMM_WORLD);
    double begin = MPI_Wtime();
    enum weft_status status = weft_mpi_bag_run(mpi, &root, rank == 0, sizeof root, visit, &search);
    double seconds = example_seconds(begin);
    if (status != WEFT_OK)
        return status;
    struct totals mine = totals_of(&search), all = {0};
    uint64_t *nodes = calloc(ranks, sizeof *nodes);
    MPI_Allreduce(&mine.nodes, &all.nodes, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    MPI_Allreduce(&mine.leaves, &all.leaves, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    MPI_Allreduce(&mine.depth, &all.depth, 1, MPI_UINT32_T, MPI_MAX, MPI_COMM_WORLD);
    if (nodes == NULL)
        MPI_Abort(MPI_COMM_WORLD, 1);
    else
        MPI_Gather(&mine.nodes, 1, MPI_UINT64_T, nodes, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
    *right = all.nodes == published[number].nodes && all.leaves == published[number].leaves &&
             all.depth == published[number].depth;
    if (rank == 0) {
        printf(
            "T%" PRIu32 ": %" PRIu64 " nodes, %" PRIu64 " leaves, depth %" PRIu32 ": %s, %.4f s;",
            number, all.nodes, all.leaves, all.depth, *right ? "as published" : "WRONG", seconds);
        for (size_t i = 0; i < ranks && nodes != NULL; i++)
            printf(" %" PRIu64, nodes[i]);
        printf("\n");
    }
    free(nodes);
    return WEFT_OK;
}

int main(int argc, char **argv)
{
    uint64_t tree = 3, runs = 1;
    const struct example_option options[] = {{"tree", &tree, 1, 3}, {"runs", &runs, 1, 1000}};
    int provided;
    bool asked, right = true;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    int next = example_options(argc, argv, options, 2, help, &asked);
    if (next != argc || tree == 2) {
        int rank;
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        if (rank == 0 && !asked)
            fputs(help, stderr);
        MPI_Finalize();
        return asked ? 0 : 2;
    }
    weft_mpi *mpi = example_start("uts");
    enum weft_status status = WEFT_OK;
    for (uint64_t run = 0; run < runs && status == WEFT_OK && right; run++)
        status = search_once(mpi, (uint32_t)tree, &right);
    int code = example_end(mpi, status);
    return right ? code : 1;
}
