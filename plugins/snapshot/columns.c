/* SPDX-License-Identifier: MIT */
#include "columns.h"

#include <stdlib.h>
#include <string.h>

#include <fw/service/log.h>

const char *const snapshot_keys[SNAPSHOT_N_KEYS] = {
    "entity_id", "platform_name", "offer_id", "snapshot_ts", "crawled_date_day",
};

/* Kept whatever the contract says, and first; the keys among them stand above. */
static const char *const base_list[] = {
    "funding_goal_usd",
    "funding_raised_usd",
    "investors_count",
    "is_funded",
    "cik",
    "link",
    "hash_id",
    "datetime_open_offering",
    "datetime_close_offering",
};

struct planner {
    const struct fw_host *host;
    const struct fw_source *source;
    const struct snapshot_settings *settings;
    struct snapshot_columns *columns;
};

static bool is_key_name(const char *name)
{
    for (size_t i = 0; i < SNAPSHOT_N_KEYS; i++) {
        if (strcmp(name, snapshot_keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool has(const struct fw_source_column *const *list, size_t n,
                const struct fw_source_column *column)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] == column) {
            return true;
        }
    }
    return false;
}

/* Whether the column turned into one of the five keys. */
static bool is_key(const struct snapshot_columns *columns, const struct fw_source_column *column)
{
    return column == columns->platform || column == columns->offer || column == columns->day ||
           (column == columns->instant && column != columns->time) || is_key_name(column->name);
}

static void add(struct planner *p, const struct fw_source_column *column)
{
    struct snapshot_columns *columns = p->columns;
    if (column->nested) {
        if (!has(columns->nested, columns->n_nested, column)) {
            columns->nested[columns->n_nested++] = column;
        }
    } else if (!is_key(columns, column) && !has(columns->scalars, columns->n_scalars, column)) {
        columns->scalars[columns->n_scalars++] = column;
    }
}

static void add_contract(struct planner *p)
{
    const struct snapshot_settings *settings = p->settings;
    for (size_t i = 0; i < settings->columns.n; i++) {
        const char *name = settings->columns.names[i];
        const struct fw_source_column *column = fw_source_column(p->source, name);
        if (column == NULL) {
            if (!is_key_name(name)) {
                p->columns->missing[p->columns->n_missing++] = name;
            }
        } else if (!snapshot_names_has(&settings->can_drop, name)) {
            add(p, column);
        }
    }
}

static void add_all(struct planner *p)
{
    for (size_t i = 0; i < p->source->n_columns; i++) {
        const struct fw_source_column *column = &p->source->columns[i];
        if (!snapshot_names_has(&p->settings->can_drop, column->name)) {
            add(p, column);
        }
    }
}

static void add_columns(struct planner *p)
{
    for (size_t i = 0; i < sizeof(base_list) / sizeof(base_list[0]); i++) {
        const struct fw_source_column *column = fw_source_column(p->source, base_list[i]);
        if (column != NULL) {
            add(p, column);
        }
    }
    if (p->settings->columns.names != NULL) {
        add_contract(p);
    } else {
        add_all(p);
    }
}

/* Where a missing column is missing; a Delta table may have no files at all. */
static const char *first_file(const struct planner *p)
{
    return p->source->n_files > 0 ? p->source->files[0].path : NULL;
}

static fw_status find_key(struct planner *p, const char *param, const char *name,
                          const struct fw_source_column **ret_column)
{
    const struct fw_source_column *column = fw_source_column(p->source, name);
    if (column == NULL) {
        return fw_faultf(p->host, FW_E_MISSING, first_file(p),
                         "name the column that plays this role with the parameter",
                         "the raw table has no column \"%s\" (parameter %s)", name, param);
    }
    if (column->nested) {
        return fw_faultf(p->host, FW_E_DATA, first_file(p),
                         "name a column of plain values with the parameter",
                         "the column \"%s\" (parameter %s) is a %s, and a key must be plain", name,
                         param, column->type);
    }
    *ret_column = column;
    return FW_OK;
}

static const struct fw_source_column *optional_key(const struct planner *p, const char *name)
{
    const struct fw_source_column *column = fw_source_column(p->source, name);
    return column != NULL && !column->nested ? column : NULL;
}

