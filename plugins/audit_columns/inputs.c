/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "audit_columns.h"
#include "yaml/yaml.h"

static const char *const ports[AUDIT_N_TABLES] = {
    [AUDIT_CORE] = "core", [AUDIT_STATIC] = "static",   [AUDIT_EXTRAS] = "extras",
    [AUDIT_TEXT] = "text", [AUDIT_EDGAR] = "edgar",     [AUDIT_INDEX] = "index",
    [AUDIT_RAW] = "raw",   [AUDIT_FILINGS] = "filings",
};

static fw_status open_table(struct audit *audit, enum audit_table table)
{
    const struct fw_input *input = fw_task_input(audit->task, ports[table]);
    struct fw_text text = {0};

    if (input == NULL || input->n_paths == 0) {
        return FW_OK;
    }
    fw_status status =
        fw_source_open(&audit->sql, input->paths, input->n_paths, NULL, &audit->tables[table]);
    if (status == FW_OK) {
        fw_text_appendf(&text, "CREATE VIEW \"%s\" AS SELECT * FROM ", ports[table]);
        fw_source_scan(audit->tables[table], NULL, &text);
        status = fw_sql_exec_text(&audit->sql, &text);
    }
    fw_text_finish(&text);
    return status;
}

fw_status audit_inputs_open(struct audit *audit)
{
    fw_status status = fw_sql_handle_open(&audit->sql, audit->host);

    for (int i = 0; status == FW_OK && i < AUDIT_N_TABLES; i++) {
        status = open_table(audit, (enum audit_table)i);
    }
    audit->contract_path = fw_task_input(audit->task, "contract")->paths[0];
    if (status == FW_OK) {
        status = fw_yaml_read(audit->host, audit->contract_path, &audit->contract);
    }
    return status == FW_OK ? audit_contract_check(audit) : status;
}

void audit_inputs_close(struct audit *audit)
{
    for (int i = 0; i < AUDIT_N_TABLES; i++) {
        fw_source_close(audit->tables[i]);
    }
    fw_sql_handle_close(&audit->sql);
    cJSON_Delete(audit->contract);
}

bool audit_has_column(const struct audit *audit, enum audit_table table, const char *name)
{
    const struct fw_source *source = audit->tables[table];

    return source != NULL && fw_source_column(source, name) != NULL;
}

void audit_append_cik(const struct audit *audit, const char *column, struct fw_text *text)
{
    struct fw_text cik = {0};

    fw_text_append(&cik, "CAST(");
    fw_text_identifier(&cik, column);
    fw_text_append(&cik, " AS VARCHAR)");
    const char *sql = fw_text_get(&cik);
    if (audit->rules.normalize_cik) {
        fw_text_appendf(text,
                        "CASE WHEN regexp_full_match(trim(%s), '[0-9]{1,9}') THEN lpad(trim(%s), "
                        "10, '0') ELSE trim(%s) END",
                        sql, sql, sql);
    } else {
        fw_text_append(text, sql);
    }
    text->failed = text->failed || cik.failed;
    fw_text_finish(&cik);
}

/* Through TIMESTAMPTZ: a cast of text to TIMESTAMP drops an offset. */
void audit_append_instant(const char *column, struct fw_text *text)
{
    fw_text_append(text, "CAST(TRY_CAST(CAST(");
    fw_text_identifier(text, column);
    fw_text_append(text, " AS VARCHAR) AS TIMESTAMPTZ) AS TIMESTAMP)");
}
