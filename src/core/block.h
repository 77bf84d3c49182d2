/* block.h: for whoever sleeps in the middle of a task. */
#ifndef WEFT_CORE_BLOCK_H
#define WEFT_CORE_BLOCK_H

/* Around each sleep that is not the scheduler's own: the calling thread's worker counts
 * as blocked meanwhile, and a spare one may work in its place (spare.c). Nothing on a
 * thread that is no worker. */
void weft__block_begin(void);
void weft__block_end(void);

#endif
