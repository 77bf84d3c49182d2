/* js_tasks.c: what tasks of JavaScript need of C; "Tasks" in wasm/ABI.md. */
#include "../core/worker.h"
#include "js_abi.h"

/* The head of a loop's record; what JavaScript wrote behind it is its own. */
struct weft__js_loop {
    uint32_t first, last, grain;
    uint32_t number; /* tells this loop from an earlier one at the same address */
};

static _Atomic uint32_t loops;

void weft_js_visit(void)
{
    weft__sleep_send_visiting();
}

void weft_js_suspend(void)
{
    weft__worker_suspend(weft__worker_self());
}

void weft_js_fail(uint32_t status)
{
    weft_job *job = weft__job_current();
    if (job != NULL)
        weft__job_fail(job, (enum weft_status)status);
}

int32_t weft_js_cancelled(void)
{
    return weft__job_current() == NULL ? -1 : weft_cancelled();
}

void weft_js_progress(double done, double total)
{
    weft_progress((uint64_t)done, (uint64_t)total);
}

static void run_body(void *context, size_t first, size_t last)
{
    weft_body(context, first, last);
}

void weft_js_for(struct weft__js_loop *loop)
{
    loop->number = atomic_fetch_add(&loops, 1) + 1;
    weft_for(loop->first, loop->last, loop->grain, run_body, loop);
}
