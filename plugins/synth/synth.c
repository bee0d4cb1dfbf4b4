/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <fw/plugin.h>
#include <fw/service/artifact.h>
#include <fw/service/budget.h>
#include <fw/service/sql.h>

#include "delta_table.h"
#include "entity.h"
#include "filings.h"
#include "images.h"
#include "plan.h"
#include "rows.h"

#define STATE_VERSION 1
#define ADVANCE_MS    1000

/* The saved state is rows[0 .. n_done - 1] after n_done; finished parts are files already. */
struct synth {
    const struct fw_host *host;
    struct fw_sql_handle sql;
    struct synth_plan plan;
    struct fw_sql_job *job; /* the one COPY of a single file */
    int64_t n_entities;     /* in the table `entity`; -1: it is not there yet */
    bool restored;          /* the table is built at one go then, see add_entities */
    int64_t n_done;
    uint64_t *part_rows;
};

static void synth_destroy(void *self)
{
    struct synth *synth = self;
    if (synth->job != NULL) {
        synth->sql.api->finish(synth->job);
    }
    fw_sql_handle_close(&synth->sql);
    free(synth->part_rows);
    free(synth);
}

static fw_status synth_create(const struct fw_host *host, const struct fw_task *task,
                              void **ret_self)
{
    struct synth *synth = calloc(1, sizeof *synth);
    if (synth == NULL) {
        return fw_fault_nomem(host);
    }
    synth->host = host;
    synth->n_entities = -1;
    fw_status status = synth_plan_init(&synth->plan, host, task);
    if (status == FW_OK) {
        synth->part_rows = calloc((size_t)synth->plan.n_parts, sizeof *synth->part_rows);
        status =
            synth->part_rows != NULL ? fw_sql_handle_open(&synth->sql, host) : fw_fault_nomem(host);
    }
    if (status != FW_OK) {
        synth_destroy(synth);
        return status;
    }
    *ret_self = synth;
    return FW_OK;
}

static fw_status make_folder(const struct synth *synth, const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST) {
        return FW_OK;
    }
    return fw_faultf(synth->host, errno == ENOSPC ? FW_E_NOSPACE : FW_E_IO, path, NULL,
                     "the folder cannot be made: %s", strerror(errno));
}

/* Where a part goes; its folders are there on success. The caller frees. */
static fw_status part_path(const struct synth *synth, int64_t part, char **ret_path)
{
    const struct synth_plan *plan = &synth->plan;
    if (plan->single_file) {
        *ret_path = strdup(plan->path);
        return *ret_path != NULL ? FW_OK : fw_fault_nomem(synth->host);
    }
    char *name = NULL, *path = NULL;
    int n = plan->raw ? ((name = synth_part_name(plan, part)) != NULL ? 0 : -1)
                      : asprintf(&name, "part-%05" PRId64 ".parquet", part);
    if (n < 0 || asprintf(&path, "%s/%s", plan->path, name) < 0) {
        free(name);
        return fw_fault_nomem(synth->host);
    }
    free(name);
    fw_status status = make_folder(synth, plan->path);
    if (status == FW_OK && plan->raw) {
        char *slash = strrchr(path, '/');
        *slash = '\0';
        status = make_folder(synth, path);
        *slash = '/';
    }
    if (status != FW_OK) {
        free(path);
        return status;
    }
    *ret_path = path;
    return FW_OK;
}

/*
 * The table of entities belongs to the session and is not saved. A restored stage builds it
 * within the step that writes its next part: steps that only rebuild would get nowhere where
 * every step is followed by a restart.
 */
static fw_status add_entities(struct synth *synth)
{
    int64_t end = synth->n_entities + SYNTH_ENTITIES_A_STEP;
    fw_status status = FW_OK;
    if (synth->n_entities < 0) {
        status = synth_entity_create(&synth->sql, &synth->plan);
        synth->n_entities = 0;
    }
    if (synth->restored || end > synth->plan.entities) {
        end = synth->plan.entities;
    }
    if (status == FW_OK) {
        status = synth_entity_add(&synth->sql, &synth->plan, synth->n_entities, end);
        synth->n_entities = end;
    }
    return status;
}

