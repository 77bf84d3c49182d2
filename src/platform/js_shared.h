/* js_shared.h: what js-glue calls for locks and channels; wasm/ABI.md says what each
 * does. */
#ifndef WEFT_PLATFORM_JS_SHARED_H
#define WEFT_PLATFORM_JS_SHARED_H

#include <weft/channel.h>
#include <weft/event.h>
#include <weft/lock.h>
#include <weft/semaphore.h>

struct shared;

/* True when the host can let go on who waits for the object (what a wait of limit.h names):
 * no deadlock, then, however long it takes. On the host's thread only. */
bool weft__wait_is_hosts(const void *object);

WEFT_EXPORT struct shared *weft_js_shared_create(uint32_t kind, uint32_t count);
WEFT_EXPORT int32_t weft_js_shared_destroy(struct shared *shared);
WEFT_EXPORT int32_t weft_js_shared_look(struct shared *shared, uint32_t side, uint32_t leaves);
WEFT_EXPORT int32_t weft_js_mutex_lock(weft_mutex *mutex, double timeout_ms);
WEFT_EXPORT int32_t weft_js_mutex_unlock(weft_mutex *mutex);
WEFT_EXPORT int32_t weft_js_semaphore_acquire(weft_semaphore *semaphore, double timeout_ms);
WEFT_EXPORT int32_t weft_js_semaphore_release(weft_semaphore *semaphore, uint32_t count);
WEFT_EXPORT int32_t weft_js_event_wait(weft_event *event, double timeout_ms);
WEFT_EXPORT int32_t weft_js_event_set(weft_event *event);
WEFT_EXPORT int32_t weft_js_event_reset(weft_event *event);
WEFT_EXPORT int32_t weft_js_channel_send(weft_channel *channel, void *item, double timeout_ms);
WEFT_EXPORT double weft_js_channel_recv(weft_channel *channel, double timeout_ms);
WEFT_EXPORT void weft_js_channel_close(weft_channel *channel);

#endif
