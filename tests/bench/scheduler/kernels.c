/* kernels.c: every stock kernel once, for the comparison of WebAssembly with native code. */
#include "command.h"

#include "kernels/kernels.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

#define WORDS  ((size_t)1 << 22) /* 32 MiB */
#define HASHED ((size_t)16 << 20)
#define PIXELS 512
#define QUEENS 12
#define DEPTH  256
#define SEED   42

static uint64_t *words; /* WORDS of them */

static bool blake3(void)
{
    uint8_t digest[32], again[32];
    weft_blake3(words, HASHED, digest);
    weft_blake3_serial(words, 1024, again);
    return memcmp(digest, again, sizeof digest) != 0;
}

static bool sort_u64(void)
{
    return weft_sort_u64(words, WORDS) == WEFT_OK;
}

static bool sort_f64(void)
{
    return weft_sort_f64((double *)(void *)words, WORDS) == WEFT_OK;
}

static bool fill_noise(void)
{
    weft_fill_noise_u64(words, WORDS, SEED);
    return true;
}

static bool sum(void)
{
    double total = weft_sum_f64((const double *)(const void *)words, WORDS);
    return total > 0 && total < (double)WORDS;
}

static bool saxpy(void)
{
    float *xs = (float *)(void *)words;
    weft_saxpy(0.5F, xs, xs + WORDS, WORDS);
    return true;
}

static bool mandelbrot(void)
{
    weft_mandelbrot((uint16_t *)(void *)words, PIXELS, PIXELS, -2, -1.5, 3.0 / PIXELS, DEPTH);
    return true;
}

static bool nqueens(void)
{
    return weft_nqueens(QUEENS) == 14200;
}

static bool uts(uint32_t tree, uint64_t nodes)
{
    uint64_t out[3] = {0};
    return weft_uts(tree, out) == WEFT_OK && out[0] == nodes;
}

static bool uts_1(void)
{
    return uts(1, 4130071);
}

static bool uts_3(void)
{
    return uts(3, 4112897);
}

static void fill_words(void)
{
    weft_fill_noise_u64(words, WORDS, SEED);
}

static void fill_doubles(void)
{
    weft_fill_noise_f64((double *)(void *)words, WORDS, SEED);
}

static void fill_zeros(void)
{
    memset(words, 0, WORDS * sizeof *words);
}

static const struct kernel {
    const char *name;
    void (*prepare)(void); /* not on the clock; may be NULL */
    bool (*run)(void);
} kernels[] = {
    {"blake3", fill_words, blake3},
    {"sort-u64", fill_words, sort_u64},
    {"sort-f64", fill_doubles, sort_f64},
    {"fill-noise", NULL, fill_noise},
    {"sum", fill_doubles, sum},
    {"saxpy", fill_zeros, saxpy},
    {"mandelbrot", NULL, mandelbrot},
    {"nqueens", NULL, nqueens},
    {"uts-t1", NULL, uts_1},
    {"uts-t3", NULL, uts_3},
};

void bench_kernel(struct bench_call *call)
{
    if (words == NULL)
        words = malloc(WORDS * sizeof *words);
    if (words == NULL) {
        call->error = "out of memory";
        return;
    }
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        if (strcmp(kernels[i].name, call->word) != 0)
            continue;
        if (kernels[i].prepare != NULL)
            kernels[i].prepare();
        int64_t begun = weft__plat_now_ns();
        bool ok = kernels[i].run();
        call->ns = (double)(weft__plat_now_ns() - begun);
        if (!ok)
            call->error = "WRONG RESULT";
        return;
    }
    call->error = "no such kernel";
}
