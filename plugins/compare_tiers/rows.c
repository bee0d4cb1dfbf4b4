/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <time.h>

#include <fw/service/budget.h>

#include "scores/scores.h"
#include "tiers.h"

enum { ROWS_A_READ = 1 << 20 };

static const char *column_name(const struct fw_task *task, const char *parameter)
{
    const struct fw_value *value = fw_task_value(task, parameter);

    return value->type != FW_PARAM_UNSET ? value->text : NULL;
}

static bool parse(const struct tiers *t, const char *name, struct fw_cell *ret)
{
    const struct fw_value *templates = fw_task_value(t->task, "experiments");

    for (uint64_t i = 0; i < templates->n; i++) {
        if (fw_cell_parse(templates->texts[i], name, ret)) {
            return true;
        }
    }
    return false;
}

fw_status tiers_predictions_open(struct tiers *t)
{
    const struct fw_input *input = fw_task_input(t->task, "predictions");
    const struct fw_predictions_options options = {
        .experiment = column_name(t->task, "experiment_column"),
        .split = column_name(t->task, "split_column"),
        .key = column_name(t->task, "key_column"),
        .y = column_name(t->task, "y_column"),
        .p = column_name(t->task, "p_column"),
        .splits = &t->split,
        .n_splits = 1,
    };

    if (input == NULL || input->n_paths == 0) {
        return FW_OK;
    }
    fw_status status =
        fw_predictions_open(&t->sql, input->paths, input->n_paths, &options, &t->predictions);
    for (size_t i = 0; status == FW_OK && i < t->predictions->n_cells; i++) {
        struct fw_predictions_cell *rows = &t->predictions->cells[i];
        struct fw_cell cell;
        struct tiers_entry *entry = NULL;
        if (!parse(t, rows->experiment, &cell)) {
            status = tiers_unmatched_add(t, rows->experiment);
            continue;
        }
        status = tiers_entry_add(t, &cell, rows->experiment, cJSON_CreateObject(), &entry);
        if (status == FW_OK) {
            entry->rows = rows;
        }
    }
    return status;
}

static bool add_fact(struct tiers_entry *entry, const char *name, cJSON *value)
{
    if (value == NULL || !cJSON_AddItemToObject(entry->facts, name, value)) {
        cJSON_Delete(value);
        return false;
    }
    return true;
}

static bool add_day(struct tiers_entry *entry, const char *name, int64_t day)
{
    char text[40];
    time_t seconds = (time_t)day * 86400;
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL) {
        return true;
    }
    strftime(text, sizeof text, "%Y-%m-%d", &tm);
    return add_fact(entry, name, cJSON_CreateString(text));
}

static bool add_facts(const struct tiers *t, struct tiers_entry *entry, size_t n_positive)
{
    const struct fw_predictions_cell *rows = entry->rows;
    bool done = add_fact(entry, "rows", cJSON_CreateNumber((double)rows->n)) &&
                add_fact(entry, "positive", cJSON_CreateNumber((double)n_positive));

    if (done && t->predictions->key == FW_PREDICTIONS_DAYS) {
        done = add_day(entry, "first_day", rows->keys[0]) &&
               add_day(entry, "last_day", rows->keys[rows->n - 1]);
    }
    return done;
}

static fw_status measure(struct tiers *t, struct tiers_entry *entry)
{
    const struct fw_budget *budget = t->host->service(t->host, FW_BUDGET_ID);
    const uint32_t n_threads = budget->limits(t->host)->threads;
    struct fw_scores scores = {0};
    struct fw_score_summary summary;

    if (!fw_scores_init(&scores, entry->rows->p, entry->rows->y, entry->rows->n, n_threads)) {
        return fw_fault_nomem(t->host);
    }
    bool done =
        fw_scores_summary(&scores, n_threads, &summary) && add_facts(t, entry, scores.n_positive);
    entry->auc = done ? summary.auc : entry->auc;
    fw_scores_finish(&scores);
    fw_predictions_forget(entry->rows);
    return done ? FW_OK : fw_fault_nomem(t->host);
}

fw_status tiers_predictions_measure(struct tiers *t)
{
    fw_status status = FW_MORE;

    while (t->predictions != NULL && !t->is_read && status == FW_MORE) {
        status = fw_predictions_read(t->predictions, ROWS_A_READ);
        t->is_read = status == FW_OK;
    }
    while (t->next < t->n_entries && t->entries[t->next].rows == NULL) {
        t->next++;
    }
    if (t->next < t->n_entries && (status == FW_OK || status == FW_MORE)) {
        status = measure(t, &t->entries[t->next++]);
    }
    return status == FW_OK || status == FW_MORE ? (t->next < t->n_entries ? FW_MORE : FW_OK)
                                                : status;
}
