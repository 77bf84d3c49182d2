/* posix_key.c: thread-specific data.
 *
 * A key's number of uses is odd while the key exists and grows by one with each create and
 * delete; a value counts only if it was set in the same use. So a new key starts with NULL
 * in every thread. */
#include "posix.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

struct key {
    _Atomic uint32_t use;
    void (*_Atomic destructor)(void *);
};

struct value {
    uint32_t use;
    void *pointer;
};

static struct key keys[PTHREAD_KEYS_MAX];
static _Thread_local struct value *values; /* [PTHREAD_KEYS_MAX], NULL before the first is set */

int pthread_key_create(pthread_key_t *out, void (*destructor)(void *))
{
    for (pthread_key_t i = 0; i < PTHREAD_KEYS_MAX; i++) {
        uint32_t use = atomic_load(&keys[i].use);
        if (use % 2 == 0 && atomic_compare_exchange_strong(&keys[i].use, &use, use + 1)) {
            atomic_store(&keys[i].destructor, destructor);
            *out = i;
            return 0;
        }
    }
    return EAGAIN;
}

int pthread_key_delete(pthread_key_t key)
{
    if (key >= PTHREAD_KEYS_MAX)
        return EINVAL;
    uint32_t use = atomic_load(&keys[key].use);
    if (use % 2 == 0)
        return EINVAL;
    return atomic_compare_exchange_strong(&keys[key].use, &use, use + 1) ? 0 : EINVAL;
}

void *pthread_getspecific(pthread_key_t key)
{
    if (values == NULL || key >= PTHREAD_KEYS_MAX)
        return NULL;
    return values[key].use == WEFT__PEEK(&keys[key].use) ? values[key].pointer : NULL;
}

int pthread_setspecific(pthread_key_t key, const void *pointer)
{
    uint32_t use = key < PTHREAD_KEYS_MAX ? atomic_load(&keys[key].use) : 0;
    if (use % 2 == 0)
        return EINVAL;
    if (values == NULL)
        values = calloc(PTHREAD_KEYS_MAX, sizeof *values);
    if (values == NULL)
        return ENOMEM;
    values[key] = (struct value){use, (void *)(uintptr_t)pointer};
    return 0;
}

/* Calls the destructor of every value that is not NULL; false if there was none. */
static bool destroy_all(void)
{
    bool any = false;
    for (pthread_key_t i = 0; i < PTHREAD_KEYS_MAX; i++) {
        void *pointer = pthread_getspecific(i);
        if (pointer == NULL)
            continue;
        values[i].pointer = NULL;
        void (*destructor)(void *) = atomic_load(&keys[i].destructor);
        if (destructor != NULL) {
            any = true;
            destructor(pointer);
        }
    }
    return any;
}

void weft__posix_keys_end(void)
{
    if (values == NULL)
        return;
    for (int i = 0; i < PTHREAD_DESTRUCTOR_ITERATIONS && destroy_all(); i++)
        ;
    free(values);
    values = NULL;
}
