/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>

#include "offer_day.h"

/* What the verdict is made of. */
struct figures {
    int64_t raw_rows, raw_pairs, core_rows, core_pairs, only_raw, only_core;
    double coverage;
};

static void read_figures(const struct offer_day *audit, struct figures *ret)
{
    const struct fw_pairs_facts *facts = &audit->facts;

    *ret = (struct figures){
        .raw_rows = fw_pairs_fact(facts, "raw", "rows"),
        .raw_pairs = fw_pairs_fact(facts, "raw", "pairs"),
        .core_rows = fw_pairs_fact(facts, "core", "rows"),
        .core_pairs = fw_pairs_fact(facts, "core", "pairs"),
        .only_raw = fw_pairs_fact(facts, "both", "only_a"),
        .only_core = fw_pairs_fact(facts, "both", "only_b"),
    };
    ret->coverage = ret->raw_pairs > 0 ? (double)ret->core_pairs / (double)ret->raw_pairs : 0;
}

static fw_status add_samples(struct offer_day *audit)
{
    struct fw_sql_grid grid = {0};
    struct fw_text query = {0};
    cJSON *samples = cJSON_CreateArray();

    fw_text_append(&query,
                   "SELECT only_in, platform_name, offer_id, day AS crawled_date_day FROM ");
    fw_fold_append_rows(audit->fold, "samples", &query);
    fw_text_append(&query, " ORDER BY ALL");
    fw_status status = query.failed ? fw_fault_nomem(audit->host)
                                    : fw_sql_grid(&audit->sql, &grid, fw_text_get(&query));
    for (size_t i = 0; i < grid.n_rows; i++) {
        static const char *const names[] = {"only_in", "platform_name", "offer_id",
                                            "crawled_date_day"};
        cJSON *sample = cJSON_CreateObject();
        for (size_t k = 0; k < FW_COUNT(names); k++) {
            audit->report.failed |=
                cJSON_AddStringToObject(sample, names[k], fw_sql_cell(&grid, i, k)) == NULL;
        }
        audit->report.failed |= !cJSON_AddItemToArray(samples, sample);
    }
    fw_report_add(&audit->report, "samples", samples);
    fw_sql_grid_finish(&grid);
    fw_text_finish(&query);
    return status;
}

static void add_reasons(struct offer_day *audit, const struct figures *figures)
{
    double least = fw_task_real(audit->task, "min_coverage");
    double most = fw_task_real(audit->task, "max_coverage");

    if (figures->raw_pairs == 0) {
        fw_report_fail(&audit->report, "the raw table has no offer-day");
    }
    if (figures->core_rows != figures->core_pairs) {
        fw_report_fail(&audit->report,
                       "the core has %" PRId64 " rows, but %" PRId64 " distinct offer-days",
                       figures->core_rows, figures->core_pairs);
    }
    if (figures->coverage < least || figures->coverage > most) {
        fw_report_fail(&audit->report, "coverage_rate is %.10g, outside %.10g to %.10g",
                       figures->coverage, least, most);
    } else if ((double)(figures->raw_pairs - figures->only_raw) <
               least * (double)figures->raw_pairs) {
        /* As many on either side, and not the same ones. */
        fw_report_fail(&audit->report,
                       "of %" PRId64 " offer-days of the raw table the core lacks %" PRId64
                       ", and has %" PRId64 " others",
                       figures->raw_pairs, figures->only_raw, figures->only_core);
    }
}

static void add_facts(struct offer_day *audit, const struct figures *figures)
{
    struct fw_report *report = &audit->report;

    fw_report_text(report, "audit", "offer_day_coverage_exact");
    fw_report_int(report, "raw_rows", figures->raw_rows);
    fw_report_int(report, "raw_rows_without_key", fw_pairs_fact(&audit->facts, "raw", "no_key"));
    fw_report_int(report, "raw_rows_without_day", fw_pairs_fact(&audit->facts, "raw", "no_day"));
    fw_report_int(report, "raw_unique_offer_day_pairs", figures->raw_pairs);
    fw_report_int(report, "core_entity_day_rows", figures->core_rows);
    fw_report_int(report, "core_unique_pairs", figures->core_pairs);
    fw_report_int(report, "only_in_raw", figures->only_raw);
    fw_report_int(report, "only_in_core", figures->only_core);
    fw_report_real(report, "coverage_rate", round(figures->coverage * 1e6) / 1e6);
    fw_report_text(report, "note", "both tables were read in full; pairs are platform, offer, day");
}

static fw_status give_verdict(const struct offer_day *audit, const struct figures *figures)
{
    struct fw_text text = {0};

    fw_text_appendf(&text,
                    "%" PRId64 " offer-days in the raw table, %" PRId64 " in the core; %" PRId64
                    " only here, %" PRId64 " only there",
                    figures->raw_pairs, figures->core_pairs, figures->only_raw, figures->only_core);
    fw_status status = text.failed ? fw_fault_nomem(audit->host)
                                   : fw_report_verdict(&audit->report, audit->host, "offer_day",
                                                       fw_text_get(&text));
    fw_text_finish(&text);
    return status;
}

fw_status offer_day_decide(struct offer_day *audit)
{
    const char *tables[] = {audit->pairs[OFFER_DAY_RAW].facts_name,
                            audit->pairs[OFFER_DAY_CORE].facts_name, "both"};
    struct figures figures;
    fw_status status =
        fw_pairs_facts_read(&audit->facts, &audit->sql, audit->fold, tables, FW_COUNT(tables));

    if (status != FW_OK) {
        return status;
    }
    read_figures(audit, &figures);
    add_facts(audit, &figures);
    add_reasons(audit, &figures);
    status = add_samples(audit);
    if (status == FW_OK) {
        status = fw_report_write(&audit->report, audit->host,
                                 fw_task_output(audit->task, "report")->path,
                                 fw_task_output(audit->task, "markdown")->path);
    }
    return status == FW_OK ? give_verdict(audit, &figures) : status;
}
