/* SPDX-License-Identifier: MIT */
#include "pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep(const void *self, const char *rows, struct fw_text *select)
{
    const struct fw_pairs_table *table = self;

    fw_text_appendf(select,
                    "SELECT key, day, bool_or(valid) AS valid, count(*) AS n FROM (SELECT %s AS "
                    "key, %s AS day, %s AS valid FROM %s) GROUP BY key, day",
                    fw_text_get(&table->key), fw_text_get(&table->day),
                    table->valid.size > 0 ? fw_text_get(&table->valid) : "true", rows);
    select->failed |= table->key.failed || table->day.failed || table->valid.failed;
}

static void make_pairs(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    const struct fw_pairs_table *table = self;

    fw_text_append(select, "SELECT key, day, bool_or(valid) AS valid, sum(n)::BIGINT AS n FROM ");
    fw_fold_append_rows(fold, table->name, select);
    fw_text_append(select, " WHERE key IS NOT NULL AND day IS NOT NULL GROUP BY key, day");
}

static void append_fact(struct fw_text *select, const char *table, const char *fact,
                        const char *value)
{
    fw_text_appendf(select,
                    "SELECT '%s_%s' AS name, '' AS part, COALESCE(%s, 0)::BIGINT AS n FROM ", table,
                    fact, value);
}

static void make_facts(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    static const struct {
        const char *fact, *value;
        bool of_pairs;
    } facts[] = {
        {"rows", "sum(n)", false},
        {"no_key", "sum(n) FILTER (key IS NULL)", false},
        {"no_day", "sum(n) FILTER (key IS NOT NULL AND day IS NULL)", false},
        {"pairs", "count(*)", true},
        {"valid", "count(*) FILTER (valid)", true},
        {"keys", "count(DISTINCT key)", true},
    };
    const struct fw_pairs_table *table = self;

    for (size_t i = 0; i < FW_COUNT(facts); i++) {
        append_fact(select, table->name, facts[i].fact, facts[i].value);
        fw_fold_append_rows(fold, facts[i].of_pairs ? table->pairs_name : table->name, select);
        fw_text_append(select, " UNION ALL ");
    }
    fw_text_appendf(select,
                    "SELECT '%s_year', COALESCE(year(day)::VARCHAR, ''), sum(n)::BIGINT FROM ",
                    table->name);
    fw_fold_append_rows(fold, table->name, select);
    fw_text_append(select, " GROUP BY year(day)");
}

/* One hash join; a pair of either side alone finds nothing on the other. */
static void make_match(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    const struct fw_pairs_match *match = self;

    fw_text_appendf(select,
                    "SELECT unnest(['%s_matched', '%s_only_a', '%s_only_b']) AS name, '' AS part, "
                    "unnest([count(*) FILTER (in_a AND in_b), count(*) FILTER (in_b IS NULL), "
                    "count(*) FILTER (in_a IS NULL)]) AS n FROM (SELECT a.n IS NOT NULL OR NULL AS "
                    "in_a, b.n IS NOT NULL OR NULL AS in_b FROM ",
                    match->name, match->name, match->name);
    fw_fold_append_rows(fold, match->a->pairs_name, select);
    fw_text_append(select, " AS a FULL JOIN ");
    fw_fold_append_rows(fold, match->b->pairs_name, select);
    fw_text_append(select, " AS b ON a.key = b.key AND a.day = b.day)");
}

void fw_pairs_input(struct fw_pairs_table *table, struct fw_fold_input *input)
{
    *input = (struct fw_fold_input){.name = table->name,
                                    .source = table->source,
                                    .columns = table->columns,
                                    .n_columns = table->n_columns,
                                    .keep = keep,
                                    .self = table};
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
