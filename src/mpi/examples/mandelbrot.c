/* mandelbrot.c: a large picture, row by row over all ranks. Nobody holds all of it: each rank
 * writes its rows to the file, and adds up a checksum. */
#include "example.h"

#include "kernels.h"

#include <fcntl.h>
#include <unistd.h>

static const char help[] =
    "usage: mpirun -n RANKS mpi_mandelbrot [--size N] [--iterations N] [--runs N] [FILE]\n"
    "\n"
    "Counts the iterations of a picture of N x N points of the Mandelbrot set (default 16384,\n"
    "256 iterations) and prints their sum and a checksum, which are the same on any number of\n"
    "ranks and threads. Writes the picture to FILE as PGM (N * N bytes) if one is given; all\n"
    "ranks must see the same file system. --runs repeats the work, for measurements.\n";

struct picture {
    weft_mpi *mpi;
    uint32_t size, iterations;
    int file; /* -1: none */
    off_t header;
};

struct sums {
    uint64_t iterations;
    uint64_t checksum;
};

/* The counts of one row as grey. False: could not be written. */
static bool write_row(const struct picture *picture, size_t row, uint16_t *counts)
{
    uint8_t *grey = (uint8_t *)counts; /* each byte lies before the count that it is made of */
    for (uint32_t x = 0; x < picture->size; x++) {
        uint16_t count = counts[x];
        grey[x] = (uint8_t)(count >= picture->iterations ? 0 : 255 - count % 256);
    }
    for (size_t done = 0; done < picture->size;) {
        off_t at = picture->header + (off_t)(row * picture->size + done);
        ssize_t written = pwrite(picture->file, grey + done, picture->size - done, at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        done += (size_t)written;
    }
    return true;
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void draw_rows(void *context, size_t first, size_t last, void *partial)
{
    const struct picture *picture = context;
    struct sums *sums = partial;
    double step = 3.0 / picture->size;
    uint16_t *row = malloc(picture->size * sizeof *row);
    *sums = (struct sums){0, 0};
    if (row == NULL) {
        weft_mpi_fail(picture->mpi, WEFT_ERR_NOMEM, "no memory for a row");
        return;
    }
    for (size_t y = first; y < last && !weft_cancelled(); y++) {
        weft_mandelbrot_serial(row, picture->size, 1, -2.25, -1.5 + (double)y * step, step,
                               picture->iterations);
        uint64_t checksum = y;
        for (uint32_t x = 0; x < picture->size; x++) {
            sums->iterations += row[x];
            checksum = checksum * 31 + row[x];
        }
        sums->checksum += mix(checksum);
        if (picture->file >= 0 && !write_row(picture, y, row))
            weft_mpi_fail(picture->mpi, WEFT_ERR_LIMIT, strerror(errno));
    }
    free(row);
}

static void add_sums(void *context, void *into, const void *from)
{
    struct sums *a = into;
    const struct sums *b = from;
    (void)context;
    a->iterations += b->iterations;
    a->checksum += b->checksum;
}

/* Every rank opens the file; rank 0 makes it. False: one of them could not. */
static bool open_file(struct picture *picture, const char *path, size_t rank)
{
    char header[64];
    int length = snprintf(header, sizeof header, "P5\n%" PRIu32 " %" PRIu32 "\n255\n",
                          picture->size, picture->size);
    bool right = true;
    if (rank == 0) {
        picture->file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0666);
        right = picture->file >= 0 && pwrite(picture->file, header, (size_t)length, 0) == length;
    }
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank != 0)
        picture->file = open(path, O_WRONLY);
    picture->header = length;
    right = right && picture->file >= 0;
    MPI_Allreduce(MPI_IN_PLACE, &right, 1, MPI_C_BOOL, MPI_LAND, MPI_COMM_WORLD);
    if (!right && rank == 0)
        fprintf(stderr, "%s cannot be written by all ranks\n", path);
    return right;
}

int main(int argc, char **argv)
{
    uint64_t size = 16384, iterations = 256, runs = 1;
    const struct example_option options[] = {{"size", &size, 1, 1 << 20},
                                             {"iterations", &iterations, 1, UINT16_MAX},
                                             {"runs", &runs, 1, 1000}};
    int provided;
    bool asked;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    int next = example_options(argc, argv, options, 3, help, &asked);
    if (next < 0) {
        MPI_Finalize();
        return asked ? 0 : 2;
    }
    weft_mpi *mpi = example_start("mandelbrot");
    size_t rank = weft_mpi_rank(mpi);
    struct picture picture = {
        .mpi = mpi, .size = (uint32_t)size, .iterations = (uint32_t)iterations, .file = -1};
    if (next < argc && !open_file(&picture, argv[next], rank)) {
        (void)example_end(mpi, WEFT_OK);
        return 1;
    }
    enum weft_status status = WEFT_OK;
    for (uint64_t run = 0; run < runs && status == WEFT_OK; run++) {
        struct sums sums = {0, 0};
        MPI_Barrier(MPI_COMM_WORLD);
        double begin = MPI_Wtime();
        status =
            weft_mpi_reduce(mpi, 0, size, 0, draw_rows, add_sums, &picture, &sums, sizeof sums);
        double seconds = example_seconds(begin);
        if (rank == 0 && status == WEFT_OK)
            printf("%" PRIu64 " iterations, checksum %016" PRIx64 ", %.4f s\n", sums.iterations,
                   sums.checksum, seconds);
    }
    if (picture.file >= 0 && close(picture.file) != 0)
        fprintf(stderr, "rank %zu: %s\n", rank, strerror(errno));
    return example_end(mpi, status);
}
