/* reduce.c: weft_reduce with its leaves on all ranks.
 *
 * A leaf is worked out on one rank only, so uniting the tables of all ranks gives every
 * rank all leaves. Each then combines them in the tree of weft_reduce: by weft_reduce over
 * the leaves, whose tree has the same shape because there are as many of them. */
#include "ranks.h"

#include <stdlib.h>
#include <string.h>

#define LEAVES_MAX 512 /* as in core/parallel.c */

struct reduction {
    size_t first, last;
    size_t leaf; /* indices in a leaf, except the last */
    size_t bytes, stride;
    unsigned char *table;
    weft_reduce_fn fn;
    weft_combine_fn combine;
    void *context;
};

static void work_out_leaves(void *context, size_t first, size_t last)
{
    const struct reduction *all = context;
    for (size_t leaf = first; leaf < last && !weft_cancelled(); leaf++) {
        size_t begin = all->first + leaf * all->leaf;
        size_t end = all->last - begin > all->leaf ? begin + all->leaf : all->last;
        all->fn(all->context, begin, end, all->table + leaf * all->stride);
    }
}

static void copy_leaf(void *context, size_t first, size_t last, void *partial)
{
    const struct reduction *all = context;
    (void)last; /* first + 1 */
    memcpy(partial, all->table + first * all->stride, all->bytes);
}

static void combine_leaves(void *context, void *into, const void *from)
{
    const struct reduction *all = context;
    all->combine(all->context, into, from);
}

static enum weft_status reduce(weft_mpi *mpi, struct reduction *all, void *result)
{
    size_t count = all->last - all->first;
    size_t leaves = count / all->leaf + (count % all->leaf != 0);
    size_t align = _Alignof(max_align_t);
    all->stride = (all->bytes + align - 1) / align * align;
    all->table = calloc(leaves, all->stride);
    enum weft_status status = weft__mpi_agree(mpi, all->table != NULL ? WEFT_OK : WEFT_ERR_NOMEM);
    if (status == WEFT_OK) {
        status = weft__mpi_loop(mpi, 0, leaves, 1, work_out_leaves, all);
        status = weft__mpi_agree(mpi, status);
    }
    if (status == WEFT_OK) {
        _Alignas(max_align_t) unsigned char value[WEFT_REDUCE_BYTES_MAX];
        weft__mpi_unite(mpi, all->table, leaves * all->stride);
        status = weft_reduce(0, leaves, 1, copy_leaf, combine_leaves, all, value, all->bytes);
        status = weft__mpi_leave(mpi, status);
        if (status == WEFT_OK)
            memcpy(result, value, all->bytes);
    }
    free(all->table);
    return status;
}

enum weft_status weft_mpi_reduce(weft_mpi *mpi, size_t first, size_t last, size_t grain,
                                 weft_reduce_fn fn, weft_combine_fn combine, void *context,
                                 void *result, size_t bytes)
{
    if (mpi == NULL)
        return WEFT_ERR_INVALID;
    const struct weft__mpi_call call = {"weft_mpi_reduce", {first, last, grain, bytes}};
    bool valid = fn != NULL && combine != NULL && result != NULL && bytes > 0 &&
                 bytes <= WEFT_REDUCE_BYTES_MAX;
    enum weft_status status = weft__mpi_enter(mpi, &call, valid ? WEFT_OK : WEFT_ERR_INVALID);
    if (status != WEFT_OK)
        return status;
    if (first >= last)
        return weft__mpi_leave(mpi, WEFT_OK);
    size_t count = last - first, leaf = count / LEAVES_MAX + (count % LEAVES_MAX != 0);
    struct reduction all = {.first = first,
                            .last = last,
                            .leaf = leaf < grain ? grain : leaf,
                            .bytes = bytes,
                            .fn = fn,
                            .combine = combine,
                            .context = context};
    return reduce(mpi, &all, result);
}
