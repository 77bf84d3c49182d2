/* ladder_native.c: the native rungs of the ladder, driven line by line.
 *
 *     ladder_native blake3 THREADS FILE
 *     ladder_native sort|sum THREADS FILE           FILE holds doubles
 *     ladder_native saxpy THREADS FILE A            FILE holds floats: all x, then all y
 *     ladder_native mandelbrot THREADS WIDTH HEIGHT LEFT TOP STEP MAX
 *     ladder_native uts|nqueens THREADS NUMBER
 *
 * Loads its input, starts the runtime, writes {"threads":N} and then answers each line
 * `serial` or `parallel` on stdin by one run and one line {"ns":N,"result":"..."}. Ends
 * at the end of stdin. The result of an array is its BLAKE3 hash; hashing and putting
 * the input back are not on the clock. */
#include <weft.h>

#include "kernels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINE_BYTES 256

/* The input and output of the one workload that this process runs. */
struct work {
    const char *file;
    void *input; /* as loaded */
    size_t input_bytes;
    void *output; /* what the kernel changes in place, or writes */
    size_t output_bytes;
    uint32_t number; /* tree, queens or largest count */
    uint32_t width, height;
    double left, top, step;
    float factor;
    double sum;
    uint64_t counts[3];
    uint8_t digest[32];
    int32_t status;
};

/* One workload: how to read its arguments and run it, and what to tell of the result. */
struct kind {
    const char *name;
    int arguments; /* after THREADS */
    void (*load)(struct work *work, char **arguments);
    void (*reset)(struct work *work); /* may be NULL */
    weft_task_fn serial;
    weft_task_fn parallel;
    void (*tell)(const struct work *work, char line[LINE_BYTES]);
};

static void die(const char *what, const char *which)
{
    fprintf(stderr, "ladder_native: %s: %s\n", what, which);
    exit(1);
}

static void *allocate(size_t bytes)
{
    void *memory = malloc(bytes ? bytes : 1);
    if (!memory)
        die("out of memory", "input");
    return memory;
}

static void load_file(struct work *work, char **arguments)
{
    work->file = arguments[0];
    FILE *file = fopen(work->file, "rb");
    if (!file)
        die("cannot open", work->file);
    if (fseek(file, 0, SEEK_END) != 0)
        die("cannot seek in", work->file);
    long end = ftell(file);
    if (end < 0 || fseek(file, 0, SEEK_SET) != 0)
        die("cannot tell the size of", work->file);
    work->input_bytes = (size_t)end;
    work->input = allocate(work->input_bytes);
    if (fread(work->input, 1, work->input_bytes, file) != work->input_bytes)
        die("cannot read", work->file);
    fclose(file);
}

static void tell_hex(const uint8_t *bytes, char line[LINE_BYTES])
{
    for (size_t i = 0; i < 32; i++)
        snprintf(line + 2 * i, 3, "%02x", (unsigned)bytes[i]);
}

static void tell_output(const struct work *work, char line[LINE_BYTES])
{
    uint8_t digest[32];
    weft_blake3_serial(work->output, work->output_bytes, digest);
    tell_hex(digest, line);
}

/* blake3 */

static void blake3_serial(void *context)
{
    struct work *work = context;
    weft_blake3_serial(work->input, work->input_bytes, work->digest);
}

static void blake3_parallel(void *context)
{
    struct work *work = context;
    weft_blake3(work->input, work->input_bytes, work->digest);
}

static void blake3_tell(const struct work *work, char line[LINE_BYTES])
{
    tell_hex(work->digest, line);
}

/* sort */

static void sort_load(struct work *work, char **arguments)
{
    load_file(work, arguments);
    work->output_bytes = work->input_bytes;
    work->output = allocate(work->output_bytes);
}

static void sort_reset(struct work *work)
{
    memcpy(work->output, work->input, work->input_bytes);
}

static void sort_serial(void *context)
{
    struct work *work = context;
    work->status = weft_sort_f64_serial(work->output, work->output_bytes / sizeof(double));
}

static void sort_parallel(void *context)
{
    struct work *work = context;
    work->status = weft_sort_f64(work->output, work->output_bytes / sizeof(double));
}

/* sum */

static void sum_serial(void *context)
{
    struct work *work = context;
    work->sum = weft_sum_f64_serial(work->input, work->input_bytes / sizeof(double));
}

static void sum_parallel(void *context)
{
    struct work *work = context;
    work->sum = weft_sum_f64(work->input, work->input_bytes / sizeof(double));
}

static void sum_tell(const struct work *work, char line[LINE_BYTES])
{
    snprintf(line, LINE_BYTES, "%.17g", work->sum);
}

/* saxpy */

static void saxpy_load(struct work *work, char **arguments)
{
    load_file(work, arguments);
    work->factor = strtof(arguments[1], NULL);
    work->output_bytes = work->input_bytes / 2;
    work->output = allocate(work->output_bytes);
}

static void saxpy_reset(struct work *work)
{
    memcpy(work->output, (const char *)work->input + work->output_bytes, work->output_bytes);
}

