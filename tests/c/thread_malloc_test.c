/* malloc and its family, from one thread and from many. The limits that a WebAssembly
 * memory sets are reached there; natively the same cases run far from any limit. */
#define _POSIX_C_SOURCE 200809L /* posix_memalign */

#include "../../src/platform/platform.h"
#include "test.h"

#define STACK_BYTES  ((size_t)256 * 1024)
#define THREADS_MOST 64

/* The sanitizers end a program that asks for too much, unless told so by these names. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* Compilers may drop an allocation that they see freed or only compared with NULL; they
 * cannot see through these. */
static void *(*volatile allocate)(size_t) = malloc;
static void *(*volatile allocate_zero)(size_t, size_t) = calloc;
static void *(*volatile allocate_aligned)(size_t, size_t) = aligned_alloc;
static void *(*volatile reallocate)(void *, size_t) = realloc;

static uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Runs fn(contexts + i * size) on `count` threads and waits for all of them. */
static void run_threads(size_t count, void (*fn)(void *), void *contexts, size_t size)
{
    weft__plat_thread threads[THREADS_MOST];
    size_t started = 0;
    for (; started < count && started < THREADS_MOST; started++) {
        void *context = (char *)contexts + started * size;
        if (weft__plat_thread_start(&threads[started], STACK_BYTES, fn, context) != WEFT_OK)
            break;
    }
    EXPECT_EQ(started, count);
    for (size_t i = 0; i < started; i++)
        weft__plat_thread_join(threads[i]);
}

/* The largest block that can be had, to a mebibyte; natively only up to 128 MiB. */
static size_t largest_block(void)
{
    size_t most = sizeof(void *) == 4 ? (size_t)4095 << 20 : (size_t)128 << 20;
    size_t low = 0, high = most >> 20;
    while (low < high) {
        size_t middle = (low + high + 1) / 2;
        void *block = allocate(middle << 20);
        if (block != NULL)
            low = middle;
        else
            high = middle - 1;
        free(block);
    }
    return low << 20;
}

static void fill(unsigned char *block, size_t bytes, uint32_t seed)
{
    for (size_t i = 0; i < bytes; i++)
        block[i] = (unsigned char)(seed + i * 7);
}

static bool is_filled(const unsigned char *block, size_t bytes, uint32_t seed)
{
    for (size_t i = 0; i < bytes; i++) {
        if (block[i] != (unsigned char)(seed + i * 7))
            return false;
    }
    return true;
}

static void blocks_of_no_bytes_differ(void)
{
    void *a = allocate(0), *b = allocate(0);
    EXPECT(a != NULL && b != NULL && a != b);
    free(a);
    free(b);
    free(NULL);
}

static void blocks_are_aligned_and_do_not_overlap(void)
{
    enum { COUNT = 600 };
    static unsigned char *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        size_t bytes = i * i / 2 + 1;
        blocks[i] = allocate(bytes);
        EXPECT(blocks[i] != NULL && (uintptr_t)blocks[i] % _Alignof(max_align_t) == 0);
        fill(blocks[i], bytes, (uint32_t)i);
    }
    for (size_t i = 0; i < COUNT; i++) {
        EXPECT(is_filled(blocks[i], i * i / 2 + 1, (uint32_t)i));
        free(blocks[i]);
    }
}

static void calloc_clears_memory_that_was_used(void)
{
    static const size_t sizes[] = {1, 24, 500, 5000, 28672, 28673, 100000, 3000000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int round = 0; round < 3; round++) {
            unsigned char *block = allocate_zero(sizes[i], 1);
            EXPECT(block != NULL);
            size_t set = 0;
            for (size_t j = 0; j < sizes[i]; j++)
                set += block[j] != 0;
            EXPECT_EQ(set, 0);
            memset(block, 0xee, sizes[i]);
            free(block);
        }
    }
}

static void sizes_that_overflow_are_refused(void)
{
    size_t half = SIZE_MAX / 2 + 1;
    void *too_many = allocate_zero(half, 2), *too_large = allocate(SIZE_MAX - 64);
    EXPECT(too_many == NULL);
    EXPECT(too_large == NULL);
    void *block = allocate(100);
    void *moved = reallocate(block, SIZE_MAX - 64);
    EXPECT(moved == NULL);
    free(block); /* still ours: the failed realloc left it */
}

