/* command.h: the line protocol of a peer's process. See command.c for the commands. */
#ifndef BENCH_COMMAND_H
#define BENCH_COMMAND_H

#include "peer.h"

#define BENCH_ANSWER_BYTES 8192

/* Carries out one command and writes a JSON object into answer: {"ns": ...}, {"all": [...]},
 * {"says": ...}, or {"error": ...} if the result was wrong or the command cannot be had. */
void bench_command(const char *line, char answer[BENCH_ANSWER_BYTES]);

/* What the commands of one file share. */
struct bench_call {
    double numbers[2]; /* arguments, 0 where left out */
    const char *word;  /* the first argument as text */
    const char *error; /* set by the command: what went wrong */
    double ns;         /* its answer */
    double all[512];   /* or these */
    size_t count;      /* how many of them */
};

extern size_t bench_threads; /* command.c: as told by `start` */

/* regions.c */
void bench_warm_pool(void); /* keeps all threads at work for a moment */
void bench_rdv(struct bench_call *call);
void bench_empty(struct bench_call *call);
void bench_empty_outside(struct bench_call *call);
void bench_loop(struct bench_call *call);
void bench_grain(struct bench_call *call);
void bench_steps(struct bench_call *call);
void bench_wake_rdv(struct bench_call *call);
void bench_wake_work(struct bench_call *call);

/* loops.c, lanes.c */
void bench_grains(struct bench_call *call);
void bench_lanes(struct bench_call *call);
void bench_lanes_begin(struct bench_call *call);
uint32_t bench_steps_in(double ns); /* of bench_work; at least 1 */

/* work.c */
void bench_fib(struct bench_call *call);
void bench_uts(struct bench_call *call);
void bench_sort(struct bench_call *call);
void bench_sum(struct bench_call *call);
void bench_saxpy(struct bench_call *call);

/* kernels.c; a file of that name without kernels stands in for peers that have none */
void bench_kernel(struct bench_call *call);

#endif
