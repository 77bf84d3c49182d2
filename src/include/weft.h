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
 * Every call works on any thread. Inside a job it uses every worker. Outside, loops and
 * reductions become a job of their own, while fork/join and groups run on the caller:
 * put them into weft_run. Before weft_runtime_start, or with one thread, all of it runs
 * on the caller and gives the same bits. */
#ifndef WEFT_H
#define WEFT_H

#include <weft/base.h>
#include <weft/status.h>

#include <weft/runtime.h>

#include <weft/job.h>

#include <weft/barrier.h>
#include <weft/channel.h>
#include <weft/event.h>
#include <weft/group.h>
#include <weft/lock.h>
#include <weft/once.h>
#include <weft/parallel.h>
#include <weft/pipeline.h>
#include <weft/profile.h>
#include <weft/range.h>
#include <weft/ring.h>
#include <weft/scan.h>
#include <weft/semaphore.h>
#include <weft/sort.h>
#include <weft/stats.h>
#include <weft/task.h>

#endif
