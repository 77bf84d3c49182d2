/* malloc.c: malloc and its family for many threads.
 *
 * Each thread has a heap. A heap has, for each of 39 block sizes, a list of spans: 64 KiB
 * pages cut into equal blocks. A thread allocates from its own spans and frees into them
 * with plain loads and stores. A block of somebody else's span goes onto the span's
 * `remote` list with one compare-and-swap; whoever finds that list empty also puts the
 * span onto the `pending` list of its heap, so the owner reads one word to know of all.
 * (After Hoard: Berger et al., ASPLOS 2000, and mimalloc: Leijen, Zorn, de Moura, APLAS
 * 2019.) A span's heap never changes, and heaps outlive their threads: the next thread
 * takes over a heap whole, so no span is ever between two owners.
 *
 * Blocks above 28 KiB are runs of pages of their own (pages.h).
 *
 * A free block says so in 64 bits that depend on its address. A second free of it, and a
 * write into it after free, are found with certainty for all practical purposes, as is a
 * free of anything but the start of a block; each traps with a message. */
#include "malloc.h"
#include "../platform/platform_wasm_wait.h"
#include "pages.h"
#include "thread.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define CLASS_COUNT 39u
#define SMALL_MAX   28672u
#define SPAN_HEADER 192u
#define BLOCK_ALIGN 16u

struct block {
    struct block *next;
    uint64_t mark; /* free_mark(block) while the block is free */
};

struct span {
    /* Owner only. */
    struct block *free;
    uint32_t used;            /* blocks handed out, those on `remote` included */
    uint32_t fresh;           /* blocks from this index on were never handed out */
    struct span *next, *prev; /* the heap's list of spans with free blocks */
    bool listed;
    /* Constant. */
    _Alignas(64) struct heap *heap;
    unsigned char *blocks;
    uint32_t block_bytes, block_count, class_index;
    uint32_t reciprocal; /* offset * reciprocal >> 32 == offset / block_bytes */
    /* Any thread. */
    _Alignas(64) _Atomic(struct block *) remote;
    struct span *pending_next; /* whoever put the first block onto `remote`, then the owner */
};

/* state    | means                          | left by
 * ---------|--------------------------------|----------------------------------------
 * IDLE     | its thread has ended           | a new thread; a thread out of memory
 * PARKED   | its thread sleeps              | that thread; a thread out of memory
 * RUNNING  | its thread may use it any time | that thread
 * BORROWED | a thread out of memory uses it | that thread, to what it was before */
enum heap_state { HEAP_IDLE, HEAP_PARKED, HEAP_RUNNING, HEAP_BORROWED };

struct heap {
    _Atomic uint32_t state;
    _Atomic(struct span *) pending; /* any thread: spans whose `remote` is not empty */
    struct heap *next;              /* all heaps; constant */
    /* Owner only: those with free blocks. */
    _Alignas(64) struct span *spans[CLASS_COUNT];
};

static_assert(sizeof(struct span) <= SPAN_HEADER, "blocks follow at SPAN_HEADER at the earliest");
static_assert(sizeof(struct block) <= BLOCK_ALIGN, "the smallest block");

static _Atomic(struct heap *) heaps;
static _Thread_local struct heap *my_heap;

/* Above 0 while this thread changes what does not bear being left half done. An engine ends
 * a thread at the entry of a function and at the head of a loop only, so the fast paths,
 * which have neither (WEFT__INLINE), need no mark. */
static _Thread_local uint32_t busy;

/* Not 0: this thread is to wait rather than raise `busy` from 0. Any thread sets it. */
static _Thread_local _Atomic uint32_t held;

/* 16, 32 ... 128, then four sizes per power of two: 160, 192, 224, 256, 320 ... 28672. */
static WEFT__INLINE uint32_t class_of(size_t bytes)
{
    if (bytes <= 128)
        return bytes == 0 ? 0 : (uint32_t)(bytes - 1) / 16;
    uint32_t last = (uint32_t)bytes - 1, log = 31u - (uint32_t)__builtin_clz(last);
    return 8 + (log - 7) * 4 + (last >> (log - 2) & 3);
}

static uint32_t class_bytes(uint32_t index)
{
    return index < 8 ? (index + 1) * 16 : ((index & 3) + 5) << (5 + (index - 8) / 4);
}

