/* SPDX-License-Identifier: MIT */
#include "plan.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "sql/sql.h"

#define ROWS_A_FILE    40000 /* a second of work, or a little more */
#define MIN_FILES      8
#define DAYS_AN_ENTITY 256
#define KEY_TEXTS      6 /* VARCHAR columns of the shape entity_day that are keys or times */

const char *const synth_platforms[SYNTH_PLATFORMS] = {"Birch Street", "Harbor & Co",
                                                      "Northlight 100%", "seed harbor"};

static bool text_is(const struct fw_task *task, const char *name, const char *text)
{
    return strcmp(fw_task_text(task, name), text) == 0;
}

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* Makes the wanted number of free columns text, changing as few kinds as possible. */
static void set_kinds(struct synth_plan *plan, int64_t text_columns)
{
    int64_t texts = KEY_TEXTS;
    for (size_t i = 0; i < synth_n_columns; i++) {
        plan->kinds[i] = synth_columns[i].kind;
        texts += synth_is_text(plan->kinds[i]) != 0;
    }
    for (size_t i = synth_n_columns; i-- > 0 && texts > text_columns;) {
        if (synth_is_text(plan->kinds[i])) {
            plan->kinds[i] = SYNTH_REAL;
            texts--;
        }
    }
    for (size_t i = 0; i < synth_n_columns && texts < text_columns; i++) {
        if (!synth_is_text(plan->kinds[i])) {
            plan->kinds[i] = SYNTH_SHORT;
            texts++;
        }
    }
}

static void set_files(struct synth_plan *plan, int64_t files)
{
    if (files == 0) {
        files = divide_up(plan->rows, ROWS_A_FILE);
        files = files < MIN_FILES ? MIN_FILES : files;
    }
    if (plan->raw) {
        plan->n_slices = divide_up(files, SYNTH_PLATFORMS);
        plan->n_parts = plan->n_slices * SYNTH_PLATFORMS + SYNTH_STALE_FILES + 1;
    } else {
        plan->n_slices = 0;
        plan->n_parts = plan->single_file ? 1 : files < plan->rows ? files : plan->rows;
    }
}

int64_t synth_plan_span(const struct synth_plan *plan)
{
    return plan->entity_days + (plan->entity_days - 1) / 60 * 2;
}

/* Entities and their days, from the rows; even, because crawls are split between two days. */
static void set_entities(struct synth_plan *plan, int64_t entities)
{
    double main_rows = (double)(plan->rows - plan->keyless_rows);
    int64_t days = (int64_t)ceil(main_rows / plan->crawls_per_day);
    if (entities == 0) {
        int64_t each = plan->days * 3 / 4 < DAYS_AN_ENTITY ? plan->days * 3 / 4 : DAYS_AN_ENTITY;
        entities = divide_up(days, each > 0 ? each : 1);
        entities = entities < SYNTH_PLATFORMS ? SYNTH_PLATFORMS : entities;
    }
    plan->entities = entities;
    plan->entity_days = divide_up(divide_up(days, entities), 2) * 2;
}

fw_status synth_plan_init(struct synth_plan *plan, const struct fw_host *host,
                          const struct fw_task *task)
{
    const struct fw_output *output = fw_task_output(task, "raw");
    size_t size = strlen(output->name);
    bool parquet = size > 8 && strcmp(output->name + size - 8, ".parquet") == 0;
    *plan = (struct synth_plan){
        .raw = text_is(task, "shape", "raw"),
        .shuffled = text_is(task, "order", "shuffled"),
        .seed = (uint64_t)fw_task_integer(task, "seed"),
        .rows = fw_task_integer(task, "rows"),
        .days = fw_task_integer(task, "days"),
        .path = output->path,
    };
    plan->single_file = parquet && !plan->raw;
    plan->crawls_per_day = plan->raw ? fw_task_real(task, "crawls_per_day") : 1;
    plan->keyless_rows = plan->raw ? divide_up(plan->rows, 1000) : 0;
    set_kinds(plan, fw_task_integer(task, "text_columns"));
    set_files(plan, fw_task_integer(task, "files"));
    set_entities(plan, fw_task_integer(task, "entities"));
    if (plan->raw && parquet) {
        return fw_faultf(host, FW_E_CONFIG, NULL, "give the output a name without .parquet",
                         "the shape raw is a Delta table, which is a folder, not '%s'",
                         output->name);
    }
    if (synth_plan_span(plan) > plan->days) {
        return fw_faultf(host, FW_E_CONFIG, NULL, "give more days or entities, or fewer rows",
                         "%" PRId64 " rows of %" PRId64 " entities need %" PRId64
                         " days each, and there are %" PRId64,
                         plan->rows, plan->entities, synth_plan_span(plan), plan->days);
    }
    return FW_OK;
}

enum synth_part_kind synth_part_kind(const struct synth_plan *plan, int64_t part)
{
    int64_t crawls = plan->n_slices * SYNTH_PLATFORMS;
    return part < crawls                       ? SYNTH_PART_CRAWL
           : part < crawls + SYNTH_STALE_FILES ? SYNTH_PART_STALE
                                               : SYNTH_PART_KEYLESS;
}
