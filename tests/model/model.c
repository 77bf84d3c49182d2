#include "model.h"

#include "../../src/core/worker.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#define THREADS_MAX 8
#define STACK_BYTES (256 * 1024)
#define STEPS_MAX   4000000 /* of one run; more means that it does not end */
#define STEPS_USUAL 20000
#define REPLAY_MAX  20000 /* decisions that are printed; for more there is the seed */
#define TURN_MAX    300   /* points in a row before the others get a turn anyway */
#define NEVER       INT64_MAX

enum state { UNUSED, RUNNABLE, ASLEEP, ENDED };

struct thread {
    ucontext_t context; /* its first entry; */
    jmp_buf jump;       /* afterwards, as that needs no system call */
    bool entered;
    unsigned char *stack;
    enum state state;
    _Atomic uint32_t *word; /* sleeps on it */
    uint32_t joins;         /* or waits for this thread to end, when word is NULL */
    int64_t deadline;       /* of that sleep, or NEVER */
    bool late;              /* it ended by its limit */
    void (*fn)(void *);
    void *argument;
    struct weft__front *front; /* its thread-local variable */
};

/* One decision of a run: which of the threads that could go on did. */
struct choice {
    uint8_t taken;   /* place in the order: 0 goes on, or the lowest number */
    uint8_t options; /* how many there were */
    uint8_t costs;   /* is any other than 0 a preemption? */
};

static struct {
    struct thread threads[THREADS_MAX];
    uint32_t current;
    uint32_t turn; /* points since the last switch */
    uint32_t steps;
    int64_t now; /* the clock: the latest deadline that has passed */
    struct choice choices[STEPS_MAX];
    uint32_t depth;  /* decisions of this run */
    uint32_t prefix; /* decisions that this run repeats */
    uint32_t preemptions, preemptions_max;
    bool random;
    uint64_t seed;       /* of this run, for `random` */
    uint64_t state;      /* of the generator */
    uint32_t rarity;     /* one in so many points is a switch */
    uint32_t steps_most; /* of the model */
    const char *failure;
    ucontext_t explorer;
    bool active;
    const struct model *model;
} m;

static uint32_t random_below(uint32_t limit)
{
    m.state = m.state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((m.state >> 33) % limit);
}

static void leave_run(void)
{
    m.active = false;
    setcontext(&m.explorer);
}

void model_fail(const char *what)
{
    if (m.failure == NULL)
        m.failure = what;
    leave_run();
}

/* Chooses among `options` threads; 0 is the one that goes on by itself. */
static uint32_t decide(uint32_t options, bool costs)
{
    if (options == 1)
        return 0;
    if (m.depth == STEPS_MAX)
        model_fail("the run does not end");
    struct choice *choice = &m.choices[m.depth++];
    if (m.depth > m.prefix) {
        choice->options = (uint8_t)options;
        choice->costs = costs;
        choice->taken = 0;
        if (m.random && (!costs || random_below(m.rarity) == 0))
            choice->taken = (uint8_t)random_below(options);
        if (!m.random && costs && m.preemptions >= m.preemptions_max)
            choice->options = 1; /* nothing else may be tried here */
    }
    if (choice->costs && choice->taken != 0)
        m.preemptions++;
    return choice->taken;
}

static void switch_to(uint32_t next)
{
    uint32_t before = m.current;
    if (next == before)
        return;
    m.turn = 0;
    m.threads[before].front = weft__front;
    m.current = next;
    weft__front = m.threads[next].front;
    if (_setjmp(m.threads[before].jump) != 0)
        return;
    if (m.threads[next].entered)
        _longjmp(m.threads[next].jump, 1);
    m.threads[next].entered = true;
    setcontext(&m.threads[next].context);
}

/* Goes on with a thread that can; one that sleeps has come to its limit. */
static void go_on_with(uint32_t next)
{
    struct thread *thread = &m.threads[next];
    if (thread->state == ASLEEP) {
        thread->state = RUNNABLE;
        thread->late = true;
        if (thread->deadline > m.now)
            m.now = thread->deadline;
    }
    switch_to(next);
}

/* Lets one of the threads go on that can: `stay` says that the current one is among them.
 * A sleep with a limit may end by it at any time: a thread may be slow, and a clock fast. */
static void schedule(bool stay)
{
    uint32_t order[THREADS_MAX], count = 0;
    if (stay)
        order[count++] = m.current;
    for (uint32_t i = 1; i < THREADS_MAX; i++) {
        uint32_t thread = (m.current + i) % THREADS_MAX;
        if (m.threads[thread].state == RUNNABLE)
            order[count++] = thread;
    }
    for (uint32_t i = 0; i < THREADS_MAX; i++)
        if (m.threads[i].state == ASLEEP && m.threads[i].deadline != NEVER)
            order[count++] = i;
    if (count == 0)
        model_fail("every thread sleeps");
    if (stay && ++m.turn >= TURN_MAX && count > 1) {
        go_on_with(order[1]); /* fairness, not a decision */
        return;
    }
    go_on_with(order[decide(count, stay)]);
}

