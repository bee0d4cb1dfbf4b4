/* SPDX-License-Identifier: MIT */
#include "base/machine.h"
#include "estimate.h"
#include "fw/stage.h"
#include "run/run.h"

/*
 * Goes through the plan in time, with the rules of core/run/schedule.c: in the plan's order
 * whatever needs nothing any more starts while threads and memory last, and a stage that asks for
 * nothing gets a share. A stage of which nothing is known takes no time here.
 */

enum state { PENDING, RUNNING, ENDED };

struct going {
    enum state state;
    double end_s;
    uint32_t threads;
    uint64_t memory;
};

struct walk {
    const struct fw_plan *plan;
    const struct estimates *estimates;
    struct going *stages;
    uint32_t threads;
    uint64_t memory;
    size_t n_running;
    double now_s;
};

static bool ready(const struct walk *walk, size_t index)
{
    const struct fw_plan_stage *stage = &walk->plan->stages[index];
    for (size_t i = 0; i < stage->needs.len; i++) {
        if (walk->stages[stage->needs.items[i]].state != ENDED) {
            return false;
        }
    }
    return walk->stages[index].state == PENDING;
}

static bool start(struct walk *walk, size_t index, size_t n_ready)
{
    const struct fw_plan_stage *stage = &walk->plan->stages[index];
    const struct fw_pipeline_resources *own = &stage->spec->resources;
    const struct course *course = &walk->estimates->course;
    struct going *going = &walk->stages[index];
    uint32_t share =
        (stage->type->caps & FW_CAP_PARALLEL) ? (uint32_t)(walk->threads / n_ready) : 1;
    uint32_t threads = own->threads ? own->threads : share > 1 ? share : 1;
    uint64_t memory = own->memory_bytes ? own->memory_bytes : walk->memory / n_ready;
    threads = threads < course->threads ? threads : course->threads;
    memory = memory < course->memory ? memory : course->memory;
    if (walk->n_running > 0 && (threads > walk->threads || memory > walk->memory ||
                                (memory < FW_RUN_MIN_MEMORY && own->memory_bytes == 0))) {
        return false;
    }
    *going = (struct going){.state = RUNNING,
                            .end_s = walk->now_s + walk->estimates->items[index].elapsed_s,
                            .threads = threads,
                            .memory = memory};
    walk->threads -= threads;
    walk->memory -= memory;
    walk->n_running++;
    return true;
}

static void start_all(struct walk *walk)
{
    size_t n_ready = 0;
    for (size_t i = 0; i < walk->plan->n_stages; i++) {
        n_ready += ready(walk, i);
    }
    for (size_t i = 0; i < walk->plan->n_stages && n_ready > 0; i++) {
        size_t index = walk->plan->order[i];
        if (ready(walk, index) && start(walk, index, n_ready)) {
            n_ready--;
        }
    }
}

static void end_next(struct walk *walk)
{
    struct going *next = NULL;
    for (size_t i = 0; i < walk->plan->n_stages; i++) {
        struct going *stage = &walk->stages[i];
        if (stage->state == RUNNING && (!next || stage->end_s < next->end_s)) {
            next = stage;
        }
    }
    if (next) {
        next->state = ENDED;
        walk->now_s = next->end_s;
        walk->threads += next->threads;
        walk->memory += next->memory;
        walk->n_running--;
    }
}

int course_follow(const struct fw_plan *plan, struct estimates *estimates, struct fw_error *err)
{
    const struct fw_pipeline_resources *given = &plan->pipeline->resources;
    struct course *course = &estimates->course;
    struct fw_machine machine;
    fw_machine_look(&machine);
    course->threads = given->threads ? given->threads : machine.cpus;
    course->memory = given->memory_bytes
                         ? given->memory_bytes
                         : (uint64_t)((double)machine.memory_bytes * FW_RUN_MEMORY_SHARE);
    fw_auto(free) struct going *stages = calloc(plan->n_stages + 1, sizeof *stages);
    struct walk walk = {.plan = plan,
                        .estimates = estimates,
                        .stages = stages,
                        .threads = course->threads,
                        .memory = course->memory};
    FW_TRY(stages ? 0 : fw_error_oom(err));
    for (size_t i = 0; i < plan->n_stages; i++) {
        const struct estimate *estimate = &estimates->items[i];
        stages[i].state = estimate->runs ? PENDING : ENDED;
        course->n_unknown += estimate->runs && !estimate->measured.manifest;
        course->sequential_s += estimate->elapsed_s;
    }
    for (start_all(&walk); walk.n_running > 0; start_all(&walk)) {
        end_next(&walk);
    }
    course->elapsed_s = walk.now_s;
    return 0;
}
