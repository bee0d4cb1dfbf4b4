/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "reconstruction.h"
#include "sql/fault.h"

fw_status recon_baseline_check(const struct recon_plan *plan, const struct compare_arms *named)
{
    const bool is_needed = plan->debug_limit > 0 || plan->dump_samples > 0;
    bool is_there = *plan->baseline == '\0' && !is_needed;
    for (size_t i = 0; i < named->n; i++) {
        is_there = is_there || (strcmp(named->items[i].name, plan->baseline) == 0 &&
                                strcmp(named->items[i].kind, RECON_GIVEN) != 0);
    }
    return is_there ? FW_OK
                    : FW_FAIL(plan->host, FW_E_CONFIG,
                              .what = "it names the arm that is limited or written down, and there "
                                      "is none of that name that is predicted",
                              .where = "baseline", .value = plan->baseline,
                              .expected = named->n > 0 ? named->items[0].name : "an arm's name");
}

/* Images that are in the first groups, ascending. */
static fw_status limit_images(struct recon_arm *arm, const struct recon_plan *plan)
{
    const struct fw_groups *groups = &plan->scan->groups;
    const uint32_t n = plan->scan->n;
    bool *is_member = calloc(n, sizeof *is_member);
    arm->numbers = malloc(n * sizeof *arm->numbers);
    if (is_member == NULL || arm->numbers == NULL) {
        free(is_member);
        return fw_fault_nomem(plan->host);
    }
    for (size_t i = 0; i < arm->debug_limit * groups->per_group; i++) {
        is_member[groups->members[i]] = true;
    }
    arm->n_samples = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (is_member[i]) {
            arm->numbers[arm->n_samples++] = i;
        }
    }
    free(is_member);
    return FW_OK;
}

fw_status recon_baseline_init(struct recon_arm *arm, const struct recon_plan *plan)
{
    const size_t size = (size_t)plan->scan->n_side * plan->scan->n_side * arm->channels_out;
    fw_status status = FW_OK;
    if (plan->debug_limit > 0 && plan->debug_limit < plan->scan->groups.n) {
        arm->debug_limit = plan->debug_limit;
        arm->n_samples = arm->per_group ? arm->debug_limit : arm->n_samples;
        status = arm->per_group ? FW_OK : limit_images(arm, plan);
    }
    if (status != FW_OK || plan->dump_samples == 0) {
        return status;
    }
    arm->dump.room = plan->dump_samples < arm->n_samples ? plan->dump_samples : arm->n_samples;
    arm->dump.patches = calloc(arm->dump.room * size, sizeof *arm->dump.patches);
    return arm->dump.patches == NULL ? fw_fault_nomem(plan->host) : FW_OK;
}