void model_point(void)
{
    if (!m.active)
        return;
    if (++m.steps >= m.steps_most)
        model_fail("the run does not end");
    schedule(true);
}

static void thread_main(void)
{
    struct thread *self = &m.threads[m.current];
    self->fn(self->argument);
    self->state = ENDED;
    for (uint32_t i = 0; i < THREADS_MAX; i++)
        if (m.threads[i].state == ASLEEP && m.threads[i].word == NULL &&
            m.threads[i].joins == m.current)
            m.threads[i].state = RUNNABLE;
    if (m.current == 0)
        leave_run();
    schedule(false);
}

static uint32_t thread_create(void (*fn)(void *), void *argument)
{
    uint32_t index = 0;
    while (m.threads[index].state != UNUSED)
        if (++index == THREADS_MAX)
            model_fail("too many threads for the model");
    struct thread *thread = &m.threads[index];
    if (thread->stack == NULL)
        thread->stack = malloc(STACK_BYTES);
    thread->fn = fn;
    thread->argument = argument;
    thread->front = &weft__nobody;
    thread->state = RUNNABLE;
    thread->entered = false;
    getcontext(&thread->context);
    thread->context.uc_stack.ss_sp = thread->stack;
    thread->context.uc_stack.ss_size = STACK_BYTES;
    thread->context.uc_link = NULL;
    makecontext(&thread->context, thread_main, 0);
    return index;
}

/* The platform layer: sleeping is not being runnable; the clock stands still but for
 * limits that pass. */

static void fall_asleep(_Atomic uint32_t *word, uint32_t joins, int64_t deadline)
{
    struct thread *self = &m.threads[m.current];
    self->state = ASLEEP;
    self->word = word;
    self->joins = joins;
    self->deadline = deadline;
    self->late = false;
    schedule(false);
}

enum weft_status weft__plat_wait(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
    model_point();
    if (*word != expected)
        return WEFT_OK;
    bool limited = timeout_ns >= 0 && timeout_ns < MODEL_FOREVER;
    fall_asleep(word, 0, limited ? m.now + timeout_ns : NEVER);
    return m.threads[m.current].late ? WEFT_ERR_TIMEOUT : WEFT_OK;
}

void weft__plat_wake(_Atomic uint32_t *word, uint32_t count)
{
    model_point();
    for (uint32_t i = 0; i < THREADS_MAX && count > 0; i++)
        if (m.threads[i].state == ASLEEP && m.threads[i].word == word) {
            m.threads[i].state = RUNNABLE;
            count--;
        }
}

bool weft__plat_may_sleep(void)
{
    return true;
}

void weft__plat_yield(void)
{
    model_point();
}

enum weft_status weft__plat_thread_start(weft__plat_thread *thread, size_t stack_bytes,
                                         void (*fn)(void *), void *context)
{
    (void)stack_bytes;
    thread->handle = thread_create(fn, context);
    return WEFT_OK;
}

bool weft__plat_thread_followable(weft__plat_thread thread)
{
    (void)thread;
    return true;
}

void weft__plat_thread_hold(weft__plat_thread thread, bool held)
{
    (void)thread;
    (void)held;
}

void weft__plat_thread_join(weft__plat_thread thread)
{
    uint32_t index = (uint32_t)thread.handle;
    if (m.threads[index].state != ENDED)
        fall_asleep(NULL, index, NEVER);
    m.threads[index].state = UNUSED;
}

void weft__plat_stack_probe(void)
{
}

bool weft__plat_stack_overrun(void)
{
    return false;
}

_Atomic uint32_t model_visits;

void weft__plat_guard(struct weft__worker *worker)
{
    while (weft__worker_loop(worker)) { /* a visit to the host */
        atomic_fetch_add(&model_visits, 1);
        weft__plat_wake(&model_visits, 1);
    }
}

int64_t weft__plat_now_ns(void)
{
    return m.now;
}

/* One CPU: nobody spins, everybody sleeps at once. */
size_t weft__plat_cpu_count(const char **rule)
{
    *rule = "host";
    return 1;
}

/* The explorer. */

static void call_run(void *argument)
{
    ((const struct model *)argument)->run();
}