/* A key under another name must not push out a raw column that has the key's name. */
static fw_status check_collision(const struct planner *p, const char *key,
                                 const struct fw_source_column *used)
{
    const struct fw_source_column *same = fw_source_column(p->source, key);
    if (used == NULL || same == NULL || same == used) {
        return FW_OK;
    }
    return fw_faultf(p->host, FW_E_CONFIG, NULL, "rename one of the two before this stage",
                     "\"%s\" of the output is made from \"%s\", and the raw table has another "
                     "column \"%s\"",
                     key, used->name, same->name);
}

static fw_status find_keys(struct planner *p)
{
    const struct snapshot_settings *settings = p->settings;
    struct snapshot_columns *columns = p->columns;
    fw_status status =
        find_key(p, "platform_column", settings->platform_column, &columns->platform);
    if (status == FW_OK) {
        status = find_key(p, "offer_column", settings->offer_column, &columns->offer);
    }
    if (status != FW_OK) {
        return status;
    }
    columns->day = optional_key(p, settings->day_column);
    columns->time = optional_key(p, settings->time_column);
    columns->processed = optional_key(p, settings->processed_column);
    columns->instant = optional_key(p, settings->snapshot_column);
    if (columns->instant == NULL) {
        columns->instant = columns->day != NULL ? columns->day : columns->time;
    }
    if (columns->instant == NULL) {
        return fw_faultf(p->host, FW_E_MISSING, first_file(p),
                         "name one of them with snapshot_column, day_column or time_column",
                         "the raw table has none of the columns that tell the day: \"%s\", "
                         "\"%s\", \"%s\"",
                         settings->snapshot_column, settings->day_column, settings->time_column);
    }
    return FW_OK;
}

static fw_status check_collisions(const struct planner *p)
{
    const struct snapshot_columns *columns = p->columns;
    fw_status status = check_collision(p, "platform_name", columns->platform);
    if (status == FW_OK) {
        status = check_collision(p, "offer_id", columns->offer);
    }
    if (status == FW_OK) {
        status = check_collision(p, "snapshot_ts", columns->instant);
    }
    if (status == FW_OK) {
        status = check_collision(p, "crawled_date_day", columns->day);
    }
    return status;
}

static void warn_of_replaced(const struct planner *p)
{
    const struct fw_log *log = p->host->service(p->host, FW_LOG_ID);
    if (log != NULL && fw_source_column(p->source, "entity_id") != NULL) {
        log->write(p->host, FW_LOG_WARNING,
                   "the raw column entity_id is replaced by platform_name|offer_id");
    }
}

static fw_status allocate(struct planner *p)
{
    struct snapshot_columns *columns = p->columns;
    size_t n = p->source->n_columns;
    columns->scalars = calloc(n, sizeof *columns->scalars);
    columns->nested = calloc(n, sizeof *columns->nested);
    columns->missing = calloc(p->settings->columns.n + 1, sizeof *columns->missing);
    if (columns->scalars == NULL || columns->nested == NULL || columns->missing == NULL) {
        return fw_fault_nomem(p->host);
    }
    return FW_OK;
}

fw_status snapshot_columns_init(struct snapshot_columns *ret_columns, const struct fw_host *host,
                                const struct fw_source *source,
                                const struct snapshot_settings *settings)
{
    struct snapshot_columns columns = {.compat = settings->compat};
    struct planner p = {.host = host, .source = source, .settings = settings, .columns = &columns};
    fw_status status = find_keys(&p);
    if (status == FW_OK) {
        status = check_collisions(&p);
    }
    if (status == FW_OK) {
        status = allocate(&p);
    }
    if (status != FW_OK) {
        snapshot_columns_finish(&columns);
        return status;
    }
    warn_of_replaced(&p);
    add_columns(&p);
    *ret_columns = columns;
    return FW_OK;
}

void snapshot_columns_finish(struct snapshot_columns *columns)
{
    free(columns->scalars);
    free(columns->nested);
    free(columns->missing);
    *columns = (struct snapshot_columns){0};
}

const struct fw_source_column *snapshot_columns_scalar(const struct snapshot_columns *columns,
                                                       const char *name)
{
    for (size_t i = 0; i < columns->n_scalars; i++) {
        if (strcmp(columns->scalars[i]->name, name) == 0) {
            return columns->scalars[i];
        }
    }
    return NULL;
}
