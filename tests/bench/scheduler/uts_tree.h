/* uts_tree.h: the trees of weft's UTS kernel for peers that search them with tasks of their own. */
#ifndef BENCH_UTS_TREE_H
#define BENCH_UTS_TREE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct uts_node {
    uint32_t words[6]; /* the kernel's node, opaque */
};

struct uts_counts {
    uint64_t nodes, depth, leaves;
};

/* Children of *parent that nobody has looked at, and what was counted among those before. */
struct uts_siblings {
    unsigned tree;
    const struct uts_node *parent;
    uint32_t first, last;
    struct uts_counts counts;
};

/* The root and its children, the root counted; false: there is no such tree. */
bool uts_begin(unsigned tree, struct uts_node *root, struct uts_siblings *all);

/* Takes and counts children up to and with the first that has children of its own, which are then
 * *below; false: there is none left. */
bool uts_next_inner(struct uts_siblings *all, struct uts_node *child, struct uts_siblings *below);

void uts_add(struct uts_counts *into, const struct uts_counts *from);

#ifdef __cplusplus
}
#endif

#endif
