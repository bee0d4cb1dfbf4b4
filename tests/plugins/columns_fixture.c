/* SPDX-License-Identifier: MIT */
#include "columns_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fake_kit *kit;

static const char contract[] = "stamp: '20260203_225620'\n"
                               "offers_core_daily:\n"
                               "  must_keep: [entity_id, cik, market_tags, url]\n"
                               "  derived_structured: []\n"
                               "  nested_columns: [market_tags]\n"
                               "  derived_nested: [market_tags__json]\n"
                               "offers_text:\n"
                               "  must_keep: [entity_id, headline]\n";

int columns_load(void **state)
{
    (void)state;
    kit = fake_kit_open(DUCKDB_SO, AUDIT_COLUMNS_SO, NULL);
    return 0;
}

int columns_unload(void **state)
{
    (void)state;
    fake_kit_close(kit);
    return 0;
}

static void make_filings(struct sql_fixture *f)
{
    sql_must(f, "CREATE TABLE filings(cik VARCHAR, filed_date TIMESTAMP, accession_number VARCHAR, "
                "submission_offering_data STRUCT(\"offeringData\" STRUCT(offer VARCHAR, sold "
                "VARCHAR)))");
    sql_must(f, "INSERT INTO filings VALUES "
                "('0001', '2024-01-10', 'a1', {'offeringData': {'offer': '1,000', 'sold': '100'}}),"
                "('0001', '2024-03-01', 'a9', {'offeringData': {'offer': '3000', 'sold': '400'}}),"
                "('0001', '2024-03-01', 'a3', {'offeringData': {'offer': '9', 'sold': NULL}}),"
                "('0001', '2024-02-10', 'a2', {'offeringData': {'offer': 'Indefinite', 'sold': "
                "' 250 '}}),"
                "('0002', '2024-01-05', 'a5', NULL)");
    sql_must(f, "CREATE TABLE idx AS SELECT * FROM (VALUES ('0001', '2024-01-09'), ('0001', "
                "'2024-01-10'), ('0001', '2024-02-20'), ('0001', '2024-03-02'), ('0002', "
                "'2024-01-06'), ('0003', '2024-01-06'), ('nan', '2024-03-02')) t(cik, "
                "crawled_date_day)");
}

static void make_store(struct sql_fixture *f)
{
    sql_must(f, "CREATE TABLE store(cik VARCHAR, crawled_date_day DATE, edgar_has_filing BOOLEAN, "
                "last_offer DOUBLE, mean_offer DOUBLE, ema_offer DOUBLE, last_offer_is_missing "
                "BOOLEAN, last_sold DOUBLE, mean_sold DOUBLE, ema_sold DOUBLE, "
                "last_sold_is_missing BOOLEAN)");
    sql_must(f, "INSERT INTO store(cik, crawled_date_day, edgar_has_filing) VALUES "
                "('0001', '2024-01-09', false), ('0003', '2024-01-06', false)");
    sql_must(f, "INSERT INTO store VALUES "
                "('0001', '2024-01-10', true, 1000, 1000, 1000, false, 100, 100, 100, false),"
                "('0001', '2024-02-20', true, NULL, 1000, 1000, true, 250, 175, 130, false),"
                "('0001', '2024-03-02', true, 3000, 2000, 1476.190476190476, false, 400, 250, 184, "
                "false),"
                "('0002', '2024-01-06', true, NULL, NULL, NULL, true, NULL, NULL, NULL, true)");
}

int columns_setup(void **state)
{
    struct sql_fixture *f = calloc(1, sizeof *f);

    f->task = fake_task_create(kit, NULL);
    snprintf(f->dir, sizeof f->dir, "/tmp/fwrun-audit-XXXXXX");
    *state = f;
    if (mkdtemp(f->dir) == NULL) {
        return -1;
    }
    sql_fixture_connect(f);
    make_filings(f);
    make_store(f);
    sql_must(f, "CREATE TABLE core AS SELECT 'p|1' AS entity_id, '0001' AS cik, 'u' AS url");
    sql_must(f, "CREATE TABLE extras AS SELECT 'p|1' AS entity_id, '[]' AS market_tags__json");
    sql_must(f, "CREATE TABLE txt AS SELECT 'p|1' AS entity_id, 'h' AS headline");
    sql_must(f, "CREATE TABLE raw AS SELECT 'p' AS platform_name, 'h' AS headline, 1.5 AS "
                "price_share_usd, ['x'] AS market_tags");
    return 0;
}

static const char *table(struct sql_fixture *f, struct fake_task *t, const char *name)
{
    const char *path = fake_task_path(t, name);

    sql_must(f, "COPY %s TO '%s' (FORMAT parquet)", name, path);
    return path;
}

struct fake_task *columns_task(struct sql_fixture *f)
{
    struct fake_task *t = fake_task_create(kit, "audit_columns");

    fake_task_input(t, "contract", fake_task_write(t, "contract.yaml", contract), NULL);
    fake_task_input(t, "raw", table(f, t, "raw"), NULL);
    fake_task_input(t, "core", table(f, t, "core"), NULL);
    fake_task_input(t, "static", table(f, t, "core"), NULL);
    fake_task_input(t, "extras", table(f, t, "extras"), NULL);
    fake_task_input(t, "text", table(f, t, "txt"), NULL);
    fake_task_input(t, "filings", table(f, t, "filings"), NULL);
    fake_task_input(t, "index", table(f, t, "idx"), NULL);
    fake_task_input(t, "edgar", table(f, t, "store"), NULL);
    fake_task_output(t, "report", fake_task_path(t, "column_manifest.json"));
    fake_task_output(t, "markdown", fake_task_path(t, "column_manifest.md"));
    fake_task_texts(t, "features", "offer", "sold", NULL);
    fake_task_int(t, "edgar_min_compared", 17);
    return t;
}

cJSON *columns_run(struct fake_task *t, int32_t verdict)
{
    const struct fake_result *r = fake_task_run(t);

    assert_string_equal(r->fault, "");
    assert_null(r->defect);
    cJSON *report = cJSON_Parse(fake_task_read(t, fake_task_path(t, "column_manifest.json")));
    assert_non_null(report);
    if (fake_task_gate(t, "columns") != verdict) {
        fail_msg("verdict %d: %s", fake_task_gate(t, "columns"),
                 fake_task_gate_reason(t, "columns"));
    }
    assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(report, "gate_passed")),
                     verdict == FW_GATE_TRUE);
    return report;
}

int columns_recomputed(const cJSON *report, const char *name)
{
    const cJSON *result = cJSON_GetObjectItem(report, "edgar_recompute");

    return (int)cJSON_GetNumberValue(cJSON_GetObjectItem(result, name));
}

void columns_expect(struct sql_fixture *f, int32_t verdict, int n_different, const char *reason)
{
    struct fake_task *t = columns_task(f);
    cJSON *report = columns_run(t, verdict);

    assert_int_equal(columns_recomputed(report, "diff_count"), n_different);
    if (strstr(fake_task_gate_reason(t, "columns"), reason) == NULL) {
        fail_msg("'%s' does not say '%s'", fake_task_gate_reason(t, "columns"), reason);
    }
    cJSON_Delete(report);
    fake_task_destroy(t);
}
