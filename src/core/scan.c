/* scan.c: running totals in two passes over blocks.
 *
 * The first pass totals each block, all at the same time; then one thread turns these
 * into what comes before each block; the second pass runs through each block from there.
 * The blocks are fixed by the count alone, so the bits are the same on any number of
 * threads. (Blelloch, "Prefix Sums and Their Applications", 1990.) */
#include "scan.h"

#include <weft.h>

#include <stdlib.h>
#include <string.h>

/* A block has at least so many bytes, so that it is worth a task; there are at most so
 * many blocks. */
#define BLOCK_BYTES 16384
#define BLOCKS_MAX  512

/* For speed. */
struct weft__scan_typed {
    size_t bytes;
    void (*total)(const void *xs, size_t count, void *total);
    void (*add)(void *context, void *into, const void *from);
    void (*inclusive)(const void *xs, size_t count, const void *before, void *ys);
    void (*exclusive)(const void *xs, size_t count, const void *before, void *ys);
};

static size_t block_count(const struct weft__scan *scan, size_t block)
{
    size_t left = scan->count - (block - scan->held) * scan->length;
    return left < scan->length ? left : scan->length;
}

static unsigned char *total_of(const struct weft__scan *scan, size_t block)
{
    return scan->totals + block * scan->stride;
}

/* ---- any type ---- */

static void total_block(const struct weft__scan *scan, const unsigned char *xs, size_t count,
                        unsigned char *total)
{
    memcpy(total, xs, scan->bytes);
    for (size_t i = 1; i < count; i++)
        scan->combine(scan->context, total, xs + i * scan->bytes);
}

/* `total` holds what comes before; `from_first`: nothing does, so it holds nothing. */
static void run_through_block(const struct weft__scan *scan, const unsigned char *xs, size_t count,
                              unsigned char *total, bool from_first, unsigned char *ys)
{
    size_t bytes = scan->bytes;
    _Alignas(max_align_t) unsigned char item[WEFT_REDUCE_BYTES_MAX];
    for (size_t i = 0; i < count; i++) {
        if (scan->exclusive) {
            memcpy(item, xs + i * bytes, bytes); /* ys may be xs */
            memcpy(ys + i * bytes, total, bytes);
            scan->combine(scan->context, total, item);
        } else {
            if (from_first && i == 0)
                memcpy(total, xs, bytes);
            else
                scan->combine(scan->context, total, xs + i * bytes);
            memcpy(ys + i * bytes, total, bytes);
        }
    }
}

/* ---- sums ---- */

#define DEFINE_ADD(type, name)                                                                     \
    static void add_##name(void *context, void *into, const void *from)                            \
    {                                                                                              \
        (void)context;                                                                             \
        *(type *)into += *(const type *)from;                                                      \
    }

#define DEFINE_INTEGER_SCAN(type, name)                                                            \
    DEFINE_ADD(type, name)                                                                         \
    static void total_##name(const void *xs, size_t count, void *total)                            \
    {                                                                                              \
        const type *from = xs;                                                                     \
        type sum = 0;                                                                              \
        for (size_t i = 0; i < count; i++)                                                         \
            sum += from[i];                                                                        \
        *(type *)total = sum;                                                                      \
    }                                                                                              \
    static void inclusive_##name(const void *xs, size_t count, const void *before, void *ys)       \
    {                                                                                              \
        const type *from = xs;                                                                     \
        type *to = ys, sum = *(const type *)before;                                                \
        for (size_t i = 0; i < count; i++)                                                         \
            to[i] = sum += from[i];                                                                \
    }                                                                                              \
    static void exclusive_##name(const void *xs, size_t count, const void *before, void *ys)       \
    {                                                                                              \
        const type *from = xs;                                                                     \
        type *to = ys, sum = *(const type *)before;                                                \
        for (size_t i = 0; i < count; i++) {                                                       \
            type x = from[i];                                                                      \
            to[i] = sum;                                                                           \
            sum += x;                                                                              \
        }                                                                                          \
    }                                                                                              \
    const struct weft__scan_typed weft__scan_##name = {sizeof(type), total_##name, add_##name,     \
                                                       inclusive_##name, exclusive_##name};

DEFINE_INTEGER_SCAN(uint32_t, u32)
DEFINE_INTEGER_SCAN(uint64_t, u64)

