/* blake3.c: BLAKE3 on all cores and four SIMD lanes. Names of constants and steps are
 * those of the BLAKE3 paper (O'Connor et al., 2020), section numbers too. */
#include "kernels.h"
#include "vector.h"

#include <assert.h>
#include <string.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "blake3.c loads message words as they lie in memory");

#define BLOCK_BYTES 64
#define CHUNK_BYTES 1024
#define LANES       4
/* A stretch of this many chunks, a power of two, is not worth splitting between
 * threads: some 30 microseconds. */
#define LEAF_CHUNKS 64

enum {
    CHUNK_START = 1,
    CHUNK_END = 2,
    PARENT = 4,
    ROOT = 8,
};

static const uint32_t iv[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                               0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* ---- the compression function (2.2), for words and for vectors of words ---- */

#define G(v, a, b, c, d, x, y, R)                                                                  \
    v[a] += v[b] + (x);                                                                            \
    v[d] = R##_16(v[d] ^ v[a]);                                                                    \
    v[c] += v[d];                                                                                  \
    v[b] = R##_12(v[b] ^ v[c]);                                                                    \
    v[a] += v[b] + (y);                                                                            \
    v[d] = R##_8(v[d] ^ v[a]);                                                                     \
    v[c] += v[d];                                                                                  \
    v[b] = R##_7(v[b] ^ v[c])

/* One round; i0..i15: which message word each step takes. */
#define ROUND(v, m, R, i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, i10, i11, i12, i13, i14, i15)       \
    G(v, 0, 4, 8, 12, m[i0], m[i1], R);                                                            \
    G(v, 1, 5, 9, 13, m[i2], m[i3], R);                                                            \
    G(v, 2, 6, 10, 14, m[i4], m[i5], R);                                                           \
    G(v, 3, 7, 11, 15, m[i6], m[i7], R);                                                           \
    G(v, 0, 5, 10, 15, m[i8], m[i9], R);                                                           \
    G(v, 1, 6, 11, 12, m[i10], m[i11], R);                                                         \
    G(v, 2, 7, 8, 13, m[i12], m[i13], R);                                                          \
    G(v, 3, 4, 9, 14, m[i14], m[i15], R)

/* The seven rounds, each with the words of the one before it permuted (table 2). */
#define ROUNDS(v, m, R)                                                                            \
    ROUND(v, m, R, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);                          \
    ROUND(v, m, R, 2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8);                          \
    ROUND(v, m, R, 3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1);                          \
    ROUND(v, m, R, 10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6);                          \
    ROUND(v, m, R, 12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4);                          \
    ROUND(v, m, R, 9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7);                          \
    ROUND(v, m, R, 11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13)

#define RIGHT(x, n) ((x) >> (n) | (x) << (32 - (n)))

#define WORD_16(x) RIGHT(x, 16)
#define WORD_12(x) RIGHT(x, 12)
#define WORD_8(x)  RIGHT(x, 8)
#define WORD_7(x)  RIGHT(x, 7)

static inline u32x4 rotate_16(u32x4 x)
{
    u16x8 halves = (u16x8)x;
    return (u32x4)__builtin_shufflevector(halves, halves, 1, 0, 3, 2, 5, 4, 7, 6);
}

static inline u32x4 rotate_8(u32x4 x)
{
#if defined(__SSE2__) && !defined(__SSSE3__) /* has no byte shuffle */
    return RIGHT(x, 8);
#else
    u8x16 bytes = (u8x16)x;
    return (u32x4)__builtin_shufflevector(bytes, bytes, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13,
                                          14, 15, 12);
#endif
}

#define VECTOR_16(x) rotate_16(x)
#define VECTOR_12(x) RIGHT(x, 12)
#define VECTOR_8(x)  rotate_8(x)
#define VECTOR_7(x)  RIGHT(x, 7)

/* Replaces the chaining value by the first half of the compression's output. */
static WEFT__NOINLINE void compress(uint32_t cv[8], const uint8_t block[BLOCK_BYTES],
                                    uint32_t bytes, uint64_t counter, uint32_t flags)
{
    uint32_t m[16];
    memcpy(m, block, sizeof m);
    uint32_t v[16] = {cv[0],
                      cv[1],
                      cv[2],
                      cv[3],
                      cv[4],
                      cv[5],
                      cv[6],
                      cv[7],
                      iv[0],
                      iv[1],
                      iv[2],
                      iv[3],
                      (uint32_t)counter,
                      (uint32_t)(counter >> 32),
                      bytes,
                      flags};
    ROUNDS(v, m, WORD);
    for (int i = 0; i < 8; i++)
        cv[i] = v[i] ^ v[i + 8];
}

static inline u32x4 load(const uint8_t *bytes)
{
    return *(const u32x4_unaligned *)bytes;
}

static inline u32x4 splat(uint32_t word)
{
    return (u32x4){word, word, word, word};
}

static inline void transpose(u32x4 rows[4])
{
    u32x4 ab_low = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5);
    u32x4 ab_high = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7);
    u32x4 cd_low = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5);
    u32x4 cd_high = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
    rows[0] = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
    rows[1] = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
    rows[2] = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
    rows[3] = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

