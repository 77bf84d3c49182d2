/* sort_merge.c: a stable merge sort by a comparison.
 *
 * The tree of halves is fixed by the count alone. Its nodes are tasks down to a few
 * hundred items, and a merge is cut into pieces of equal output, so that the last one
 * too uses every thread. Pieces are merged from both ends at once and without a branch
 * on the outcome of a comparison: two independent chains of comparisons, none of them
 * mispredicted. (Merging in pieces: Odeh, Green, Mwassi, Shmueli, Birk, "Merge Path",
 * 2012. From both ends: Peters, Bergdoll, the sort driftsort of Rust, 2024.)
 *
 * Every step moves the items of its range from one array into the same range of the
 * other, whatever compare answers and also when the job is cancelled, so none is lost.
 *
 * Large items are sorted by pointers to them. */
#include "sort_merge.h"

#include <weft.h>

#include <stdlib.h>
#include <string.h>

#define INSERTION_MAX 12   /* items that insertion sort is best for */
#define FORK_ITEMS    512  /* a range of so many has tasks of its own */
#define PIECE_ITEMS   2048 /* that one task merges */
#define SHORTCUT_MIN  64   /* a merge of fewer does not look for runs in order */
#define MOVED_MAX     128  /* bytes; larger items are sorted by pointers */

#define INLINE static inline __attribute__((always_inline))

struct order {
    weft_compare_fn compare;
    void *context;
};

/* Two neighbouring runs in order, and where they go. */
struct merge {
    const unsigned char *a, *b;
    size_t a_count, b_count;
    unsigned char *to;
};

struct sort {
    struct order order;
    size_t bytes;  /* of what is moved: an item or a pointer to one */
    bool pointers; /* a pointer is moved */
    void (*merge)(const struct sort *sort, const struct merge *merge);
    void (*insert)(const struct sort *sort, const unsigned char *from, unsigned char *to,
                   size_t count);
};

/* ---- in one go; `bytes` and `pointers` are constants in the callers below ---- */

INLINE bool is_above(const struct order *order, const unsigned char *a, const unsigned char *b,
                     bool pointers)
{
    const void *x = a, *y = b;
    if (pointers) {
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
    }
    return order->compare(order->context, x, y) > 0;
}

/* Writes the items of a and b in order until one of them is empty, then the rest. */
INLINE void merge_forward(const struct order *order, const struct merge *merge, size_t bytes,
                          bool pointers)
{
    const unsigned char *a = merge->a, *a_end = a + merge->a_count * bytes;
    const unsigned char *b = merge->b, *b_end = b + merge->b_count * bytes;
    unsigned char *to = merge->to;
    while (a < a_end && b < b_end) {
        size_t mask = (size_t)0 - (size_t)is_above(order, a, b, pointers); /* b is next */
        memcpy(to, a + ((size_t)(b - a) & mask), bytes);
        a += bytes & ~mask;
        b += bytes & mask;
        to += bytes;
    }
    memcpy(to, a, (size_t)(a_end - a));
    memcpy(to + (a_end - a), b, (size_t)(b_end - b));
}

/* In a round both ends take as many items as the shorter run has, so neither can leave
 * its run. Where compare contradicts itself the ends may pass each other: then the merge
 * begins again, forward only. */
