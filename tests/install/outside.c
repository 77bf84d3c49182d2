/* outside.c: a program of somebody who has installed weft. */
#include <weft.h>
#include <weft/kernels.h>

#include <stdio.h>

int main(void)
{
    double xs[100];
    for (int i = 0; i < 100; i++)
        xs[i] = i;
    weft_options options = {.threads = 2};
    if (weft_runtime_start(&options) != WEFT_OK)
        return 1;
    printf("sum %.0f\n", weft_sum_f64(xs, 100));
    return weft_runtime_stop() == WEFT_OK ? 0 : 1;
}
