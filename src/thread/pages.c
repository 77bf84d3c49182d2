/* pages.c: runs of pages; see pages.h. */
#include "pages.h"
#include "lock.h"

#include <string.h>

/* Free runs of 1, 2 and 3 pages have a bin each, then four bins per power of two. */
#define BIN_COUNT 60u

extern unsigned char __heap_base[]; /* wasm-ld: end of data and stack */

weft__page *weft__pages;
uint32_t weft__page_end;

static weft__lock lock;
_Thread_local uint32_t weft__pages_held;
static uint16_t bins[BIN_COUNT];            /* under lock: first run, 0 for none */
static uint64_t bins_used;                  /* under lock: bit b set if bins[b] != 0 */
static uint32_t clean_first, clean_end;     /* under lock: pages never handed out */
static unsigned char *meta_next, *meta_end; /* under lock */

static void pages_lock(void)
{
    weft__pages_held++;
    weft__lock_lock(&lock);
}

static void pages_unlock(void)
{
    weft__lock_unlock(&lock);
    weft__pages_held--;
}

static uint32_t bin_of(uint32_t count)
{
    if (count < 4)
        return count;
    uint32_t log = 31u - (uint32_t)__builtin_clz(count);
    return 4 + (log - 2) * 4 + (count >> (log - 2) & 3);
}

static uint32_t tag_get(uint32_t page)
{
    return atomic_load_explicit(&weft__pages[page].tag, memory_order_relaxed);
}

/* Relaxed: other threads read tags of pages they own a block in only, and the hand-over
 * of that block has ordered this store before. */
static void tag_set(uint32_t page, enum weft__page_kind kind, uint32_t count)
{
    atomic_store_explicit(&weft__pages[page].tag, (uint32_t)kind << 24 | count,
                          memory_order_relaxed);
}

static void run_link(uint32_t first, uint32_t count)
{
    if (count == 0)
        return;
    uint32_t bin = bin_of(count);
    uint16_t head = bins[bin];
    weft__pages[first].next = head;
    weft__pages[first].previous = 0;
    if (head != 0)
        weft__pages[head].previous = (uint16_t)first;
    bins[bin] = (uint16_t)first;
    bins_used |= UINT64_C(1) << bin;
    tag_set(first, WEFT__PAGE_FREE, count);
    tag_set(first + count - 1, WEFT__PAGE_FREE, count);
}

/* Takes a free run off its list and clears its tags; returns its length. */
static uint32_t run_unlink(uint32_t first)
{
    uint32_t count = (uint32_t)weft__page_count(tag_get(first)), bin = bin_of(count);
    uint16_t next = weft__pages[first].next, previous = weft__pages[first].previous;
    if (next != 0)
        weft__pages[next].previous = previous;
    if (previous != 0)
        weft__pages[previous].next = next;
    else if ((bins[bin] = next) == 0)
        bins_used &= ~(UINT64_C(1) << bin);
    tag_set(first, WEFT__PAGE_NONE, 0);
    tag_set(first + count - 1, WEFT__PAGE_NONE, 0);
    return count;
}

/* The first free run with at least `count` pages, or 0. Every run of a higher bin fits;
 * only when there is none is the list of the same bin searched. */
static uint32_t run_find(uint32_t count)
{
    uint32_t bin = bin_of(count);
    uint64_t higher = bin + 1 < BIN_COUNT ? bins_used >> (bin + 1) << (bin + 1) : 0;
    if (count < 4 && bins[bin] != 0)
        return bins[bin];
    if (higher != 0)
        return bins[__builtin_ctzll(higher)];
    uint32_t run = bins[bin];
    while (run != 0 && weft__page_count(tag_get(run)) < count)
        run = weft__pages[run].next;
    return run;
}

/* Makes [first, first + count) free and joins it with free neighbours. */
static void run_release(uint32_t first, uint32_t count)
{
    uint32_t before = tag_get(first - 1), after = tag_get(first + count);
    if (weft__page_kind(after) == WEFT__PAGE_FREE)
        count += run_unlink(first + count);
    if (weft__page_kind(before) == WEFT__PAGE_FREE) {
        first -= (uint32_t)weft__page_count(before);
        count += run_unlink(first);
    }
    run_link(first, count);
}

/* Tells whether [first, end) was never handed out and notes that it is from here on. What
 * is known to be clean stays one range: the larger of the two that remain. */
