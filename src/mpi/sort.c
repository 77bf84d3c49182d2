/* sort.c: weft_sort of an array whose parts lie on the ranks: each rank sorts its part,
 * split.c finds which items go where, each travels once, and each rank merges the runs that
 * it has received, in rank order, which keeps equal items in their order. */
#include "split.h"

#include "core/sort_merge.h"
#include "core/worker.h"

#include <stdlib.h>
#include <string.h>

struct job {
    weft_mpi *mpi;
    unsigned char *items;
    size_t count;
    size_t item_bytes;
    weft_compare_fn compare;
    void *context;
    enum weft_key type; /* of keys */
    bool keys;

    unsigned char *received; /* as long as items */
    unsigned char *split_memory;
    size_t *cuts; /* ranks + 1, in items of this rank */
    size_t *runs; /* ranks + 1: where the run of each rank begins in `received` */
    struct weft__mpi_message *messages;
    bool merged_home; /* out of merge_runs: the result is in items */
};

/* ---- keys in the order of weft_sort_keys ---- */

#define DEFINE_COMPARE(type, name)                                                                 \
    static int compare_##name(void *context, const void *a, const void *b)                         \
    {                                                                                              \
        type x = *(const type *)a, y = *(const type *)b;                                           \
        (void)context;                                                                             \
        return (x > y) - (x < y);                                                                  \
    }

DEFINE_COMPARE(uint32_t, u32)
DEFINE_COMPARE(int32_t, i32)
DEFINE_COMPARE(uint64_t, u64)
DEFINE_COMPARE(int64_t, i64)

/* As core/sort_keys.c maps them. */
#define DEFINE_FLOAT_COMPARE(type, name, sign, offset)                                             \
    static inline type rank_##name(type bits)                                                      \
    {                                                                                              \
        type mask = (bits & (sign)) != 0 ? (type) ~(type)0 : (sign);                               \
        return (type)((bits ^ mask) - (offset));                                                   \
    }                                                                                              \
    static int compare_##name(void *context, const void *a, const void *b)                         \
    {                                                                                              \
        type x = rank_##name(*(const type *)a), y = rank_##name(*(const type *)b);                 \
        (void)context;                                                                             \
        return (x > y) - (x < y);                                                                  \
    }

DEFINE_FLOAT_COMPARE(uint32_t, f32, UINT32_C(1) << 31, UINT32_C(0x007fffff))
DEFINE_FLOAT_COMPARE(uint64_t, f64, UINT64_C(1) << 63, UINT64_C(0x000fffffffffffff))

static const struct {
    size_t bytes;
    weft_compare_fn compare;
} key_types[] = {
    [WEFT_KEY_U32] = {4, compare_u32}, [WEFT_KEY_I32] = {4, compare_i32},
    [WEFT_KEY_F32] = {4, compare_f32}, [WEFT_KEY_U64] = {8, compare_u64},
    [WEFT_KEY_I64] = {8, compare_i64}, [WEFT_KEY_F64] = {8, compare_f64},
};
#define KEY_TYPES (sizeof key_types / sizeof key_types[0])

/* ---- the steps ---- */

static enum weft_status sort_here(struct job *job)
{
    if (job->keys)
        return weft_sort_keys(job->items, job->count, job->type);
    return weft_sort(job->items, job->count, job->item_bytes, job->compare, job->context);
}

static enum weft_status make_room(struct job *job)
{
    size_t ranks = job->mpi->ranks, bytes = weft__mpi_split_bytes(job->mpi, job->item_bytes);
    job->split_memory = bytes > 0 ? malloc(bytes) : NULL;
    job->cuts = calloc(ranks + 1, sizeof *job->cuts);
    job->runs = calloc(ranks + 1, sizeof *job->runs);
    job->messages = calloc(2 * ranks, sizeof *job->messages);
    job->received = malloc(job->count * job->item_bytes + 1);
    bool whole = job->split_memory != NULL && job->cuts != NULL && job->runs != NULL &&
                 job->messages != NULL && job->received != NULL;
    return whole ? WEFT_OK : WEFT_ERR_NOMEM;
}

static bool find_cuts(struct job *job)
{
    struct weft__mpi_split split = {.mpi = job->mpi,
                                    .items = job->items,
                                    .count = job->count,
                                    .item_bytes = job->item_bytes,
                                    .compare = job->compare,
                                    .context = job->context,
                                    .cuts = job->cuts,
                                    .memory = job->split_memory};
    return weft__mpi_split(&split);
}

/* How long the run from each rank is. */
static void find_runs(struct job *job)
{
    weft_mpi *mpi = job->mpi;
    MPI_Request request;
    uint64_t *sent = (uint64_t *)(void *)job->split_memory, *received = sent + mpi->ranks;
    for (size_t rank = 0; rank < mpi->ranks; rank++)
        sent[rank] = job->cuts[rank + 1] - job->cuts[rank];
    MPI_Ialltoall(sent, 1, MPI_UINT64_T, received, 1, MPI_UINT64_T, mpi->comm, &request);
    weft__mpi_finish(mpi, &request);
    for (size_t rank = 0; rank < mpi->ranks; rank++)
        job->runs[rank + 1] = job->runs[rank] + received[rank];
    WEFT_ASSERT(job->runs[mpi->ranks] == job->count);
}

