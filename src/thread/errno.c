/* errno.c: the address of libc's errno; see include/errno.h.
 *
 * The single-threaded wasi-libc keeps errno in ordinary memory while its header says
 * _Thread_local, and code compiled with -matomics would look for it in thread-local
 * storage. So this file declares what is really there and must not include <errno.h>. */
int *weft__errno_location(void);

extern int errno;

int *weft__errno_location(void)
{
    return &errno;
}
