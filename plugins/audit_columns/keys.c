/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "audit_columns.h"

#define DAY_US INT64_C(86400000000)

static bool has_cutoff(const struct audit *audit)
{
    return audit->rules.cutoff_column[0] != '\0';
}

static bool has_offers(const struct audit *audit, enum audit_table table)
{
    return audit_has_column(audit, table, FW_FILING_PLATFORM) &&
           audit_has_column(audit, table, FW_FILING_OFFER);
}

bool audit_by_offer(const struct audit *audit)
{
    return has_offers(audit, AUDIT_EDGAR);
}

fw_status audit_keys_check(const struct audit *audit)
{
    const struct fw_filing_rules *rules = &audit->rules;
    const struct {
        enum audit_table table;
        const char *port, *column;
    } wanted[] = {
        {AUDIT_INDEX, "index", rules->cik_column},
        {AUDIT_INDEX, "index", rules->day_column},
        {AUDIT_INDEX, "index", has_cutoff(audit) ? rules->cutoff_column : rules->day_column},
        {AUDIT_EDGAR, "edgar", "cik"},
        {AUDIT_EDGAR, "edgar", "crawled_date_day"},
        {AUDIT_EDGAR, "edgar", has_cutoff(audit) ? "cutoff_ts" : "cik"},
        {AUDIT_FILINGS, "filings", rules->cik_column},
        {AUDIT_FILINGS, "filings", rules->filed_column},
    };

    for (size_t i = 0; i < FW_COUNT(wanted); i++) {
        if (!audit_has_column(audit, wanted[i].table, wanted[i].column)) {
            return fw_faultf(audit->host, FW_E_MISSING, wanted[i].port, "name it in the parameters",
                             "there is no column %s", wanted[i].column);
        }
    }
    return audit_by_offer(audit) == has_offers(audit, AUDIT_INDEX)
               ? FW_OK
               : fw_faultf(audit->host, FW_E_DATA, "index",
                           "plug in the index that the features were made for",
                           "the features are by %s and day, the index is by %s and day",
                           audit_by_offer(audit) ? "offer" : "cik",
                           audit_by_offer(audit) ? "cik" : "offer");
}

static void append_key(const struct audit *audit, const char *cik, const char *day,
                       struct fw_text *text)
{
    audit_append_cik(audit, cik, text);
    fw_text_append(text, " AS cik, CAST(");
    audit_append_instant(day, text);
    fw_text_append(text, " AS DATE) AS day");
    if (audit_by_offer(audit)) {
        fw_text_append(text, ", CAST(platform_name AS VARCHAR) AS platform, CAST(offer_id AS "
                             "VARCHAR) AS offer");
    }
}

/* Without a column of their own all rows of a day have one, so that a store need not say it. */
static void append_midnight(const struct audit *audit, const char *day, struct fw_text *text)
{
    fw_text_append(text, "(epoch_us(CAST(CAST(");
    audit_append_instant(day, text);
    fw_text_appendf(text, " AS DATE) AS TIMESTAMP)) - %" PRId64 ")",
                    audit->rules.lag_days * DAY_US);
}

static void append_wanted_cutoff(const struct audit *audit, struct fw_text *text)
{
    const struct fw_filing_rules *rules = &audit->rules;

    fw_text_append(text, ", ");
    if (!has_cutoff(audit)) {
        append_midnight(audit, rules->day_column, text);
    } else {
        fw_text_append(text, rules->compat ? "(epoch_us(" : "least(epoch_us(");
        audit_append_instant(rules->cutoff_column, text);
        fw_text_appendf(text, ") - %" PRId64, rules->compat ? 0 : rules->lag_days * DAY_US);
        if (!rules->compat) {
            fw_text_append(text, ", ");
            append_midnight(audit, rules->day_column, text);
        }
        fw_text_append(text, ")");
    }
    fw_text_append(text, " AS upto");
}

void audit_append_stored_key(const struct audit *audit, struct fw_text *text)
{
    append_key(audit, "cik", "crawled_date_day", text);
    fw_text_append(text, ", ");
    if (has_cutoff(audit)) {
        fw_text_append(text, "epoch_us(");
        audit_append_instant("cutoff_ts", text);
        fw_text_append(text, ")");
    } else {
        append_midnight(audit, "crawled_date_day", text);
    }
    fw_text_append(text, " AS upto");
}

const char *audit_key_order(const struct audit *audit)
{
    return audit_by_offer(audit) ? "cik, day, platform, offer, upto" : "cik, day, upto";
}

fw_status audit_keys_make(const struct audit *audit)
{
    struct fw_text text = {0};

    fw_text_append(&text, "CREATE TABLE wanted AS SELECT DISTINCT * FROM (SELECT ");
    append_key(audit, audit->rules.cik_column, audit->rules.day_column, &text);
    append_wanted_cutoff(audit, &text);
    fw_text_append(&text, " FROM \"index\") WHERE trim(cik) NOT IN ('', 'nan', 'NaN', 'None', "
                          "'<NA>') AND day IS NOT NULL;"
                          "CREATE TABLE stored AS SELECT DISTINCT ");
    audit_append_stored_key(audit, &text);
    fw_text_append(&text, " FROM edgar;");
    fw_status status = fw_sql_exec_text(&audit->sql, &text);
    fw_text_finish(&text);
    return status;
}
