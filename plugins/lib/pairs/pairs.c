/* SPDX-License-Identifier: MIT */
#include "pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The pairs of a chunk, each once. Rows that are alike in all columns that key and day are made of
 * are made one before these are made, where a table says so.
 */
static void append_keep(const struct fw_pairs_table *table, const char *valid, const char *n,
                        const char *rows, struct fw_text *select)
{
    fw_text_appendf(select,
                    "SELECT key, day, bool_or(valid) AS valid, sum(n)::BIGINT AS n FROM (SELECT "
                    "%s AS key, %s AS day, %s AS valid, %s AS n FROM ",
                    fw_text_get(&table->key), fw_text_get(&table->day),
                    table->is_repeated ? "fw_valid" : valid, table->is_repeated ? "fw_n" : n);
    if (table->is_repeated) {
        fw_text_append(select, "(SELECT ");
        for (size_t i = 0; i < table->n_keys; i++) {
            fw_text_identifier(select, table->columns[i]);
            fw_text_append(select, ", ");
        }
        fw_text_appendf(select, "bool_or(%s) AS fw_valid, sum(%s) AS fw_n FROM %s GROUP BY ALL)",
                        valid, n, rows);
    } else {
        fw_text_append(select, rows);
    }
    fw_text_append(select, ") GROUP BY key, day");
    select->failed |= table->key.failed || table->day.failed;
}

static void keep(const void *self, const char *rows, struct fw_text *select)
{
    const struct fw_pairs_table *table = self;

    append_keep(table, table->valid.size > 0 ? fw_text_get(&table->valid) : "true", "1", rows,
                select);
    select->failed |= table->valid.failed;
}

/* These rows have been counted. */
static void keep_rest(const void *self, const char *rows, struct fw_text *select)
{
    const struct fw_pairs_table *table = self;

    append_keep(table, fw_text_get(&table->rest), "0", rows, select);
    select->failed |= table->rest.failed;
}

/* Whether some pair has no valid row so far. */
static void append_is_needed(const void *self, const struct fw_fold *fold, struct fw_text *query)
{
    const struct fw_pairs_table *table = self;

    fw_text_append(query, "SELECT count(*) > 0 FROM (SELECT key, day FROM ");
    fw_fold_append_rows(fold, table->name, query);
    fw_text_append(query, " SEMI JOIN (SELECT key, day FROM ");
    fw_fold_append_rows(fold, table->name, query);
    fw_text_append(query, " WHERE NOT valid) USING (key, day) GROUP BY key, day HAVING NOT "
                          "bool_or(valid))");
}

/* What was kept of a single chunk has no pair twice. */
static bool is_one_chunk(const struct fw_pairs_table *table, const struct fw_fold *fold)
{
    return fw_fold_chunks(fold, table->name) == 1 && fw_fold_chunks(fold, table->rest_name) == 0;
}

static void make_pairs(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    const struct fw_pairs_table *table = self;

    fw_text_append(select, "SELECT key, day, bool_or(valid) AS valid, sum(n)::BIGINT AS n FROM (");
    fw_fold_append_rows(fold, table->name, select);
    if (fw_fold_chunks(fold, table->rest_name) > 0) {
        fw_text_append(select, " UNION ALL ");
        fw_fold_append_rows(fold, table->rest_name, select);
    }
    fw_text_appendf(select, ") WHERE key IS NOT NULL AND day IS NOT NULL%s GROUP BY key, day",
                    is_one_chunk(table, fold) ? " AND false" : "");
}

void fw_pairs_append_rows(const struct fw_pairs_table *table, const struct fw_fold *fold,
                          struct fw_text *text)
{
    bool is_one = is_one_chunk(table, fold);

    fw_text_append(text, "(FROM ");
    fw_fold_append_rows(fold, is_one ? table->name : table->pairs_name, text);
    fw_text_append(text, is_one ? " WHERE key IS NOT NULL AND day IS NOT NULL)" : ")");
}

static void append_facts(struct fw_text *select, const char *table, const char *const *facts,
                         const char *values)
{
    fw_text_append(select, "SELECT unnest([");
    for (size_t i = 0; facts[i] != NULL; i++) {
        fw_text_appendf(select, "%s'%s_%s'", i > 0 ? ", " : "", table, facts[i]);
    }
    fw_text_appendf(select, "]) AS name, '' AS part, unnest([%s])::BIGINT AS n FROM ", values);
}

