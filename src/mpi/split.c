/* split.c: exact splitters by sampling.
 *
 * For the border in front of each part every rank has a window of its own items within which
 * its cut must lie; at first all of them. In a round each rank offers the middle of its
 * window as a sample; the rank that the border belongs to picks the weighted median of the
 * samples; every rank counts how many of its items come before that item; the sum tells on
 * which side the border lies. A round leaves three quarters of the items in the windows at
 * most, so some 2.4 log2(count) rounds find the cuts, whatever the items are, and all borders
 * are looked for at once. (Saukas, Song, "A note on parallel selection on coarse-grained
 * multicomputers", 1999.) */
#include "split.h"

#include "core/worker.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 4096 /* a compare that is no order could go on for longer */

/* A sample, followed by the item itself. */
struct sample {
    uint64_t weight; /* items in the window; 0: no sample */
    uint64_t rank;
    uint64_t place;
};

/* What lies in `memory`: one of each for every border. */
struct tables {
    uint64_t *low, *high;                       /* the window: low <= cut <= high */
    uint64_t *before;                           /* of this rank, then of all */
    unsigned char *offered, *gathered, *pivots; /* samples */
    size_t stride;                              /* of samples */
};

static size_t stride_of(size_t item_bytes)
{
    size_t align = _Alignof(max_align_t);
    return (sizeof(struct sample) + align - 1) / align * align +
           (item_bytes + align - 1) / align * align;
}

static size_t words_bytes(const weft_mpi *mpi)
{
    size_t align = _Alignof(max_align_t);
    return (3 * mpi->ranks * sizeof(uint64_t) + align - 1) / align * align;
}

size_t weft__mpi_split_bytes(const weft_mpi *mpi, size_t item_bytes)
{
    size_t stride = stride_of(item_bytes);
    if (mpi->ranks > SIZE_MAX / 8 / stride)
        return 0;
    return words_bytes(mpi) + 3 * mpi->ranks * stride;
}

static struct tables tables_of(const struct weft__mpi_split *split)
{
    size_t ranks = split->mpi->ranks, stride = stride_of(split->item_bytes);
    uint64_t *words = (uint64_t *)(void *)split->memory;
    unsigned char *samples = split->memory + words_bytes(split->mpi);
    return (struct tables){.low = words,
                           .high = words + ranks,
                           .before = words + 2 * ranks,
                           .offered = samples,
                           .gathered = samples + ranks * stride,
                           .pivots = samples + 2 * ranks * stride,
                           .stride = stride};
}

static struct sample *sample_at(const struct tables *tables, unsigned char *samples, size_t index)
{
    return (struct sample *)(void *)(samples + index * tables->stride);
}

static unsigned char *item_of(struct sample *sample)
{
    size_t align = _Alignof(max_align_t);
    return (unsigned char *)sample + (sizeof *sample + align - 1) / align * align;
}