static WEFT__INLINE uint64_t free_mark(const struct block *block)
{
    return UINT64_C(0xb10cf4ee9e3779b9) ^ ((uint64_t)(uintptr_t)block << 16);
}

static WEFT__INLINE struct span *span_of(const void *block)
{
    return (struct span *)((uintptr_t)block & ~(WEFT__PAGE_BYTES - 1));
}

/* Waits while the thread is held. */
static WEFT__NOINLINE void busy_wait(void)
{
    do {
        busy = 0;
        atomic_signal_fence(memory_order_seq_cst);
        while (atomic_load(&held) != 0)
            (void)weft__wasm_wait(&held, 1, -1);
        busy = 1;
        atomic_signal_fence(memory_order_seq_cst);
    } while (WEFT__PEEK(&held) != 0);
}

/* Raises `busy`, then looks: who has set `held` some time ago and reads 0 knows that it
 * stays 0. */
static inline void busy_begin(void)
{
    busy++;
    atomic_signal_fence(memory_order_seq_cst); /* only the compiler could reorder it */
    if (__builtin_expect(WEFT__PEEK(&held) != 0, 0) && busy == 1)
        busy_wait();
}

static inline void busy_end(void)
{
    atomic_signal_fence(memory_order_seq_cst); /* the same */
    busy--;
}

/* Spans. Owner only. */

static void span_list(struct span *span)
{
    struct span **head = &span->heap->spans[span->class_index];
    span->next = *head;
    span->prev = NULL;
    if (*head != NULL)
        (*head)->prev = span;
    *head = span;
    span->listed = true;
}

static void span_unlist(struct span *span)
{
    if (span->next != NULL)
        span->next->prev = span->prev;
    if (span->prev != NULL)
        span->prev->next = span->next;
    else
        span->heap->spans[span->class_index] = span->next;
    span->listed = false;
}

static struct span *span_create(struct heap *heap, uint32_t class_index)
{
    bool clean;
    struct span *span = weft__pages_take(1, 1, WEFT__PAGE_SPAN, &clean);
    if (span == NULL)
        return NULL;
    uint32_t bytes = class_bytes(class_index);
    uint32_t count = (uint32_t)(WEFT__PAGE_BYTES - SPAN_HEADER) / bytes;
    memset(span, 0, sizeof *span);
    span->heap = heap;
    span->class_index = class_index;
    span->block_bytes = bytes;
    span->block_count = count;
    span->reciprocal = (uint32_t)((UINT64_C(1) << 32) / bytes + 1);
    /* At the page's end, so that blocks are as aligned as their size is. */
    span->blocks = (unsigned char *)span + WEFT__PAGE_BYTES - count * bytes;
    span_list(span);
    return span;
}

/* Puts some of the never used blocks onto the free list: few enough not to touch memory
 * that nobody asked for. */
static void span_extend(struct span *span)
{
    uint32_t step = 4096 / span->block_bytes, left = span->block_count - span->fresh;
    uint32_t count = step == 0 ? 1 : step;
    for (count = count < left ? count : left; count != 0; count--) {
        uint32_t index = span->fresh + count - 1;
        struct block *block = (struct block *)(void *)(span->blocks + index * span->block_bytes);
        block->next = span->free;
        block->mark = free_mark(block);
        span->free = block;
    }
    span->fresh += step == 0 ? 1 : step;
    if (span->fresh > span->block_count)
        span->fresh = span->block_count;
}

/* After blocks came back. An empty span goes back to the pages, unless it is the first of
 * its list: a thread that allocates and frees one block would take a page each time. */
static void span_settle(struct span *span)
{
    if (!span->listed)
        span_list(span);
    if (span->used == 0 && (span->prev != NULL || span->next != NULL)) {
        span_unlist(span);
        weft__pages_free(span);
    }
}

static WEFT__INLINE void *span_pop(struct span *span, struct block *block)
{
    if (__builtin_expect(block->mark != free_mark(block), 0)) {
        span->free = NULL; /* lost, but the next allocation does not meet it again */
        weft__thread_die("malloc: a block was written to after it was freed");
    }
    span->free = block->next;
    span->used++;
    block->mark = 0;
    return block;
}

/* Heaps. Owner only. */

