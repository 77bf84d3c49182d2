/* weft/status.h: what a call can report. */
#ifndef WEFT_STATUS_H
#define WEFT_STATUS_H

/* The numbers are part of the interface: new ones are appended, none is renumbered.
 * JavaScript errors carry the same names as `code`. */
enum weft_status {
    WEFT_OK = 0,
    WEFT_ERR_INVALID = 1,     /* an argument is null, out of range or of the wrong type */
    WEFT_ERR_NOMEM = 2,       /* out of memory */
    WEFT_ERR_LIMIT = 3,       /* a documented limit is reached */
    WEFT_ERR_TIMEOUT = 4,     /* the time limit passed */
    WEFT_ERR_CANCELLED = 5,   /* the job was cancelled */
    WEFT_ERR_CLOSED = 6,      /* the object or the runtime is closed */
    WEFT_ERR_WOULD_BLOCK = 7, /* this thread must not sleep (a browser's main thread) */
    WEFT_ERR_STATE = 8,       /* not allowed in this state, e.g. started twice */
    WEFT_ERR_UNSUPPORTED = 9, /* this host cannot do it */
    WEFT_ERR_TRAP = 10,       /* the function trapped or threw */
    WEFT_ERR_STACK = 11,      /* the function overran its thread's stack */
    WEFT_ERR_DEADLOCK = 12,   /* everybody who could go on is waiting */
    WEFT_ERR_MODULE = 13,     /* not a WebAssembly module that weft can run */
    WEFT_ERR_EXPORT = 14,     /* the module has no such function */
    WEFT_ERR_POINTER = 15,    /* not an array or pointer of this runtime, or freed */
    WEFT_ERR_WORKER = 16,     /* a worker could not start, or was ended from outside */
    WEFT_ERR_THROWN = 17,     /* a function of JavaScript threw */
    WEFT_ERR_ENGINE = 18,     /* the cluster engine (MPI, Redis) is out of reach, or refuses */
};

/* The name of a status as text, "WEFT_ERR_UNKNOWN" for any other number.
 *
 * Ownership: the text lives for ever.
 * Threads:   any thread. */
const char *weft_status_name(enum weft_status status);

#endif
