/* no_kernels.c: stands in for kernels.c in the programs of the other peers. */
#include "command.h"

void bench_kernel(struct bench_call *call)
{
    call->error = "only weft has stock kernels";
}
