/* platform_wasm_wait.h: sleeping on a word of shared memory, on every wasm target. */
#ifndef WEFT_PLATFORM_WASM_WAIT_H
#define WEFT_PLATFORM_WASM_WAIT_H

#include "platform.h"

/* What weft__plat_wait promises, without what a target adds to it. */
enum weft_status weft__wasm_wait(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns);

#endif