static void run_once(const struct model *model)
{
    static volatile bool entered;
    for (uint32_t i = 0; i < THREADS_MAX; i++)
        m.threads[i].state = UNUSED;
    memset(&weft__rt, 0, sizeof weft__rt);
    m.depth = m.steps = m.turn = m.preemptions = 0;
    m.now = 0;
    m.steps_most = model->steps != 0 ? model->steps : STEPS_USUAL;
    m.current = thread_create(call_run, (void *)(uintptr_t)model);
    weft__front = &weft__nobody;
    entered = false;
    getcontext(&m.explorer);
    if (!entered) {
        entered = true;
        m.active = true;
        m.threads[m.current].entered = true;
        setcontext(&m.threads[m.current].context);
    }
    weft__front = &weft__nobody;
    if (m.failure != NULL) /* its threads are lost, the next model starts afresh */
        memset(&weft__rt, 0, sizeof weft__rt);
}

/* Makes the next schedule in depth-first order out of the last one. */
static bool next_schedule(void)
{
    while (m.depth > 0) {
        struct choice *choice = &m.choices[m.depth - 1];
        if (choice->taken + 1 < choice->options) {
            choice->taken++;
            m.prefix = m.depth;
            return true;
        }
        m.depth--;
    }
    return false;
}

static void print_failure(const struct model *model)
{
    fprintf(stderr, "%s: %s after %u steps\n", model->name, m.failure, m.steps);
    if (m.random)
        fprintf(stderr, "WEFT_MODEL_SEED=%s:%llu\n", model->name, (unsigned long long)m.seed);
    if (m.depth > REPLAY_MAX)
        return;
    fprintf(stderr, "WEFT_MODEL_REPLAY=%s:", model->name);
    for (uint32_t i = 0; i < m.depth; i++)
        if (m.choices[i].taken != 0)
            fprintf(stderr, "%u=%u,", i, m.choices[i].taken);
    fprintf(stderr, "\n");
}

/* What an environment variable says of this model, in the form name:rest. True when it
 * is set, for whichever model; *rest is NULL unless it is for this one. */
static bool asked_for(const char *variable, const struct model *model, const char **rest)
{
    const char *text = getenv(variable);
    size_t name = strlen(model->name);
    *rest = NULL;
    if (text != NULL && strncmp(text, model->name, name) == 0 && text[name] == ':')
        *rest = text + name + 1;
    return text != NULL;
}

/* The schedule of one seed. Some seeds switch at every other point, some let a thread
 * sleep through hundreds of its siblings' steps. */
static void run_seed(const struct model *model, uint64_t seed)
{
    m.random = true;
    m.prefix = 0;
    m.seed = seed;
    m.state = seed * UINT64_C(0x9e3779b97f4a7c15);
    m.rarity = 1u << (1 + random_below(9));
    run_once(model);
}

static bool replay_seed(const struct model *model)
{
    const char *text;
    if (!asked_for("WEFT_MODEL_SEED", model, &text))
        return false;
    if (text != NULL)
        run_seed(model, strtoull(text, NULL, 10));
    return true;
}

static bool replay(const struct model *model)
{
    const char *text;
    if (!asked_for("WEFT_MODEL_REPLAY", model, &text))
        return replay_seed(model);
    if (text == NULL)
        return true;
    memset(m.choices, 0, sizeof m.choices);
    unsigned at, taken;
    int length = 0;
    for (; sscanf(text, "%u=%u,%n", &at, &taken, &length) == 2; text += length) {
        if (at >= STEPS_MAX)
            break;
        m.choices[at].taken = (uint8_t)taken;
        m.prefix = at + 1;
    }
    run_once(model);
    return true;
}

/* A failed assertion, or an access that goes wrong: the schedule must not be lost. */
static void crashed(int signal_number)
{
    m.failure = signal_number == SIGABRT ? "aborted" : "crashed";
    if (m.active)
        print_failure(m.model);
    _exit(1);
}

static void catch_crashes(const struct model *model)
{
    static unsigned char stack[64 * 1024]; /* the thread's own may be what overflowed */
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_ONSTACK};
    m.model = model;
    (void)sigaltstack(&other, NULL);
    (void)sigaction(SIGABRT, &action, NULL);
    (void)sigaction(SIGSEGV, &action, NULL);
    (void)sigaction(SIGBUS, &action, NULL);
}

static uint64_t explore(const struct model *model, bool every)
{
    uint64_t runs = 0;
    catch_crashes(model);
    m.failure = NULL;
    m.preemptions_max = model->preemptions;
    m.random = false;
    m.prefix = 0;
    if (replay(model)) {
        if (m.failure != NULL)
            print_failure(model);
        return m.failure == NULL;
    }
    while (every) {
        run_once(model);
        runs++;
        every = m.failure == NULL && next_schedule();
    }
    for (uint32_t i = 1; i <= model->random_runs && m.failure == NULL; i++, runs++)
        run_seed(model, i);
    if (m.failure == NULL)
        return runs;
    print_failure(model);
    return 0;
}

uint64_t model_explore(const struct model *model)
{
    return explore(model, true);
}

uint64_t model_fuzz(const struct model *model)
{
    return explore(model, false);
}
