/* js_watch.h: for js_abi.c and the host; wasm/ABI.md says what each does. */
#ifndef WEFT_PLATFORM_JS_WATCH_H
#define WEFT_PLATFORM_JS_WATCH_H

#include <weft/lock.h>

struct slot;
struct wait_record;

/* Before the workers start. */
void weft__js_watch_start(void);

WEFT_EXPORT struct wait_record *weft_js_waits(void);
WEFT_EXPORT uint32_t weft_js_reach(void);
WEFT_EXPORT void weft_js_end_wait(uint32_t index, struct slot *slot, uint32_t how);
WEFT_EXPORT int32_t weft_js_hold(uint32_t index, struct slot *slot);
WEFT_EXPORT int32_t weft_js_followable(uint32_t index);
WEFT_EXPORT int32_t weft_js_resize(uint32_t size);
WEFT_EXPORT uint32_t weft_js_mutex_abandoned(const weft_mutex *mutex);

#endif
