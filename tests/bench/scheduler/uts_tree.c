/* uts_tree.c: the kernel's own source, so that every peer pays the same for a node. Not for
 * programs that link the kernels as well. */
#include "uts_tree.h"

#include "kernels/uts.c"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct uts_node) == sizeof(struct node), "uts_tree.h holds a node");

static const struct tree *shape_of(unsigned number)
{
    static struct tree shapes[4];
    static bool known[4];
    if (number >= 4)
        return NULL;
    if (!known[number]) /* first asked by uts_begin, on one thread */
        known[number] = tree_of(number, &shapes[number]);
    return known[number] ? &shapes[number] : NULL;
}

static void counts_add_node(struct uts_counts *counts, const struct node *node, uint32_t children)
{
    counts->nodes++;
    counts->leaves += children == 0;
    if (node->depth > counts->depth)
        counts->depth = node->depth;
}

bool uts_begin(unsigned tree, struct uts_node *root, struct uts_siblings *all)
{
    const struct tree *shape = shape_of(tree);
    if (shape == NULL)
        return false;
    struct node node = root_of(shape);
    memcpy(root, &node, sizeof node);
    *all = (struct uts_siblings){.tree = tree, .parent = root};
    all->last = count_children(shape, &node);
    counts_add_node(&all->counts, &node, all->last);
    return true;
}

bool uts_next_inner(struct uts_siblings *all, struct uts_node *child, struct uts_siblings *below)
{
    const struct tree *shape = shape_of(all->tree);
    struct node parent, node;
    memcpy(&parent, all->parent, sizeof parent);
    while (all->first < all->last) {
        make_child(&parent, all->first++, &node);
        uint32_t children = count_children(shape, &node);
        counts_add_node(&all->counts, &node, children);
        if (children > 0) {
            memcpy(child, &node, sizeof node);
            *below = (struct uts_siblings){.tree = all->tree, .parent = child, .last = children};
            return true;
        }
    }
    return false;
}

void uts_add(struct uts_counts *into, const struct uts_counts *from)
{
    into->nodes += from->nodes;
    into->leaves += from->leaves;
    if (from->depth > into->depth)
        into->depth = from->depth;
}
