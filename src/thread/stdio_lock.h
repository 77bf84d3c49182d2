/* stdio_lock.h: stdio that stays whole when many threads use it.
 *
 * The wasi-libc that distributions ship has no lock in a FILE. The linker sends every
 * call of a stdio function, libc's own included, to its wrapper in stdio_lock.c
 * (`--wrap=NAME` for each line of wrap.txt), which holds one lock for all streams and
 * another one for stdin, so that a thread that waits for input stops nobody's output.
 * Both are recursive: puts calls fputs calls fwrite. */
#ifndef WEFT_THREAD_STDIO_LOCK_H
#define WEFT_THREAD_STDIO_LOCK_H

#include "thread.h"

/* Gives back what `thread` (NULL: the main thread) holds: it trapped inside stdio. */
void weft__stdio_release(const struct weft__thread *thread);

/* Ends the calling thread's vsnprintf and vsscanf that a trap cut short. */
void weft__stdio_forget_private(void);

#endif
