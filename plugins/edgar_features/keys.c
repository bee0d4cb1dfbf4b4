/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "edgar.h"
#include "instant/instant.h"

static fw_status check_column(const struct edgar *edgar, const struct fw_source *source,
                              const char *name, const char *parameter)
{
    if (fw_source_column(source, name) != NULL) {
        return FW_OK;
    }
    return fw_faultf(edgar->host, FW_E_MISSING, name, parameter, "%s has no column %s",
                     source == edgar->index.source ? "the index" : "the table of filings", name);
}

/* A number has lost its leading zeros: it would match nothing, without a word. */
static fw_status check_cik(const struct edgar *edgar, const struct fw_source *source)
{
    const char *name = edgar->rules.cik_column;
    fw_status status = check_column(edgar, source, name, "name it with cik_column");

    if (status != FW_OK) {
        return status;
    }
    const char *type = fw_source_column(source, name)->sql_type;
    if (strcmp(type, "VARCHAR") == 0 ||
        (strcmp(type, "BIGINT") == 0 && edgar->rules.normalize_cik)) {
        return FW_OK;
    }
    return fw_faultf(edgar->host, FW_E_DATA, name,
                     "keep it as text where it is read first, or set normalize_cik",
                     "the column is a %s where a text of ten digits is needed", type);
}

static fw_status check_time(const struct edgar *edgar, const struct fw_source *source,
                            const char *name, const char *parameter)
{
    fw_status status = check_column(edgar, source, name, parameter);

    if (status != FW_OK) {
        return status;
    }
    const char *type = fw_source_column(source, name)->sql_type;
    if (strcmp(type, "VARCHAR") == 0 || strcmp(type, "DATE") == 0 ||
        strncmp(type, "TIMESTAMP", 9) == 0) {
        return FW_OK;
    }
    return fw_faultf(edgar->host, FW_E_DATA, name, "convert it, say in a stage sql before this one",
                     "the column is a %s where a DATE, a TIMESTAMP or a text of one is needed",
                     type);
}

fw_status edgar_keys_check(const struct edgar *edgar)
{
    const struct fw_filing_rules *rules = &edgar->rules;
    fw_status status = check_cik(edgar, edgar->index.source);

    if (status == FW_OK) {
        status = check_cik(edgar, edgar->filings.source);
    }
    if (status == FW_OK) {
        status =
            check_time(edgar, edgar->index.source, rules->day_column, "name it with day_column");
    }
    if (status == FW_OK && edgar_cutoff_is_given(edgar)) {
        status = check_time(edgar, edgar->index.source, rules->cutoff_column,
                            "name it with cutoff_col, or leave that empty");
    }
    return status == FW_OK ? check_time(edgar, edgar->filings.source, rules->filed_column,
                                        "name it with filed_column")
                           : status;
}

/* A column as text. */
static void append_text(const char *column, struct fw_text *text)
{
    fw_text_append(text, "CAST(");
    fw_text_identifier(text, column);
    fw_text_append(text, " AS VARCHAR)");
}

/* The cik that a text `c` stands for, NULL for what stands for none. */
static void append_cik(const struct edgar *edgar, const char *c, struct fw_text *text)
{
    fw_text_appendf(text,
                    "CASE WHEN trim(%s, E' \\t\\n\\r') NOT IN ('', '(empty)', 'nan', 'None', "
                    "'NaN', '<NA>') THEN ",
                    c);
    if (edgar->rules.normalize_cik) {
        fw_text_appendf(text,
                        "CASE WHEN regexp_full_match(trim(%s), '[0-9]{1,9}') THEN "
                        "lpad(trim(%s), 10, '0') ELSE trim(%s) END",
                        c, c, c);
    } else {
        fw_text_append(text, c);
    }
    fw_text_append(text, " END");
}

