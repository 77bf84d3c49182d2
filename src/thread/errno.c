/* errno.c: the address of libc's errno.
 *
 * The one file that is compiled without -matomics: the single-threaded wasi-libc keeps
 * errno in ordinary memory while its header says _Thread_local, and only a compiler
 * without atomics takes _Thread_local for ordinary memory. See include/errno.h. */
#include <errno.h>

#undef errno
extern _Thread_local int errno;

int *weft__errno_location(void)
{
    return &errno;
}
