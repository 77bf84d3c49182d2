/* words.c: counts the words of files, a thread each, four at a time. Plain POSIX: the same file
 * builds with `cc -pthread words.c`. */
#include <ctype.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#define AT_ONCE 4

static sem_t places;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long total;

struct file {
    const char *name;
    pthread_t thread;
    unsigned long words;
    int failed;
};

static void *count(void *context)
{
    struct file *file = context;
    FILE *stream = fopen(file->name, "r");
    if (stream == NULL) {
        perror(file->name);
        file->failed = 1;
    } else {
        int inside = 0;
        for (int c; (c = getc(stream)) != EOF; inside = !isspace(c))
            file->words += !isspace(c) && !inside;
        fclose(stream);
    }
    pthread_mutex_lock(&lock);
    total += file->words;
    pthread_mutex_unlock(&lock);
    sem_post(&places);
    return NULL;
}

int main(int argc, char **argv)
{
    struct file *files = calloc((size_t)argc, sizeof *files);
    int failed = 0;
    if (files == NULL || sem_init(&places, 0, AT_ONCE) != 0)
        return 2;
    for (int i = 1; i < argc; i++) {
        files[i].name = argv[i];
        sem_wait(&places);
        if (pthread_create(&files[i].thread, NULL, count, &files[i]) != 0) {
            fputs("no more threads\n", stderr);
            return 2;
        }
    }
    for (int i = 1; i < argc; i++) {
        pthread_join(files[i].thread, NULL);
        failed |= files[i].failed;
        if (!files[i].failed)
            printf("%lu %s\n", files[i].words, files[i].name);
    }
    printf("%lu total\n", total);
    free(files);
    return failed;
}
