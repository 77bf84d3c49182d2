/* program.c: a peer as a program: a line of stdin is a command, a line of stdout its answer. */
#include "command.h"

#include <stdio.h>
#include <string.h>

int main(void)
{
    static char answer[BENCH_ANSWER_BYTES];
    char line[128];
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        bench_command(line, answer);
        puts(answer);
        fflush(stdout);
    }
    return 0;
}