/* Compresses one whole block of each lane; the blocks lie `stride` bytes apart. */
static WEFT__NOINLINE void compress_lanes(u32x4 cv[8], const uint8_t *input, size_t stride,
                                          u32x4 counter_low, u32x4 counter_high, uint32_t flags)
{
    u32x4 m[16];
    for (int i = 0; i < 16; i += 4) {
        for (int lane = 0; lane < LANES; lane++)
            m[i + lane] = load(input + (size_t)lane * stride + 4 * i);
        transpose(m + i);
    }
    u32x4 v[16] = {cv[0],        cv[1],        cv[2],       cv[3],        cv[4],
                   cv[5],        cv[6],        cv[7],       splat(iv[0]), splat(iv[1]),
                   splat(iv[2]), splat(iv[3]), counter_low, counter_high, splat(BLOCK_BYTES),
                   splat(flags)};
    ROUNDS(v, m, VECTOR);
    for (int i = 0; i < 8; i++)
        cv[i] = v[i] ^ v[i + 8];
}

static inline void start_lanes(u32x4 cv[8])
{
    for (int i = 0; i < 8; i++)
        cv[i] = splat(iv[i]);
}

static inline void store_lanes(u32x4 cv[8], uint32_t cvs[LANES][8])
{
    transpose(cv);
    transpose(cv + 4);
    for (int lane = 0; lane < LANES; lane++) {
        memcpy(cvs[lane], &cv[lane], sizeof(u32x4));
        memcpy(cvs[lane] + 4, &cv[lane + 4], sizeof(u32x4));
    }
}

/* ---- chunks and parents (2.4, 2.5) ---- */

/* The chaining values of four whole chunks in a row; `counter` numbers the first. */
static void hash_four_chunks(const uint8_t *input, uint64_t counter, uint32_t cvs[LANES][8])
{
    u32x4 cv[8], counter_low, counter_high;
    start_lanes(cv);
    for (int lane = 0; lane < LANES; lane++) {
        counter_low[lane] = (uint32_t)(counter + (uint64_t)lane);
        counter_high[lane] = (uint32_t)((counter + (uint64_t)lane) >> 32);
    }
    for (size_t i = 0; i < CHUNK_BYTES; i += BLOCK_BYTES) {
        uint32_t flags = i == 0 ? CHUNK_START : i == CHUNK_BYTES - BLOCK_BYTES ? CHUNK_END : 0;
        compress_lanes(cv, input + i, CHUNK_BYTES, counter_low, counter_high, flags);
    }
    store_lanes(cv, cvs);
}

/* One chunk of 0..1024 bytes. flags: ROOT if it is all there is. */
static void hash_chunk(const uint8_t *input, size_t bytes, uint64_t counter, uint32_t flags,
                       uint32_t cv[8])
{
    uint32_t start = CHUNK_START;
    memcpy(cv, iv, sizeof iv);
    for (; bytes > BLOCK_BYTES; bytes -= BLOCK_BYTES, input += BLOCK_BYTES, start = 0)
        compress(cv, input, BLOCK_BYTES, counter, start);
    uint8_t block[BLOCK_BYTES] = {0};
    if (bytes > 0)
        memcpy(block, input, bytes);
    compress(cv, block, (uint32_t)bytes, counter, start | CHUNK_END | flags);
}

/* flags: ROOT for the top of the tree. */
static void hash_parent(uint32_t children[2][8], uint32_t flags, uint32_t cv[8])
{
    uint8_t block[BLOCK_BYTES];
    memcpy(block, children, sizeof block);
    memcpy(cv, iv, sizeof iv);
    compress(cv, block, BLOCK_BYTES, 0, PARENT | flags);
}

