/* malloc.h: what the thread layer asks of the allocator, beside malloc itself. */
#ifndef WEFT_THREAD_MALLOC_H
#define WEFT_THREAD_MALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* Is malloc, for malloc.c alone: the compiler would make calloc of malloc and memset, in calloc
 * too, and a linker may have been told to wrap malloc. */
void *weft__malloc(size_t bytes);

/* Gives the calling thread's heap to the next thread that starts. The thread must not
 * allocate any more. */
void weft__malloc_thread_exit(void);

/* Around a sleep: lets a thread that runs out of memory collect what lies free in the
 * sleeping thread's heap. Between the two the thread must not allocate or free. */
void weft__malloc_park(void);
void weft__malloc_unpark(void);

/* A thread died, and the calling thread goes on in its place, on its thread-local storage;
 * or its stack was unwound. False: it was in the middle of a change to what all threads
 * share. */
bool weft__malloc_follow(void);

/* Could a thread follow the dead one with this thread-local storage? */
bool weft__malloc_followable(const void *tls);

/* Makes the thread with this thread-local storage wait before it next begins such a change,
 * or lets it go on. */
void weft__malloc_hold(void *tls, bool held);

#endif
