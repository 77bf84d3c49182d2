/* failing.h: makes allocations, and natively the start of threads, fail on demand. The
 * linker sends every call of these functions in weft and in the test to the wrappers below
 * (--wrap, see tests/CMakeLists.txt); libc's own are left in peace where it is shared. */
#ifndef WEFT_TEST_FAILING_H
#define WEFT_TEST_FAILING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void *__real_aligned_alloc(size_t align, size_t bytes);
void __real_free(void *block);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void *__wrap_aligned_alloc(size_t align, size_t bytes);
void __wrap_free(void *block);

static struct {
    _Atomic uint32_t armed;
    _Atomic uint32_t calls;  /* since then */
    _Atomic uint32_t failed; /* of these */
    _Atomic int64_t live;    /* blocks that have not been freed */
    uint32_t first;          /* the number of the call that fails, from 1 on */
    bool for_good;           /* all later ones do, too */
} failing;

/* In realloc, which may call the others by their names. */
static _Thread_local bool failing_inside;

/* From here on call number `first` fails, and with `for_good` every later one. */
static inline void failing_begin(uint32_t first, bool for_good)
{
    failing.first = first;
    failing.for_good = for_good;
    atomic_store(&failing.calls, 0);
    atomic_store(&failing.failed, 0);
    atomic_store(&failing.armed, 1);
}

/* Nothing fails any more. Returns how many did. */
static inline uint32_t failing_end(void)
{
    atomic_store(&failing.armed, 0);
    return atomic_load(&failing.failed);
}

static bool fails_now(void)
{
    if (atomic_load(&failing.armed) == 0 || failing_inside)
        return false;
    uint32_t number = atomic_fetch_add(&failing.calls, 1) + 1;
    if (number != failing.first && !(failing.for_good && number > failing.first))
        return false;
    atomic_fetch_add(&failing.failed, 1);
    return true;
}

static void *counted(void *block)
{
    if (block != NULL && !failing_inside)
        atomic_fetch_add(&failing.live, 1);
    return block;
}

void *__wrap_malloc(size_t bytes)
{
    return fails_now() ? NULL : counted(__real_malloc(bytes));
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails_now() ? NULL : counted(__real_calloc(count, bytes));
}

void *__wrap_aligned_alloc(size_t align, size_t bytes)
{
    return fails_now() ? NULL : counted(__real_aligned_alloc(align, bytes));
}

/* Never with 0 bytes here. */
void *__wrap_realloc(void *block, size_t bytes)
{
    if (fails_now())
        return NULL;
    failing_inside = true;
    void *moved = __real_realloc(block, bytes);
    failing_inside = false;
    return block == NULL ? counted(moved) : moved;
}

void __wrap_free(void *block)
{
    if (block != NULL && !failing_inside)
        atomic_fetch_sub(&failing.live, 1);
    __real_free(block);
}

#ifndef __wasi__ /* which has threads of our own, each of them one allocation */
#include <errno.h>
#include <pthread.h>

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*fn)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*fn)(void *),
                          void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*fn)(void *),
                          void *argument)
{
    return fails_now() ? EAGAIN : __real_pthread_create(thread, attributes, fn, argument);
}
#endif

#endif
