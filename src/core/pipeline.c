/* pipeline.c: items in flight as tokens that run through the stages as tasks of a group.
 * (The token scheme: McCool, Reinders, Robison, "Structured Parallel Programming", 2012,
 * chapter 9.)
 *
 * THE BATON. Who holds it runs the first stage. `wanting` counts the tokens that are ready
 * for a new item; they are in the list `ready`.
 * Invariant P1: a token is pushed to `ready` before it is counted, and who raises the
 * count from 0 takes the baton; the holder pops one token, counts it out when it has its
 * item, and if the count was above 1 passes the baton on to a new task. So there is
 * exactly one holder while there are tokens to fill and the stream has not ended; it alone
 * pops, so that no token can be popped and pushed again behind its back.
 *
 * TURNS. Each serial stage has a place for each item that can be on its way there, place
 * number % in_flight: an item enters the stage when it has arrived and its turn has come.
 * Invariant P2: for each item both of these exchange the place once, and the second one
 * goes on with the token and empties the place first. The item number + in_flight cannot
 * come to the place before that: it was read into a token that had passed every stage,
 * and no token passes this stage before `number` does.
 *
 * THE END. After a failure or when the job is cancelled tokens stop where they are, those
 * that wait for their turn stay there, and no task is left when the group is done; what
 * the tokens hold is discarded then. */
#include "worker.h"

#include <weft/pipeline.h>

#include <stdlib.h>

#define IN_FLIGHT_PER_THREAD 4

struct token {
    struct pipeline *pipeline;
    struct token *next; /* in `ready` */
    void *item;         /* NULL: none, or taken out; the token still takes its turns */
    uint32_t stage;     /* where it goes next */
    uint32_t place;     /* of its item in each serial stage */
};

/* In a place: the turn has come, the item has not arrived. */
static struct token turn_has_come;

struct pipeline {
    const weft_stage *stages;
    uint32_t count, in_flight;
    weft_discard_fn discard;
    void *discard_context;
    struct token *tokens;
    _Atomic(struct token *) *places; /* in_flight for each stage */
    weft_group *group;
    uint32_t place;           /* of the next item; the holder of the baton */
    enum weft_status outcome; /* of a pipeline that is a job of its own */
    _Atomic(struct token *) ready;
    _Atomic uint32_t wanting;
    _Atomic uint32_t status; /* the first failure, as enum weft_status */
};

static void fail(struct pipeline *self, enum weft_status status)
{
    uint32_t none = WEFT_OK;
    (void)atomic_compare_exchange_strong(&self->status, &none, (uint32_t)status);
}

static bool stopped(struct pipeline *self)
{
    /* Relaxed: a stage more or less is no matter. */
    return atomic_load_explicit(&self->status, memory_order_relaxed) != WEFT_OK || weft_cancelled();
}

/* ---- The baton ----------------------------------------------------------------------- */

static struct token *pop_ready(struct pipeline *self)
{
    /* Acquire: pairs with the release in push_ready. Never empty: see P1. */
    struct token *token = atomic_load_explicit(&self->ready, memory_order_acquire);
    while (!atomic_compare_exchange_weak_explicit(&self->ready, &token, token->next,
                                                  memory_order_acquire, memory_order_acquire))
        continue;
    return token;
}

static void push_ready(struct pipeline *self, struct token *token)
{
    token->next = atomic_load_explicit(&self->ready, memory_order_relaxed);
    /* Release: pairs with the acquire in pop_ready. */
    while (!atomic_compare_exchange_weak_explicit(&self->ready, &token->next, token,
                                                  memory_order_release, memory_order_relaxed))
        continue;
}

/* Reads an item into a token; NULL: the stream has ended, and the baton stays here. */
static struct token *read_item(struct pipeline *self)
{
    struct token *token = pop_ready(self);
    if (stopped(self))
        return NULL;
    enum weft_status status = self->stages[0].fn(self->stages[0].context, &token->item);
    if (status != WEFT_OK)
        fail(self, status);
    if (status != WEFT_OK || token->item == NULL)
        return NULL;
    token->stage = 1;
    token->place = self->place;
    self->place = self->place + 1 < self->in_flight ? self->place + 1 : 0;
    return token;
}

/* ---- Turns --------------------------------------------------------------------------- */

/* True when the second of two has come to the place, which is emptied. */
static bool come(_Atomic(struct token *) *place, struct token *who, struct token **first)
{
    /* Acquire and release: the two come from different threads, and the one that goes
     * on needs what the other one did. */
    *first = atomic_exchange_explicit(place, who, memory_order_acq_rel);
    if (*first == NULL)
        return false;
    /* Relaxed: handed on with the turn. */
    atomic_store_explicit(place, NULL, memory_order_relaxed);
    return true;
}

static void carry_on(void *context);

/* False when the token stays behind; its turn will go on with it. */
static bool enter(struct pipeline *self, struct token *token)
{
    struct token *turn;
    return come(&self->places[token->stage * self->in_flight + token->place], token, &turn);
}

