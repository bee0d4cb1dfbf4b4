/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "file/paths.h"
#include "freeze.h"

/* Gates that did not pass end a pipeline; a report that was given by hand may still say so. */
static void check_gates(struct freeze *freeze)
{
    static const char *const ports[] = {"column_manifest", "cardinality", "offer_day"};

    for (size_t i = 0; i < FW_COUNT(ports); i++) {
        const cJSON *passed = cJSON_GetObjectItemCaseSensitive(freeze->gates[i], "gate_passed");
        if (!cJSON_IsTrue(passed)) {
            fw_report_fail(&freeze->status, "the report %s does not say that its gate passed",
                           ports[i]);
        }
    }
}

static void check_place(struct freeze *freeze, const struct freeze_product *product)
{
    const char *name = fw_path_below(freeze->root, product->path);

    if (name == NULL) {
        fw_report_fail(&freeze->status, "%s lies outside the folder that the paths are relative to",
                       product->key);
    } else if (product != &freeze->products[FREEZE_TEXT] && strstr(name, freeze->stamp) == NULL) {
        fw_report_fail(&freeze->status, "%s is not of the stamp %s: %s", product->key,
                       freeze->stamp, name);
    }
    if (product->manifest == NULL) {
        fw_report_fail(&freeze->status, "%s has no MANIFEST.json that can be read", product->key);
    }
}

/* What a product was made of must be what the pointer names beside it. */
static void check_parent(struct freeze *freeze, enum freeze_part part, const char *port)
{
    const struct freeze_product *product = &freeze->products[part];

    if (product->manifest != NULL &&
        cJSON_GetObjectItemCaseSensitive(product->manifest, "inputs") != NULL &&
        !freeze_has_input(product->manifest, fw_task_input(freeze->task, port)->digest)) {
        fw_report_fail(&freeze->status, "%s was made of another %s than the one given",
                       product->key, port);
    }
}

static void check_versions(struct freeze *freeze)
{
    static const enum freeze_part parts[] = {FREEZE_DAILY, FREEZE_TEXT};
    int64_t version = freeze->products[FREEZE_SNAPSHOT].facts.delta_version;

    for (size_t i = 0; i < FW_COUNT(parts); i++) {
        const struct freeze_product *product = &freeze->products[parts[i]];
        if (product->facts.delta_version != version) {
            fw_report_fail(&freeze->status,
                           "%s was made of version %" PRId64 " of the raw table, the snapshot of "
                           "version %" PRId64,
                           product->key, product->facts.delta_version, version);
        }
    }
}

void freeze_check(struct freeze *freeze)
{
    check_gates(freeze);
    for (size_t i = 0; i < FREEZE_N_PARTS; i++) {
        check_place(freeze, &freeze->products[i]);
    }
    check_parent(freeze, FREEZE_DAILY, "snapshot");
    check_parent(freeze, FREEZE_INDEX, "daily");
    check_parent(freeze, FREEZE_EDGAR, "cik_day");
    check_parent(freeze, FREEZE_MULTISCALE, "daily");
    check_parent(freeze, FREEZE_MULTISCALE, "edgar");
    check_versions(freeze);
}
