/* pages.h: runs of 64 KiB pages, from the end of static data to the end of the memory.
 *
 * The memory never grows, so its size is read once. One table entry per page, outside of
 * what users can overwrite:
 *
 *     first page of a run     tag = kind << 24 | number of pages
 *     last page of a free run the same
 *     every other page        tag = 0
 *
 * No two free runs touch. The table and the lists of free runs are under one lock, whose
 * critical sections are a few dozen instructions (two-level segregated fit: Masmano,
 * Ripoll, Crespo, Real, "TLSF", ECRTS 2004). A page's tag may be read without the lock
 * by whoever owns a block in the page. */
#ifndef WEFT_THREAD_PAGES_H
#define WEFT_THREAD_PAGES_H

#include <weft/base.h>

#define WEFT__PAGE_SHIFT 16
#define WEFT__PAGE_BYTES ((size_t)1 << WEFT__PAGE_SHIFT)

enum weft__page_kind {
    WEFT__PAGE_NONE = 0,
    WEFT__PAGE_FREE = 1,
    WEFT__PAGE_LARGE = 2, /* one large block */
    WEFT__PAGE_SPAN = 3,  /* one page of small blocks */
    WEFT__PAGE_META = 4,  /* the allocator's own, never freed */
};

typedef struct weft__page {
    _Atomic uint32_t tag;
    uint16_t next, previous; /* first page of a free run: its list; under the lock */
} weft__page;

extern weft__page *weft__pages; /* [address >> WEFT__PAGE_SHIFT]; constant after the first take */
extern uint32_t weft__page_end; /* pages from here on do not exist; 0 before the first take */

static inline uint32_t weft__page_tag(const void *address)
{
    uint32_t page = (uint32_t)((uintptr_t)address >> WEFT__PAGE_SHIFT);
    return page < weft__page_end ? WEFT__PEEK(&weft__pages[page].tag) : 0;
}

static inline enum weft__page_kind weft__page_kind(uint32_t tag)
{
    return (enum weft__page_kind)(tag >> 24);
}

static inline size_t weft__page_count(uint32_t tag)
{
    return tag & 0xffffffu;
}

/* Not 0 while the calling thread has the lock, or is about to. */
extern _Thread_local uint32_t weft__pages_held;

/* Takes a run of `count` pages that starts at a multiple of `align` pages (a power of
 * two); NULL if there is none. Large runs come from the high end of a free run and all
 * others from the low end, so that small blocks do not cut the memory in two. *clean
 * tells whether the pages are as the host gave them, all zero. */
void *weft__pages_take(size_t count, size_t align, enum weft__page_kind kind, bool *clean);

/* Gives a run back, from its first byte. */
void weft__pages_free(void *run);

/* Makes a run longer or shorter where it stands; false if the pages behind are in use. */
bool weft__pages_resize(void *run, size_t count);

/* Memory for the allocator's own records, zero, aligned to 64, never freed; or NULL. */
void *weft__pages_meta(size_t bytes);

#endif
