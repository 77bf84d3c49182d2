/* start.c: the entry of a program with a main(). Linked in place of the C library's own:
 * that one leaves the constructors to the linker, which then runs them, and the
 * destructors, around every export, so that each thread's end would close stdio under the
 * others. Calling __wasm_call_ctors by name tells the linker to leave exports alone. */
#include <stdlib.h>

void __wasm_call_ctors(void);
int __main_void(void); /* the C library's: main with its arguments */
void _start(void);

__attribute__((export_name("_start"))) void _start(void)
{
    __wasm_call_ctors();
    exit(__main_void());
}
