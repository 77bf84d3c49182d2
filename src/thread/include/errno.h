/* errno.h: libc's errno made usable from code that is compiled with -matomics.
 *
 * There is one errno for all threads: with a single-threaded wasi-libc a thread may see
 * the value that another thread's call has left. It is set only by calls that fail, and
 * their results tell by themselves that they did. A copy per thread would not be sounder:
 * the library's objects write to one address, and nothing tells who of two threads wrote
 * there last. The functions of pthread.h and threads.h return their errors and leave errno
 * alone; those of semaphore.h set it as the last thing that they do. */
#include_next <errno.h>

#ifndef WEFT_THREAD_ERRNO_H
#define WEFT_THREAD_ERRNO_H

#ifdef __cplusplus
extern "C" {
#endif
int *weft__errno_location(void);
#ifdef __cplusplus
}
#endif

#undef errno
#define errno (*weft__errno_location())

#endif
