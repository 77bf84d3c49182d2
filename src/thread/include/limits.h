/* limits.h: the C library's, and the limits of POSIX threads. */
#include_next <limits.h>

#ifndef WEFT_THREAD_LIMITS_H
#define WEFT_THREAD_LIMITS_H

#ifndef PTHREAD_KEYS_MAX
#define PTHREAD_KEYS_MAX              128
#define PTHREAD_STACK_MIN             2048
#define PTHREAD_DESTRUCTOR_ITERATIONS 4
#endif
#ifndef PTHREAD_THREADS_MAX
#define PTHREAD_THREADS_MAX 512
#endif
#ifndef SEM_VALUE_MAX
#define SEM_VALUE_MAX 0x7fffffff
#endif

#endif
