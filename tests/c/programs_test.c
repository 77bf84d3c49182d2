/* Forks, loops, reductions and groups in each other, at random: programs made from seeds
 * have the same bits on any number of threads and on every target. WEFT_FUZZ_SEEDS sets how many
 * seeds, WEFT_FUZZ_SEED runs a single one. */
#include "program.h"
#include "test.h"

#define SEEDS_DEFAULT 100
#define DEPTH         4

/* The bits of programs 1 .. SEEDS_DEFAULT, all mixed into one. */
#define BITS_DEFAULT UINT64_C(14438555408343884333)

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static uint64_t bits_of(uint64_t seed)
{
    struct program program = {seed, DEPTH, 0};
    uint64_t bits;
    EXPECT_EQ(weft_run(program_run, &program), WEFT_OK);
    memcpy(&bits, &program.value, sizeof bits);
    return bits;
}

static void expect_bits_on(size_t threads, uint64_t first, uint64_t last, const uint64_t *bits)
{
    weft_options options = {.threads = threads};
    EXPECT_EQ(weft_runtime_start(&options), WEFT_OK);
    for (uint64_t seed = first; seed <= last; seed++)
        if (bits_of(seed) != bits[seed - first]) {
            fprintf(stderr, "on %zu threads: WEFT_FUZZ_SEED=%" PRIu64 "\n", threads, seed);
            EXPECT_EQ(bits_of(seed), bits[seed - first]);
        }
    EXPECT_EQ(weft_runtime_stop(), WEFT_OK);
}

static void programs_have_the_same_bits_on_any_number_of_threads(void)
{
    uint64_t first = number_from("WEFT_FUZZ_SEED", 1);
    uint64_t last =
        getenv("WEFT_FUZZ_SEED") != NULL ? first : number_from("WEFT_FUZZ_SEEDS", SEEDS_DEFAULT);
    uint64_t *bits = malloc((size_t)(last - first + 1) * sizeof *bits), mixed = 0;
    for (uint64_t seed = first; seed <= last; seed++) {
        bits[seed - first] = bits_of(seed); /* without a runtime */
        mixed = program_random(mixed, bits[seed - first]);
    }
    if (first == 1 && last == SEEDS_DEFAULT)
        EXPECT_EQ(mixed, BITS_DEFAULT);
    expect_bits_on(test_threads(), first, last, bits);
    expect_bits_on(test_threads() / 2 + 1, first, last, bits); /* 1, 3 and 9 */
    expect_bits_on(2, first, last, bits);
    free(bits);
}

TEST_MAIN(TEST(programs_have_the_same_bits_on_any_number_of_threads))