/* Replaces the nodes of a level by their parents, an odd one out by itself, and returns
 * their number. Repeated, this gives the tree that the specification builds from the
 * top: the left side of each node is the largest full tree that leaves something. */
static size_t hash_level(uint32_t cvs[][8], size_t count)
{
    size_t pairs = count / 2, i = 0;
    for (; pairs - i >= LANES; i += LANES) {
        u32x4 cv[8];
        start_lanes(cv);
        compress_lanes(cv, (const uint8_t *)cvs[2 * i], BLOCK_BYTES, splat(0), splat(0), PARENT);
        store_lanes(cv, cvs + i);
    }
    for (; i < pairs; i++)
        hash_parent(cvs + 2 * i, 0, cvs[i]);
    if (count % 2 != 0)
        memcpy(cvs[pairs], cvs[count - 1], sizeof cvs[pairs]);
    return pairs + count % 2;
}

/* ---- the tree ---- */

struct subtree {
    const uint8_t *input;
    size_t bytes;
    uint64_t counter; /* number of the first chunk */
    uint32_t flags;   /* ROOT for the whole input */
    uint32_t cv[8];   /* result */
};

/* More than one chunk, LEAF_CHUNKS at most. */
static WEFT__NOINLINE void hash_leaf(struct subtree *tree)
{
    uint32_t cvs[LEAF_CHUNKS][8];
    const uint8_t *input = tree->input;
    size_t bytes = tree->bytes, count = 0;
    for (; bytes >= LANES * CHUNK_BYTES; count += LANES) {
        hash_four_chunks(input, tree->counter + count, cvs + count);
        input += LANES * CHUNK_BYTES;
        bytes -= LANES * CHUNK_BYTES;
    }
    for (; bytes > 0; count++) {
        size_t part = bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES;
        hash_chunk(input, part, tree->counter + count, 0, cvs[count]);
        input += part;
        bytes -= part;
    }
    while (count > 2)
        count = hash_level(cvs, count);
    hash_parent(cvs, tree->flags, tree->cv);
}

/* Bytes on the left side of a tree: the largest power of two of chunks that leaves at
 * least one byte to the right. */
static size_t left_bytes(size_t bytes)
{
    size_t left = CHUNK_BYTES;
    while (left < bytes - left)
        left *= 2;
    return left;
}

static void split(const struct subtree *tree, struct subtree sides[2])
{
    size_t left = left_bytes(tree->bytes);
    sides[0] = (struct subtree){tree->input, left, tree->counter, 0, {0}};
    sides[1] = (struct subtree){
        tree->input + left, tree->bytes - left, tree->counter + left / CHUNK_BYTES, 0, {0}};
}

static void join(struct subtree *tree, const struct subtree sides[2])
{
    uint32_t children[2][8];
    memcpy(children[0], sides[0].cv, sizeof children[0]);
    memcpy(children[1], sides[1].cv, sizeof children[1]);
    hash_parent(children, tree->flags, tree->cv);
}

/* A side of a large tree may itself be small, down to one chunk. */
static bool hash_small(struct subtree *tree)
{
    if (tree->bytes > LEAF_CHUNKS * CHUNK_BYTES)
        return false;
    if (tree->bytes > CHUNK_BYTES)
        hash_leaf(tree);
    else
        hash_chunk(tree->input, tree->bytes, tree->counter, tree->flags, tree->cv);
    return true;
}

static void hash_tree(void *context)
{
    struct subtree *tree = context, sides[2];
    if (hash_small(tree) || weft_cancelled())
        return;
    split(tree, sides);
    weft_join(hash_tree, &sides[0], hash_tree, &sides[1]);
    join(tree, sides);
}

static void hash_tree_serial(struct subtree *tree)
{
    struct subtree sides[2];
    if (hash_small(tree))
        return;
    split(tree, sides);
    hash_tree_serial(&sides[0]);
    hash_tree_serial(&sides[1]);
    join(tree, sides);
}

WEFT_EXPORT void weft_blake3(const void *input, size_t bytes, uint8_t digest[32])
{
    struct subtree tree = {input, bytes, 0, ROOT, {0}};
    hash_tree(&tree);
    memcpy(digest, tree.cv, sizeof tree.cv);
}