/* Numbers follow the order of the texts, so that rows in order of numbers are in that of ciks. */
static void append_companies(const struct edgar *edgar, struct fw_text *text)
{
    const char *const columns[] = {edgar->rules.cik_column};
    const struct fw_source_slice slice = {.columns = columns, .n_columns = 1};

    fw_text_append(text, "CREATE TABLE fw_raws AS SELECT fw_raw, fw_cik, CAST(dense_rank() OVER "
                         "(ORDER BY fw_cik) - 1 AS INTEGER) AS fw_k FROM (SELECT fw_raw, ");
    append_cik(edgar, "fw_raw", text);
    fw_text_append(text, " AS fw_cik FROM (SELECT DISTINCT ");
    append_text(edgar->rules.cik_column, text);
    fw_text_append(text, " AS fw_raw FROM ");
    fw_source_scan(edgar->index.source, &slice, text);
    fw_text_append(text, ")) WHERE fw_cik IS NOT NULL;"
                         "CREATE TABLE fw_ciks AS SELECT DISTINCT fw_cik, fw_k FROM fw_raws;");
}

/* Some thousand different ones in as many rows as there may be: each is understood once. */
static void append_days(const struct edgar *edgar, struct fw_text *text)
{
    const char *const columns[] = {edgar->rules.day_column};
    const struct fw_source_slice slice = {.columns = columns, .n_columns = 1};

    fw_text_append(text, "CREATE TABLE fw_days AS SELECT fw_raw, CAST(CAST(fw_instant AS DATE) - "
                         "DATE '1970-01-01' AS INTEGER) AS fw_day FROM (SELECT ");
    fw_text_identifier(text, edgar->rules.day_column);
    fw_text_append(text, " AS fw_raw, ");
    fw_instant_append(text, fw_source_column(edgar->index.source, edgar->rules.day_column));
    fw_text_append(text, " AS fw_instant FROM (SELECT DISTINCT ");
    fw_text_identifier(text, edgar->rules.day_column);
    fw_text_append(text, " FROM ");
    fw_source_scan(edgar->index.source, &slice, text);
    fw_text_append(text, ")) WHERE fw_instant IS NOT NULL;");
}

static void append_tables(const struct edgar *edgar, struct fw_text *text)
{
    fw_text_appendf(text,
                    "CREATE TABLE %s (k INTEGER, day INTEGER%s%s); CREATE TABLE %s (k INTEGER, "
                    "filed BIGINT, accepted TIMESTAMP, accession VARCHAR",
                    edgar->index.table, edgar_cutoff_is_given(edgar) ? ", upto BIGINT" : "",
                    edgar->by_offer ? ", o INTEGER" : "", edgar->filings.table);
    for (size_t i = 0; i < edgar->n_features; i++) {
        fw_text_appendf(text, ", v%zu DOUBLE", i);
    }
    fw_text_append(text, ", " FW_SOURCE_FILE " INTEGER, " FW_SOURCE_ROW " BIGINT);");
}

fw_status edgar_keys_make(struct edgar *edgar)
{
    struct fw_text statements = {0};
    struct fw_sql_grid grid;

    /* The engine would hash a chunk of filings, payloads and all, rather than the companies. */
    fw_text_append(&statements, "SET disabled_optimizers = 'join_order,build_side_probe_side';");
    append_companies(edgar, &statements);
    append_days(edgar, &statements);
    if (edgar->by_offer) {
        edgar_offers_append(edgar, &statements);
    }
    append_tables(edgar, &statements);
    fw_status status = fw_sql_exec_text(&edgar->sql, &statements);
    fw_text_finish(&statements);
    if (status == FW_OK) {
        status = fw_sql_grid(&edgar->sql, &grid, "SELECT fw_cik FROM fw_ciks ORDER BY fw_k");
    }
    if (status == FW_OK) {
        edgar->ciks = grid.cells; /* of one column: the grid's cells are the list */
        edgar->n_ciks = grid.n_rows;
    }
    if (status == FW_OK && edgar->by_offer) {
        status = edgar_offers_read(edgar);
    }
    return status == FW_OK ? edgar_cutoff_check(edgar) : status;
}

