/* stdio_lock.c: the wrappers; see stdio_lock.h. */
#include "stdio_lock.h"
#include "lock.h"

#include <stdarg.h>
#include <stdio.h>

/* No thread has this record. */
#define NOBODY ((uintptr_t)1)

struct stream_lock {
    weft__lock lock;
    _Atomic uintptr_t owner; /* weft__thread_self() of who holds `lock`, or NOBODY */
    uint32_t depth;          /* under lock */
};

static struct stream_lock all_streams = {.owner = NOBODY}, input = {.owner = NOBODY};

/* Above 0 while this thread is in vsnprintf or vsscanf: these use the functions below on
 * a stream that nobody else knows. */
static _Thread_local uint32_t private_depth;

static struct stream_lock *stream_lock(FILE *stream)
{
    if (private_depth != 0)
        return NULL;
    struct stream_lock *lock = stream == stdin ? &input : &all_streams;
    uintptr_t self = (uintptr_t)weft__thread_self();
    /* Relaxed: only this thread writes its own record there. */
    if (atomic_load_explicit(&lock->owner, memory_order_relaxed) != self) {
        weft__lock_lock(&lock->lock);
        atomic_store_explicit(&lock->owner, self, memory_order_relaxed);
    }
    lock->depth++;
    return lock;
}

static void stream_unlock(struct stream_lock *lock)
{
    if (lock == NULL || --lock->depth != 0)
        return;
    atomic_store_explicit(&lock->owner, NOBODY, memory_order_relaxed);
    weft__lock_unlock(&lock->lock);
}

/* The same locks for whoever wants several calls to be one. The C library declares these
 * for -pthread only. */
void flockfile(FILE *stream);
int ftrylockfile(FILE *stream);
void funlockfile(FILE *stream);

void flockfile(FILE *stream)
{
    (void)stream_lock(stream);
}

int ftrylockfile(FILE *stream)
{
    struct stream_lock *lock = stream == stdin ? &input : &all_streams;
    uintptr_t self = (uintptr_t)weft__thread_self();
    if (atomic_load_explicit(&lock->owner, memory_order_relaxed) != self &&
        !weft__lock_try_lock(&lock->lock))
        return -1;
    atomic_store_explicit(&lock->owner, self, memory_order_relaxed);
    lock->depth++;
    return 0;
}

void funlockfile(FILE *stream)
{
    stream_unlock(stream == stdin ? &input : &all_streams);
}

void weft__stdio_release(const struct weft__thread *thread)
{
    struct stream_lock *locks[] = {&all_streams, &input};
    for (int i = 0; i < 2; i++) {
        if (atomic_load_explicit(&locks[i]->owner, memory_order_relaxed) != (uintptr_t)thread)
            continue;
        locks[i]->depth = 1;
        stream_unlock(locks[i]);
    }
}

void weft__stdio_forget_private(void)
{
    private_depth = 0;
}

/* Defines the wrapper of `name`, which uses `stream`. */
#define WRAP(type, name, stream, parameters, arguments)                                            \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        struct stream_lock *lock = stream_lock(stream);                                            \
        type result = __real_##name arguments;                                                     \
        stream_unlock(lock);                                                                       \
        return result;                                                                             \
    }

#define WRAP_VOID(name, stream, parameters, arguments)                                             \
    void __real_##name parameters;                                                                 \
    void __wrap_##name parameters;                                                                 \
    void __wrap_##name parameters                                                                  \
    {                                                                                              \
        struct stream_lock *lock = stream_lock(stream);                                            \
        __real_##name arguments;                                                                   \
        stream_unlock(lock);                                                                       \
    }

#define WRAP_PRIVATE(name, parameters, arguments)                                                  \
    int __real_##name parameters;                                                                  \
    int __wrap_##name parameters;                                                                  \
    int __wrap_##name parameters                                                                   \
    {                                                                                              \
        private_depth++;                                                                           \
        int result = __real_##name arguments;                                                      \
        private_depth--;                                                                           \
        return result;                                                                             \
    }

/* The names are the linker's. */
#pragma clang diagnostic ignored "-Wreserved-identifier"

WRAP(int, vfprintf, f, (FILE * f, const char *format, va_list args), (f, format, args))
WRAP(int, fputs, f, (const char *text, FILE *f), (text, f))
WRAP(int, puts, stdout, (const char *text), (text))
WRAP(int, fputc, f, (int c, FILE *f), (c, f))
WRAP(int, putc, f, (int c, FILE *f), (c, f))
WRAP(int, putchar, stdout, (int c), (c))
WRAP(size_t, fwrite, f, (const void *from, size_t size, size_t n, FILE *f), (from, size, n, f))
WRAP(int, fflush, f, (FILE * f), (f))
WRAP_VOID(perror, stderr, (const char *text), (text))

WRAP(int, vfscanf, f, (FILE * f, const char *format, va_list args), (f, format, args))
WRAP(size_t, fread, f, (void *to, size_t size, size_t n, FILE *f), (to, size, n, f))
WRAP(char *, fgets, f, (char *to, int size, FILE *f), (to, size, f))
WRAP(int, fgetc, f, (FILE * f), (f))
WRAP(int, getc, f, (FILE * f), (f))
WRAP(int, getchar, stdin, (void), ())
WRAP(int, ungetc, f, (int c, FILE *f), (c, f))
WRAP(ssize_t, getdelim, f, (char **line, size_t *size, int end, FILE *f), (line, size, end, f))

WRAP(int, fseek, f, (FILE * f, long offset, int whence), (f, offset, whence))
WRAP(int, fseeko, f, (FILE * f, off_t offset, int whence), (f, offset, whence))
WRAP(long, ftell, f, (FILE * f), (f))
WRAP(off_t, ftello, f, (FILE * f), (f))
WRAP_VOID(rewind, f, (FILE * f), (f))
WRAP(int, setvbuf, f, (FILE * f, char *buffer, int mode, size_t size), (f, buffer, mode, size))

/* These change the list of open streams. */
WRAP(FILE *, fopen, NULL, (const char *path, const char *mode), (path, mode))
WRAP(FILE *, fdopen, NULL, (int fd, const char *mode), (fd, mode))
WRAP(FILE *, freopen, NULL, (const char *path, const char *mode, FILE *f), (path, mode, f))
WRAP(FILE *, open_memstream, NULL, (char **text, size_t *size), (text, size))
WRAP(FILE *, fmemopen, NULL, (void *memory, size_t size, const char *mode), (memory, size, mode))
WRAP(int, fclose, NULL, (FILE * f), (f))

WRAP_PRIVATE(vsnprintf, (char *to, size_t size, const char *format, va_list args),
             (to, size, format, args))
WRAP_PRIVATE(vsscanf, (const char *from, const char *format, va_list args), (from, format, args))
