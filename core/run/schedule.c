/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/clock.h"
#include "run/run_internal.h"

/*
 * Which stages run next. Each end of a stage is counted at those that need it, so that nobody looks
 * at all stages: `decidable` has the places, in the plan's order, of those that need nothing any
 * more or that can never run; `running` the indexes of those that run. There is room for all.
 */

static void insert(struct fw_run *run, size_t index)
{
    size_t at = run->n_decidable++;
    for (; at > 0 && run->decidable[at - 1] > run->stages[index].place; at--) {
        run->decidable[at] = run->decidable[at - 1];
    }
    run->decidable[at] = run->stages[index].place;
}

static void take_out(size_t *list, size_t *n, size_t at)
{
    memmove(list + at, list + at + 1, (--*n - at) * sizeof *list);
}

/* Lists the users of each stage, from what the stages say that they need. */
static void list_users(struct fw_run *run)
{
    const struct fw_plan *plan = run->plan;
    size_t *users = run->users;
    for (size_t i = 0; i < plan->n_stages; i++) {
        run->stages[i].users = users;
        users += run->stages[i].n_users;
        run->stages[i].n_users = 0;
    }
    for (size_t i = 0; i < plan->n_stages; i++) {
        for (size_t k = 0; k < plan->stages[i].needs.len; k++) {
            struct fw_run_stage *need = &run->stages[plan->stages[i].needs.items[k]];
            need->users[need->n_users++] = i;
        }
    }
}

int fw_schedule_init(struct fw_run *run, struct fw_error *err)
{
    const struct fw_plan *plan = run->plan;
    size_t n_needs = 0;
    for (size_t i = 0; i < plan->n_stages; i++) {
        for (size_t k = 0; k < plan->stages[i].needs.len; k++, n_needs++) {
            run->stages[plan->stages[i].needs.items[k]].n_users++;
        }
    }
    run->users = calloc(n_needs + 1, sizeof *run->users);
    run->decidable = calloc(plan->n_stages + 1, sizeof *run->decidable);
    run->running = calloc(plan->n_stages + 1, sizeof *run->running);
    if (!run->users || !run->decidable || !run->running) {
        return fw_error_oom(err);
    }
    list_users(run);
    for (size_t place = 0; place < plan->n_stages; place++) {
        struct fw_run_stage *stage = &run->stages[plan->order[place]];
        stage->place = place;
        run->n_pending += stage->state == FW_STAGE_PENDING;
        stage->n_open = plan->stages[plan->order[place]].needs.len;
        if (stage->state == FW_STAGE_PENDING && stage->n_open == 0) {
            insert(run, plan->order[place]);
        }
    }
    return 0;
}

void fw_schedule_finish(struct fw_run *run)
{
    fw_spare_drop(&run->spare);
    free(run->users);
    free(run->decidable);
    free(run->running);
}

void fw_schedule_ended(struct fw_run *run, size_t index)
{
    const struct fw_run_stage *ended = &run->stages[index];
    bool done = ended->state == FW_STAGE_EXECUTED || ended->state == FW_STAGE_REUSED;
    for (size_t i = 0; i < run->n_running; i++) {
        if (run->running[i] == index) {
            take_out(run->running, &run->n_running, i);
            run->free_threads += ended->held_threads;
            run->free_memory += ended->held_memory;
        }
    }
    for (size_t i = 0; i < ended->n_users; i++) {
        struct fw_run_stage *user = &run->stages[ended->users[i]];
        user->n_open--;
        if (user->state == FW_STAGE_PENDING && !user->blocker && (!done || user->n_open == 0)) {
            user->blocker = done ? NULL : run->plan->stages[index].spec->name;
            insert(run, ended->users[i]);
        }
    }
}

/* What a stage asks for; a share of what is free for those that do not say. */
static void wanted(const struct fw_run *run, size_t index, uint32_t *ret_threads,
                   uint64_t *ret_memory)
{
    const struct fw_plan_stage *stage = &run->plan->stages[index];
    const struct fw_pipeline_resources *own = &stage->spec->resources;
    uint32_t share = (uint32_t)(run->free_threads / run->n_decidable);
    *ret_threads = own->threads                                         ? own->threads
                   : (stage->type->caps & FW_CAP_PARALLEL) && share > 1 ? share
                                                                        : 1;
    *ret_memory = own->memory_bytes ? own->memory_bytes : run->free_memory / run->n_decidable;
    if (*ret_threads > run->threads) {
        *ret_threads = run->threads;
    }
    if (*ret_memory > run->memory) {
        *ret_memory = run->memory;
    }
}

