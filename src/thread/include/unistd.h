/* unistd.h: the C library's; what a program with processes asks for says why it cannot be
 * had, instead of an undeclared name. */
#include_next <unistd.h>

#ifndef WEFT_THREAD_UNISTD_H
#define WEFT_THREAD_UNISTD_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__clang__)
__attribute__((unavailable("WebAssembly has no processes"))) pid_t fork(void);
__attribute__((unavailable("WebAssembly has no processes"))) pid_t vfork(void);
#endif

#ifdef __cplusplus
}
#endif

#endif
