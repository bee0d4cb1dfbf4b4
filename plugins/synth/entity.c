/* SPDX-License-Identifier: MIT */
#include "entity.h"

#include <inttypes.h>

#include "template.h"

/*
 * Every value is drawn from a hash of the seed, what it belongs to and a salt: no state, so no
 * order and no thread can matter. Arguments are widened because the hash of an INTEGER differs
 * from that of the same BIGINT. A 1,024-word vocabulary keeps the text as hard to compress as
 * prose; a few words carry characters outside of ASCII and of the basic plane.
 */
static const char prelude[] =
    "SET disabled_optimizers = 'join_order,build_side_probe_side';"
    "SET VARIABLE synth_words = (SELECT list(w ORDER BY k) FROM (SELECT k, "
    "['ba','ke','lo','mi','nu','ra','se','to','vi','za','cha','dro','fle','gri','plu','sta']"
    "[1 + k % 16] || ['n','r','s','t','l','m','nd','st'][1 + (k // 16) % 8] || "
    "['a','e','ing','or','y','is','ed',''][1 + (k // 128) % 8] || "
    "CASE k % 97 WHEN 0 THEN 'é' WHEN 1 THEN '日本' WHEN 2 THEN '🚀' WHEN 3 THEN '\"q\\' ELSE '' "
    "END AS w FROM range(1024) t(k)));"
    "CREATE OR REPLACE MACRO draw(a, b) AS "
    "hash(#::UBIGINT, a::BIGINT, b::BIGINT);"
    "CREATE OR REPLACE TEMP MACRO words(a, b, n) AS array_to_string(list_transform(range(n), "
    "lambda w: getvariable('synth_words')"
    "[1 + (hash(#::UBIGINT, a::BIGINT, b::BIGINT, w) % 1024)::BIGINT]), ' ');"
    "CREATE OR REPLACE TEMP MACRO category(h) AS ['seed', 'growth', 'equity', 'safe', 'note', "
    "'revenue share', 'closed', 'live'][1 + (h % 8)::BIGINT];";

/* Salts of the free columns and of the nested ones; those of columns.c lie between. */
#define COLUMN_SALT 5000
#define NESTED_SALT 6000

/* A date or time as the snapshot writes it, or as it is. */
static void append_moment(const struct synth_plan *plan, enum synth_kind kind, uint64_t salt,
                          struct fw_text *text)
{
    const char *form = plan->raw            ? NULL
                       : kind == SYNTH_TIME ? "%Y-%m-%d %H:%M:%S+00:00"
                                            : "%Y-%m-%d";
    if (form != NULL) {
        fw_text_append(text, "strftime(");
    }
    synth_template(text,
                   kind == SYNTH_TIME
                       ? "to_timestamp((1600000000 + draw(e, #) % 150000000)::BIGINT)"
                       : "DATE '1990-01-01' + (draw(e, #) % 12000)::INTEGER",
                   salt);
    if (form != NULL) {
        fw_text_appendf(text, ", '%s')", form);
    }
}

static void append_value(const struct synth_plan *plan, enum synth_kind kind, uint64_t salt,
                         struct fw_text *text)
{
    static const char *const forms[] = {
        [SYNTH_LONG] = "words(e, #, 14 + (e % 20))",
        [SYNTH_MID] = "words(e, #, 3 + (e % 5))",
        [SYNTH_SHORT] = "words(e, #, 1 + (e % 2))",
        [SYNTH_URL] = "'https://example.com/' || md5(draw(e, #)::VARCHAR)",
        [SYNTH_CATEGORY] = "category(draw(e, #))",
        [SYNTH_REAL] = "round((draw(e, #) % 100000000) / 700.0, 2)",
        [SYNTH_COUNT] = "(draw(e, #) % 5000)::BIGINT",
        [SYNTH_SMALL] = "(draw(e, #) % 900)::INTEGER",
        [SYNTH_MONEY] = "((draw(e, #) % 90000000)::BIGINT / 100)::DECIMAL(18,2)",
        [SYNTH_FLAG] = "draw(e, #) % 2 = 0",
    };
    if (kind == SYNTH_TIME || kind == SYNTH_DAY) {
        append_moment(plan, kind, salt, text);
    } else {
        synth_template(text, forms[kind], salt);
    }
}

static void append_columns(const struct synth_plan *plan, struct fw_text *text)
{
    for (size_t i = 0; i < synth_n_columns; i++) {
        fw_text_appendf(text, ", CASE WHEN draw(e, %zu) %% 100 < %d THEN ", 3 * i + COLUMN_SALT,
                        synth_columns[i].percent);
        append_value(plan, plan->kinds[i], 3 * i + COLUMN_SALT + 1, text);
        fw_text_appendf(text, " END AS f%zu", i);
    }
    for (size_t i = 0; i < synth_n_nested && plan->raw; i++) {
        fw_text_appendf(text,
                        ", CASE WHEN draw(e, %zu) %% 100 < %d THEN CAST(%s AS %s) END AS n%zu",
                        i + NESTED_SALT, synth_nested[i].percent, synth_nested[i].value,
                        synth_nested[i].sql_type, i);
    }
}

static void append_select(const struct synth_plan *plan, int64_t first, int64_t end,
                          struct fw_text *text)
{
    fw_text_append(text, "SELECT e, [");
    fw_text_literals(text, synth_platforms, SYNTH_PLATFORMS);
    fw_text_appendf(
        text,
        "][1 + e * %d // %" PRId64 "] AS platform, "
        "'OF-' || lpad(e::VARCHAR, 7, '0') AS offer_id, "
        "CASE WHEN draw(e, 1) %% 100 < 26 THEN "
        "lpad((1000000 + draw(e, 2) %% 900000)::VARCHAR, 10, '0') "
        "WHEN draw(e, 1) %% 100 = 99 THEN 'nan' END AS cik, "
        "(draw(e, 3) %% %" PRId64 ")::BIGINT AS first_day, "
        "[5000.0, 10000, 25000, 50000, 107000, 250000, 1070000, 5000000]"
        "[1 + (draw(e, 4) %% 8)::BIGINT]::DOUBLE AS goal, "
        "CASE WHEN draw(e, 5) %% 100 < 60 THEN (draw(e, 6) %% 1600) / 1000.0 END AS pace",
        SYNTH_PLATFORMS, plan->entities, plan->days - synth_plan_span(plan) + 1);
    append_columns(plan, text);
    fw_text_appendf(text, " FROM range(%" PRId64 ", %" PRId64 ") t(e)", first, end);
}

static fw_status run(const struct fw_sql_handle *sql, const struct synth_plan *plan,
                     const char *verb, int64_t first, int64_t end)
{
    struct fw_text text = {0};
    fw_text_append(&text, verb);
    append_select(plan, first, end, &text);
    fw_status status = fw_sql_exec_text(sql, &text);
    fw_text_finish(&text);
    return status;
}

fw_status synth_entity_create(const struct fw_sql_handle *sql, const struct synth_plan *plan)
{
    struct fw_text text = {0};
    synth_template(&text, prelude, plan->seed);
    fw_status status = fw_sql_exec_text(sql, &text);
    fw_text_finish(&text);
    return status == FW_OK ? run(sql, plan, "CREATE OR REPLACE TABLE entity AS ", 0, 0) : status;
}

fw_status synth_entity_add(const struct fw_sql_handle *sql, const struct synth_plan *plan,
                           int64_t first, int64_t end)
{
    return run(sql, plan, "INSERT INTO entity ", first, end);
}
