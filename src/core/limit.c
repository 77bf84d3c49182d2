#include "limit.h"

#include "worker.h"

/* After so long a sleeping task asks again for a spare that the host refused. */
#define SPARE_RETRY_NS INT64_C(5000000)

struct weft__limit weft__limit_begin(enum weft__wait_kind kind, const void *object,
                                     int64_t timeout_ns)
{
    struct weft__limit limit = {.timeout_ns = timeout_ns};
    struct weft__worker *self = weft__worker_self();
    if (timeout_ns > 0) {
        int64_t now = weft__plat_now_ns();
        limit.deadline_ns = timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
    }
    if (self != NULL) { /* relaxed: read when this thread is dead, or for a message */
        struct weft__waiting *waiting = &self->waiting;
        atomic_store_explicit(&waiting->object, object, memory_order_relaxed);
        atomic_store_explicit(&waiting->timed, timeout_ns > 0, memory_order_relaxed);
        atomic_store_explicit(&waiting->kind, (uint32_t)kind, memory_order_relaxed);
    }
    return limit;
}

enum weft_status weft__limit_end(enum weft_status status)
{
    struct weft__worker *self = weft__worker_self();
    if (self == NULL)
        return status;
    atomic_store_explicit(&self->waiting.kind, WEFT__WAIT_NOTHING, memory_order_relaxed);
    if (status == WEFT_ERR_CANCELLED && weft__end_asked(self, WEFT__END_UNWIND))
        weft__end_unwind(self);
    return status;
}

/* weft__plat_wait that ends early, as if woken, when the host refused a spare. */
static enum weft_status wait_for_spare_too(_Atomic uint32_t *word, uint32_t expected,
                                           int64_t left_ns)
{
    if (!weft__spare_missing() || (left_ns >= 0 && left_ns <= SPARE_RETRY_NS))
        return weft__plat_wait(word, expected, left_ns);
    (void)weft__plat_wait(word, expected, SPARE_RETRY_NS);
    return WEFT_OK;
}

/* The host may end this sleep, and a spare worker works in our place. */
static enum weft_status sleep_as(struct weft__worker *self, _Atomic uint32_t *word,
                                 uint32_t expected, int64_t left_ns)
{
    struct weft__waiting *waiting = &self->waiting;
    enum weft_status status = WEFT_ERR_CANCELLED;
    weft__block_begin();
    uint32_t number = atomic_load_explicit(&waiting->number, memory_order_relaxed) + 1;
    atomic_store_explicit(&waiting->number, number, memory_order_relaxed);
    /* Sequentially consistent: the host sets `end`, then looks for a word to wake. */
    atomic_store(&waiting->word, word);
    if (!weft__end_asked(self, WEFT__END_WAIT))
        status = wait_for_spare_too(word, expected, left_ns);
    if (weft__end_asked(self, WEFT__END_WAIT))
        status = WEFT_ERR_CANCELLED;
    atomic_store(&waiting->word, NULL);
    weft__block_end();
    return status;
}

enum weft_status weft__limit_sleep(const struct weft__limit *limit, _Atomic uint32_t *word,
                                   uint32_t expected)
{
    int64_t left = WEFT_FOREVER;
    if (limit->timeout_ns == 0)
        return WEFT_ERR_TIMEOUT;
    if (weft__rt.alone || !weft__plat_may_sleep()) {
        weft__plat_relax();
        return limit->leaf ? WEFT_OK : WEFT_ERR_WOULD_BLOCK;
    }
    if (limit->timeout_ns > 0 && (left = limit->deadline_ns - weft__plat_now_ns()) <= 0)
        return WEFT_ERR_TIMEOUT;
    struct weft__worker *self = weft__worker_self();
    if (limit->leaf || self == NULL)
        return weft__plat_wait(word, expected, left);
    return sleep_as(self, word, expected, left);
}