static void alignment_is_kept_for_every_power_of_two(void)
{
    for (size_t align = 16; align <= (size_t)1 << 21; align *= 2) {
        static const size_t factors[] = {1, 2, 3};
        for (size_t i = 0; i < 3; i++) {
            size_t bytes = align * factors[i];
            unsigned char *a = allocate_aligned(align, bytes);
            void *b = NULL;
            EXPECT(a != NULL && (uintptr_t)a % align == 0);
            EXPECT_EQ(posix_memalign(&b, align, bytes + 1), 0);
            EXPECT(b != NULL && (uintptr_t)b % align == 0);
            fill(a, bytes, 1);
            fill(b, bytes, 2);
            EXPECT(is_filled(a, bytes, 1));
            free(a);
            free(b);
        }
    }
}

static void realloc_keeps_what_fits(void)
{
    size_t bytes = 1;
    uint32_t state = 99;
    unsigned char *block = allocate(bytes);
    fill(block, bytes, 5);
    for (int i = 0; i < 400; i++) {
        size_t wanted = random_next(&state) % (i % 8 == 0 ? 400000u : 3000u) + 1;
        block = reallocate(block, wanted);
        EXPECT(block != NULL);
        EXPECT(is_filled(block, wanted < bytes ? wanted : bytes, 5));
        fill(block, wanted, 5);
        bytes = wanted;
    }
    free(block);
}

struct churn {
    uint32_t seed;
    uint32_t wrong;
};

/* Keeps 200 blocks of many sizes and replaces one after the other. */
static void churn(void *context)
{
    enum { LIVE = 200, ROUNDS = 20000 };
    struct churn *churn = context;
    unsigned char *blocks[LIVE] = {NULL};
    size_t sizes[LIVE] = {0};
    uint32_t state = churn->seed;
    for (int i = 0; i < ROUNDS; i++) {
        size_t at = random_next(&state) % LIVE;
        churn->wrong += !is_filled(blocks[at], sizes[at], (uint32_t)at ^ churn->seed);
        free(blocks[at]);
        sizes[at] = random_next(&state) % (i % 512 == 0 ? 200000u : 600u);
        blocks[at] = allocate(sizes[at]);
        churn->wrong += blocks[at] == NULL;
        fill(blocks[at], sizes[at], (uint32_t)at ^ churn->seed);
    }
    for (size_t i = 0; i < LIVE; i++)
        free(blocks[i]);
}

static void threads_keep_their_blocks_apart(void)
{
    struct churn contexts[THREADS_MOST] = {{0}};
    size_t count = test_threads();
    for (uint32_t i = 0; i < THREADS_MOST; i++)
        contexts[i].seed = i * 7919 + 1;
    run_threads(count, churn, contexts, sizeof contexts[0]);
    for (size_t i = 0; i < count; i++)
        EXPECT_EQ(contexts[i].wrong, 0);
}

/* Blocks travel round a table of slots; whoever puts one in frees the one it finds, which
 * is mostly somebody else's. */
struct exchange {
    _Atomic(unsigned char *) slots[64];
    atomic_uint wrong;
};

struct exchanger {
    struct exchange *table;
    uint32_t seed;
};

static void exchange_blocks(void *context)
{
    struct exchanger *me = context;
    uint32_t state = me->seed;
    for (int i = 0; i < 30000; i++) {
        uint32_t bytes = random_next(&state) % (i % 256 == 0 ? 100000u : 2000u) + 8;
        unsigned char *block = allocate(bytes);
        if (block == NULL) {
            atomic_fetch_add(&me->table->wrong, 1);
            return;
        }
        memcpy(block, &bytes, sizeof bytes);
        block[bytes - 1] = (unsigned char)bytes;
        block = atomic_exchange(&me->table->slots[random_next(&state) % 64], block);
        if (block == NULL)
            continue;
        memcpy(&bytes, block, sizeof bytes);
        if (bytes > sizeof bytes && block[bytes - 1] != (unsigned char)bytes)
            atomic_fetch_add(&me->table->wrong, 1);
        free(block);
    }
}