/* The statements that write a part, to be freed. */
static fw_status part_statements(const struct synth *synth, int64_t part, char **ret_statements)
{
    char *path = NULL;
    struct fw_text text = {0};
    fw_status status = part_path(synth, part, &path);
    if (status == FW_OK) {
        synth_rows_append(&synth->plan, part, path, &text);
        status = text.failed ? fw_fault_nomem(synth->host) : FW_OK;
    }
    free(path);
    if (status != FW_OK) {
        fw_text_finish(&text);
        return status;
    }
    *ret_statements = text.data;
    return FW_OK;
}

/* As many parts as there are threads: each COPY has one, so that its bytes are repeatable. */
static fw_status write_parts(struct synth *synth)
{
    const struct fw_budget *budget = synth->host->service(synth->host, FW_BUDGET_ID);
    const int64_t left = synth->plan.n_parts - synth->n_done;
    int64_t n = budget->limits(synth->host)->threads;
    n = n < left ? n : left;
    char **statements = calloc((size_t)n, sizeof *statements);
    if (statements == NULL) {
        return fw_fault_nomem(synth->host);
    }
    fw_status status = FW_OK;
    for (int64_t i = 0; i < n && status == FW_OK; i++) {
        status = part_statements(synth, synth->n_done + i, &statements[i]);
    }
    if (status == FW_OK) {
        status = synth->sql.api->exec_parallel(synth->sql.session, (const char *const *)statements,
                                               (uint64_t)n, &synth->part_rows[synth->n_done]);
    }
    for (int64_t i = 0; i < n; i++) {
        free(statements[i]);
    }
    free(statements);
    synth->n_done += status == FW_OK ? n : 0;
    return status;
}

/* One file is one statement, so it is worked off a second at a time. */
static fw_status write_file(struct synth *synth)
{
    fw_status status = FW_OK;
    double fraction = 0;
    if (synth->job == NULL) {
        char *statement = NULL;
        status = part_statements(synth, 0, &statement);
        if (status == FW_OK) {
            status = synth->sql.api->begin(synth->sql.session, statement, &synth->job);
        }
        free(statement);
    }
    if (status == FW_OK) {
        status = synth->sql.api->advance(synth->job, ADVANCE_MS, &fraction);
    }
    if (status != FW_OK) {
        return status;
    }
    synth->sql.api->finish(synth->job);
    synth->job = NULL;
    synth->part_rows[synth->n_done++] = fw_sql_rows_changed(&synth->sql);
    return FW_OK;
}

static uint64_t rows_done(const struct synth *synth)
{
    uint64_t rows = 0;
    for (int64_t i = 0; i < synth->n_done; i++) {
        bool stale = synth->plan.raw && synth_part_kind(&synth->plan, i) == SYNTH_PART_STALE;
        rows += stale ? 0 : synth->part_rows[i];
    }
    return rows;
}

static fw_status finish(struct synth *synth)
{
    const struct fw_artifact *artifact = synth->host->service(synth->host, FW_ARTIFACT_ID);
    char json[160];
    fw_status status =
        synth->plan.raw ? synth_write_log(&synth->sql, &synth->plan, synth->part_rows) : FW_OK;
    if (status != FW_OK) {
        return status;
    }
    snprintf(json, sizeof json,
             "{\"entities\":%" PRId64 ",\"entity_days\":%" PRId64 ",\"files\":%" PRId64
             ",\"delta_version\":%d}",
             synth->plan.entities, synth->plan.entity_days,
             synth->plan.raw ? synth_active_files(&synth->plan) : synth->plan.n_parts,
             synth->plan.raw ? SYNTH_VERSION : -1);
    status = artifact->field(synth->host, "synth", json);
    return status == FW_OK ? artifact->rows(synth->host, "raw", rows_done(synth)) : status;
}

static fw_status work(struct synth *synth)
{
    const struct synth_plan *plan = &synth->plan;
    if (synth->n_done < plan->n_parts && synth->n_entities < plan->entities) {
        fw_status status = add_entities(synth);
        if (status != FW_OK || !synth->restored) {
            return status == FW_OK ? FW_MORE : status;
        }
    }
    if (synth->n_done == plan->n_parts) {
        return finish(synth);
    }
    fw_status status = plan->single_file ? write_file(synth) : write_parts(synth);
    return status == FW_OK ? FW_MORE : status;
}