static void saxpy_serial(void *context)
{
    struct work *work = context;
    weft_saxpy_serial(work->factor, work->input, work->output, work->output_bytes / sizeof(float));
}

static void saxpy_parallel(void *context)
{
    struct work *work = context;
    weft_saxpy(work->factor, work->input, work->output, work->output_bytes / sizeof(float));
}

/* mandelbrot */

static void mandelbrot_load(struct work *work, char **arguments)
{
    work->width = (uint32_t)strtoul(arguments[0], NULL, 10);
    work->height = (uint32_t)strtoul(arguments[1], NULL, 10);
    work->left = strtod(arguments[2], NULL);
    work->top = strtod(arguments[3], NULL);
    work->step = strtod(arguments[4], NULL);
    work->number = (uint32_t)strtoul(arguments[5], NULL, 10);
    work->output_bytes = (size_t)work->width * work->height * sizeof(uint16_t);
    work->output = allocate(work->output_bytes);
}

static void mandelbrot_serial(void *context)
{
    struct work *work = context;
    weft_mandelbrot_serial(work->output, work->width, work->height, work->left, work->top,
                           work->step, work->number);
}

static void mandelbrot_parallel(void *context)
{
    struct work *work = context;
    weft_mandelbrot(work->output, work->width, work->height, work->left, work->top, work->step,
                    work->number);
}

/* uts and nqueens */

static void load_number(struct work *work, char **arguments)
{
    work->number = (uint32_t)strtoul(arguments[0], NULL, 10);
}

static void uts_serial(void *context)
{
    struct work *work = context;
    work->status = weft_uts_serial(work->number, work->counts);
}

static void uts_parallel(void *context)
{
    struct work *work = context;
    work->status = weft_uts(work->number, work->counts);
}

static void uts_tell(const struct work *work, char line[LINE_BYTES])
{
    snprintf(line, LINE_BYTES, "%" PRIu64 " %" PRIu64 " %" PRIu64, work->counts[0], work->counts[1],
             work->counts[2]);
}

static void nqueens_serial(void *context)
{
    struct work *work = context;
    work->counts[0] = weft_nqueens_serial(work->number);
}

static void nqueens_parallel(void *context)
{
    struct work *work = context;
    work->counts[0] = weft_nqueens(work->number);
}

static void nqueens_tell(const struct work *work, char line[LINE_BYTES])
{
    snprintf(line, LINE_BYTES, "%" PRIu64, work->counts[0]);
}

static const struct kind kinds[] = {
    {"blake3", 1, load_file, NULL, blake3_serial, blake3_parallel, blake3_tell},
    {"sort", 1, sort_load, sort_reset, sort_serial, sort_parallel, tell_output},
    {"sum", 1, load_file, NULL, sum_serial, sum_parallel, sum_tell},
    {"saxpy", 2, saxpy_load, saxpy_reset, saxpy_serial, saxpy_parallel, tell_output},
    {"mandelbrot", 6, mandelbrot_load, NULL, mandelbrot_serial, mandelbrot_parallel, tell_output},
    {"uts", 1, load_number, NULL, uts_serial, uts_parallel, uts_tell},
    {"nqueens", 1, load_number, NULL, nqueens_serial, nqueens_parallel, nqueens_tell},
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void run_once(const struct kind *kind, struct work *work, bool parallel)
{
    char result[LINE_BYTES] = "";
    enum weft_status status = WEFT_OK;
    if (kind->reset)
        kind->reset(work);
    work->status = WEFT_OK;
    int64_t start = now_ns();
    if (parallel)
        status = weft_run(kind->parallel, work);
    else
        kind->serial(work);
    int64_t took = now_ns() - start;
    if (status == WEFT_OK)
        status = (enum weft_status)work->status;
    if (status != WEFT_OK)
        die(kind->name, weft_status_name(status));
    kind->tell(work, result);
    printf("{\"ns\":%" PRId64 ",\"result\":\"%s\"}\n", took, result);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const struct kind *kind = argc >= 3 ? find_kind(argv[1]) : NULL;
    if (!kind || argc != 3 + kind->arguments) {
        fputs("usage: ladder_native WORKLOAD THREADS ARGUMENTS (see ladder_native.c)\n", stderr);
        return 2;
    }
    static struct work work;
    kind->load(&work, argv + 3);
    enum weft_status status =
        weft_runtime_start(&(weft_options){.threads = (size_t)strtoul(argv[2], NULL, 10)});
    if (status != WEFT_OK)
        die("cannot start the runtime", weft_status_name(status));
    weft_info info;
    weft_runtime_info(&info);
    printf("{\"threads\":%zu}\n", info.threads);
    fflush(stdout);

    char line[LINE_BYTES];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "serial") == 0)
            run_once(kind, &work, false);
        else if (strcmp(line, "parallel") == 0)
            run_once(kind, &work, true);
        else
            die("unknown command", line);
    }
    return weft_runtime_stop() == WEFT_OK ? 0 : 1;
}
