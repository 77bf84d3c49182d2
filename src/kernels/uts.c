/* uts.c: Unbalanced Tree Search. */
#include "kernels.h"
#include "uts_tree.h"

/* ---- the search ---- */

/* Children first..last-1 of *parent, not yet looked at, and what was counted so far
 * among those before them. Only the thread that searches it touches it. */
struct siblings {
    const struct tree *tree;
    const struct node *parent;
    uint32_t first, last;
    struct totals totals;
};

/* Leaves are counted on the spot. At an inner node the siblings after it become a task
 * while this thread goes on below the node. The frame is short, because the deepest tree
 * puts 1572 of them and more on the stack of one worker: the record that came in serves
 * for the siblings as well, which is why nobody may touch it before the sync. */
static void search(void *context)
{
    struct siblings *all = context;
    struct node child;
    uint32_t children = 0;
    while (children == 0) {
        if (all->first == all->last)
            return;
        make_child(all->parent, all->first++, &child);
        children = count_children(all->tree, &child);
        count_node(&all->totals, &child, children);
    }
    if (weft_cancelled())
        return;
    struct siblings below = {.tree = all->tree, .parent = &child, .last = children};
    weft_task rest;
    weft_spawn(&rest, search, all);
    search(&below);
    weft_sync_call(&rest, search, all);
    add_totals(&all->totals, &below.totals);
}

static void search_serial(const struct tree *tree, const struct node *node, struct totals *totals)
{
    uint32_t children = count_children(tree, node);
    count_node(totals, node, children);
    for (uint32_t i = 0; i < children; i++) {
        struct node child;
        make_child(node, i, &child);
        search_serial(tree, &child, totals);
    }
}

static void put_totals(const struct totals *totals, uint64_t out[3])
{
    out[0] = totals->nodes;
    out[1] = totals->depth;
    out[2] = totals->leaves;
}

WEFT_EXPORT int32_t weft_uts(uint32_t tree, uint64_t out[3])
{
    struct tree shape;
    if (out == NULL || !tree_of(tree, &shape))
        return WEFT_ERR_INVALID;
    struct node root = root_of(&shape);
    struct siblings all = {.tree = &shape, .parent = &root, .last = count_children(&shape, &root)};
    count_node(&all.totals, &root, all.last);
    search(&all);
    if (weft_cancelled())
        return WEFT_ERR_CANCELLED;
    put_totals(&all.totals, out);
    return WEFT_OK;
}

WEFT_EXPORT int32_t weft_uts_serial(uint32_t tree, uint64_t out[3])
{
    struct tree shape;
    if (out == NULL || !tree_of(tree, &shape))
        return WEFT_ERR_INVALID;
    struct node root = root_of(&shape);
    struct totals totals = {0};
    search_serial(&shape, &root, &totals);
    put_totals(&totals, out);
    return WEFT_OK;
}
