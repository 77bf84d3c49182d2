/* module.c: a peer as a WebAssembly module: module_host.js calls this for every line. */
#include "command.h"

#include <weft.h>

WEFT_EXPORT void bench_module_command(const char *line, char *answer);

WEFT_EXPORT void bench_module_command(const char *line, char *answer)
{
    bench_command(line, answer);
}
