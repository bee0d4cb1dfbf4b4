/* SPDX-License-Identifier: MIT */
#include "given.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "given_parts.h"
#include "named/named.h"

/* --- the table --- */

static const struct fw_source_column *find(const struct compare_given *given, const char *name)
{
    const struct fw_source *source = given->source;
    const struct fw_source_column *column = fw_source_column(source, name);
    for (size_t i = 0; column == NULL && i < source->n_columns; i++) {
        column = strcasecmp(source->columns[i].name, name) == 0 ? &source->columns[i] : NULL;
    }
    return column;
}

/* A key by the name that the samples' table has for it; a single one may be called id or date. */
static fw_status find_key(struct compare_given *given, size_t i)
{
    const struct compare_columns *ids = &given->table->ids;
    const struct fw_source_column *column = find(given, ids->items[i]->name);
    column = column == NULL && ids->n == 1 ? find(given, "id") : column;
    column = column == NULL && ids->n == 1 ? find(given, "date") : column;
    given->keys[i] = column;
    return column != NULL ? FW_OK
                          : fw_named_find(given->table->host, given->source, ids->items[i]->name,
                                          "id_columns", &column);
}

char compare_key_family(const struct fw_source_column *column)
{
    static const char *const numbers[] = {"TINYINT", "SMALLINT", "INTEGER",   "BIGINT",
                                          "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
                                          "UBIGINT", "FLOAT",    "DOUBLE",    "DECIMAL("};
    for (size_t i = 0; i < FW_COUNT(numbers); i++) {
        if (strncmp(column->sql_type, numbers[i], strlen(numbers[i])) == 0 && !column->nested) {
            return 'n';
        }
    }
    return strcmp(column->sql_type, "VARCHAR") == 0         ? 't'
           : strcmp(column->sql_type, "DATE") == 0          ? 'd'
           : strncmp(column->sql_type, "TIMESTAMP", 9) == 0 ? 'd'
                                                            : '?';
}

static fw_status check_key(const struct compare_given *given, size_t i)
{
    const struct fw_source_column *ours = given->table->ids.items[i], *theirs = given->keys[i];
    return compare_key_family(ours) == compare_key_family(theirs) ||
                   compare_key_family(ours) == 't' || compare_key_family(theirs) == 't'
               ? FW_OK
               : fw_faultf(given->table->host, FW_E_DATA, given->source->files[0].path,
                           "give both keys the same type",
                           "the key \"%s\" is a %s, and the test set's \"%s\" a %s", theirs->name,
                           theirs->sql_type, ours->name, ours->sql_type);
}

fw_status compare_given_open(const struct fw_task *task, const struct compare_set *set,
                             struct compare_given *given)
{
    const struct fw_input *input = fw_task_input(task, "predictions");
    fw_status status = FW_OK;
    given->task = task;
    given->table = set->table;
    if (input == NULL || set->table == NULL || set->table->ids.n == 0) {
        return fw_faultf(
            set->host, FW_E_CONFIG, input == NULL ? "in" : "id_columns",
            input == NULL        ? "plug it into predictions"
            : set->table == NULL ? "give the test set as a table, or the answers as a .npz"
                                 : "name the columns of the test set by which answers are joined",
            input == NULL ? "an arm is of kind predictions, and there is no table of them"
            : set->table == NULL
                ? "predictions are joined by the keys of a table, and the test set is a tensor"
                : "predictions are joined by keys, and the test set has none");
    }
    given->keys = calloc(set->table->ids.n, sizeof(void *));
    if (given->keys == NULL) {
        return fw_fault_nomem(set->host);
    }
    status = fw_source_open(&set->table->sql, input->paths, input->n_paths, NULL, &given->source);
    for (size_t i = 0; status == FW_OK && i < set->table->ids.n; i++) {
        status = find_key(given, i);
        if (status == FW_OK) {
            status = check_key(given, i);
        }
    }
    if (status == FW_OK) {
        given->experiment = find(given, "experiment");
        given->split = find(given, "split");
        given->y = find(given, "y");
    }
    return status;
}

void compare_given_close(struct compare_given *given)
{
    fw_source_close(given->source);
    free(given->keys);
    *given = (struct compare_given){0};
}

/* --- which of its rows --- */

static void append_is(const struct fw_source_column *column, const char *value,
                      struct fw_text *text)
{
    if (column != NULL) {
        fw_text_append(text, text->size == 0 ? " WHERE CAST(" : " AND CAST(");
        fw_text_identifier(text, column->name);
        fw_text_append(text, " AS VARCHAR) = ");
        fw_text_literal(text, value);
    }
}

/* What there is: 'a20_h1 (test), ...'. */
static fw_status list_cells(const struct compare_given *given, char **ret)
{
    const struct fw_source_column *columns[] = {given->experiment, given->split};
    struct fw_text query = {0};
    fw_text_append(&query, "SELECT string_agg(DISTINCT c, ', ' ORDER BY c) FROM (SELECT concat_ws("
                           "' in '");
    for (size_t i = 0; i < FW_COUNT(columns); i++) {
        if (columns[i] != NULL) {
            fw_text_append(&query, ", CAST(");
            fw_text_identifier(&query, columns[i]->name);
            fw_text_append(&query, " AS VARCHAR)");
        }
    }
    fw_text_append(&query, given->experiment == NULL && given->split == NULL ? ", 'all') AS c FROM "
                                                                             : ") AS c FROM ");
    fw_source_scan(given->source, NULL, &query);
    fw_text_append(&query, ")");
    fw_status status = query.failed ? fw_fault_nomem(given->table->host)
                                    : fw_sql_text(&given->table->sql, ret, fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

fw_status compare_given_refuse_cell(const struct compare_given *given,
                                    const struct compare_arm *arm, const char *what)
{
    const char *experiment = arm->experiment != NULL ? arm->experiment : "";
    char *cells = NULL;
    fw_status status = list_cells(given, &cells);
    if (status == FW_OK) {
        status = fw_faultf(given->table->host, FW_E_DATA, given->source->files[0].path,
                           "name the experiment: NAME=predictions/EXPERIMENT; and the split: split "
                           "= \"...\"",
                           "arm %s%s%s: %s; split is \"%s\", and there are: %s", arm->name,
                           experiment[0] != '\0' ? ", experiment " : "", experiment, what,
                           fw_task_text(given->task, "split"), cells == NULL ? "none" : cells);
    }
    free(cells);
    return status;
}

fw_status compare_given_where(const struct compare_given *given, const struct compare_arm *arm,
                              struct fw_text *where)
{
    struct fw_text query = {0};
    int64_t n = 1;
    fw_status status = FW_OK;
    if (arm->experiment != NULL && given->experiment == NULL) {
        return compare_given_refuse_cell(given, arm, "the table has no column experiment");
    }
    append_is(given->split, fw_task_text(given->task, "split"), where);
    if (arm->experiment != NULL) {
        append_is(given->experiment, arm->experiment, where);
    } else if (given->experiment != NULL) {
        fw_text_append(&query, "SELECT count(DISTINCT ");
        fw_text_identifier(&query, given->experiment->name);
        fw_text_append(&query, ") FROM ");
        fw_source_scan(given->source, NULL, &query);
        fw_text_append(&query, fw_text_get(where));
        status = query.failed ? fw_fault_nomem(given->table->host)
                              : fw_sql_int64(&given->table->sql, &n, fw_text_get(&query));
    }
    fw_text_finish(&query);
    return status == FW_OK && n > 1
               ? compare_given_refuse_cell(given, arm,
                                           "there are several experiments, and it names none")
               : status;
}
