/* sched.h: the C library's, and what pthread.h speaks of. There are no priorities. */
#ifndef WEFT_THREAD_SCHED_H
/* Newer C libraries declare the struct, but not what goes with it. */
#define sched_param weft__libc_sched_param
#endif
#include_next <sched.h>
#undef sched_param

#ifndef WEFT_THREAD_SCHED_H
#define WEFT_THREAD_SCHED_H

#ifndef SCHED_OTHER
#ifdef __cplusplus
extern "C" {
#endif

struct sched_param {
    int sched_priority;
};

#define SCHED_OTHER 0
#define SCHED_FIFO  1
#define SCHED_RR    2

int sched_get_priority_max(int policy);
int sched_get_priority_min(int policy);

#ifdef __cplusplus
}
#endif
#endif

#endif