static fw_status synth_step(void *self, struct fw_step *ret)
{
    struct synth *synth = self;
    fw_status status = work(synth);
    ret->done = (uint64_t)synth->n_done;
    ret->total = (uint64_t)synth->plan.n_parts;
    ret->items = rows_done(synth);
    ret->unit = "parts";
    return status;
}

static void release_blob(struct fw_blob *blob)
{
    free(blob->private_data);
}

static fw_status synth_save(void *self, struct fw_blob *ret)
{
    struct synth *synth = self;
    size_t n = (size_t)synth->n_done;
    uint64_t *state = calloc(n + 1, sizeof *state);
    if (state == NULL) {
        return fw_fault_nomem(synth->host);
    }
    state[0] = n;
    memcpy(state + 1, synth->part_rows, n * sizeof *state);
    ret->version = STATE_VERSION;
    ret->bytes = state;
    ret->size = (n + 1) * sizeof *state;
    ret->release = release_blob;
    ret->private_data = state;
    return FW_OK;
}

static fw_status synth_restore(void *self, const struct fw_blob *blob)
{
    struct synth *synth = self;
    uint64_t n = 0;
    if (blob->version == STATE_VERSION && blob->size >= sizeof n) {
        memcpy(&n, blob->bytes, sizeof n);
    }
    if (blob->version != STATE_VERSION || n > (uint64_t)synth->plan.n_parts ||
        blob->size != (n + 1) * sizeof n) {
        return fw_faultf(synth->host, FW_E_STATE, NULL, NULL,
                         "the checkpoint is not one of this stage (version %" PRIu32 ", %" PRIu64
                         " bytes)",
                         blob->version, blob->size);
    }
    memcpy(synth->part_rows, (const char *)blob->bytes + sizeof n, n * sizeof n);
    synth->n_done = (int64_t)n;
    synth->restored = true;
    return FW_OK;
}

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID, FW_BUDGET_ID};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "raw", .file = "raw",
            .doc = "shape raw: a Delta table; entity_day: a folder of Parquet parts, or one file"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "shape", .default_value = "raw",
             .choices = "raw|entity_day",
             .doc =
                 "raw: 148 columns, several crawls a day; entity_day: 133 columns, one row a day"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "rows", .default_value = "60000", .min = "100",
             .max = "1000000000", .unit = "rows", .doc = "rows in all"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "entities", .default_value = "0", .min = "0",
             .max = "10000000", .doc = "offers; 0: as many as have up to 256 days each"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "days", .default_value = "365", .min = "2",
             .max = "36500", .unit = "days", .doc = "length of the calendar, from 2022-04-18 on"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "crawls_per_day", .default_value = "3", .min = "1",
             .max = "1000", .doc = "shape raw: mean number of rows of an offer-day"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "files", .default_value = "0", .min = "0",
             .max = "100000", .doc = "data files, raw: a multiple of 4 and one more; 0: by rows"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "order", .default_value = "entity",
             .choices = "entity|shuffled", .doc = "shape entity_day: order of the rows"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "text_columns", .default_value = "88", .min = "6",
             .max = "127", .doc = "columns of the shape entity_day that are text"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "seed", .default_value = "42", .min = "0",
             .doc = "another seed gives another crawl"),
};

static const struct fw_stage synth_offers = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT | FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "synth_offers",
    .doc = "Generates a crawl of private offers: repeated, late and broken rows, nested values",
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .create = synth_create,
    .step = synth_step,
    .save = synth_save,
    .restore = synth_restore,
    .destroy = synth_destroy,
};

static const struct fw_stage *const stages[] = {&synth_offers, &synth_filings, &synth_images};

FW_PLUGIN("org.fwrun.synth", "0.1.0", "MIT",
          .doc = "Generated tables and images to try pipelines with", .stages = stages,
          .n_stages = FW_COUNT(stages));