DEFINE_ADD(double, f64)

/* Four sums at once: one would wait for the latency of each addition. */
static void total_f64(const void *xs, size_t count, void *total)
{
    const double *from = xs;
    double a = 0, b = 0, c = 0, d = 0;
    size_t i = 0;
    for (; count - i >= 4; i += 4) {
        a += from[i];
        b += from[i + 1];
        c += from[i + 2];
        d += from[i + 3];
    }
    for (; i < count; i++)
        a += from[i];
    *(double *)total = (a + b) + (c + d);
}

/* Elements are taken four by four, so that only one addition in four waits for the one
 * before it. */
static void inclusive_f64(const void *xs, size_t count, const void *before, void *ys)
{
    const double *from = xs;
    double *to = ys, sum = *(const double *)before;
    size_t i = 0;
    for (; count - i >= 4; i += 4) {
        double a = from[i], ab = a + from[i + 1], c = from[i + 2], cd = c + from[i + 3];
        to[i] = sum + a;
        to[i + 1] = sum + ab;
        to[i + 2] = sum + (ab + c);
        to[i + 3] = sum += ab + cd;
    }
    for (; i < count; i++)
        to[i] = sum += from[i];
}

static void exclusive_f64(const void *xs, size_t count, const void *before, void *ys)
{
    const double *from = xs;
    double *to = ys, sum = *(const double *)before;
    size_t i = 0;
    for (; count - i >= 4; i += 4) {
        double a = from[i], ab = a + from[i + 1], c = from[i + 2], cd = c + from[i + 3];
        to[i] = sum;
        to[i + 1] = sum + a;
        to[i + 2] = sum + ab;
        to[i + 3] = sum + (ab + c);
        sum += ab + cd;
    }
    for (; i < count; i++) {
        double x = from[i];
        to[i] = sum;
        sum += x;
    }
}

const struct weft__scan_typed weft__scan_f64 = {sizeof(double), total_f64, add_f64, inclusive_f64,
                                                exclusive_f64};

/* ---- the passes ---- */

static size_t block_offset(const struct weft__scan *scan, size_t block)
{
    return (block - scan->held) * scan->length * scan->bytes;
}

void weft__scan_total_blocks(void *context, size_t first, size_t last)
{
    const struct weft__scan *scan = context;
    for (size_t block = first; block < last; block++) {
        const unsigned char *xs = scan->xs + block_offset(scan, block);
        size_t count = block_count(scan, block);
        if (scan->typed != NULL)
            scan->typed->total(xs, count, total_of(scan, block));
        else
            total_block(scan, xs, count, total_of(scan, block));
    }
}

void weft__scan_total_before(const struct weft__scan *scan)
{
    unsigned char *running = total_of(scan, scan->blocks), *next = running + scan->stride;
    bool none = scan->initial == NULL;
    if (!none)
        memcpy(running, scan->initial, scan->bytes);
    for (size_t block = 0; block < scan->blocks; block++) {
        unsigned char *total = total_of(scan, block);
        bool last = block + 1 == scan->blocks; /* its total has not been made */
        if (!last)
            memcpy(next, total, scan->bytes);
        if (!none)
            memcpy(total, running, scan->bytes);
        if (last)
            break;
        if (none)
            memcpy(running, next, scan->bytes);
        else
            scan->combine(scan->context, running, next);
        none = false;
    }
}

void weft__scan_run_through(void *context, size_t first, size_t last)
{
    const struct weft__scan *scan = context;
    for (size_t block = first; block < last; block++) {
        size_t offset = block_offset(scan, block), count = block_count(scan, block);
        const unsigned char *xs = scan->xs + offset;
        unsigned char *ys = scan->ys + offset, *before = total_of(scan, block);
        if (scan->typed == NULL)
            run_through_block(scan, xs, count, before, block == 0 && scan->initial == NULL, ys);
        else if (scan->exclusive)
            scan->typed->exclusive(xs, count, before, ys);
        else
            scan->typed->inclusive(xs, count, before, ys);
    }
}

static void run_passes(void *context)
{
    struct weft__scan *scan = context;
    weft_for(0, scan->blocks - 1, 1, weft__scan_total_blocks, scan);
    if (weft_cancelled())
        return;
    weft__scan_total_before(scan);
    weft_for(0, scan->blocks, 1, weft__scan_run_through, scan);
}