static bool clean_take(uint32_t first, uint32_t end)
{
    if (end <= clean_first || first >= clean_end)
        return false;
    bool clean = first >= clean_first && end <= clean_end;
    uint32_t below = first > clean_first ? first - clean_first : 0;
    uint32_t above = clean_end > end ? clean_end - end : 0;
    if (below > above)
        clean_end = first;
    else
        clean_first = above != 0 ? end : clean_end;
    return clean;
}

/* On first use, under lock: the table, then meta memory up to a page's end, then one
 * free run. The last page of a 4 GiB memory stays unused: an address past the end of its
 * last object would be 0. */
static void pages_init(void)
{
    size_t total = __builtin_wasm_memory_size(0);
    uintptr_t table = ((uintptr_t)__heap_base + 63) & ~(uintptr_t)63;
    if (total > UINT16_MAX)
        total = UINT16_MAX;
    meta_next = (unsigned char *)table + (total + 1) * sizeof *weft__pages;
    uint32_t first = (uint32_t)(((uintptr_t)meta_next + WEFT__PAGE_BYTES - 1) >> WEFT__PAGE_SHIFT);
    if (first >= total)
        return;
    meta_end = (unsigned char *)((uintptr_t)first << WEFT__PAGE_SHIFT);
    weft__pages = (weft__page *)table;
    clean_first = first;
    clean_end = (uint32_t)total;
    run_link(first, (uint32_t)total - first);
    weft__page_end = (uint32_t)total;
}

static void *take(size_t count, size_t align, enum weft__page_kind kind, bool *clean)
{
    if (weft__page_end == 0)
        pages_init();
    if (count > UINT16_MAX || align > UINT16_MAX || count + align - 1 > UINT16_MAX)
        return NULL;
    uint32_t pages = (uint32_t)count, mask = (uint32_t)align - 1;
    uint32_t run = run_find(pages + mask);
    if (run == 0)
        return NULL;
    uint32_t end = run + run_unlink(run);
    uint32_t first = kind == WEFT__PAGE_LARGE ? (end - pages) & ~mask : (run + mask) & ~mask;
    run_link(run, first - run);
    run_link(first + pages, end - first - pages);
    tag_set(first, kind, pages);
    *clean = clean_take(first, first + pages);
    return (void *)((uintptr_t)first << WEFT__PAGE_SHIFT);
}

void *weft__pages_take(size_t count, size_t align, enum weft__page_kind kind, bool *clean)
{
    pages_lock();
    void *run = take(count, align, kind, clean);
    pages_unlock();
    return run;
}

void weft__pages_free(void *run)
{
    uint32_t first = (uint32_t)((uintptr_t)run >> WEFT__PAGE_SHIFT);
    pages_lock();
    uint32_t count = (uint32_t)weft__page_count(tag_get(first));
    tag_set(first, WEFT__PAGE_NONE, 0);
    run_release(first, count);
    pages_unlock();
}

bool weft__pages_resize(void *run, size_t wanted)
{
    uint32_t first = (uint32_t)((uintptr_t)run >> WEFT__PAGE_SHIFT), count = (uint32_t)wanted;
    bool fits = true;
    pages_lock();
    uint32_t tag = tag_get(first), old = (uint32_t)weft__page_count(tag);
    if (count < old) {
        tag_set(first, weft__page_kind(tag), count);
        run_release(first + count, old - count);
    } else if (count > old) {
        uint32_t behind = tag_get(first + old);
        fits =
            weft__page_kind(behind) == WEFT__PAGE_FREE && weft__page_count(behind) >= count - old;
        if (fits) {
            uint32_t end = first + old + run_unlink(first + old);
            run_link(first + count, end - first - count);
            tag_set(first, weft__page_kind(tag), count);
            (void)clean_take(first + old, first + count);
        }
    }
    pages_unlock();
    return fits;
}

void *weft__pages_meta(size_t bytes)
{
    size_t rounded = (bytes + 63) & ~(size_t)63;
    bool clean;
    pages_lock();
    if (weft__page_end == 0)
        pages_init();
    unsigned char *record = (unsigned char *)(((uintptr_t)meta_next + 63) & ~(uintptr_t)63);
    if (record + rounded > meta_end) {
        record = take(1, 1, WEFT__PAGE_META, &clean);
        if (record != NULL)
            meta_end = record + WEFT__PAGE_BYTES;
    }
    if (record != NULL)
        meta_next = record + rounded;
    pages_unlock();
    return record != NULL ? memset(record, 0, bytes) : NULL;
}
