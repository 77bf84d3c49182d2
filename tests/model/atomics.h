/* atomics.h: force-included before the scheduler's own sources, it makes every atomic
 * access a point where the explorer of model.h may switch threads. Accesses are
 * sequentially consistent here, as they are in WebAssembly. */
#ifndef WEFT_MODEL_ATOMICS_H
#define WEFT_MODEL_ATOMICS_H

#include <stdatomic.h>

void model_point(void);

#undef atomic_load
#undef atomic_load_explicit
#undef atomic_store
#undef atomic_store_explicit
#undef atomic_exchange
#undef atomic_exchange_explicit
#undef atomic_fetch_add
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_or
#undef atomic_fetch_or_explicit
#undef atomic_fetch_and
#undef atomic_fetch_and_explicit
#undef atomic_compare_exchange_strong
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak
#undef atomic_compare_exchange_weak_explicit

#define MODEL_VALUE(object) __typeof__((void)0, *(object))
#define atomic_load(object)                                                                        \
    __extension__({                                                                                \
        model_point();                                                                             \
        MODEL_VALUE(object) model_value;                                                           \
        __atomic_load((object), &model_value, __ATOMIC_SEQ_CST);                                   \
        model_value;                                                                               \
    })
#define atomic_store(object, value)                                                                \
    __extension__({                                                                                \
        model_point();                                                                             \
        MODEL_VALUE(object) model_value = (value);                                                 \
        __atomic_store((object), &model_value, __ATOMIC_SEQ_CST);                                  \
    })
#define atomic_exchange(object, value)                                                             \
    __extension__({                                                                                \
        model_point();                                                                             \
        MODEL_VALUE(object) model_value = (value), model_old;                                      \
        __atomic_exchange((object), &model_value, &model_old, __ATOMIC_SEQ_CST);                   \
        model_old;                                                                                 \
    })
#define atomic_compare_exchange_strong(object, expected, value)                                    \
    __extension__({                                                                                \
        model_point();                                                                             \
        MODEL_VALUE(object) model_value = (value);                                                 \
        __atomic_compare_exchange((object), (expected), &model_value, 0, __ATOMIC_SEQ_CST,         \
                                  __ATOMIC_SEQ_CST);                                               \
    })
#define atomic_fetch_add(object, value)                                                            \
    (model_point(), __atomic_fetch_add((object), (value), __ATOMIC_SEQ_CST))
#define atomic_fetch_sub(object, value)                                                            \
    (model_point(), __atomic_fetch_sub((object), (value), __ATOMIC_SEQ_CST))
#define atomic_fetch_or(object, value)                                                             \
    (model_point(), __atomic_fetch_or((object), (value), __ATOMIC_SEQ_CST))
#define atomic_fetch_and(object, value)                                                            \
    (model_point(), __atomic_fetch_and((object), (value), __ATOMIC_SEQ_CST))

#define atomic_load_explicit(object, order)             atomic_load(object)
#define atomic_store_explicit(object, value, order)     atomic_store(object, value)
#define atomic_exchange_explicit(object, value, order)  atomic_exchange(object, value)
#define atomic_fetch_add_explicit(object, value, order) atomic_fetch_add(object, value)
#define atomic_fetch_sub_explicit(object, value, order) atomic_fetch_sub(object, value)
#define atomic_fetch_or_explicit(object, value, order)  atomic_fetch_or(object, value)
#define atomic_fetch_and_explicit(object, value, order) atomic_fetch_and(object, value)
#define atomic_compare_exchange_strong_explicit(object, expected, value, good, bad)                \
    atomic_compare_exchange_strong(object, expected, value)
#define atomic_compare_exchange_weak(object, expected, value)                                      \
    atomic_compare_exchange_strong(object, expected, value)
#define atomic_compare_exchange_weak_explicit(object, expected, value, good, bad)                  \
    atomic_compare_exchange_strong(object, expected, value)

#endif
