/* Streams that many threads use at once. */
#define _POSIX_C_SOURCE 200809L /* open_memstream, fmemopen */

#include "../../src/platform/platform.h"
#include "test.h"

#define STACK_BYTES  ((size_t)256 * 1024)
#define THREADS_MOST 64
#define LINES        600
#define LINE_BYTES   64

/* ThreadSanitizer sees glibc's streams allocate, but not the locks inside them. */
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
    return "race:_IO_str_overflow\nrace:_IO_mem_finish\n";
}

struct writer {
    FILE *stream;
    unsigned index;
    unsigned wrong;
};

static size_t run_threads(void (*fn)(void *), struct writer *writers, FILE *stream)
{
    weft__plat_thread threads[THREADS_MOST];
    size_t wanted = test_threads() < THREADS_MOST ? test_threads() : THREADS_MOST, started = 0;
    for (; started < wanted; started++) {
        writers[started] = (struct writer){stream, (unsigned)started, 0};
        if (weft__plat_thread_start(&threads[started], STACK_BYTES, fn, &writers[started]) !=
            WEFT_OK)
            break;
    }
    EXPECT_EQ(started, wanted);
    for (size_t i = 0; i < started; i++)
        weft__plat_thread_join(threads[i]);
    return started;
}

/* "<thread> <line> <as many letters as fit>\n", LINE_BYTES bytes. */
static void line_make(char *line, unsigned thread, unsigned number)
{
    int head = snprintf(line, LINE_BYTES, "%u %u ", thread, number);
    memset(line + head, 'a' + (int)(number % 26), (size_t)(LINE_BYTES - 1 - head));
    line[LINE_BYTES - 1] = '\n';
    line[LINE_BYTES] = '\0';
}

/* Each line with one call, by each of the ways to write one. */
static void write_lines(void *context)
{
    struct writer *writer = context;
    char line[LINE_BYTES + 1];
    for (unsigned i = 0; i < LINES; i++) {
        line_make(line, writer->index, i);
        if (i % 3 == 0)
            writer->wrong += fprintf(writer->stream, "%.20s%s", line, line + 20) != LINE_BYTES;
        else if (i % 3 == 1)
            writer->wrong += fputs(line, writer->stream) < 0;
        else
            writer->wrong += fwrite(line, 1, LINE_BYTES, writer->stream) != LINE_BYTES;
        if (i % 64 == 0)
            writer->wrong += fflush(writer->stream) != 0;
    }
}

static void lines_of_many_threads_stay_whole(void)
{
    static struct writer writers[THREADS_MOST];
    static unsigned char seen[THREADS_MOST][LINES];
    char *text = NULL;
    size_t bytes = 0, whole = 0;
    FILE *stream = open_memstream(&text, &bytes);
    EXPECT(stream != NULL);
    size_t count = run_threads(write_lines, writers, stream);
    EXPECT_EQ(fclose(stream), 0);
    EXPECT_EQ(bytes, count * LINES * LINE_BYTES);
    for (size_t at = 0; at + LINE_BYTES <= bytes; at += LINE_BYTES) {
        char wanted[LINE_BYTES + 1];
        unsigned thread = THREADS_MOST, number = LINES;
        if (sscanf(text + at, "%u %u", &thread, &number) != 2 || thread >= count || number >= LINES)
            continue;
        line_make(wanted, thread, number);
        if (memcmp(text + at, wanted, LINE_BYTES) == 0 && seen[thread][number]++ == 0)
            whole++;
    }
    EXPECT_EQ(whole, count * LINES);
    for (size_t i = 0; i < count; i++)
        EXPECT_EQ(writers[i].wrong, 0);
    free(text);
}

static void write_letters(void *context)
{
    struct writer *writer = context;
    for (int i = 0; i < 4000; i++) {
        int c = 'a' + (int)(writer->index % 26);
        writer->wrong += (i % 2 == 0 ? fputc(c, writer->stream) : putc(c, writer->stream)) != c;
    }
}

static void no_letter_is_lost(void)
{
    static struct writer writers[THREADS_MOST];
    size_t letters[26] = {0};
    char *text = NULL;
    size_t bytes = 0;
    FILE *stream = open_memstream(&text, &bytes);
    EXPECT(stream != NULL);
    size_t count = run_threads(write_letters, writers, stream);
    EXPECT_EQ(fclose(stream), 0);
    EXPECT_EQ(bytes, count * 4000);
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] >= 'a' && text[i] <= 'z')
            letters[text[i] - 'a']++;
    }
    for (size_t i = 0; i < 26; i++)
        EXPECT_EQ(letters[i], (count / 26 + (i < count % 26)) * 4000);
    free(text);
}

static atomic_uint bytes_read[256];

static void read_bytes(void *context)
{
    struct writer *writer = context;
    int c;
    while ((c = fgetc(writer->stream)) != EOF)
        atomic_fetch_add(&bytes_read[c], 1);
}

static void each_byte_is_read_once(void)
{
    enum { BYTES = 64000 };
    static struct writer writers[THREADS_MOST];
    static char text[BYTES];
    size_t wrong = 0;
    for (size_t i = 0; i < BYTES; i++)
        text[i] = (char)(i % 250 + 1);
    FILE *stream = fmemopen(text, BYTES, "r");
    EXPECT(stream != NULL);
    (void)run_threads(read_bytes, writers, stream);
    EXPECT_EQ(fclose(stream), 0);
    for (size_t i = 1; i <= 250; i++)
        wrong += atomic_load(&bytes_read[i]) != BYTES / 250;
    EXPECT_EQ(wrong, 0);
}

static void format_numbers(void *context)
{
    struct writer *writer = context;
    for (unsigned i = 0; i < 5000; i++) {
        char text[64];
        unsigned thread = 0, number = 0;
        int length = snprintf(text, sizeof text, "%u:%08u:%.3f", writer->index, i, i / 8.0);
        writer->wrong += length != (int)strlen(text);
        writer->wrong += sscanf(text, "%u:%u:", &thread, &number) != 2;
        writer->wrong += thread != writer->index || number != i;
    }
}

static void strings_are_formatted_on_all_threads_at_once(void)
{
    static struct writer writers[THREADS_MOST];
    size_t count = run_threads(format_numbers, writers, NULL);
    for (size_t i = 0; i < count; i++)
        EXPECT_EQ(writers[i].wrong, 0);
}

TEST_MAIN(TEST(lines_of_many_threads_stay_whole), TEST(no_letter_is_lost),
          TEST(each_byte_is_read_once), TEST(strings_are_formatted_on_all_threads_at_once))
