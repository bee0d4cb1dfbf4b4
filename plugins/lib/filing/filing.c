/* SPDX-License-Identifier: MIT */
#include "filing/filing.h"

#include <string.h>

void fw_filing_rules_read(struct fw_filing_rules *ret_rules, const struct fw_task *task)
{
    bool compat = fw_task_integer(task, "compat") != 0;

    *ret_rules = (struct fw_filing_rules){
        .features = fw_task_value(task, "features"),
        .payload = fw_task_text(task, "payload"),
        .cik_column = fw_task_text(task, "cik_column"),
        .filed_column = fw_task_text(task, "filed_column"),
        .accepted_column = fw_task_text(task, "accepted_column"),
        .accession_column = fw_task_text(task, "accession_column"),
        .day_column = fw_task_text(task, "day_column"),
        .cutoff_column = fw_task_text(task, "cutoff_col"),
        .alpha = fw_task_real(task, "ema_alpha"),
        .lag_days = fw_task_integer(task, "edgar_lag_days"),
        .scan_order = compat || strcmp(fw_task_text(task, "same_instant"), "scan_order") == 0,
        .normalize_cik = fw_task_integer(task, "normalize_cik") != 0,
        .compat = compat,
    };
}
