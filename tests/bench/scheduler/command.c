/* command.c: reads a command, runs it inside the peer, writes the answer.
 *
 *     start THREADS [VARIANT]      first of all
 *     rdv MS                       two pieces that wait for each other, back to back
 *     empty MS                     two empty pieces
 *     empty-outside MS             the same where `inside` has not been entered
 *     loop MS COUNT                an empty loop
 *     steps MS                     steps of bench_work in a microsecond
 *     grain MS STEPS               bench_work of so many steps in two pieces
 *     wake-rdv SAMPLES             rdv after 5 ms without work, each time by itself
 *     wake-work SAMPLES STEPS      grain after 5 ms without work, each time by itself
 *     grains SHAPE NS              loops of all grains, so many nanoseconds an index;
 *                                  even, triangular, spiky, also with -2d or -3d, and word.
 *                                  Answers a ratio
 *     lanes, lanes-begin SAMPLES NS  urgent jobs beside one of tasks of so many nanoseconds
 *     fib N, uts TREE              one run
 *     sort u64|f64 COUNT           one run
 *     sum COUNT, saxpy COUNT       one run
 *     kernel NAME                  one run of a stock kernel
 *
 * One run begins with all threads awake: a rendezvous or some come before it.
 * Answers are nanoseconds: of a call where the command is given a time, else of the run. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t bench_threads;

struct command {
    const char *name;
    void (*run)(struct bench_call *call);
    bool outside;
};

static const struct command commands[] = {
    {"rdv", bench_rdv, false},
    {"empty", bench_empty, false},
    {"empty-outside", bench_empty_outside, true},
    {"loop", bench_loop, false},
    {"steps", bench_steps, false},
    {"grain", bench_grain, false},
    {"wake-rdv", bench_wake_rdv, false},
    {"wake-work", bench_wake_work, false},
    {"grains", bench_grains, false},
    {"lanes", bench_lanes, false},
    {"lanes-begin", bench_lanes_begin, false},
    {"fib", bench_fib, false},
    {"uts", bench_uts, false},
    {"sort", bench_sort, false},
    {"sum", bench_sum, false},
    {"saxpy", bench_saxpy, false},
    {"kernel", bench_kernel, false},
};

struct running {
    const struct command *command;
    struct bench_call *call;
};

static void run_command(void *context)
{
    const struct running *running = context;
    running->command->run(running->call);
}

static void find_and_run(const char *name, struct bench_call *call)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) != 0)
            continue;
        struct running running = {&commands[i], call};
        if (bench_peer.inside != NULL && !commands[i].outside)
            bench_peer.inside(run_command, &running);
        else
            run_command(&running);
        return;
    }
    call->error = "no such command";
}

static void write_list(const struct bench_call *call, char answer[BENCH_ANSWER_BYTES])
{
    size_t used = (size_t)snprintf(answer, BENCH_ANSWER_BYTES, "{\"all\":[");
    for (size_t i = 0; i < call->count && used < BENCH_ANSWER_BYTES - 32; i++)
        used += (size_t)snprintf(answer + used, BENCH_ANSWER_BYTES - used, "%s%.0f",
                                 i > 0 ? "," : "", call->all[i]);
    snprintf(answer + used, BENCH_ANSWER_BYTES - used, "]}");
}

static void start(const char *threads, const char *variant, char answer[BENCH_ANSWER_BYTES])
{
    bench_threads = (size_t)strtoul(threads, NULL, 10);
    const char *says = bench_peer.start(bench_threads, variant);
    if (says != NULL)
        snprintf(answer, BENCH_ANSWER_BYTES, "{\"says\":\"%s\"}", says);
    else
        snprintf(answer, BENCH_ANSWER_BYTES, "{\"error\":\"the threads could not be started\"}");
}

void bench_command(const char *line, char answer[BENCH_ANSWER_BYTES])
{
    char name[32] = "", first[32] = "", second[32] = "";
    sscanf(line, "%31s %31s %31s", name, first, second);
    if (strcmp(name, "start") == 0) {
        start(first, second, answer);
        return;
    }
    static struct bench_call call; /* too large for a small stack; one command at a time */
    memset(&call, 0, sizeof call);
    call.word = first;
    call.numbers[0] = strtod(first, NULL);
    call.numbers[1] = strtod(second, NULL);
    find_and_run(name, &call);
    if (call.error != NULL)
        snprintf(answer, BENCH_ANSWER_BYTES, "{\"error\":\"%s: %s\"}", name, call.error);
    else if (call.count > 0)
        write_list(&call, answer);
    else
        snprintf(answer, BENCH_ANSWER_BYTES, "{\"ns\":%.3f}", call.ns);
}
