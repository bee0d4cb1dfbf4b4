/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_FILING_FILING_H
#define FW_LIB_FILING_FILING_H

#include <stdbool.h>

#include <fw/param.h>
#include <fw/task.h>

/**
 * How figures are taken from filings and carried through time: what the stage that
 * makes features and the gate that makes them again must be told alike. How each does it is its
 * own.
 */
struct fw_filing_rules {
    const struct fw_value *features; /**< a list of "name=path" */
    const char *payload;
    const char *cik_column;
    const char *filed_column;
    const char *accepted_column;
    const char *accession_column;
    const char *day_column;
    const char *cutoff_column; /**< of the index; "": the day's own midnight is the cutoff */
    double alpha;              /**< of the moving average */
    int64_t lag_days;
    bool scan_order; /**< of several filings of one instant the last one in the table counts */
    bool normalize_cik;
    bool compat;
};

/** The key of an offer, beside the cik and day: an index that has both columns is by offer-day. */
#define FW_FILING_PLATFORM "platform_name"
#define FW_FILING_OFFER    "offer_id"

/** Texts and lists are the task's. */
void fw_filing_rules_read(struct fw_filing_rules *ret_rules, const struct fw_task *task);

/** The parameters that they come from, for a stage's table. */
#define FW_FILING_COLUMN(name_, default_, doc_)                                                    \
    FW_PARAM(.type = FW_PARAM_STRING, .name = name_, .default_value = default_, .doc = doc_)
#define FW_FILING_PARAMS                                                                           \
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "features",                                       \
             .default_value =                                                                      \
                 "total_offering_amount=offeringSalesAmounts.totalOfferingAmount,"                 \
                 "total_amount_sold=offeringSalesAmounts.totalAmountSold,"                         \
                 "total_remaining=offeringSalesAmounts.totalRemaining,"                            \
                 "number_non_accredited_investors=investors.numberNonAccreditedInvestors,"         \
                 "total_number_already_invested=investors.totalNumberAlreadyInvested,"             \
                 "minimum_investment_accepted=minimumInvestmentAccepted,"                          \
                 "sales_commissions=salesCommissionsFindersFees.salesCommissions.dollarAmount,"    \
                 "finders_fees=salesCommissionsFindersFees.findersFees.dollarAmount,"              \
                 "gross_proceeds_used=useOfProceeds.grossProceedsUsed.dollarAmount",               \
             .doc = "name=path of each figure below `payload`; name alone: it is the path too"),   \
        FW_FILING_COLUMN("payload",                                                                \
                         "submission_offering_data|offering_data.offeringData|offering_data",      \
                         "where the paths begin: column.key.key, | between alternatives; empty: "  \
                         "with a column"),                                                         \
        FW_PARAM(.type = FW_PARAM_REAL, .name = "ema_alpha", .default_value = "0.2", .min = "0",   \
                 .max = "1", .doc = "share of a new value in the moving average"),                 \
        FW_PARAM(.type = FW_PARAM_INT, .name = "edgar_lag_days", .default_value = "0", .min = "0", \
                 .max = "36500", .unit = "days",                                                   \
                 .doc = "a filing counts so many days later; 1: not on its own day"),              \
        FW_PARAM(.type = FW_PARAM_ENUM, .name = "same_instant", .default_value = "accession",      \
                 .choices = "accession|scan_order",                                                \
                 .doc = "filings of one instant: acceptance, then accession, or the table's "      \
                        "order"),                                                                  \
        FW_PARAM(.type = FW_PARAM_BOOL, .name = "normalize_cik", .default_value = "false",         \
                 .doc = "trim, and fill digits with zeros to ten, in both tables"),                \
        FW_PARAM(.type = FW_PARAM_BOOL, .name = "compat", .default_value = "false",                \
                 .doc = "the reference: scan_order, infinite values, no JSON text, days as "       \
                        "TIMESTAMP"),                                                              \
        FW_FILING_COLUMN("cik_column", "cik",                                                      \
                         "the company's number, a text, in the filings and the index"),            \
        FW_FILING_COLUMN("filed_column", "filed_date", "when the filing was made"),                \
        FW_FILING_COLUMN("accepted_column", "acceptance_datetime",                                 \
                         "decides between filings of one instant"),                                \
        FW_FILING_COLUMN("accession_column", "accession_number", "decides where that does not"),   \
        FW_FILING_COLUMN("day_column", "crawled_date_day", "the day of the index"),                \
        FW_FILING_COLUMN("cutoff_col", "",                                                         \
                         "column of the index: filings count up to its instant, never beyond the " \
                         "day's midnight; empty: up to that")

#endif