/* Takes back what other threads have freed. */
static void heap_drain(struct heap *heap)
{
    /* Acquire: pairs with the release in free_remote; the spans' links are seen. */
    struct span *span = atomic_exchange_explicit(&heap->pending, NULL, memory_order_acquire);
    while (span != NULL) {
        /* Read first: once `remote` is empty another thread may queue the span anew. */
        struct span *next = span->pending_next;
        struct block *block = atomic_exchange_explicit(&span->remote, NULL, memory_order_acquire);
        while (block != NULL) {
            struct block *following = block->next;
            block->next = span->free;
            span->free = block;
            span->used--;
            block = following;
        }
        span_settle(span);
        span = next;
    }
}

/* Gives every empty span back. */
static void heap_collect(struct heap *heap)
{
    heap_drain(heap);
    for (uint32_t i = 0; i < CLASS_COUNT; i++) {
        struct span *next;
        for (struct span *span = heap->spans[i]; span != NULL; span = next) {
            next = span->next;
            if (span->used != 0)
                continue;
            span_unlist(span);
            weft__pages_free(span);
        }
    }
}

static void *heap_take(struct heap *heap, uint32_t class_index)
{
    if (WEFT__PEEK(&heap->pending) != 0)
        heap_drain(heap);
    for (;;) {
        struct span *span = heap->spans[class_index];
        if (span == NULL && (span = span_create(heap, class_index)) == NULL)
            return NULL;
        if (span->free == NULL)
            span_extend(span);
        if (span->free != NULL)
            return span_pop(span, span->free);
        span_unlist(span);
    }
}

static bool heap_enter(struct heap *heap, uint32_t from, uint32_t to)
{
    /* Acquire: pairs with heap_leave; all that the last owner wrote is seen. */
    return WEFT__PEEK(&heap->state) == from &&
           atomic_compare_exchange_strong_explicit(&heap->state, &from, to, memory_order_acquire,
                                                   memory_order_relaxed);
}

static void heap_leave(struct heap *heap, uint32_t to)
{
    atomic_store_explicit(&heap->state, to, memory_order_release);
}

/* The calling thread's heap: its own, one that an ended thread left, or a new one. */
static struct heap *heap_mine(void)
{
    if (my_heap != NULL)
        return my_heap;
    struct heap *heap = atomic_load_explicit(&heaps, memory_order_acquire);
    while (heap != NULL && !heap_enter(heap, HEAP_IDLE, HEAP_RUNNING))
        heap = heap->next;
    if (heap == NULL && (heap = weft__pages_meta(sizeof *heap)) != NULL) {
        heap_leave(heap, HEAP_RUNNING);
        heap->next = atomic_load_explicit(&heaps, memory_order_relaxed);
        /* Release: pairs with the acquire load above. */
        while (!atomic_compare_exchange_weak_explicit(&heaps, &heap->next, heap,
                                                      memory_order_release, memory_order_relaxed))
            ;
    }
    my_heap = heap;
    return heap;
}

/* Out of memory. Collects this heap and those that nobody runs on; with a class, also
 * looks for a block of it where no thread would be stuck if the heap proved damaged. */
static void *scrape(const uint32_t *class_index)
{
    void *block = NULL;
    if (my_heap != NULL)
        heap_collect(my_heap);
    struct heap *heap = atomic_load_explicit(&heaps, memory_order_acquire);
    for (; heap != NULL && block == NULL; heap = heap->next) {
        uint32_t state = HEAP_IDLE;
        if (!heap_enter(heap, HEAP_IDLE, HEAP_BORROWED)) {
            state = HEAP_PARKED;
            if (!heap_enter(heap, HEAP_PARKED, HEAP_BORROWED))
                continue;
        }
        heap_collect(heap);
        if (class_index != NULL && state == HEAP_IDLE)
            block = heap_take(heap, *class_index);
        heap_leave(heap, state);
        weft__plat_wake(&heap->state, 1);
    }
    return block;
}

void weft__malloc_thread_exit(void)
{
    if (my_heap == NULL)
        return;
    heap_collect(my_heap);
    heap_leave(my_heap, HEAP_IDLE);
    my_heap = NULL;
}

void weft__malloc_park(void)
{
    if (my_heap != NULL)
        heap_leave(my_heap, HEAP_PARKED);
}

