/* The same bits on any number of threads and on every target: each algorithm runs on data
 * that follow from a seed, and the digest of what it gives is compared with the one
 * committed below. */
#include "kernels_everywhere.h"

#define SEEDS       100
#define SMALL_MAX   5000
#define LARGE_MIN   70000
#define LARGE_SPAN  80000
#define LARGE_EVERY 25 /* one seed in so many has a large input */
#define COUNT_MAX   (LARGE_MIN + LARGE_SPAN)

static const size_t threads[] = {1, 2, 3, 8, 16};
#define THREADS (sizeof threads / sizeof threads[0])

/* What all algorithms work on; made anew for each. */
struct data {
    size_t count;
    uint64_t *input; /* noise */
    uint64_t *work;
    uint32_t *values;
    uint64_t digest;
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t digest_words(uint64_t digest, const uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        digest = mix(digest + words[i] + i);
    return digest;
}

static uint64_t digest_double(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return mix(bits);
}

/* Doubles of mixed signs and sizes, whose sums round differently in any other order. */
static double *make_doubles(struct data *data)
{
    double *xs = (double *)(void *)data->work;
    for (size_t i = 0; i < data->count; i++) {
        uint64_t noise = data->input[i];
        double size = (double)(UINT64_C(1) << (noise & 31));
        xs[i] = ((double)(int64_t)noise) * 0x1p-63 * size;
    }
    return xs;
}

/* ---- algorithms: each sets data->digest ---- */

static void part_sum(void *context, size_t first, size_t last, void *partial)
{
    const double *xs = context;
    double sum = 0;
    for (size_t i = first; i < last; i++)
        sum += xs[i];
    *(double *)partial = sum;
}

static void add_sum(void *context, void *into, const void *from)
{
    (void)context;
    *(double *)into += *(const double *)from;
}

static void run_reduce(void *context)
{
    struct data *data = context;
    double sums[2] = {0, 0}, *xs = make_doubles(data);
    EXPECT_EQ(weft_reduce(0, data->count, 0, part_sum, add_sum, xs, &sums[0], sizeof sums[0]),
              WEFT_OK);
    EXPECT_EQ(weft_reduce(0, data->count, 777, part_sum, add_sum, xs, &sums[1], sizeof sums[1]),
              WEFT_OK);
    data->digest = digest_double(sums[0]) + digest_double(sums[1]);
}

static void run_kernel_sums(void *context)
{
    struct data *data = context;
    double *xs = make_doubles(data);
    data->digest = digest_double(weft_sum_f64(xs, data->count)) +
                   digest_double(weft_mean_f64(xs, data->count));
}

static void run_scan(void *context)
{
    struct data *data = context;
    double *xs = make_doubles(data), one = 1;
    EXPECT_EQ(weft_scan(WEFT_SCAN_EXCLUSIVE, xs, data->count, sizeof *xs, add_sum, NULL, &one, xs),
              WEFT_OK);
    data->digest = digest_words(0, data->work, data->count);
    EXPECT_EQ(weft_scan(WEFT_SCAN_INCLUSIVE, xs, data->count, sizeof *xs, add_sum, NULL, NULL, xs),
              WEFT_OK);
    data->digest = digest_words(data->digest, data->work, data->count);
}

static void run_scan_f64(void *context)
{
    struct data *data = context;
    double *xs = make_doubles(data);
    EXPECT_EQ(weft_scan_f64(WEFT_SCAN_INCLUSIVE, xs, data->count, xs), WEFT_OK);
    data->digest = digest_words(0, data->work, data->count);
    EXPECT_EQ(weft_scan_f64(WEFT_SCAN_EXCLUSIVE, xs, data->count, xs), WEFT_OK);
    data->digest = digest_words(data->digest, data->work, data->count);
}

static void run_sort_keys(void *context)
{
    static const enum weft_key types[] = {WEFT_KEY_U32, WEFT_KEY_I32, WEFT_KEY_F32,
                                          WEFT_KEY_U64, WEFT_KEY_I64, WEFT_KEY_F64};
    struct data *data = context;
    data->digest = 0;
    for (size_t t = 0; t < 6; t++) {
        size_t count = data->count & ~(size_t)1; /* whole words of 32-bit keys */
        size_t keys = types[t] <= WEFT_KEY_F32 ? 2 * count : count;
        memcpy(data->work, data->input, count * sizeof *data->work);
        EXPECT_EQ(weft_sort_keys(data->work, keys, types[t]), WEFT_OK);
        data->digest = digest_words(data->digest, data->work, count);
    }
}

static void run_sort_pairs(void *context)
{
    struct data *data = context;
    for (size_t i = 0; i < data->count; i++) {
        data->work[i] = data->input[i] % 1000 << 40; /* many equal keys */
        data->values[i] = (uint32_t)i;
    }
    EXPECT_EQ(weft_sort_pairs(data->work, WEFT_KEY_I64, data->values, data->count), WEFT_OK);
    data->digest = digest_words(0, data->work, data->count);
    for (size_t i = 0; i < data->count; i++)
        data->digest = mix(data->digest + data->values[i]);
}

/* By the upper half, so that stability shows. */
static int by_upper_half(void *context, const void *a, const void *b)
{
    uint32_t x = (uint32_t)(*(const uint64_t *)a >> 48), y = (uint32_t)(*(const uint64_t *)b >> 48);
    (void)context;
    return (x > y) - (x < y);
}

/* Scissors, paper, stone: no order satisfies it, but the outcome is one. */
static int in_a_circle(void *context, const void *a, const void *b)
{
    uint32_t x = (uint32_t)(*(const uint64_t *)a % 3), y = (uint32_t)(*(const uint64_t *)b % 3);
    (void)context;
    return x == y ? 0 : (x + 1) % 3 == y ? -1 : 1;
}

static void run_sort(void *context)
{
    struct data *data = context;
    memcpy(data->work, data->input, data->count * sizeof *data->work);
    EXPECT_EQ(weft_sort(data->work, data->count, sizeof *data->work, by_upper_half, NULL), WEFT_OK);
    data->digest = digest_words(0, data->work, data->count);
    EXPECT_EQ(weft_sort(data->work, data->count, sizeof *data->work, in_a_circle, NULL), WEFT_OK);
    data->digest = digest_words(data->digest, data->work, data->count);
}

static void run_blake3(void *context)
{
    struct data *data = context;
    uint64_t hash[4];
    weft_blake3(data->input, data->count * sizeof *data->input, (uint8_t *)hash);
    data->digest = digest_words(0, hash, 4);
}

/* ---- the table ---- */

struct algorithm {
    const char *name;
    weft_task_fn run;
    uint64_t digest; /* of the digests of all seeds */
};

static const struct algorithm algorithms[] = {
    {"reduce", run_reduce, UINT64_C(0xd52efe66eb1cb271)},
    {"kernel sums", run_kernel_sums, UINT64_C(0x1c04a91d3702bfc5)},
    {"scan", run_scan, UINT64_C(0x87f2acdc10713179)},
    {"scan_f64", run_scan_f64, UINT64_C(0x18e16baf00f539c3)},
    {"sort_keys", run_sort_keys, UINT64_C(0xa9b61e17421aa928)},
    {"sort_pairs", run_sort_pairs, UINT64_C(0x3b80b58d411446c0)},
    {"sort", run_sort, UINT64_C(0x31afce80d52ad2ca)},
    {"blake3", run_blake3, UINT64_C(0x3870a8ba5b2b5b0c)},
};
#define ALGORITHMS (sizeof algorithms / sizeof algorithms[0])

/* What each gives without a runtime. */
static uint64_t wanted[SEEDS][ALGORITHMS];

static void make_data(struct data *data, uint64_t seed)
{
    uint64_t noise = mix(seed + 1);
    bool large = seed % LARGE_EVERY == 7;
    data->count =
        large ? LARGE_MIN + (size_t)(noise % LARGE_SPAN) : 1 + (size_t)(noise % SMALL_MAX);
    weft_fill_noise_u64_serial(data->input, data->count, noise);
}

static void run_all(struct data *data, uint64_t *digests)
{
    for (size_t a = 0; a < ALGORITHMS; a++) {
        data->digest = 0;
        EXPECT_EQ(weft_run(algorithms[a].run, data), WEFT_OK);
        digests[a] = data->digest;
    }
}

static void make_wanted(struct data *data)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        make_data(data, seed);
        run_all(data, wanted[seed]);
    }
}