INLINE void merge_ends(const struct order *given, const struct merge *merge, size_t bytes,
                       bool pointers)
{
    const struct order copy = *given, *order = &copy;
    struct merge rest = *merge;
    for (;;) {
        size_t steps = rest.a_count < rest.b_count ? rest.a_count : rest.b_count;
        size_t total = rest.a_count + rest.b_count;
        if (steps < 4)
            break;
        const unsigned char *a = rest.a, *b = rest.b;
        const unsigned char *a_end = a + rest.a_count * bytes, *b_end = b + rest.b_count * bytes;
        unsigned char *to = rest.to, *to_end = to + total * bytes;
        for (size_t i = 0; i < steps; i++) {
            size_t mask = (size_t)0 - (size_t)is_above(order, a, b, pointers); /* b is next */
            memcpy(to, a + ((size_t)(b - a) & mask), bytes);
            a += bytes & ~mask;
            b += bytes & mask;
            to += bytes;
            a_end -= bytes;
            b_end -= bytes;
            to_end -= bytes;
            mask = (size_t)0 - (size_t)is_above(order, a_end, b_end, pointers); /* a is last */
            memcpy(to_end, b_end - ((size_t)(b_end - a_end) & mask), bytes);
            a_end += bytes & ~mask;
            b_end += bytes & mask;
        }
        if (a > a_end || b > b_end) {
            merge_forward(order, merge, bytes, pointers);
            return;
        }
        rest = (struct merge){a, b, (size_t)(a_end - a) / bytes, (size_t)(b_end - b) / bytes, to};
    }
    merge_forward(order, &rest, bytes, pointers);
}

/* Sorts from[0..count-1] into `to`, which may be the same. */
INLINE void insert_each(const struct order *order, const unsigned char *from, unsigned char *to,
                        size_t count, size_t bytes, bool pointers)
{
    _Alignas(max_align_t) unsigned char item[MOVED_MAX];
    for (size_t i = 0; i < count; i++) {
        unsigned char *place = to + i * bytes;
        memcpy(item, from + i * bytes, bytes);
        for (; place > to && is_above(order, place - bytes, item, pointers); place -= bytes)
            memcpy(place, place - bytes, bytes);
        memcpy(place, item, bytes);
    }
}

#define DEFINE_MOVES(name, item_bytes, by_pointer)                                                 \
    static WEFT__NOINLINE void merge_##name(const struct sort *sort, const struct merge *merge)    \
    {                                                                                              \
        merge_ends(&sort->order, merge, (item_bytes), (by_pointer));                               \
    }                                                                                              \
    static WEFT__NOINLINE void insert_##name(const struct sort *sort, const unsigned char *from,   \
                                             unsigned char *to, size_t count)                      \
    {                                                                                              \
        insert_each(&sort->order, from, to, count, (item_bytes), (by_pointer));                    \
    }

DEFINE_MOVES(4, 4, false)
DEFINE_MOVES(8, 8, false)
DEFINE_MOVES(16, 16, false)
DEFINE_MOVES(any, sort->bytes, false)
DEFINE_MOVES(pointer, sizeof(void *), true)

/* ---- tasks ---- */

static bool above(const struct sort *sort, const unsigned char *a, const unsigned char *b)
{
    return is_above(&sort->order, a, b, sort->pointers);
}

static void copy_both(const struct sort *sort, const struct merge *merge)
{
    size_t a_bytes = merge->a_count * sort->bytes;
    memcpy(merge->to, merge->a, a_bytes);
    memcpy(merge->to + a_bytes, merge->b, merge->b_count * sort->bytes);
}

static void merge_piece(const struct sort *sort, const struct merge *merge)
{
    size_t bytes = sort->bytes, a_bytes = merge->a_count * bytes, b_bytes = merge->b_count * bytes;
    if (merge->a_count == 0 || merge->b_count == 0) {
        copy_both(sort, merge);
    } else if (merge->a_count + merge->b_count < SHORTCUT_MIN) {
        sort->merge(sort, merge);
    } else if (!above(sort, merge->a + a_bytes - bytes, merge->b)) {
        copy_both(sort, merge);
    } else if (above(sort, merge->a, merge->b + b_bytes - bytes)) {
        memcpy(merge->to, merge->b, b_bytes);
        memcpy(merge->to + b_bytes, merge->a, a_bytes);
    } else {
        sort->merge(sort, merge);
    }
}

/* How many of the first `count` merged items come from a. Within bounds whatever compare
 * answers. */
