/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"
#include "yaml/yaml.h"

#define SECTION "offers_core_snapshot"

static fw_status find_list(const struct snapshot *s, const char *path, const char *name,
                           const cJSON **ret_list)
{
    const cJSON *section = cJSON_GetObjectItemCaseSensitive(s->contract, SECTION);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(section, name), *item = NULL;

    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsString(item)) {
            return fw_yaml_refuse(s->host, path, item,
                                  "an entry of " SECTION ".%s is no column's name", name);
        }
    }
    if (list != NULL && !cJSON_IsArray(list)) {
        return fw_yaml_refuse(s->host, path, list, SECTION ".%s is no list of columns", name);
    }
    *ret_list = list;
    return FW_OK;
}

static void add_names(struct snapshot *s, const cJSON *list, struct snapshot_names *names)
{
    const cJSON *item = NULL;

    names->names = names->names != NULL ? names->names : s->contract_names + s->n_contract_names;
    cJSON_ArrayForEach(item, list)
    {
        s->contract_names[s->n_contract_names++] = item->valuestring;
        names->n++;
    }
}

/* Plain columns to keep, then nested ones, then those that may go. */
static fw_status use_lists(struct snapshot *s, const char *path)
{
    const cJSON *keep = NULL, *nested = NULL, *drop = NULL;
    fw_status status = find_list(s, path, "must_keep", &keep);

    if (status == FW_OK) {
        status = find_list(s, path, "nested_columns", &nested);
    }
    if (status == FW_OK) {
        status = find_list(s, path, "can_drop", &drop);
    }
    if (status == FW_OK && keep == NULL) {
        return fw_yaml_refuse(s->host, path, s->contract, "there is no " SECTION ".must_keep");
    }
    if (status != FW_OK) {
        return status;
    }
    int n = cJSON_GetArraySize(keep) + cJSON_GetArraySize(nested) + cJSON_GetArraySize(drop);
    s->contract_names = calloc((size_t)n + 1, sizeof *s->contract_names);
    if (s->contract_names == NULL) {
        return fw_fault_nomem(s->host);
    }
    s->settings.columns = s->settings.can_drop = (struct snapshot_names){0};
    add_names(s, keep, &s->settings.columns);
    add_names(s, nested, &s->settings.columns);
    add_names(s, drop, &s->settings.can_drop);
    return FW_OK;
}

/* "size digest\n" becomes the digest. */
static fw_status note_digest(struct snapshot *s, const char *path)
{
    struct fw_text line = {0};
    fw_status status = fw_wide_append_digest(s->host, path, &line);
    const char *blank = strchr(fw_text_get(&line), ' ');

    if (status == FW_OK && blank != NULL) {
        fw_text_append_len(&s->contract_sha256, blank + 1, strcspn(blank + 1, "\n"));
    }
    if (line.failed || s->contract_sha256.failed) {
        status = fw_fault_nomem(s->host);
    }
    fw_text_finish(&line);
    return status;
}

fw_status snapshot_contract_read(struct snapshot *s)
{
    const struct fw_input *input = fw_task_input(s->task, "contract");

    if (input == NULL || input->n_paths == 0) {
        return FW_OK;
    }
    if (s->settings.columns.names != NULL || s->settings.can_drop.names != NULL) {
        return fw_faultf(s->host, FW_E_CONFIG, input->paths[0],
                         "leave out the parameters columns and can_drop, or the port contract",
                         "columns are given twice, by parameters and by a contract");
    }
    fw_status status = fw_yaml_read(s->host, input->paths[0], &s->contract);
    if (status == FW_OK) {
        status = use_lists(s, input->paths[0]);
    }
    return status == FW_OK ? note_digest(s, input->paths[0]) : status;
}