WEFT_EXPORT void weft_blake3_serial(const void *input, size_t bytes, uint8_t digest[32])
{
    struct subtree tree = {input, bytes, 0, ROOT, {0}};
    hash_tree_serial(&tree);
    memcpy(digest, tree.cv, sizeof tree.cv);
}

/* ---- input in pieces ---- */

/* Subtrees of one piece: their sizes rise to the largest and fall again. */
#define PLAN_MAX 110

struct plan {
    struct subtree *trees;
    size_t count;
};

static void hash_plan(void *context)
{
    struct plan *plan = context;
    if (plan->count == 1) {
        hash_tree(plan->trees);
        return;
    }
    struct plan rest = {plan->trees + 1, plan->count - 1};
    weft_join(hash_tree, plan->trees, hash_plan, &rest);
}

/* Adds a full subtree of `chunks` chunks, a power of two that divides state->chunks, and
 * merges what is full then. More input is known to follow, so none of this is the root. */
static void push(weft_blake3_state *state, const uint32_t cv[8], uint64_t chunks)
{
    memcpy(state->stack[state->depth++], cv, sizeof state->stack[0]);
    state->chunks += chunks;
    while (state->depth > (uint32_t)__builtin_popcountll(state->chunks)) {
        uint32_t parent[8];
        state->depth--;
        hash_parent(state->stack + state->depth - 1, 0, parent);
        memcpy(state->stack[state->depth - 1], parent, sizeof parent);
    }
}

WEFT_EXPORT size_t weft_blake3_state_bytes(void)
{
    return sizeof(weft_blake3_state);
}

WEFT_EXPORT void weft_blake3_init(weft_blake3_state *state)
{
    state->chunks = 0;
    state->depth = 0;
    state->tail_bytes = 0;
}

/* Fills the tail, and hashes it if it is full and not the last. Returns the bytes used. */
static size_t fill_tail(weft_blake3_state *state, const uint8_t *input, size_t bytes)
{
    size_t room = CHUNK_BYTES - state->tail_bytes, part = bytes < room ? bytes : room;
    memcpy(state->tail + state->tail_bytes, input, part);
    state->tail_bytes += (uint32_t)part;
    if (part < bytes) {
        uint32_t cv[8];
        hash_chunk(state->tail, CHUNK_BYTES, state->chunks, 0, cv);
        push(state, cv, 1);
        state->tail_bytes = 0;
    }
    return part;
}

WEFT_EXPORT void weft_blake3_update(weft_blake3_state *state, const void *input, size_t bytes)
{
    const uint8_t *rest = input;
    struct subtree trees[PLAN_MAX];
    struct plan plan = {trees, 0};
    uint64_t chunks;
    if (bytes == 0)
        return;
    if (state->tail_bytes > 0) {
        size_t used = fill_tail(state, rest, bytes);
        rest += used;
        bytes -= used;
    }
    for (chunks = state->chunks; bytes > CHUNK_BYTES; plan.count++) {
        size_t size = left_bytes(bytes);
        while (((size / CHUNK_BYTES - 1) & chunks) != 0)
            size /= 2;
        trees[plan.count] = (struct subtree){rest, size, chunks, 0, {0}};
        chunks += size / CHUNK_BYTES;
        rest += size;
        bytes -= size;
    }
    if (plan.count > 0)
        hash_plan(&plan);
    for (size_t i = 0; i < plan.count; i++)
        push(state, trees[i].cv, trees[i].bytes / CHUNK_BYTES);
    if (bytes > 0) {
        memcpy(state->tail, rest, bytes);
        state->tail_bytes = (uint32_t)bytes;
    }
}

WEFT_EXPORT void weft_blake3_finish(const weft_blake3_state *state, uint8_t digest[32])
{
    uint32_t children[2][8];
    uint32_t depth = state->depth;
    hash_chunk(state->tail, state->tail_bytes, state->chunks, depth == 0 ? ROOT : 0, children[1]);
    while (depth-- > 0) {
        uint32_t cv[8];
        memcpy(children[0], state->stack[depth], sizeof children[0]);
        hash_parent(children, depth == 0 ? ROOT : 0, cv);
        memcpy(children[1], cv, sizeof cv);
    }
    memcpy(digest, children[1], sizeof children[1]);
}
