/* js_abi.h: what the JavaScript host calls, and what it offers. wasm/ABI.md says what
 * each does. */
#ifndef WEFT_PLATFORM_JS_ABI_H
#define WEFT_PLATFORM_JS_ABI_H

#include <weft/base.h>
#include <weft/stats.h>

/* Emscripten takes these from its JavaScript library, by name. */
#if defined(__EMSCRIPTEN__)
#define WEFT__JS_IMPORT(name)
#else
#define WEFT__JS_IMPORT(name) __attribute__((import_module("weft"), import_name(name)))
#endif

struct slot;
struct weft__js_loop;
struct weft__worker;

WEFT__JS_IMPORT("invoke") void weft_invoke(struct slot *slot);
WEFT__JS_IMPORT("body") void weft_body(struct weft__js_loop *loop, size_t first, size_t last);
WEFT__JS_IMPORT("signal") void weft_signal(void);
WEFT__JS_IMPORT("guard") void weft_guard(struct weft__worker *worker);

WEFT_EXPORT uint32_t weft_js_layout(void);
WEFT_EXPORT int32_t weft_js_start(uint32_t threads, uint32_t stack_bytes, double spin_ns);
WEFT_EXPORT void weft_js_stop(void);
WEFT_EXPORT int32_t weft_js_stopped(void);
WEFT_EXPORT int32_t weft_js_rest(void);
WEFT_EXPORT void weft_js_rested(void);
WEFT_EXPORT uint32_t weft_js_submit(uint32_t count, int32_t lane);
WEFT_EXPORT void weft_js_cancel(struct slot *slot);
WEFT_EXPORT int32_t weft_js_stalled(void);
WEFT_EXPORT uint32_t weft_js_stats(weft_worker_stats *out, uint32_t capacity);
WEFT_EXPORT void *weft_js_alloc(uint32_t bytes, uint32_t align);
WEFT_EXPORT void weft_js_free(void *address);
WEFT_EXPORT struct weft__worker *weft_js_alone(void);
WEFT_EXPORT int32_t weft_worker_enter(struct weft__worker *worker);
WEFT_EXPORT int32_t weft_worker_recover(struct weft__worker *worker, uint32_t status);
WEFT_EXPORT struct slot *weft_worker_slot(struct weft__worker *worker);
WEFT_EXPORT uint32_t weft_worker_index(struct weft__worker *worker);

/* platform_emscripten.c; start.s has the `wasi` flavour's */
WEFT_EXPORT void weft_thread_resume(void *thread);
WEFT_EXPORT uintptr_t weft_thread_pointer(void);
WEFT_EXPORT uintptr_t weft_thread_limit(void);
WEFT_EXPORT int32_t weft_thread_checked(void);

/* The number of workers has changed. */
void weft__js_words_resize(uint32_t workers);

/* js_tasks.c */
WEFT_EXPORT void weft_js_visit(void);
WEFT_EXPORT void weft_js_suspend(void);
WEFT_EXPORT void weft_js_fail(uint32_t status);
WEFT_EXPORT int32_t weft_js_cancelled(void);
WEFT_EXPORT void weft_js_progress(double done, double total);
WEFT_EXPORT void weft_js_for(struct weft__js_loop *loop);

#endif
