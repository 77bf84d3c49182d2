/* weft.h: threads for C programs that run natively and as WebAssembly.
 *
 *     static void square(void *context, size_t first, size_t last)
 *     {
 *         double *xs = context;
 *         for (size_t i = first; i < last; i++) xs[i] *= xs[i];
 *     }
 *
 *     WEFT_EXPORT void square_all(double *xs, size_t count)
 *     {
 *         weft_for(0, count, 0, square, xs);
 *     }
 *
 * Every call below works on any thread. On a thread of the runtime it uses every
 * worker; before weft_runtime_start, or with one thread, it does the same work on
 * the caller alone and gives the same bits. */
#ifndef WEFT_H
#define WEFT_H

#include <weft/base.h>
#include <weft/status.h>

#include <weft/runtime.h>

#include <weft/job.h>

#include <weft/group.h>
#include <weft/parallel.h>
#include <weft/task.h>

#endif