static bool fits(const struct fw_run *run, size_t index)
{
    uint32_t threads;
    uint64_t memory;
    wanted(run, index, &threads, &memory);
    return run->n_running == 0 || (threads <= run->free_threads && memory <= run->free_memory &&
                                   (memory >= FW_RUN_MIN_MEMORY ||
                                    run->plan->stages[index].spec->resources.memory_bytes > 0));
}

static void admit(struct fw_run *run, size_t index)
{
    struct fw_run_stage *state = &run->stages[index];
    wanted(run, index, &state->held_threads, &state->held_memory);
    run->free_threads -= state->held_threads;
    run->free_memory -= state->held_memory;
    state->first = fw_limits_first(state->held_threads, state->held_memory,
                                   run->plan->pipeline->resources.temp_bytes);
    state->limits = state->first;
    fw_run_recall_rung(run, index);
    run->running[run->n_running++] = index;
}

static void begin(struct fw_run *run, size_t index)
{
    struct fw_run_stage *state = &run->stages[index];
    struct fw_error err;
    state->state = FW_STAGE_RUNNING;
    run->n_pending--;
    state->start_ns = fw_clock_ns();
    run->changed = true;
    if (fw_watch_take(run->plan, &run->plan->stages[index], &state->watch, &err) < 0 ||
        fw_attempt_start(run, index, &err) < 0) {
        fw_run_stage_end(run, index, FW_STAGE_FAILED, err.code, err.text);
    } else if (state->attempt->pid > 0 && run->n_pending > 0 && run->spare.pid == 0) {
        fw_spare_start(&run->spare, NULL); /* if not now, then when it is needed */
    }
}

/* What ran before a stage may have written files that it reads, whether or not they are connected.
 */
static bool follows_work(const struct fw_run *run, const struct fw_plan_stage *stage)
{
    for (size_t i = 0; i < stage->needs.len; i++) {
        if (run->stages[stage->needs.items[i]].state == FW_STAGE_EXECUTED) {
            return true;
        }
    }
    return false;
}

/* Starts, reuses or gives up the decidable stage at `at`; false when it has to wait. It is looked
 * at right before it starts, not earlier: what it reads may change while it waits. */
static bool advance(struct fw_run *run, size_t at)
{
    size_t index = run->plan->order[run->decidable[at]];
    struct fw_plan_stage *stage = &run->plan->stages[index];
    bool known = stage->state == FW_PLAN_REUSE && !follows_work(run, stage);
    struct fw_error err;
    if (run->stages[index].blocker) {
        fw_auto(free) char *why = fw_text("needs \"%s\"", run->stages[index].blocker);
        take_out(run->decidable, &run->n_decidable, at);
        fw_run_stage_end(run, index, FW_STAGE_SKIPPED, 0, why);
        return true;
    }
    if (run->stopping != FW_GOING || (run->failed && !run->plan->pipeline->keep_going) ||
        (!known && !fits(run, index))) {
        return false;
    }
    int rc = known ? 0 : fw_plan_assess(run->plan, index, run->digests, &err);
    bool starts = rc == 0 && stage->state != FW_PLAN_REUSE;
    if (starts) {
        admit(run, index);
    }
    take_out(run->decidable, &run->n_decidable, at);
    if (starts) {
        begin(run, index);
    } else {
        fw_run_stage_end(run, index, rc < 0 ? FW_STAGE_FAILED : FW_STAGE_REUSED,
                         rc < 0 ? err.code : 0, rc < 0 ? err.text : NULL);
    }
    return true;
}

/* All are looked at when nothing runs; else only while there is room, which ten thousand that wait
 * would not find either. */
void fw_schedule(struct fw_run *run)
{
    bool all = run->n_running == 0;
    for (size_t at = 0; at < run->n_decidable && (all || run->free_threads > 0);) {
        at = advance(run, at) ? at : at + 1;
    }
}
