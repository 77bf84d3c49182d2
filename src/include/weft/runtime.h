/* weft/runtime.h: starts and stops the threads. */
#ifndef WEFT_RUNTIME_H
#define WEFT_RUNTIME_H

#include <weft/base.h>
#include <weft/status.h>

/* How to start. Zero in a field means its default. */
typedef struct weft_options {
    /* How many threads take part in a job, 1..WEFT_THREADS_MAX, the thread inside
     * weft_run counted. Default: the environment variable WEFT_THREADS if it is a
     * number in that range, else the CPUs that this process may use (affinity mask
     * and cgroup quota). */
    size_t threads;
    /* Stack of a worker in bytes, 64 KiB..256 MiB. Default: 1 MiB. */
    size_t stack_bytes;
    /* How long a worker without work looks for some before it sleeps, in
     * nanoseconds, up to one second. A job that arrives within the window starts in
     * under a microsecond instead of some 50; the price is one busy CPU per worker
     * for that long after each job. In a virtual machine a woken worker often lands on
     * the CPU of who woke it, and a job shorter than some milliseconds gains nothing then.
     * Default 50,000; negative: none. A thread that waits
     * for tasks of its own job looks as long, but for 50 microseconds at most. Where
     * there are more threads than CPUs, neither spins. */
    int64_t spin_ns;
} weft_options;

/* What runs. */
typedef struct weft_info {
    size_t threads;           /* as in weft_options; 0 when no runtime is started */
    size_t workers;           /* threads that the runtime itself started */
    size_t cpus;              /* CPUs that this process may use */
    const char *threads_from; /* "option", "WEFT_THREADS", "affinity", "cgroup", "host" */
} weft_info;

/* Starts the workers; NULL stands for all defaults. There is one runtime per process
 * (per memory in WebAssembly).
 *
 * Errors:  WEFT_ERR_INVALID  a field is out of range
 *          WEFT_ERR_STATE    already started
 *          WEFT_ERR_NOMEM    out of memory; nothing is left running
 *          WEFT_ERR_WORKER   the host refused a thread; nothing is left running
 * Threads: any thread that is not inside a job. */
WEFT_NODISCARD enum weft_status weft_runtime_start(const weft_options *options);

/* Waits for every submitted job, then ends the workers and frees what they held.
 *
 * Errors:  WEFT_ERR_STATE        no runtime is started, or called from inside a job
 *          WEFT_ERR_WOULD_BLOCK  the caller must not sleep; the runtime goes on
 * Threads: any thread that may sleep; no other thread may be inside a weft call. */
enum weft_status weft_runtime_stop(void);

/* Tells what runs.
 *
 * Threads: any thread. */
void weft_runtime_info(weft_info *info);

#endif