static void blocks_may_be_freed_by_other_threads(void)
{
    static struct exchange table;
    struct exchanger contexts[THREADS_MOST];
    for (uint32_t i = 0; i < THREADS_MOST; i++)
        contexts[i] = (struct exchanger){&table, i * 104729 + 3};
    run_threads(test_threads(), exchange_blocks, contexts, sizeof contexts[0]);
    EXPECT_EQ(atomic_load(&table.wrong), 0);
    for (size_t i = 0; i < 64; i++)
        free(atomic_exchange(&table.slots[i], NULL));
}

static void memory_of_ended_threads_serves_one_large_block(void)
{
    size_t largest = largest_block();
    EXPECT(largest > 0);
    for (int round = 0; round < 3; round++) {
        threads_keep_their_blocks_apart();
        blocks_may_be_freed_by_other_threads();
    }
    void *block = allocate(largest / 8 * 7);
    EXPECT(block != NULL);
    free(block);
}

static void exhaustion_gives_null_and_passes(void)
{
    enum { COUNT = 4500 };
    size_t most = sizeof(void *) == 4 ? COUNT : 300, taken = 0;
    static void *blocks[COUNT];
    while (taken < most && (blocks[taken] = allocate((size_t)1 << 20)) != NULL)
        taken++;
    for (size_t i = 0; i < taken; i += 2)
        free(blocks[i]);
    void *again = allocate((size_t)1 << 20);
    EXPECT(again != NULL);
    free(again);
    for (size_t i = 1; i < taken; i += 2)
        free(blocks[i]);
    EXPECT(taken > 1);
    EXPECT(largest_block() >= (taken < most ? taken / 8 * 7 : 1) << 20);
}

/* A thread makes a list of small blocks, hands it over and sleeps. */
struct maker {
    size_t bytes;
    void *list;
    _Atomic uint32_t made, leave;
};

static void make_blocks(void *context)
{
    struct maker *maker = context;
    for (size_t bytes = 0; bytes < maker->bytes; bytes += 1024) {
        void **block = allocate(1000);
        if (block == NULL)
            break;
        *block = maker->list;
        maker->list = block;
    }
    atomic_store(&maker->made, 1);
    weft__plat_wake(&maker->made, 1);
    while (atomic_load(&maker->leave) == 0)
        (void)weft__plat_wait(&maker->leave, 0, -1);
}

static void blocks_of_a_sleeping_thread_can_be_had_again(void)
{
    size_t largest = largest_block();
    struct maker maker = {.bytes = largest / 2};
    weft__plat_thread thread;
    EXPECT_EQ(weft__plat_thread_start(&thread, STACK_BYTES, make_blocks, &maker), WEFT_OK);
    while (atomic_load(&maker.made) == 0)
        (void)weft__plat_wait(&maker.made, 0, 1000000);
    while (maker.list != NULL) {
        void *next = *(void **)maker.list;
        free(maker.list);
        maker.list = next;
    }
    /* The maker may still be on its way into its sleep: ask for at most a hundred seconds. */
    void *block = NULL;
    int64_t end = weft__plat_now_ns() + INT64_C(100000000000);
    do
        block = allocate(largest / 4 * 3);
    while (block == NULL && weft__plat_now_ns() < end);
    EXPECT(block != NULL);
    free(block);
    atomic_store(&maker.leave, 1);
    weft__plat_wake(&maker.leave, 1);
    weft__plat_thread_join(thread);
}

static void many_short_threads_leave_nothing_behind(void)
{
    size_t largest = largest_block();
    for (int i = 0; i < 30; i++) {
        struct churn one = {.seed = (uint32_t)i + 1};
        run_threads(1, churn, &one, sizeof one);
        EXPECT_EQ(one.wrong, 0);
    }
    void *block = allocate(largest / 8 * 7);
    EXPECT(block != NULL);
    free(block);
}

TEST_MAIN(TEST(blocks_of_no_bytes_differ), TEST(blocks_are_aligned_and_do_not_overlap),
          TEST(calloc_clears_memory_that_was_used), TEST(sizes_that_overflow_are_refused),
          TEST(alignment_is_kept_for_every_power_of_two), TEST(realloc_keeps_what_fits),
          TEST(threads_keep_their_blocks_apart), TEST(blocks_may_be_freed_by_other_threads),
          TEST(memory_of_ended_threads_serves_one_large_block),
          TEST(exhaustion_gives_null_and_passes),
          TEST(blocks_of_a_sleeping_thread_can_be_had_again),
          TEST(many_short_threads_leave_nothing_behind))