/* The turn goes to the next item. */
static void leave(struct pipeline *self, const struct token *token)
{
    uint32_t next = token->place + 1 < self->in_flight ? token->place + 1 : 0;
    struct token *waiting;
    if (come(&self->places[token->stage * self->in_flight + next], &turn_has_come, &waiting))
        weft_group_run(self->group, carry_on, waiting);
}

/* Runs the stage that the token has entered; false when the pipeline stops. */
static bool run_stage(struct pipeline *self, struct token *token)
{
    const weft_stage *stage = &self->stages[token->stage];
    enum weft_status status = WEFT_OK;
    if (stopped(self))
        return false;
    if (token->item != NULL)
        status = stage->fn(stage->context, &token->item);
    if (status != WEFT_OK) {
        fail(self, status);
        return false;
    }
    if (stage->kind == WEFT_STAGE_SERIAL)
        leave(self, token);
    token->stage++;
    return true;
}

/* Takes a token as far as it goes. True when it came through and the caller got the baton. */
static bool carry(struct pipeline *self, struct token *token, bool entered)
{
    while (token->stage < self->count) {
        bool serial = self->stages[token->stage].kind == WEFT_STAGE_SERIAL;
        if (serial && !entered && !enter(self, token))
            return false;
        if (!run_stage(self, token))
            return false;
        entered = false;
    }
    token->item = NULL; /* it has left */
    push_ready(self, token);
    return atomic_fetch_add(&self->wanting, 1) == 0;
}

/* ---- Tasks --------------------------------------------------------------------------- */

/* The task of who holds the baton. */
static void read_on(void *context)
{
    struct pipeline *self = context;
    struct token *token;
    do {
        token = read_item(self);
        if (token == NULL)
            return;
        if (atomic_fetch_sub(&self->wanting, 1) > 1)
            weft_group_run(self->group, read_on, self);
    } while (carry(self, token, false));
}

/* The task of a token whose turn has come. */
static void carry_on(void *context)
{
    struct token *token = context;
    struct pipeline *self = token->pipeline;
    if (carry(self, token, true))
        read_on(self);
}

/* ---- From start to end --------------------------------------------------------------- */

static void run_in_job(void *context)
{
    struct pipeline *self = context;
    weft_group group;
    weft_group_init(&group);
    self->group = &group;
    read_on(self);
    enum weft_status status = weft_group_wait(&group);
    uint32_t failure = atomic_load_explicit(&self->status, memory_order_relaxed);
    self->outcome = failure != WEFT_OK ? (enum weft_status)failure : status;
}

static bool prepare(struct pipeline *self)
{
    size_t places = (size_t)self->count * self->in_flight;
    self->tokens = calloc(self->in_flight, sizeof *self->tokens);
    self->places = calloc(places, sizeof *self->places);
    if (self->tokens == NULL || self->places == NULL)
        return false;
    for (uint32_t i = 0; i < self->in_flight; i++) {
        self->tokens[i].pipeline = self;
        push_ready(self, &self->tokens[i]);
    }
    for (uint32_t i = 0; i < self->count; i++) /* the turn of the first item */
        atomic_init(&self->places[i * self->in_flight], &turn_has_come);
    atomic_store_explicit(&self->wanting, self->in_flight, memory_order_relaxed);
    return true;
}

static void discard_rest(struct pipeline *self)
{
    for (uint32_t i = 0; i < self->in_flight && self->discard != NULL; i++)
        if (self->tokens[i].item != NULL)
            self->discard(self->discard_context, self->tokens[i].item);
}

static bool valid(const weft_stage *stages, size_t count, size_t in_flight)
{
    if (stages == NULL || count == 0 || count > WEFT_PIPELINE_STAGES_MAX ||
        in_flight > WEFT_PIPELINE_ITEMS_MAX || stages[0].kind != WEFT_STAGE_SERIAL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (stages[i].fn == NULL ||
            (stages[i].kind != WEFT_STAGE_SERIAL && stages[i].kind != WEFT_STAGE_PARALLEL))
            return false;
    return true;
}

enum weft_status weft_pipeline_run(const weft_stage *stages, size_t count, size_t in_flight,
                                   weft_discard_fn discard, void *discard_context)
{
    if (!valid(stages, count, in_flight))
        return WEFT_ERR_INVALID;
    weft_info info;
    weft_runtime_info(&info);
    if (in_flight == 0)
        in_flight = IN_FLIGHT_PER_THREAD * (info.threads != 0 ? info.threads : 1);
    /* Without a worker a group's task runs where it is added; one token keeps that flat. */
    if (info.threads == 0)
        in_flight = 1;
    struct pipeline self = {.stages = stages,
                            .count = (uint32_t)count,
                            .in_flight = (uint32_t)in_flight,
                            .discard = discard,
                            .discard_context = discard_context};
    enum weft_status status = WEFT_ERR_NOMEM;
    if (prepare(&self)) {
        /* Outside of a job it becomes one. */
        status = weft_run(run_in_job, &self);
        if (status == WEFT_OK)
            status = self.outcome;
        discard_rest(&self);
    }
    free(self.places);
    free(self.tokens);
    return status;
}
