/* program.h: programs made from a seed, out of forks, loops, reductions and groups in each
 * other. A program comes to one number, which rounding makes depend on the order of every
 * operation; weft promises that it has the same bits on any number of threads and on
 * any target. */
#ifndef WEFT_TEST_PROGRAM_H
#define WEFT_TEST_PROGRAM_H

#include <weft.h>

#include <stdint.h>

#define PROGRAM_CHILDREN_MAX 9
#define PROGRAM_LOOP_MAX     40

struct program {
    uint64_t seed;
    uint32_t depth; /* of the tree below */
    double value;   /* what it came to */
};

enum program_kind { PROGRAM_JOIN, PROGRAM_SPAWN, PROGRAM_LOOP, PROGRAM_REDUCE, PROGRAM_GROUP };

static inline void program_run(void *context);

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static inline uint64_t program_random(uint64_t seed, uint64_t place)
{
    uint64_t x = seed + (place + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline double program_number(uint64_t random)
{
    return (double)(random >> 11) / 9007199254740992.0 + 1.0 / (double)(1 + random % 1000);
}

/* Neither commutative nor associative. */
static inline double program_fold(double into, double from)
{
    return into * 0.8125 + from / (1.0 + into * into);
}

static inline struct program program_child(const struct program *self, uint64_t place)
{
    return (struct program){program_random(self->seed, place + 100), self->depth - 1, 0};
}

static inline void program_leaf(struct program *self)
{
    double value = 0;
    uint64_t rounds = program_random(self->seed, 1) % 60; /* of uneven length */
    for (uint64_t i = 0; i <= rounds; i++)
        value = program_fold(value, program_number(program_random(self->seed, i + 10)));
    self->value = value;
}

static inline void program_fold_all(struct program *self, const struct program *children,
                                    size_t count)
{
    for (size_t i = 0; i < count; i++)
        self->value = program_fold(self->value, children[i].value);
}

static inline void program_join(struct program *self)
{
    struct program children[2] = {program_child(self, 0), program_child(self, 1)};
    weft_join(program_run, &children[0], program_run, &children[1]);
    program_fold_all(self, children, 2);
}

static inline void program_spawn(struct program *self, size_t count)
{
    struct program children[PROGRAM_CHILDREN_MAX];
    weft_task tasks[PROGRAM_CHILDREN_MAX];
    for (size_t i = 0; i < count; i++) {
        children[i] = program_child(self, i);
        weft_spawn(&tasks[i], program_run, &children[i]);
    }
    for (size_t i = count; i > 0; i--)
        weft_sync(&tasks[i - 1]);
    program_fold_all(self, children, count);
}

static inline void program_slice(void *context, size_t first, size_t last)
{
    struct program *children = context;
    for (size_t i = first; i < last; i++)
        program_run(&children[i]);
}

static inline void program_loop(struct program *self, size_t count)
{
    struct program children[PROGRAM_LOOP_MAX];
    for (size_t i = 0; i < count; i++) {
        children[i] = program_child(self, i);
        if (i % 8 != 0) /* most are leaves, or programs would grow too large */
            children[i].depth = 0;
    }
    weft_for(0, count, program_random(self->seed, 3) % 3, program_slice, children);
    program_fold_all(self, children, count);
}

static inline void program_part(void *context, size_t first, size_t last, void *partial)
{
    const struct program *self = context;
    double value = 0;
    for (size_t i = first; i < last; i++)
        value = program_fold(value, program_number(program_random(self->seed, i)));
    *(double *)partial = value;
}

static inline void program_combine(void *context, void *into, const void *from)
{
    (void)context;
    double *value = into;
    *value = program_fold(*value, *(const double *)from);
}

static inline void program_reduce(struct program *self)
{
    size_t count = 1 + program_random(self->seed, 4) % 900;
    size_t grain = program_random(self->seed, 5) % 20;
    if (weft_reduce(0, count, grain, program_part, program_combine, self, &self->value,
                    sizeof self->value) != WEFT_OK)
        self->value = -1;
}

/* A group's task that adds its brother. */
struct program_member {
    weft_group *group;
    struct program *program, *brother;
};

static inline void program_member_run(void *context)
{
    const struct program_member *self = context;
    if (self->brother != NULL)
        weft_group_run(self->group, program_run, self->brother);
    program_run(self->program);
}

static inline void program_group(struct program *self, size_t count)
{
    struct program children[2 * PROGRAM_CHILDREN_MAX];
    struct program_member members[PROGRAM_CHILDREN_MAX];
    weft_group group;
    for (size_t i = 0; i < 2 * count; i++) {
        children[i] = program_child(self, i);
        if (i >= count)
            children[i].depth = 0;
    }
    weft_group_init(&group);
    for (size_t i = 0; i < count; i++) {
        struct program *brother = i % 2 == 0 ? &children[count + i] : NULL;
        members[i] = (struct program_member){&group, &children[i], brother};
        weft_group_run(&group, program_member_run, &members[i]);
    }
    if (weft_group_wait(&group) != WEFT_OK)
        self->value = -1;
    program_fold_all(self, children, 2 * count);
}

/* Runs the program, a `struct program`. */
static inline void program_run(void *context)
{
    struct program *self = context;
    size_t count = 1 + program_random(self->seed, 2) % PROGRAM_CHILDREN_MAX;
    self->value = 0;
    if (self->depth == 0) {
        program_leaf(self);
        return;
    }
    switch ((enum program_kind)(program_random(self->seed, 0) % 5)) {
    case PROGRAM_JOIN: program_join(self); break;
    case PROGRAM_SPAWN: program_spawn(self, count); break;
    case PROGRAM_LOOP: program_loop(self, count * PROGRAM_LOOP_MAX / PROGRAM_CHILDREN_MAX); break;
    case PROGRAM_REDUCE: program_reduce(self); break;
    case PROGRAM_GROUP: program_group(self, count); break;
    }
}

#endif
