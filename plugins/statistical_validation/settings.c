/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <fw/service/budget.h>

#include "validation.h"

static enum fw_metric metric_of(const char *name)
{
    return strcmp(name, "auc") == 0                 ? FW_METRIC_AUC
           : strcmp(name, "average_precision") == 0 ? FW_METRIC_AVERAGE_PRECISION
           : strcmp(name, "brier") == 0             ? FW_METRIC_BRIER
                                                    : FW_METRIC_LOG_LOSS;
}

static enum validation_bootstrap bootstrap_of(const char *name)
{
    return strcmp(name, "iid") == 0          ? VALIDATION_IID
           : strcmp(name, "stratified") == 0 ? VALIDATION_STRATIFIED
           : strcmp(name, "block") == 0      ? VALIDATION_BLOCK
                                             : VALIDATION_AUTO;
}

static fw_status check_templates(const struct validation *v)
{
    const struct fw_value *templates = fw_task_value(v->task, "experiments");

    for (uint64_t i = 0; i < templates->n; i++) {
        const char *fault = fw_cell_template_fault(templates->texts[i]);
        if (fault != NULL) {
            return fw_faultf(v->host, FW_E_CONFIG, "experiments",
                             "write templates such as \"{tier}_{budget}_h{horizon}\"",
                             "\"%s\" does not say which cell an experiment is: %s",
                             templates->texts[i], fault);
        }
    }
    return templates->n > 0 ? FW_OK
                            : fw_faultf(v->host, FW_E_CONFIG, "experiments",
                                        "give a template such as \"{tier}_h{horizon}\"",
                                        "there is no template for the names of experiments");
}

fw_status validation_settings_read(struct validation *v)
{
    const struct fw_task *task = v->task;
    const struct fw_budget *budget = v->host->service(v->host, FW_BUDGET_ID);
    struct validation_settings *settings = &v->settings;
    const char *other = fw_task_text(task, "replicate_on");

    *settings = (struct validation_settings){
        .split = fw_task_text(task, "split"),
        .replicate_on = other[0] != '\0' ? other : NULL,
        .metric_name = fw_task_text(task, "metric"),
        .source = fw_task_text(task, "source"),
        .metric = metric_of(fw_task_text(task, "metric")),
        .bootstrap = bootstrap_of(fw_task_text(task, "bootstrap")),
        .block_rows = fw_task_integer(task, "block_rows"),
        .n_replicates = (size_t)fw_task_integer(task, "n_bootstrap"),
        .alpha = fw_task_real(task, "alpha"),
        .power = fw_task_real(task, "power"),
        .margin = fw_task_real(task, "margin"),
        .family_is_pair = strcmp(fw_task_text(task, "family"), "pair") == 0,
        .is_reference = strcmp(fw_task_text(task, "compat"), "ref") == 0,
        .seed = (uint64_t)fw_task_integer(task, "seed"),
        .n_threads = budget->limits(v->host)->threads,
    };
    if (settings->replicate_on != NULL && strcmp(settings->replicate_on, settings->split) == 0) {
        return fw_faultf(
            v->host, FW_E_CONFIG, "replicate_on", "name another split, or \"\" for none",
            "differences on \"%s\" cannot be replicated on the same rows", settings->split);
    }
    return check_templates(v);
}
