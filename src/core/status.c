#include <weft/status.h>

const char *weft_status_name(enum weft_status status)
{
    switch (status) { /* no default: the compiler names a status we forgot */
    case WEFT_OK: return "WEFT_OK";
    case WEFT_ERR_INVALID: return "WEFT_ERR_INVALID";
    case WEFT_ERR_NOMEM: return "WEFT_ERR_NOMEM";
    case WEFT_ERR_LIMIT: return "WEFT_ERR_LIMIT";
    case WEFT_ERR_TIMEOUT: return "WEFT_ERR_TIMEOUT";
    case WEFT_ERR_CANCELLED: return "WEFT_ERR_CANCELLED";
    case WEFT_ERR_CLOSED: return "WEFT_ERR_CLOSED";
    case WEFT_ERR_WOULD_BLOCK: return "WEFT_ERR_WOULD_BLOCK";
    case WEFT_ERR_STATE: return "WEFT_ERR_STATE";
    case WEFT_ERR_UNSUPPORTED: return "WEFT_ERR_UNSUPPORTED";
    case WEFT_ERR_TRAP: return "WEFT_ERR_TRAP";
    case WEFT_ERR_STACK: return "WEFT_ERR_STACK";
    case WEFT_ERR_DEADLOCK: return "WEFT_ERR_DEADLOCK";
    case WEFT_ERR_MODULE: return "WEFT_ERR_MODULE";
    case WEFT_ERR_EXPORT: return "WEFT_ERR_EXPORT";
    case WEFT_ERR_POINTER: return "WEFT_ERR_POINTER";
    case WEFT_ERR_WORKER: return "WEFT_ERR_WORKER";
    case WEFT_ERR_THROWN: return "WEFT_ERR_THROWN";
    case WEFT_ERR_ENGINE: return "WEFT_ERR_ENGINE";
    }
    return "WEFT_ERR_UNKNOWN";
}
