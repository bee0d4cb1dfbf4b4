/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "daily.h"

/* What text_structure counts over, in this order. */
static const char *const text_columns[] = {"headline", "title", "description_text",
                                           "company_description"};

struct added {
    const char *name;
    bool (*is_wanted)(const struct daily_table *table);
    void (*append)(const struct daily_table *table, const struct daily_day *day,
                   struct fw_text *text);
};

static bool in_compat(const struct daily_table *table)
{
    return table->settings->compat;
}

static bool in_core(const struct daily_table *table)
{
    return table->is_core;
}

static bool with_funding(const struct daily_table *table)
{
    return table->keys.funding.size > 0;
}

static bool with_structure(const struct daily_table *table)
{
    return table->is_core && table->settings->text_structure;
}

static void append_instant(const struct daily_table *table, const struct daily_day *day,
                           struct fw_text *text)
{
    (void)day;
    fw_text_append(text, fw_text_get(&table->keys.instant));
}

static void append_day(const struct daily_table *table, const struct daily_day *day,
                       struct fw_text *text)
{
    (void)day;
    fw_text_append(text, fw_text_get(&table->keys.day));
}

static void append_one(const struct daily_table *table, const struct daily_day *day,
                       struct fw_text *text)
{
    (void)table;
    (void)day;
    fw_text_append(text, "1::BIGINT");
}

static void append_count(const struct daily_table *table, const struct daily_day *day,
                         struct fw_text *text)
{
    (void)table;
    fw_text_append(text, day->count);
}

static void append_delta(const struct daily_table *table, const struct daily_day *day,
                         struct fw_text *text)
{
    (void)table;
    fw_text_appendf(text, "%s - %s", day->now, day->then);
}

static void append_pct(const struct daily_table *table, const struct daily_day *day,
                       struct fw_text *text)
{
    (void)table;
    fw_text_appendf(text, "(%s - %s) / nullif(%s, 0)", day->now, day->then, day->then);
}

static void append_words(const struct daily_table *table, struct fw_text *text)
{
    bool any = false;

    fw_text_append(text, "concat_ws(chr(10)");
    for (size_t i = 0; i < FW_COUNT(text_columns); i++) {
        if (fw_source_column(table->source, text_columns[i]) != NULL) {
            fw_text_append(text, ", ");
            fw_text_identifier(text, text_columns[i]);
            any = true;
        }
    }
    fw_text_append(text, any ? ")" : ", '')");
}

static void append_length(const struct daily_table *table, const struct daily_day *day,
                          struct fw_text *text)
{
    (void)day;
    fw_text_append(text, "length(");
    append_words(table, text);
    fw_text_append(text, ")::BIGINT");
}

static void append_matches(const struct daily_table *table, const char *pattern,
                           struct fw_text *text)
{
    fw_text_append(text, "len(regexp_extract_all(");
    append_words(table, text);
    fw_text_appendf(text, ", '%s'))::BIGINT", pattern);
}

static void append_tokens(const struct daily_table *table, const struct daily_day *day,
                          struct fw_text *text)
{
    (void)day;
    append_matches(table, "[^\\s]+", text);
}

static void append_urls(const struct daily_table *table, const struct daily_day *day,
                        struct fw_text *text)
{
    (void)day;
    append_matches(table, "https?://[^\\s]+", text);
}

static void append_hashtags(const struct daily_table *table, const struct daily_day *day,
                            struct fw_text *text)
{
    (void)day;
    append_matches(table, "#[A-Za-z0-9_]+", text);
}

/* In the reference's order, which is 139 columns with its three helpers and 136 without. */
static const struct added added_columns[] = {
    {"snapshot_ts2", in_compat, append_instant},
    {"crawled_date_day2", in_compat, append_day},
    {"rn", in_compat, append_one},
    {"count_snapshots_per_day", in_core, append_count},
    {"delta_funding_raised", with_funding, append_delta},
    {"pct_change", with_funding, append_pct},
    {"text_len", with_structure, append_length},
    {"num_tokens_est", with_structure, append_tokens},
    {"num_urls", with_structure, append_urls},
    {"num_hashtags", with_structure, append_hashtags},
};