void weft__malloc_unpark(void)
{
    while (my_heap != NULL && !heap_enter(my_heap, HEAP_PARKED, HEAP_RUNNING))
        (void)weft__wasm_wait(&my_heap->state, HEAP_BORROWED, -1);
}

/* The same variable of the thread with this thread-local storage. */
static const void *of_thread(const void *mine, const void *tls)
{
    return (const char *)tls + ((const char *)mine - (const char *)__builtin_wasm_tls_base());
}

bool weft__malloc_followable(const void *tls)
{
    return *(const volatile uint32_t *)of_thread(&busy, tls) == 0 &&
           *(const volatile uint32_t *)of_thread(&weft__pages_held, tls) == 0;
}

void weft__malloc_hold(void *tls, bool hold)
{
    ptrdiff_t offset = (const char *)&held - (const char *)__builtin_wasm_tls_base();
    _Atomic uint32_t *word = (_Atomic uint32_t *)(void *)((char *)tls + offset);
    atomic_store(word, hold ? 1 : 0);
    if (!hold)
        weft__plat_wake(word, 1);
}

bool weft__malloc_follow(void)
{
    bool whole = weft__pages_held == 0; /* `busy` may be left by weft__thread_die */
    busy = 0;
    atomic_store(&held, 0);
    if (my_heap != NULL &&
        atomic_load_explicit(&my_heap->state, memory_order_relaxed) != HEAP_RUNNING)
        weft__malloc_unpark(); /* it died asleep */
    return whole;
}

/* Allocation. */

static void *take_small_busy(uint32_t class_index)
{
    struct heap *heap = heap_mine();
    void *block = heap != NULL ? heap_take(heap, class_index) : NULL;
    if (block == NULL) {
        block = scrape(&class_index);
        if (block == NULL && heap != NULL)
            block = heap_take(heap, class_index);
        if (block == NULL)
            errno = ENOMEM;
    }
    return block;
}

static WEFT__NOINLINE void *take_small_slow(uint32_t class_index)
{
    busy_begin();
    void *block = take_small_busy(class_index);
    busy_end();
    return block;
}

static WEFT__INLINE void *take_small(uint32_t class_index)
{
    struct heap *heap = my_heap;
    if (heap != NULL) {
        struct span *span = heap->spans[class_index];
        struct block *block = span != NULL ? span->free : NULL;
        if (block != NULL)
            return span_pop(span, block);
    }
    return take_small_slow(class_index);
}

static size_t pages_for(size_t bytes)
{
    return (bytes >> WEFT__PAGE_SHIFT) + ((bytes & (WEFT__PAGE_BYTES - 1)) != 0);
}

static WEFT__NOINLINE void *take_large(size_t bytes, size_t align, bool *clean)
{
    size_t count = pages_for(bytes), align_pages = align >> WEFT__PAGE_SHIFT;
    if (align_pages == 0)
        align_pages = 1;
    busy_begin();
    void *run = weft__pages_take(count, align_pages, WEFT__PAGE_LARGE, clean);
    if (run == NULL) {
        (void)scrape(NULL);
        run = weft__pages_take(count, align_pages, WEFT__PAGE_LARGE, clean);
        if (run == NULL)
            errno = ENOMEM;
    }
    busy_end();
    return run;
}

WEFT__NOINLINE void *weft__malloc(size_t bytes)
{
    bool clean;
    return bytes <= SMALL_MAX ? take_small(class_of(bytes)) : take_large(bytes, 1, &clean);
}

/* `align` is a power of two. */
static void *take_aligned(size_t align, size_t bytes)
{
    bool clean;
    if (align <= BLOCK_ALIGN)
        return weft__malloc(bytes);
    if (align <= SMALL_MAX && bytes <= SMALL_MAX) {
        uint32_t index = class_of(bytes > align ? bytes : align);
        while (index < CLASS_COUNT && (class_bytes(index) & (align - 1)) != 0)
            index++;
        if (index < CLASS_COUNT)
            return weft__malloc(class_bytes(index));
    }
    return take_large(bytes == 0 ? 1 : bytes, align, &clean);
}