static int order_of(const struct weft__mpi_split *split, struct sample *a, struct sample *b)
{
    int order = split->compare(split->context, item_of(a), item_of(b));
    if (order != 0)
        return order;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

/* ---- a round ---- */

static void offer_samples(const struct weft__mpi_split *split, const struct tables *tables)
{
    for (size_t border = 0; border < split->mpi->ranks; border++) {
        struct sample *sample = sample_at(tables, tables->offered, border);
        uint64_t low = tables->low[border], width = tables->high[border] - low;
        memset(sample, 0, tables->stride);
        sample->weight = width;
        sample->rank = split->mpi->rank;
        sample->place = low + width / 2;
        if (width > 0)
            memcpy(item_of(sample), split->items + sample->place * split->item_bytes,
                   split->item_bytes);
    }
}

/* Samples go from each rank to each rank, in one call. */
static void gather_samples(const struct weft__mpi_split *split, const struct tables *tables)
{
    MPI_Request request;
    MPI_Ialltoall(tables->offered, (int)tables->stride, MPI_BYTE, tables->gathered,
                  (int)tables->stride, MPI_BYTE, split->mpi->comm, &request);
    weft__mpi_finish(split->mpi, &request);
}

/* The sample before and after which at most half of the weight lies. There are few, so
 * looking at all pairs costs less than sorting them would explain. */
static struct sample *median_of(const struct weft__mpi_split *split, const struct tables *tables)
{
    uint64_t total = 0;
    struct sample *any = NULL;
    for (size_t i = 0; i < split->mpi->ranks; i++) {
        struct sample *sample = sample_at(tables, tables->gathered, i);
        total += sample->weight;
        if (sample->weight > 0)
            any = sample;
    }
    for (size_t i = 0; i < split->mpi->ranks; i++) {
        struct sample *sample = sample_at(tables, tables->gathered, i);
        uint64_t below = 0;
        if (sample->weight == 0)
            continue;
        for (size_t j = 0; j < split->mpi->ranks; j++) {
            struct sample *other = sample_at(tables, tables->gathered, j);
            if (other->weight > 0 && other != sample && order_of(split, other, sample) < 0)
                below += other->weight;
        }
        if (below <= total / 2 && total - below - sample->weight <= total / 2)
            return sample;
    }
    return any;
}

static void publish_pivots(const struct weft__mpi_split *split, const struct tables *tables)
{
    MPI_Request request;
    struct sample *mine = sample_at(tables, tables->offered, 0), *median = median_of(split, tables);
    memset(mine, 0, tables->stride);
    if (median != NULL)
        memcpy(mine, median, tables->stride);
    MPI_Iallgather(mine, (int)tables->stride, MPI_BYTE, tables->pivots, (int)tables->stride,
                   MPI_BYTE, split->mpi->comm, &request);
    weft__mpi_finish(split->mpi, &request);
}

/* How many items of this rank come before the pivot, as far as the window goes. */
static uint64_t count_before(const struct weft__mpi_split *split, struct sample *pivot,
                             uint64_t low, uint64_t high)
{
    if (pivot->rank == split->mpi->rank)
        return pivot->place;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int order = split->compare(split->context, split->items + middle * split->item_bytes,
                                   item_of(pivot));
        if (order < 0 || (order == 0 && split->mpi->rank < pivot->rank))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* False: every cut is known. */
static bool narrow(const struct weft__mpi_split *split, const struct tables *tables)
{
    const weft_mpi *mpi = split->mpi;
    bool open = false;
    MPI_Request request;
    for (size_t border = 0; border < mpi->ranks; border++) {
        struct sample *pivot = sample_at(tables, tables->pivots, border);
        tables->before[border] = 0;
        if (pivot->weight == 0)
            continue;
        open = true;
        tables->before[border] =
            count_before(split, pivot, tables->low[border], tables->high[border]);
    }
    if (!open)
        return false;
    uint64_t *here = (uint64_t *)(void *)tables->gathered; /* done with */
    memcpy(here, tables->before, mpi->ranks * sizeof *here);
    MPI_Iallreduce(MPI_IN_PLACE, tables->before, (int)mpi->ranks, MPI_UINT64_T, MPI_SUM, mpi->comm,
                   &request);
    weft__mpi_finish(split->mpi, &request);
    for (size_t border = 0; border < mpi->ranks; border++) {
        struct sample *pivot = sample_at(tables, tables->pivots, border);
        if (pivot->weight == 0)
            continue;
        if (tables->before[border] >= mpi->begins[border])
            tables->high[border] = here[border];
        else
            tables->low[border] = here[border] + (pivot->rank == mpi->rank);
    }
    return true;
}

/* ---- all rounds ---- */

/* Are the cuts of all ranks together where the borders are? */
static bool is_exact(const struct weft__mpi_split *split, const struct tables *tables)
{
    const weft_mpi *mpi = split->mpi;
    uint64_t wrong = 0;
    MPI_Request request;
    for (size_t border = 0; border < mpi->ranks; border++) {
        tables->before[border] = tables->low[border];
        wrong |= tables->low[border] != tables->high[border];
        wrong |= border > 0 && tables->low[border] < tables->low[border - 1];
    }
    MPI_Iallreduce(MPI_IN_PLACE, tables->before, (int)mpi->ranks, MPI_UINT64_T, MPI_SUM, mpi->comm,
                   &request);
    weft__mpi_finish(split->mpi, &request);
    for (size_t border = 0; border < mpi->ranks; border++)
        wrong |= tables->before[border] != mpi->begins[border];
    MPI_Iallreduce(MPI_IN_PLACE, &wrong, 1, MPI_UINT64_T, MPI_BOR, mpi->comm, &request);
    weft__mpi_finish(split->mpi, &request);
    return wrong == 0;
}

bool weft__mpi_split(struct weft__mpi_split *split)
{
    const weft_mpi *mpi = split->mpi;
    struct tables tables = tables_of(split);
    for (size_t border = 0; border < mpi->ranks; border++) {
        tables.low[border] = 0;
        tables.high[border] = border == 0 ? 0 : split->count;
    }
    bool open = true;
    for (size_t round = 0; open && round < ROUNDS_MAX; round++) {
        offer_samples(split, &tables);
        gather_samples(split, &tables);
        publish_pivots(split, &tables);
        open = narrow(split, &tables);
    }
    bool exact = is_exact(split, &tables);
    for (size_t border = 0; border < mpi->ranks; border++)
        split->cuts[border] = tables.low[border];
    split->cuts[mpi->ranks] = split->count;
    return exact;
}