void daily_columns_append_added(const struct daily_table *table, const struct daily_day *day,
                                struct fw_text *text)
{
    for (size_t i = 0; i < FW_COUNT(added_columns); i++) {
        if (added_columns[i].is_wanted(table)) {
            fw_text_append(text, ", ");
            added_columns[i].append(table, day, text);
            fw_text_appendf(text, " AS %s", added_columns[i].name);
        }
    }
}

static bool is_floating(const struct fw_source_column *column)
{
    return strcmp(column->sql_type, "DOUBLE") == 0 || strcmp(column->sql_type, "FLOAT") == 0;
}

static bool is_integer_cik(const struct fw_source_column *column)
{
    return strcmp(column->name, "cik") == 0 && strcmp(column->sql_type, "VARCHAR") != 0;
}

/* NaN is NULL everywhere, and cik a text with its zeros. */
void daily_columns_append_one(const struct fw_source_column *column, struct fw_text *text)
{
    if (is_floating(column)) {
        fw_text_append(text, "nullif(");
        fw_text_identifier(text, column->name);
        fw_text_appendf(text, ", 'NaN'::%s)", column->sql_type);
    } else if (is_integer_cik(column)) {
        fw_text_append(text, "CAST(");
        fw_text_identifier(text, column->name);
        fw_text_append(text, " AS VARCHAR)");
    } else {
        fw_text_identifier(text, column->name);
    }
}

void daily_columns_append(const struct daily_table *table, const char *before, const char *after,
                          struct fw_text *text)
{
    if (table->adds_entity) {
        fw_text_append(text, before);
        fw_text_identifier(text, table->settings->entity_column);
        fw_text_appendf(text, "%s AS ", after);
        fw_text_identifier(text, table->settings->entity_column);
        fw_text_append(text, ", ");
    }
    for (size_t i = 0; i < table->source->n_columns; i++) {
        const struct fw_source_column *column = &table->source->columns[i];
        fw_text_append(text, i > 0 ? ", " : "");
        fw_text_append(text, before);
        daily_columns_append_one(column, text);
        fw_text_appendf(text, "%s AS ", after);
        fw_text_identifier(text, column->name);
    }
}

void daily_columns_append_names(const struct daily_table *table, struct fw_text *text)
{
    if (table->adds_entity) {
        fw_text_identifier(text, table->settings->entity_column);
        fw_text_append(text, ", ");
    }
    for (size_t i = 0; i < table->source->n_columns; i++) {
        fw_text_append(text, i > 0 ? ", " : "");
        fw_text_identifier(text, table->source->columns[i].name);
    }
}

void daily_columns_each(const struct daily_table *table, void (*each)(const char *name, void *arg),
                        void *arg)
{
    if (table->adds_entity) {
        each(table->settings->entity_column, arg);
    }
    for (size_t i = 0; i < table->source->n_columns; i++) {
        each(table->source->columns[i].name, arg);
    }
    for (size_t i = 0; i < FW_COUNT(added_columns); i++) {
        if (added_columns[i].is_wanted(table)) {
            each(added_columns[i].name, arg);
        }
    }
}

static fw_status check_name(const struct daily_table *table, const struct fw_host *host,
                            const char *name)
{
    if (strncmp(name, "fw_", 3) == 0) {
        return fw_faultf(host, FW_E_DATA, name, "rename it in a stage sql before this one",
                         "the input has a column whose name begins with fw_, which is reserved");
    }
    for (size_t i = 0; i < FW_COUNT(added_columns); i++) {
        if (added_columns[i].is_wanted(table) && strcmp(added_columns[i].name, name) == 0) {
            return fw_faultf(host, FW_E_DATA, name, "is it a daily table already?",
                             "the input has a column that this stage adds");
        }
    }
    return FW_OK;
}

fw_status daily_columns_check(const struct daily_table *table, const struct fw_host *host)
{
    const struct fw_source_column *cik = fw_source_column(table->source, "cik");

    for (size_t i = 0; i < table->source->n_columns; i++) {
        fw_status status = check_name(table, host, table->source->columns[i].name);
        if (status != FW_OK) {
            return status;
        }
    }
    if (cik != NULL && is_floating(cik)) {
        return fw_faultf(host, FW_E_DATA, "cik",
                         "keep it as text where it is read first; its leading zeros are gone here",
                         "the column is a %s where a text of digits is needed", cik->sql_type);
    }
    return FW_OK;
}
