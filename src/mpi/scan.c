/* scan.c: weft_scan of an array whose parts lie on the ranks.
 *
 * The blocks are those of the whole array, so their borders are not those of the parts. A
 * block belongs to the rank that holds its first element; what others hold of it is sent
 * there, and the running totals are sent back. That is less than a block per rank. */
#include "ranks.h"

#include "core/scan.h"

#include <stdlib.h>
#include <string.h>

struct job {
    weft_mpi *mpi;
    struct weft__scan inner; /* the blocks that lie here in one piece */
    struct weft__scan edge;  /* the block that goes on elsewhere: one, or none */
    size_t inner_blocks;
    size_t head;       /* elements of this part that belong to a block begun before */
    size_t head_owner; /* the rank that has it */
    size_t edge_here;  /* elements of the edge block that lie here */
    unsigned char *local_ys;
    const unsigned char *local_xs;
    unsigned char *edge_bytes;
    struct weft__mpi_message *messages;
    size_t message_count;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The rank that holds element `index`. */
static size_t holder_of(const weft_mpi *mpi, size_t index)
{
    size_t rank = 0;
    while (mpi->begins[rank + 1] <= index)
        rank++;
    return rank;
}

/* Where this rank's part lies among the blocks. */
static void cut_part(struct job *job)
{
    const weft_mpi *mpi = job->mpi;
    struct weft__scan *inner = &job->inner;
    size_t total = mpi->begins[mpi->ranks], length = inner->length;
    size_t begin = mpi->begins[mpi->rank], end = mpi->begins[mpi->rank + 1];
    size_t block = begin / length + (begin % length != 0); /* the first that begins here */
    size_t first = block < inner->blocks ? block * length : total;
    job->head = least(first, end) - begin;
    if (job->head > 0)
        job->head_owner = holder_of(mpi, begin / length * length);
    inner->held = block;
    inner->xs = job->local_xs + job->head * inner->bytes;
    inner->ys = job->local_ys + job->head * inner->bytes;
    if (first >= end)
        return;
    size_t here = end - first;
    job->inner_blocks = here / length;
    job->edge_here = here % length;
    if (job->edge_here > 0 && end == total) { /* the last block of all, which is shorter */
        job->inner_blocks++;
        job->edge_here = 0;
    }
    inner->count = here - job->edge_here;
    job->edge = *inner;
    job->edge.held = block + job->inner_blocks;
    if (job->edge_here > 0)
        job->edge.count = least(length, total - job->edge.held * length);
}

static enum weft_status make_room(struct job *job)
{
    struct weft__scan *inner = &job->inner;
    inner->totals = calloc(inner->blocks + 2, inner->stride);
    job->messages = calloc(job->mpi->ranks + 1, sizeof *job->messages);
    if (job->edge_here > 0)
        job->edge_bytes = malloc(job->edge.count * inner->bytes);
    if (inner->totals == NULL || job->messages == NULL ||
        (job->edge_here > 0 && job->edge_bytes == NULL))
        return WEFT_ERR_NOMEM;
    job->edge.totals = inner->totals;
    job->edge.xs = job->edge.ys = job->edge_bytes;
    return WEFT_OK;
}

static void add_message(struct job *job, unsigned char *bytes, size_t elements, size_t peer,
                        bool receive)
{
    job->messages[job->message_count++] = (struct weft__mpi_message){
        .bytes = bytes, .count = elements * job->inner.bytes, .peer = peer, .receive = receive};
}

/* Towards the owners of blocks, or back. */
static void move_pieces(struct job *job, bool back)
{
    const weft_mpi *mpi = job->mpi;
    size_t bytes = job->inner.bytes;
    job->message_count = 0;
    if (job->head > 0) /* a receive does not write into xs, which a send reads */
        add_message(job, back ? job->local_ys : (unsigned char *)(uintptr_t)job->local_xs,
                    job->head, job->head_owner, back);
    if (job->edge_here > 0) {
        size_t begin = mpi->begins[mpi->rank + 1], at = job->edge_here;
        for (size_t rank = mpi->rank + 1; at < job->edge.count; rank++) {
            size_t count = least(mpi->begins[rank + 1] - begin, job->edge.count - at);
            begin = mpi->begins[rank + 1];
            if (count > 0)
                add_message(job, job->edge_bytes + at * bytes, count, rank, !back);
            at += count;
        }
    }
    weft__mpi_exchange(job->mpi, job->messages, job->message_count);
}

static void total_blocks(void *context)
{
    struct job *job = context;
    struct weft__scan *inner = &job->inner, *edge = &job->edge;
    size_t last = least(inner->held + job->inner_blocks, inner->blocks - 1);
    weft_for(inner->held, last, 1, weft__scan_total_blocks, inner);
    if (job->edge_here > 0 && edge->held < inner->blocks - 1)
        weft_for(edge->held, edge->held + 1, 1, weft__scan_total_blocks, edge);
}

static void run_through_blocks(void *context)
{
    struct job *job = context;
    size_t held = job->inner.held, edge = job->edge.held;
    weft__scan_total_before(&job->inner);
    weft_for(held, held + job->inner_blocks, 1, weft__scan_run_through, &job->inner);
    if (job->edge_here > 0)
        weft_for(edge, edge + 1, 1, weft__scan_run_through, &job->edge);
}

static enum weft_status run_job(struct job *job)
{
    weft_mpi *mpi = job->mpi;
    struct weft__scan *inner = &job->inner;
    enum weft_status status = weft__mpi_agree(mpi, make_room(job));
    if (status != WEFT_OK)
        return status;
    if (job->edge_here > 0)
        memcpy(job->edge_bytes, inner->xs + inner->count * inner->bytes,
               job->edge_here * inner->bytes);
    move_pieces(job, false);
    status = weft__mpi_agree(mpi, weft_run(total_blocks, job));
    if (status != WEFT_OK)
        return status;
    weft__mpi_unite(mpi, inner->totals, inner->blocks * inner->stride);
    status = weft__mpi_agree(mpi, weft_run(run_through_blocks, job));
    if (status != WEFT_OK)
        return status;
    if (job->edge_here > 0)
        memcpy(inner->ys + inner->count * inner->bytes, job->edge_bytes,
               job->edge_here * inner->bytes);
    move_pieces(job, true);
    return weft__mpi_leave(mpi, WEFT_OK);
}

/* `inner` holds what to do and this rank's arguments; `mine`: whether they are right. */
static enum weft_status scan_parts(weft_mpi *mpi, const char *name, struct weft__scan inner,
                                   enum weft_scan_kind kind, enum weft_status mine)
{
    const struct weft__mpi_call call = {name, {(uint64_t)kind, inner.bytes}};
    enum weft_status status = weft__mpi_enter(mpi, &call, mine);
    if (status == WEFT_OK)
        status = weft__mpi_find_parts(mpi, inner.count, inner.bytes);
    if (status != WEFT_OK)
        return status;
    size_t total = mpi->begins[mpi->ranks];
    if (total == 0)
        return weft__mpi_leave(mpi, WEFT_OK);
    struct job job = {.mpi = mpi, .local_xs = inner.xs, .local_ys = inner.ys, .inner = inner};
    job.inner.count = 0;
    weft__scan_shape(&job.inner, total);
    cut_part(&job);
    status = run_job(&job);
    free(job.inner.totals);
    free(job.messages);
    free(job.edge_bytes);
    return status;
}

enum weft_status weft_mpi_scan(weft_mpi *mpi, enum weft_scan_kind kind, const void *xs,
                               size_t count, size_t bytes, weft_combine_fn combine, void *context,
                               const void *initial, void *ys)
{
    if (mpi == NULL)
        return WEFT_ERR_INVALID;
    bool valid = weft__scan_is_valid(kind, xs, count, bytes, ys) && combine != NULL &&
                 (kind == WEFT_SCAN_INCLUSIVE || initial != NULL);
    struct weft__scan scan = {.xs = xs,
                              .ys = ys,
                              .count = count,
                              .bytes = bytes,
                              .exclusive = kind == WEFT_SCAN_EXCLUSIVE,
                              .combine = combine,
                              .context = context,
                              .initial = initial};
    return scan_parts(mpi, initial == NULL ? "weft_mpi_scan from nothing" : "weft_mpi_scan", scan,
                      kind, valid ? WEFT_OK : WEFT_ERR_INVALID);
}

static enum weft_status scan_sums(weft_mpi *mpi, const char *name,
                                  const struct weft__scan_typed *typed, enum weft_scan_kind kind,
                                  const void *xs, size_t count, void *ys)
{
    if (mpi == NULL)
        return WEFT_ERR_INVALID;
    struct weft__scan scan = weft__scan_of_sums(typed, kind);
    bool valid = weft__scan_is_valid(kind, xs, count, scan.bytes, ys);
    scan.xs = xs;
    scan.ys = ys;
    scan.count = count;
    return scan_parts(mpi, name, scan, kind, valid ? WEFT_OK : WEFT_ERR_INVALID);
}

enum weft_status weft_mpi_scan_f64(weft_mpi *mpi, enum weft_scan_kind kind, const double *xs,
                                   size_t count, double *ys)
{
    return scan_sums(mpi, "weft_mpi_scan_f64", &weft__scan_f64, kind, xs, count, ys);
}

enum weft_status weft_mpi_scan_u64(weft_mpi *mpi, enum weft_scan_kind kind, const uint64_t *xs,
                                   size_t count, uint64_t *ys)
{
    return scan_sums(mpi, "weft_mpi_scan_u64", &weft__scan_u64, kind, xs, count, ys);
}
