/* SPDX-License-Identifier: MIT */
#include "cli/print.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cli/console.h"

int fw_print_json(const cJSON *json, struct fw_error *err)
{
    fw_auto(free) char *text = cJSON_Print(json);
    if (!text) {
        fw_error_oom(err);
        return err->code;
    }
    printf("%s\n", text);
    return 0;
}

int fw_print_plan(const struct fw_plan *plan, bool json, struct fw_error *err)
{
    fw_auto(json) cJSON *document = NULL;
    if (!json) {
        fw_console_plan(plan, stdout);
        return 0;
    }
    return fw_plan_json(plan, &document, err) < 0 ? err->code : fw_print_json(document, err);
}

void fw_print_bytes(uint64_t bytes, char ret_text[32])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit < 4) {
        value /= 1024;
        unit++;
    }
    snprintf(ret_text, 32, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

void fw_print_seconds(double seconds, char ret_text[32])
{
    if (seconds < 60) {
        snprintf(ret_text, 32, "%.1f s", seconds);
    } else if (seconds < 3600) {
        snprintf(ret_text, 32, "%dm%02ds", (int)seconds / 60, (int)seconds % 60);
    } else {
        snprintf(ret_text, 32, "%dh%02dm", (int)seconds / 3600, (int)seconds / 60 % 60);
    }
}
