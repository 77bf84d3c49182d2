/* uts_tree.h: the trees of Unbalanced Tree Search: a node, its children, and counts of them. For
 * uts.c and for the search over the ranks of an MPI program. */
#ifndef WEFT_KERNELS_UTS_TREE_H
#define WEFT_KERNELS_UTS_TREE_H

#include <weft.h>

#include <math.h>

/* ---- SHA-1 (FIPS 180-4) of one block: 20 bytes of parent state, 4 of child number ---- */

#define ROTL(x, n)        ((x) << (n) | (x) >> (32 - (n)))
#define CHOOSE(x, y, z)   ((z) ^ ((x) & ((y) ^ (z))))
#define PARITY(x, y, z)   ((x) ^ (y) ^ (z))
#define MAJORITY(x, y, z) (((x) & (y)) | ((z) & ((x) | (y))))

/* Word i of the message schedule, kept in a ring of 16. `i` is a constant everywhere. */
#define WORD(i)                                                                                    \
    ((i) < 16 ? w[(i)&15]                                                                          \
              : (w[(i)&15] = ROTL(                                                                 \
                     w[((i) + 13) & 15] ^ w[((i) + 8) & 15] ^ w[((i) + 2) & 15] ^ w[(i)&15], 1)))
#define STEP(f, k, a, b, c, d, e, i)                                                               \
    e += ROTL(a, 5) + f(b, c, d) + (k) + WORD(i);                                                  \
    b = ROTL(b, 30)
#define STEPS_5(f, k, i)                                                                           \
    STEP(f, k, a, b, c, d, e, (i));                                                                \
    STEP(f, k, e, a, b, c, d, (i) + 1);                                                            \
    STEP(f, k, d, e, a, b, c, (i) + 2);                                                            \
    STEP(f, k, c, d, e, a, b, (i) + 3);                                                            \
    STEP(f, k, b, c, d, e, a, (i) + 4)
#define STEPS_20(f, k, i)                                                                          \
    STEPS_5(f, k, (i));                                                                            \
    STEPS_5(f, k, (i) + 5);                                                                        \
    STEPS_5(f, k, (i) + 10);                                                                       \
    STEPS_5(f, k, (i) + 15)

static inline void sha1_block(uint32_t w[16], uint32_t digest[5])
{
    uint32_t a = 0x67452301, b = 0xefcdab89, c = 0x98badcfe, d = 0x10325476, e = 0xc3d2e1f0;
    STEPS_20(CHOOSE, 0x5a827999, 0);
    STEPS_20(PARITY, 0x6ed9eba1, 20);
    STEPS_20(MAJORITY, 0x8f1bbcdc, 40);
    STEPS_20(PARITY, 0xca62c1d6, 60);
    digest[0] = 0x67452301 + a;
    digest[1] = 0xefcdab89 + b;
    digest[2] = 0x98badcfe + c;
    digest[3] = 0x10325476 + d;
    digest[4] = 0xc3d2e1f0 + e;
}

/* ---- the trees ---- */

#define CHILDREN_MAX 100 /* of any node but a binomial root; part of the benchmark */

struct tree {
    bool binomial;
    uint32_t root_children;
    uint32_t depth_limit;    /* geometric: nodes this deep are leaves */
    double log_failure;      /* geometric: log(1 - 1 / (1 + b0)) */
    double inner_chance;     /* binomial: chance of a node to have children */
    uint32_t inner_children; /* binomial: and how many it then has */
    uint32_t seed;
};

struct node {
    uint32_t state[5]; /* the digest as big-endian words */
    uint32_t depth;
};

struct totals {
    uint64_t nodes, leaves;
    uint32_t depth;
};

static inline bool tree_of(uint32_t number, struct tree *tree)
{
    switch (number) {
    case 1:
        *tree = (struct tree){.depth_limit = 10, .log_failure = log(1 - 1.0 / (1 + 4)), .seed = 19};
        return true;
    case 3:
        *tree = (struct tree){.binomial = true,
                              .root_children = 2000,
                              .inner_chance = 0.124875,
                              .inner_children = 8,
                              .seed = 42};
        return true;
    default: return false;
    }
}

/* The root's state: SHA-1 of 16 zero bytes and the seed. */
static inline struct node root_of(const struct tree *tree)
{
    uint32_t w[16] = {0, 0, 0, 0, tree->seed, 0x80000000, [15] = 20 * 8};
    struct node root = {.depth = 0};
    sha1_block(w, root.state);
    return root;
}

static WEFT__NOINLINE void make_child(const struct node *parent, uint32_t number,
                                      struct node *child)
{
    uint32_t w[16] = {parent->state[0], parent->state[1], parent->state[2], parent->state[3],
                      parent->state[4], number,           0x80000000,       [15] = 24 * 8};
    sha1_block(w, child->state);
    child->depth = parent->depth + 1;
}

static inline uint32_t count_children(const struct tree *tree, const struct node *node)
{
    double chance = (double)(int32_t)(node->state[4] & INT32_MAX) * 0x1p-31; /* in [0, 1) */
    if (tree->binomial) {
        if (node->depth == 0)
            return tree->root_children;
        return chance < tree->inner_chance ? tree->inner_children : 0;
    }
    if (node->depth > 0 && node->depth >= tree->depth_limit)
        return 0;
    uint32_t count = (uint32_t)(int32_t)floor(log(1 - chance) / tree->log_failure);
    return count < CHILDREN_MAX ? count : CHILDREN_MAX;
}

static inline void count_node(struct totals *totals, const struct node *node, uint32_t children)
{
    totals->nodes++;
    totals->leaves += children == 0;
    if (node->depth > totals->depth)
        totals->depth = node->depth;
}

static inline void add_totals(struct totals *into, const struct totals *from)
{
    into->nodes += from->nodes;
    into->leaves += from->leaves;
    if (from->depth > into->depth)
        into->depth = from->depth;
}

#endif