/* How many bytes the block holds. Traps unless it is the start of one. */
static WEFT__INLINE size_t block_size(const void *block)
{
    uint32_t tag = weft__page_tag(block);
    if (__builtin_expect(weft__page_kind(tag) == WEFT__PAGE_SPAN, 1)) {
        const struct span *span = span_of(block);
        uint32_t offset = (uint32_t)((uintptr_t)block - (uintptr_t)span->blocks);
        uint32_t index = (uint32_t)((uint64_t)offset * span->reciprocal >> 32);
        if (__builtin_expect(index < span->block_count && index * span->block_bytes == offset, 1))
            return span->block_bytes;
    } else if (weft__page_kind(tag) == WEFT__PAGE_LARGE &&
               ((uintptr_t)block & (WEFT__PAGE_BYTES - 1)) == 0) {
        return weft__page_count(tag) << WEFT__PAGE_SHIFT;
    }
    weft__thread_die("free or realloc: not the start of an allocated block");
}

/* Free. */

static WEFT__NOINLINE void free_remote(struct span *span, struct block *block)
{
    struct heap *heap = span->heap;
    struct block *first = atomic_load_explicit(&span->remote, memory_order_relaxed);
    busy_begin();
    do {
        block->next = first;
        /* Release: pairs with the acquire exchange in heap_drain. */
    } while (!atomic_compare_exchange_weak_explicit(&span->remote, &first, block,
                                                    memory_order_release, memory_order_relaxed));
    if (first != NULL) {
        busy_end();
        return;
    }
    /* The span cannot go away: only a drain that finds it on `pending` takes its blocks. */
    span->pending_next = atomic_load_explicit(&heap->pending, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&heap->pending, &span->pending_next, span,
                                                  memory_order_release, memory_order_relaxed))
        ;
    busy_end();
}

void free(void *memory)
{
    struct block *block = memory;
    if (block == NULL)
        return;
    if (block_size(block) > SMALL_MAX) {
        busy_begin();
        weft__pages_free(block);
        busy_end();
        return;
    }
    if (__builtin_expect(block->mark == free_mark(block), 0))
        weft__thread_die("free: the block is free already");
    struct span *span = span_of(block);
    block->mark = free_mark(block);
    if (span->heap != my_heap) {
        free_remote(span, block);
        return;
    }
    block->next = span->free;
    span->free = block;
    span->used--;
    if (span->used == 0 || !span->listed) {
        busy_begin();
        span_settle(span);
        busy_end();
    }
}

/* The standard's names. */

void *malloc(size_t bytes) __attribute__((alias("weft__malloc")));

void *calloc(size_t count, size_t bytes)
{
    size_t total;
    bool clean = false;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    void *memory = total <= SMALL_MAX ? weft__malloc(total) : take_large(total, 1, &clean);
    return memory != NULL && !clean ? memset(memory, 0, total) : memory;
}

void *realloc(void *memory, size_t bytes)
{
    if (memory == NULL)
        return weft__malloc(bytes);
    size_t old = malloc_usable_size(memory);
    if (old > SMALL_MAX) {
        busy_begin();
        bool fits = bytes > SMALL_MAX && weft__pages_resize(memory, pages_for(bytes));
        busy_end();
        if (fits)
            return memory;
    } else if (bytes <= old && bytes >= old / 2) {
        return memory;
    }
    void *moved = weft__malloc(bytes);
    if (moved != NULL) {
        memcpy(moved, memory, bytes < old ? bytes : old);
        free(memory);
    }
    return moved;
}

void *aligned_alloc(size_t align, size_t bytes)
{
    if (align == 0 || (align & (align - 1)) != 0) {
        errno = EINVAL;
        return NULL;
    }
    return take_aligned(align, bytes);
}

int posix_memalign(void **out, size_t align, size_t bytes)
{
    if (align < sizeof(void *) || (align & (align - 1)) != 0)
        return EINVAL;
    void *memory = take_aligned(align, bytes);
    if (memory == NULL)
        return ENOMEM;
    *out = memory;
    return 0;
}

size_t malloc_usable_size(void *memory)
{
    return memory != NULL ? block_size(memory) : 0;
}

/* The C library's own names for them, of which atexit needs one: without these it would
 * bring in its allocator. */
#pragma clang diagnostic ignored "-Wreserved-identifier"
void *__libc_malloc(size_t bytes) __attribute__((alias("weft__malloc")));
void *__libc_calloc(size_t count, size_t bytes) __attribute__((alias("calloc")));
void __libc_free(void *memory) __attribute__((alias("free")));
