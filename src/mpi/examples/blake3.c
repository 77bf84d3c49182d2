/* blake3.c: the BLAKE3 digests of many files, each read by one rank, hashed by all of its
 * threads. */
#include "example.h"

#include "kernels.h"

static const char help[] =
    "usage: mpirun -n RANKS mpi_blake3 FILE...\n"
    "       mpirun -n RANKS mpi_blake3 --from LIST\n"
    "\n"
    "Prints the BLAKE3 digest of each file in the format of b3sum. LIST holds a path per line.\n"
    "All ranks must see the same files. Files that cannot be read are named at the end; the exit\n"
    "code is then 1.\n";

#define PIECE_BYTES ((size_t)8 << 20)
#define SUM_BYTES   32

struct file_set {
    weft_mpi *mpi;
    char **paths;
    size_t count;
    uint8_t (*digests)[SUM_BYTES];
    uint32_t *errors; /* errno, 0: none */
};

static int hash_file(const char *path, uint8_t *piece, uint8_t digest[SUM_BYTES])
{
    weft_blake3_state state;
    size_t bytes;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return errno;
    setbuf(file, NULL); /* long pieces go past it anyway */
    weft_blake3_init(&state);
    while ((bytes = fread(piece, 1, PIECE_BYTES, file)) > 0 && !weft_cancelled())
        weft_blake3_update(&state, piece, bytes);
    int error = ferror(file) ? EIO : 0;
    (void)fclose(file);
    weft_blake3_finish(&state, digest);
    return error;
}

static void hash_files(void *context, size_t first, size_t last)
{
    struct file_set *set = context;
    uint8_t *piece = malloc(PIECE_BYTES);
    if (piece == NULL) {
        weft_mpi_fail(set->mpi, WEFT_ERR_NOMEM, "no memory to read a file into");
        return;
    }
    for (size_t i = first; i < last && !weft_cancelled(); i++)
        set->errors[i] = (uint32_t)hash_file(set->paths[i], piece, set->digests[i]);
    free(piece);
}

/* ---- the list of files ---- */

/* Reads all of a file as text, or NULL. */
static char *read_text(const char *path)
{
    size_t length = 0, capacity = 1 << 16;
    char *text = malloc(capacity);
    FILE *file = fopen(path, "r");
    while (text != NULL && file != NULL) {
        length += fread(text + length, 1, capacity - length - 1, file);
        if (length < capacity - 1)
            break;
        char *more = realloc(text, capacity *= 2);
        if (more == NULL)
            free(text);
        text = more;
    }
    if (file == NULL || text == NULL || ferror(file)) {
        free(text);
        text = NULL;
    } else {
        text[length] = '\0';
    }
    if (file != NULL)
        (void)fclose(file);
    return text;
}

/* Cuts text into lines. The paths point into it. */
static char **cut_lines(char *text, size_t *count)
{
    size_t lines = 1;
    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n';
    char **paths = malloc(lines * sizeof *paths);
    *count = 0;
    for (char *line = strtok(text, "\n"); paths != NULL && line != NULL; line = strtok(NULL, "\n"))
        paths[(*count)++] = line;
    return paths;
}

/* ---- all of it ---- */

/* What each rank knows goes to rank 0; what it does not know is 0. */
static void collect(struct file_set *set)
{
    bool first = weft_mpi_rank(set->mpi) == 0;
    for (size_t i = 0; i < set->count; i += 1 << 20) { /* MPI counts in int */
        size_t rest = set->count - i;
        int count = rest < 1 << 20 ? (int)rest : 1 << 20;
        MPI_Reduce(first ? MPI_IN_PLACE : set->digests + i, set->digests + i, count * SUM_BYTES,
                   MPI_BYTE, MPI_BOR, 0, MPI_COMM_WORLD);
        MPI_Reduce(first ? MPI_IN_PLACE : set->errors + i, set->errors + i, count, MPI_UINT32_T,
                   MPI_MAX, 0, MPI_COMM_WORLD);
    }
}

static size_t print_digests(const struct file_set *set)
{
    size_t wrong = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (set->errors[i] != 0) {
            wrong++;
            continue;
        }
        for (size_t byte = 0; byte < SUM_BYTES; byte++)
            printf("%02x", set->digests[i][byte]);
        printf("  %s\n", set->paths[i]);
    }
    for (size_t i = 0; i < set->count; i++)
        if (set->errors[i] != 0)
            fprintf(stderr, "%s: %s\n", set->paths[i], strerror((int)set->errors[i]));
    return wrong;
}

static int hash_set(struct file_set *set)
{
    size_t wrong = 0;
    set->mpi = example_start("blake3");
    set->digests = calloc(set->count + 1, sizeof *set->digests);
    set->errors = calloc(set->count + 1, sizeof *set->errors);
    if (set->digests == NULL || set->errors == NULL || set->paths == NULL) {
        fprintf(stderr, "no memory for the list of files\n");
        MPI_Abort(MPI_COMM_WORLD, 1);
        abort();
    }
    enum weft_status status = weft_mpi_for(set->mpi, 0, set->count, 1, hash_files, set);
    if (status == WEFT_OK) {
        collect(set);
        if (weft_mpi_rank(set->mpi) == 0)
            wrong = print_digests(set);
    }
    free(set->digests);
    free(set->errors);
    int code = example_end(set->mpi, status);
    return wrong > 0 ? 1 : code;
}

int main(int argc, char **argv)
{
    int provided, rank;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    bool from = argc == 3 && strcmp(argv[1], "--from") == 0;
    bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
    if (argc < 2 || asked || (!from && strncmp(argv[1], "--", 2) == 0)) {
        if (rank == 0)
            fputs(help, asked ? stdout : stderr);
        MPI_Finalize();
        return asked ? 0 : 2;
    }
    struct file_set set = {.paths = argv + 1, .count = (size_t)argc - 1};
    char *text = NULL;
    if (from) {
        text = read_text(argv[2]);
        bool read = text != NULL;
        MPI_Allreduce(MPI_IN_PLACE, &read, 1, MPI_C_BOOL, MPI_LAND, MPI_COMM_WORLD);
        if (!read) {
            if (rank == 0)
                fprintf(stderr, "%s cannot be read by all ranks\n", argv[2]);
            free(text);
            MPI_Finalize();
            return 1;
        }
        set.paths = cut_lines(text, &set.count);
    }
    int code = hash_set(&set);
    if (from)
        free(set.paths);
    free(text);
    return code;
}
