/* platform_wasi_guard.c: how a worker's loop is entered, through the host. Apart from
 * platform_wasi.c, so that a program which only starts threads is linked without it. */
#include "js_abi.h"
#include "platform.h"

__attribute__((import_module("weft"), import_name("guard"))) void
weft__import_guard(struct weft__worker *worker);

void weft__plat_guard(struct weft__worker *worker)
{
    /* In a program nothing in C refers to what the host's guard calls: this links it. */
    __asm__ volatile("" : : "r"(weft_js_layout));
    weft__import_guard(worker);
}
