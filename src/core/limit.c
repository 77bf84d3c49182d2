#include "limit.h"

#include "block.h"

struct weft__limit weft__limit_begin(int64_t timeout_ns)
{
    struct weft__limit limit = {.timeout_ns = timeout_ns};
    if (timeout_ns > 0) {
        int64_t now = weft__plat_now_ns();
        limit.deadline_ns = timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
    }
    return limit;
}

enum weft_status weft__limit_sleep(const struct weft__limit *limit, _Atomic uint32_t *word,
                                   uint32_t expected)
{
    int64_t left = WEFT_FOREVER;
    if (limit->timeout_ns == 0)
        return WEFT_ERR_TIMEOUT;
    if (!weft__plat_may_sleep()) {
        weft__plat_relax();
        return limit->leaf ? WEFT_OK : WEFT_ERR_WOULD_BLOCK;
    }
    if (limit->timeout_ns > 0 && (left = limit->deadline_ns - weft__plat_now_ns()) <= 0)
        return WEFT_ERR_TIMEOUT;
    if (limit->leaf)
        return weft__plat_wait(word, expected, left);
    weft__block_begin();
    enum weft_status status = weft__plat_wait(word, expected, left);
    weft__block_end();
    return status;
}