static size_t split_of(const struct sort *sort, const struct merge *merge, size_t count)
{
    size_t low = count > merge->b_count ? count - merge->b_count : 0;
    size_t high = count < merge->a_count ? count : merge->a_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const unsigned char *b = merge->b + (count - middle - 1) * sort->bytes;
        if (above(sort, merge->a + middle * sort->bytes, b))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

struct merge_task {
    weft_task task;
    const struct sort *sort;
    struct merge merge;
};

static void merge_pieces(const struct sort *sort, struct merge merge);

static void run_merge(void *context)
{
    const struct merge_task *task = context;
    merge_pieces(task->sort, task->merge);
}

/* Cut in the middle of the output until the pieces are small. */
static void merge_pieces(const struct sort *sort, struct merge merge)
{
    size_t total = merge.a_count + merge.b_count;
    if (weft_cancelled()) {
        copy_both(sort, &merge);
        return;
    }
    if (total <= PIECE_ITEMS) {
        merge_piece(sort, &merge);
        return;
    }
    size_t half = total / 2, of_a = split_of(sort, &merge, half), of_b = half - of_a;
    struct merge_task right = {
        .sort = sort,
        .merge = {merge.a + of_a * sort->bytes, merge.b + of_b * sort->bytes, merge.a_count - of_a,
                  merge.b_count - of_b, merge.to + half * sort->bytes},
    };
    weft_spawn(&right.task, run_merge, &right);
    merge.a_count = of_a;
    merge.b_count = of_b;
    merge_pieces(sort, merge);
    weft_sync(&right.task);
}

/* `home` holds the items; `spare` is as long. */
struct range {
    weft_task task;
    const struct sort *sort;
    unsigned char *home, *spare;
    size_t count;
    bool to_spare; /* the result is to be in spare */
};

/* What is above the leaves of the task tree; runs on its own in the leaves. */
static void sort_range(void *context)
{
    struct range *range = context;
    const struct sort *sort = range->sort;
    unsigned char *to = range->to_spare ? range->spare : range->home;
    if (range->count <= INSERTION_MAX) {
        sort->insert(sort, range->home, to, range->count);
        return;
    }
    bool fork = range->count >= FORK_ITEMS;
    if (fork && weft_cancelled()) {
        if (range->to_spare)
            memcpy(range->spare, range->home, range->count * sort->bytes);
        return;
    }
    size_t half = range->count / 2, half_bytes = half * sort->bytes;
    struct range left = {.sort = sort,
                         .home = range->home,
                         .spare = range->spare,
                         .count = half,
                         .to_spare = !range->to_spare};
    struct range right = left;
    right.home += half_bytes;
    right.spare += half_bytes;
    right.count = range->count - half;
    if (fork)
        weft_spawn(&right.task, sort_range, &right);
    sort_range(&left);
    if (fork)
        weft_sync(&right.task);
    else
        sort_range(&right);
    const unsigned char *from = range->to_spare ? range->home : range->spare;
    struct merge merge = {from, from + half_bytes, half, right.count, to};
    if (fork)
        merge_pieces(sort, merge);
    else
        merge_piece(sort, &merge);
}

/* ---- a whole call ---- */

struct call {
    unsigned char *items;
    unsigned char *spare;   /* as long */
    const void **pointers;  /* for large items: one to each, and as many again */
    _Atomic bool unordered; /* set by the thread that sees it */
    size_t count;
    size_t item_bytes;
    struct order order;
};

static void look_for_disorder(void *context, size_t first, size_t last)
{
    struct call *call = context;
    size_t bytes = call->item_bytes;
    for (size_t i = first > 0 ? first : 1; i < last; i++) {
        const unsigned char *item = call->items + i * bytes;
        /* Relaxed: nothing else is read because of it. */
        if (atomic_load_explicit(&call->unordered, memory_order_relaxed))
            return;
        if (is_above(&call->order, item - bytes, item, false)) {
            atomic_store_explicit(&call->unordered, true, memory_order_relaxed);
            return;
        }
    }
}

static void make_pointers(void *context, size_t first, size_t last)
{
    struct call *call = context;
    for (size_t i = first; i < last; i++)
        call->pointers[i] = call->items + i * call->item_bytes;
}

static void gather_items(void *context, size_t first, size_t last)
{
    struct call *call = context;
    size_t bytes = call->item_bytes;
    for (size_t i = first; i < last; i++)
        memcpy(call->spare + i * bytes, call->pointers[i], bytes);
}

static void copy_items_back(void *context, size_t first, size_t last)
{
    struct call *call = context;
    size_t bytes = call->item_bytes;
    memcpy(call->items + first * bytes, call->spare + first * bytes, (last - first) * bytes);
}

static void sort_by_pointers(struct call *call)
{
    struct sort sort = {call->order, sizeof(void *), true, merge_pointer, insert_pointer};
    weft_for(0, call->count, 0, make_pointers, call);
    if (weft_cancelled())
        return;
    sort_range(&(struct range){.sort = &sort,
                               .home = (unsigned char *)call->pointers,
                               .spare = (unsigned char *)(call->pointers + call->count),
                               .count = call->count});
    weft_for(0, call->count, 0, gather_items, call);
    if (weft_cancelled())
        return;
    weft_for(0, call->count, 0, copy_items_back, call);
    if (weft_cancelled()) /* some may be left out */
        copy_items_back(call, 0, call->count);
}

/* For items that are moved themselves. */
static struct sort sort_of_items(struct order order, size_t item_bytes)
{
    struct sort sort = {order, item_bytes, false, merge_any, insert_any};
    switch (item_bytes) {
    case 4:
        sort.merge = merge_4;
        sort.insert = insert_4;
        break;
    case 8:
        sort.merge = merge_8;
        sort.insert = insert_8;
        break;
    case 16:
        sort.merge = merge_16;
        sort.insert = insert_16;
        break;
    default: break;
    }
    return sort;
}

static void sort_items(struct call *call)
{
    struct sort sort = sort_of_items(call->order, call->item_bytes);
    sort_range(&(struct range){
        .sort = &sort, .home = call->items, .spare = call->spare, .count = call->count});
}

void weft__sort_merge(size_t item_bytes, weft_compare_fn compare, void *context, const void *a,
                      size_t a_count, const void *b, size_t b_count, void *to)
{
    struct sort sort = sort_of_items((struct order){compare, context}, item_bytes);
    merge_pieces(&sort, (struct merge){a, b, a_count, b_count, to});
}

static void run_call(void *context)
{
    struct call *call = context;
    weft_for(0, call->count, 0, look_for_disorder, call);
    if (weft_cancelled() || !atomic_load_explicit(&call->unordered, memory_order_relaxed))
        return;
    if (call->pointers != NULL)
        sort_by_pointers(call);
    else
        sort_items(call);
}

/* Room for a copy of the items, and for two pointers to each if they are large. */
static bool make_spare(struct call *call)
{
    size_t item_bytes = call->item_bytes, pointer_bytes = 2 * sizeof *call->pointers;
    if (item_bytes <= MOVED_MAX)
        pointer_bytes = 0;
    if (call->count > SIZE_MAX / (item_bytes + pointer_bytes))
        return false;
    call->spare = malloc(call->count * item_bytes);
    if (call->spare == NULL || pointer_bytes == 0)
        return call->spare != NULL;
    call->pointers = malloc(call->count * pointer_bytes);
    return call->pointers != NULL;
}

enum weft_status weft_sort(void *items, size_t count, size_t item_bytes, weft_compare_fn compare,
                           void *context)
{
    if (compare == NULL || item_bytes == 0 || item_bytes > WEFT_SORT_BYTES_MAX ||
        (items == NULL && count > 0))
        return WEFT_ERR_INVALID;
    if (count < 2)
        return weft_cancelled() ? WEFT_ERR_CANCELLED : WEFT_OK;
    struct call call = {
        .items = items, .count = count, .item_bytes = item_bytes, .order = {compare, context}};
    enum weft_status status = WEFT_ERR_NOMEM;
    if (make_spare(&call)) {
        status = weft_run(run_call, &call);
        if (status == WEFT_ERR_WOULD_BLOCK) { /* a thread that must not wait for others */
            run_call(&call);
            status = WEFT_OK;
        }
    }
    free(call.pointers);
    free(call.spare);
    return status;
}