void edgar_keys_append_index(const struct edgar *edgar, const char *scan, struct fw_text *select)
{
    fw_text_append(select, "SELECT fw_k, fw_day");
    if (edgar_cutoff_is_given(edgar)) {
        fw_text_append(select, ", ");
        edgar_cutoff_append(edgar, select);
    }
    fw_text_append(select, edgar->by_offer ? ", fw_o FROM (SELECT " : " FROM (SELECT ");
    append_text(edgar->rules.cik_column, select);
    fw_text_append(select, " AS cik, ");
    fw_text_identifier(select, edgar->rules.day_column);
    fw_text_append(select, " AS day");
    if (edgar_cutoff_is_given(edgar)) {
        fw_text_append(select, ", ");
        fw_instant_append(select,
                          fw_source_column(edgar->index.source, edgar->rules.cutoff_column));
        fw_text_append(select, " AS cutoff");
    }
    fw_text_append(select, edgar->by_offer ? ", CAST(platform_name AS VARCHAR) AS platform, "
                                             "CAST(offer_id AS VARCHAR) AS offer"
                                           : "");
    fw_text_appendf(select,
                    " FROM %s) JOIN fw_raws ON fw_raws.fw_raw = cik JOIN fw_days ON "
                    "fw_days.fw_raw = day",
                    scan);
    if (edgar->by_offer) {
        fw_text_append(select, " JOIN fw_offers ON fw_offers.platform_name IS NOT DISTINCT FROM "
                               "platform AND fw_offers.offer_id IS NOT DISTINCT FROM offer");
    }
}

/* What decides between filings of one instant; a column that is not there decides nothing. */
static void append_order(const struct edgar *edgar, struct fw_text *select)
{
    const struct fw_source_column *accepted =
        fw_source_column(edgar->filings.source, edgar->rules.accepted_column);
    const struct fw_source_column *accession =
        fw_source_column(edgar->filings.source, edgar->rules.accession_column);

    if (accepted != NULL && !edgar->rules.scan_order) {
        fw_instant_append(select, accepted);
    } else {
        fw_text_append(select, "NULL::TIMESTAMP");
    }
    fw_text_append(select, " AS accepted, ");
    if (accession != NULL && !edgar->rules.scan_order) {
        fw_text_append(select, "CAST(");
        fw_text_identifier(select, accession->name);
        fw_text_append(select, " AS VARCHAR)");
    } else {
        fw_text_append(select, "NULL::VARCHAR");
    }
    fw_text_append(select, " AS accession");
}

void edgar_keys_append_filings(const struct edgar *edgar, const char *scan, struct fw_text *select)
{
    fw_text_append(select, "SELECT fw_k AS k, epoch_us(");
    fw_instant_append(select, fw_source_column(edgar->filings.source, edgar->rules.filed_column));
    fw_text_append(select, ") AS filed, ");
    append_order(edgar, select);
    for (size_t i = 0; i < edgar->n_features; i++) {
        fw_text_appendf(select, ", %s AS v%zu", fw_text_get(&edgar->features[i].value), i);
    }
    fw_text_appendf(select, ", " FW_SOURCE_FILE ", " FW_SOURCE_ROW " FROM %s JOIN fw_ciks ON ",
                    scan);
    /* The bare column lets the engine pass over rows of other companies before it reads their
       payloads. What stands for no cik is not in the index, so it matches nothing. */
    fw_text_append(select, "fw_cik = ");
    if (edgar->rules.normalize_cik) {
        struct fw_text cik = {0};
        append_text(edgar->rules.cik_column, &cik);
        append_cik(edgar, fw_text_get(&cik), select);
        select->failed = select->failed || cik.failed;
        fw_text_finish(&cik);
    } else {
        fw_text_identifier(select, edgar->rules.cik_column);
    }
}