/* The engine sums a NULL quicker than it filters. */
static void make_facts(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    static const char *const of_rows[] = {"rows", "no_key", "no_day", NULL};
    static const char *const of_pairs[] = {"pairs", "valid", "keys", NULL};
    const struct fw_pairs_table *table = self;

    append_facts(select, table->name, of_rows,
                 "coalesce(sum(n), 0), coalesce(sum(CASE WHEN key IS NULL THEN n END), 0), "
                 "coalesce(sum(CASE WHEN key IS NOT NULL AND day IS NULL THEN n END), 0)");
    fw_fold_append_rows(fold, table->name, select);
    fw_text_append(select, " UNION ALL ");
    append_facts(select, table->name, of_pairs,
                 "count(*), count(CASE WHEN valid THEN 1 END), count(DISTINCT key)");
    fw_pairs_append_rows(table, fold, select);
    fw_text_appendf(select,
                    " UNION ALL SELECT '%s_year', coalesce(year(day)::VARCHAR, ''), "
                    "sum(n)::BIGINT FROM ",
                    table->name);
    fw_fold_append_rows(fold, table->name, select);
    fw_text_append(select, " GROUP BY year(day)");
}

static void append_count(const struct fw_pairs_table *table, const struct fw_fold *fold,
                         struct fw_text *select)
{
    fw_text_append(select, "(SELECT count(*) FROM ");
    fw_pairs_append_rows(table, fold, select);
    fw_text_append(select, ")");
}

/* Pairs are unique on either side, so that what the others match says what they do not. */
static void make_match(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    const struct fw_pairs_match *match = self;
    static const char *const facts[] = {"matched", "only_a", "only_b", NULL};

    append_facts(select, match->name, facts, "n_both, n_a - n_both, n_b - n_both");
    fw_text_append(select, "(SELECT (SELECT count(*) FROM ");
    fw_pairs_append_rows(match->a, fold, select);
    fw_text_append(select, " AS a JOIN ");
    fw_pairs_append_rows(match->b, fold, select);
    fw_text_append(select, " AS b ON a.key = b.key AND a.day = b.day) AS n_both, ");
    append_count(match->a, fold, select);
    fw_text_append(select, " AS n_a, ");
    append_count(match->b, fold, select);
    fw_text_append(select, " AS n_b)");
}

size_t fw_pairs_inputs(struct fw_pairs_table *table, struct fw_fold_input *two)
{
    bool has_rest = table->rest.size > 0;

    two[0] = (struct fw_fold_input){.name = table->name,
                                    .source = table->source,
                                    .columns = table->columns,
                                    .n_columns = has_rest ? table->n_narrow : table->n_columns,
                                    .keep = keep,
                                    .self = table};
    if (!has_rest) {
        return 1;
    }
    snprintf(table->rest_name, sizeof table->rest_name, "%s_rest", table->name);
    two[1] = two[0];
    two[1].name = table->rest_name;
    two[1].n_columns = table->n_columns;
    two[1].is_needed = append_is_needed;
    two[1].keep = keep_rest;
    return 2;
}

void fw_pairs_tables(struct fw_pairs_table *table, struct fw_fold_table *two)
{
    snprintf(table->pairs_name, sizeof table->pairs_name, "%s_pairs", table->name);
    snprintf(table->facts_name, sizeof table->facts_name, "%s_facts", table->name);
    two[0] = (struct fw_fold_table){.name = table->pairs_name, .make = make_pairs, .self = table};
    two[1] = (struct fw_fold_table){.name = table->facts_name, .make = make_facts, .self = table};
}

void fw_pairs_match_table(const struct fw_pairs_match *match, struct fw_fold_table *one)
{
    *one = (struct fw_fold_table){.name = match->name, .make = make_match, .self = match};
}

void fw_pairs_table_finish(struct fw_pairs_table *table)
{
    fw_text_finish(&table->key);
    fw_text_finish(&table->day);
    fw_text_finish(&table->valid);
    fw_text_finish(&table->rest);
}

fw_status fw_pairs_facts_read(struct fw_pairs_facts *ret_facts, const struct fw_sql_handle *sql,
                              const struct fw_fold *fold, const char *const *tables,
                              size_t n_tables)
{
    struct fw_text query = {0};

    fw_text_append(&query, "SELECT name, part, n FROM (");
    for (size_t i = 0; i < n_tables; i++) {
        fw_text_append(&query, i > 0 ? " UNION ALL FROM " : "FROM ");
        fw_fold_append_rows(fold, tables[i], &query);
    }
    fw_text_append(&query, ") ORDER BY name, part");
    fw_status status = query.failed ? fw_fault_nomem(sql->host)
                                    : fw_sql_grid(sql, &ret_facts->grid, fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

void fw_pairs_facts_finish(struct fw_pairs_facts *facts)
{
    fw_sql_grid_finish(&facts->grid);
}

int64_t fw_pairs_fact(const struct fw_pairs_facts *facts, const char *table, const char *fact)
{
    size_t size = strlen(table);

    for (size_t i = 0; i < facts->grid.n_rows; i++) {
        const char *name = fw_sql_cell(&facts->grid, i, 0);
        if (strncmp(name, table, size) == 0 && name[size] == '_' &&
            strcmp(name + size + 1, fact) == 0) {
            return strtoll(fw_sql_cell(&facts->grid, i, 2), NULL, 10);
        }
    }
    return 0;
}
