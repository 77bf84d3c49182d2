/* hello.c: the least that a program with POSIX threads does. */
#include <pthread.h>
#include <stdio.h>

static void *hello(void *name)
{
    printf("hello from %s\n", (const char *)name);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, hello, "a thread") != 0)
        return 1;
    pthread_join(thread, NULL);
    return 0;
}