/* Every rank begins with its next one, so that not all send to the same. */
static void exchange(struct job *job)
{
    weft_mpi *mpi = job->mpi;
    size_t bytes = job->item_bytes, count = 0;
    for (size_t i = 1; i < mpi->ranks; i++) {
        size_t to = (mpi->rank + i) % mpi->ranks, from = (mpi->rank + mpi->ranks - i) % mpi->ranks;
        job->messages[count++] =
            (struct weft__mpi_message){.bytes = job->received + job->runs[from] * bytes,
                                       .count = (job->runs[from + 1] - job->runs[from]) * bytes,
                                       .peer = from,
                                       .receive = true};
        job->messages[count++] =
            (struct weft__mpi_message){.bytes = job->items + job->cuts[to] * bytes,
                                       .count = (job->cuts[to + 1] - job->cuts[to]) * bytes,
                                       .peer = to};
    }
    size_t own = job->cuts[mpi->rank];
    memcpy(job->received + job->runs[mpi->rank] * bytes, job->items + own * bytes,
           (job->cuts[mpi->rank + 1] - own) * bytes);
    weft__mpi_exchange(mpi, job->messages, count);
}

/* Neighbouring runs become one, level by level, from one array into the other. Job. */
static void merge_runs(void *context)
{
    struct job *job = context;
    size_t bytes = job->item_bytes, runs = job->mpi->ranks, *begins = job->runs;
    unsigned char *from = job->received, *to = job->items;
    while (runs > 1) {
        size_t made = 0;
        for (size_t run = 0; run < runs; run += 2) {
            size_t first = begins[run], second = begins[run + 1];
            size_t end = run + 2 <= runs ? begins[run + 2] : second;
            weft__sort_merge(bytes, job->compare, job->context, from + first * bytes,
                             second - first, from + second * bytes, end - second,
                             to + first * bytes);
            begins[made++] = first;
        }
        begins[made] = job->count;
        runs = made;
        unsigned char *other = from;
        from = to;
        to = other;
    }
    job->merged_home = from == job->items;
}

static void copy_home(void *context, size_t first, size_t last)
{
    struct job *job = context;
    size_t bytes = job->item_bytes;
    memcpy(job->items + first * bytes, job->received + first * bytes, (last - first) * bytes);
}

static enum weft_status run_job(struct job *job)
{
    weft_mpi *mpi = job->mpi;
    enum weft_status status = weft__mpi_agree(mpi, sort_here(job));
    if (status != WEFT_OK || mpi->ranks == 1)
        return status != WEFT_OK ? status : weft__mpi_leave(mpi, WEFT_OK);
    status = weft__mpi_agree(mpi, make_room(job));
    if (status != WEFT_OK)
        return status;
    if (!find_cuts(job)) /* some order is all that such a compare can have */
        return weft__mpi_leave(mpi, WEFT_OK);
    find_runs(job);
    exchange(job);
    status = weft_run(merge_runs, job);
    if (!job->merged_home) {
        weft_for(0, job->count, 0, copy_home, job);
        if (status != WEFT_OK) /* cancelled: some may be left out */
            copy_home(job, 0, job->count);
    }
    return weft__mpi_leave(mpi, status);
}

static enum weft_status sort_parts(struct job *job, const char *name, enum weft_status mine)
{
    weft_mpi *mpi = job->mpi;
    const struct weft__mpi_call call = {name, {job->item_bytes, (uint64_t)job->type}};
    enum weft_status status = weft__mpi_enter(mpi, &call, mine);
    if (status == WEFT_OK)
        status = weft__mpi_find_parts(mpi, job->count, job->item_bytes);
    if (status != WEFT_OK)
        return status;
    status = run_job(job);
    free(job->received);
    free(job->split_memory);
    free(job->cuts);
    free(job->runs);
    free(job->messages);
    return status;
}

enum weft_status weft_mpi_sort(weft_mpi *mpi, void *items, size_t count, size_t item_bytes,
                               weft_compare_fn compare, void *context)
{
    if (mpi == NULL)
        return WEFT_ERR_INVALID;
    bool valid = compare != NULL && item_bytes > 0 && item_bytes <= WEFT_SORT_BYTES_MAX &&
                 (items != NULL || count == 0) && count <= SIZE_MAX / WEFT_SORT_BYTES_MAX;
    struct job job = {.mpi = mpi,
                      .items = items,
                      .count = count,
                      .item_bytes = item_bytes,
                      .compare = compare,
                      .context = context};
    return sort_parts(&job, "weft_mpi_sort", valid ? WEFT_OK : WEFT_ERR_INVALID);
}

enum weft_status weft_mpi_sort_keys(weft_mpi *mpi, void *keys, size_t count, enum weft_key type)
{
    if (mpi == NULL)
        return WEFT_ERR_INVALID;
    bool known = (size_t)type < KEY_TYPES;
    bool valid = known && (keys != NULL || count == 0) && count <= SIZE_MAX / WEFT_SORT_BYTES_MAX;
    struct job job = {.mpi = mpi,
                      .items = keys,
                      .count = count,
                      .item_bytes = known ? key_types[type].bytes : 1,
                      .compare = known ? key_types[type].compare : NULL,
                      .type = type,
                      .keys = true};
    return sort_parts(&job, "weft_mpi_sort_keys", valid ? WEFT_OK : WEFT_ERR_INVALID);
}