static struct data data_create(void)
{
    return (struct data){.input = must_alloc(COUNT_MAX * sizeof(uint64_t)),
                         .work = must_alloc(COUNT_MAX * sizeof(uint64_t)),
                         .values = must_alloc(COUNT_MAX * sizeof(uint32_t))};
}

static void data_destroy(struct data *data)
{
    free(data->input);
    free(data->work);
    free(data->values);
}

static void every_target_gives_the_committed_bits(void)
{
    struct data data = data_create();
    make_wanted(&data);
    for (size_t a = 0; a < ALGORITHMS; a++) {
        uint64_t digest = 0;
        for (size_t seed = 0; seed < SEEDS; seed++)
            digest = mix(digest + wanted[seed][a]);
        printf("%-12s %016" PRIx64 "\n", algorithms[a].name, digest);
        EXPECT_EQ(digest, algorithms[a].digest);
    }
    data_destroy(&data);
}

/* The sanitizers are slow: with them only every fourth seed, one large among them. */
#define SEED_STEP (KERNELS_STACK_BYTES != 0 ? 4 : 1)

static void check_on(size_t thread_count, struct data *data)
{
    uint64_t digests[ALGORITHMS];
    for (uint64_t seed = 0; seed < SEEDS; seed += SEED_STEP) {
        make_data(data, seed);
        run_all(data, digests);
        for (size_t a = 0; a < ALGORITHMS; a++) {
            if (digests[a] != wanted[seed][a])
                fprintf(stderr, "%s differs on %zu threads, seed %" PRIu64 "\n", algorithms[a].name,
                        thread_count, seed);
            EXPECT_EQ(digests[a], wanted[seed][a]);
        }
    }
}

static void every_number_of_threads_gives_the_same_bits(void)
{
    struct data data = data_create();
    make_wanted(&data);
    for (size_t t = 0; t < THREADS; t++) {
        EXPECT_EQ(start_threads(threads[t]), WEFT_OK);
        check_on(threads[t], &data);
        EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
    }
    data_destroy(&data);
}

TEST_MAIN(TEST(every_target_gives_the_committed_bits),
          TEST(every_number_of_threads_gives_the_same_bits))
