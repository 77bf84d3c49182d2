/* js_abi.h: what the JavaScript host calls, and what it offers. wasm/ABI.md says what
 * each does. */
#ifndef WEFT_PLATFORM_JS_ABI_H
#define WEFT_PLATFORM_JS_ABI_H

#include <weft/base.h>

/* Emscripten takes these from its JavaScript library, by name. */
#if defined(__EMSCRIPTEN__)
#define WEFT__JS_IMPORT(name)
#else
#define WEFT__JS_IMPORT(name) __attribute__((import_module("weft"), import_name(name)))
#endif

struct slot;
struct weft__worker;

WEFT__JS_IMPORT("invoke") void weft_invoke(struct slot *slot);
WEFT__JS_IMPORT("signal") void weft_signal(void);
WEFT__JS_IMPORT("guard") void weft_guard(struct weft__worker *worker);

WEFT_EXPORT uint32_t weft_js_layout(void);
WEFT_EXPORT int32_t weft_js_start(uint32_t threads, uint32_t stack_bytes, double spin_ns);
WEFT_EXPORT void weft_js_stop(void);
WEFT_EXPORT int32_t weft_js_stopped(void);
WEFT_EXPORT int32_t weft_js_submit(struct slot *slot);
WEFT_EXPORT void weft_js_cancel(struct slot *slot);
WEFT_EXPORT struct slot *weft_js_finished(void);
WEFT_EXPORT int32_t weft_js_stalled(void);
WEFT_EXPORT void *weft_js_alloc(uint32_t bytes, uint32_t align);
WEFT_EXPORT void weft_js_free(void *address);
WEFT_EXPORT void weft_worker_enter(struct weft__worker *worker);
WEFT_EXPORT void weft_worker_recover(struct weft__worker *worker, uint32_t status);
WEFT_EXPORT struct slot *weft_worker_slot(struct weft__worker *worker);

#endif