void weft__scan_shape(struct weft__scan *scan, size_t count)
{
    size_t most = count / BLOCKS_MAX + (count % BLOCKS_MAX != 0);
    size_t align = _Alignof(max_align_t);
    scan->length = BLOCK_BYTES / scan->bytes;
    if (scan->length < most)
        scan->length = most;
    scan->blocks = count / scan->length + (count % scan->length != 0);
    scan->stride = (scan->bytes + align - 1) / align * align;
}

/* Arguments have been checked. */
static enum weft_status run_scan(struct weft__scan *scan)
{
    if (scan->count == 0)
        return weft_cancelled() ? WEFT_ERR_CANCELLED : WEFT_OK;
    weft__scan_shape(scan, scan->count);
    scan->totals = malloc((scan->blocks + 2) * scan->stride);
    if (scan->totals == NULL)
        return WEFT_ERR_NOMEM;
    enum weft_status status = weft_run(run_passes, scan);
    if (status == WEFT_ERR_WOULD_BLOCK) { /* a thread that must not wait for others */
        run_passes(scan);
        status = WEFT_OK;
    }
    free(scan->totals);
    return status;
}

bool weft__scan_is_valid(enum weft_scan_kind kind, const void *xs, size_t count, size_t bytes,
                         const void *ys)
{
    return (kind == WEFT_SCAN_INCLUSIVE || kind == WEFT_SCAN_EXCLUSIVE) && bytes > 0 &&
           bytes <= WEFT_REDUCE_BYTES_MAX && count <= SIZE_MAX / bytes &&
           (count == 0 || (xs != NULL && ys != NULL));
}

enum weft_status weft_scan(enum weft_scan_kind kind, const void *xs, size_t count, size_t bytes,
                           weft_combine_fn combine, void *context, const void *initial, void *ys)
{
    bool exclusive = kind == WEFT_SCAN_EXCLUSIVE;
    if (!weft__scan_is_valid(kind, xs, count, bytes, ys) || combine == NULL ||
        (exclusive && initial == NULL))
        return WEFT_ERR_INVALID;
    return run_scan(&(struct weft__scan){.xs = xs,
                                         .ys = ys,
                                         .count = count,
                                         .bytes = bytes,
                                         .exclusive = exclusive,
                                         .combine = combine,
                                         .context = context,
                                         .initial = initial});
}

struct weft__scan weft__scan_of_sums(const struct weft__scan_typed *typed, enum weft_scan_kind kind)
{
    static const uint64_t zero = 0; /* of every type */
    return (struct weft__scan){.bytes = typed->bytes,
                               .exclusive = kind == WEFT_SCAN_EXCLUSIVE,
                               .combine = typed->add,
                               .initial = &zero,
                               .typed = typed};
}

static enum weft_status scan_sums(const struct weft__scan_typed *typed, enum weft_scan_kind kind,
                                  const void *xs, size_t count, void *ys)
{
    if (!weft__scan_is_valid(kind, xs, count, typed->bytes, ys))
        return WEFT_ERR_INVALID;
    struct weft__scan scan = weft__scan_of_sums(typed, kind);
    scan.xs = xs;
    scan.ys = ys;
    scan.count = count;
    return run_scan(&scan);
}

enum weft_status weft_scan_f64(enum weft_scan_kind kind, const double *xs, size_t count, double *ys)
{
    return scan_sums(&weft__scan_f64, kind, xs, count, ys);
}

enum weft_status weft_scan_u64(enum weft_scan_kind kind, const uint64_t *xs, size_t count,
                               uint64_t *ys)
{
    return scan_sums(&weft__scan_u64, kind, xs, count, ys);
}

/* Sums of signed and unsigned numbers that wrap around have the same bits. */
enum weft_status weft_scan_i64(enum weft_scan_kind kind, const int64_t *xs, size_t count,
                               int64_t *ys)
{
    return scan_sums(&weft__scan_u64, kind, xs, count, ys);
}

enum weft_status weft_scan_u32(enum weft_scan_kind kind, const uint32_t *xs, size_t count,
                               uint32_t *ys)
{
    return scan_sums(&weft__scan_u32, kind, xs, count, ys);
}
