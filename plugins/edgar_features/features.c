/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "edgar.h"

/* A name becomes part of column names. */
static bool is_name(const char *name)
{
    size_t n = 0;

    while (isalnum((unsigned char)name[n]) || name[n] == '_') {
        n++;
    }
    return n > 0 && name[n] == '\0';
}

static fw_status check_name(const struct edgar *edgar, const char *entry, size_t at)
{
    const char *name = edgar->features[at].name;

    for (size_t i = 0; i < at; i++) {
        if (strcasecmp(edgar->features[i].name, name) == 0) {
            return fw_faultf(edgar->host, FW_E_CONFIG, entry, "give each feature a name of its own",
                             "features names %s twice", name);
        }
    }
    return is_name(name) ? FW_OK
                         : fw_faultf(edgar->host, FW_E_CONFIG, entry,
                                     "write it as name = path; a name has letters, digits and _",
                                     "features has an entry without a good name");
}

/* "name=path", or a column's name alone. */
static fw_status read_entry(struct edgar *edgar, const char *entry, size_t at)
{
    struct edgar_feature *feature = &edgar->features[at];
    size_t size = strcspn(entry, "=");

    feature->path = entry[size] == '=' ? entry + size + 1 : entry;
    feature->name = strndup(entry, size);
    if (feature->name == NULL) {
        return fw_fault_nomem(edgar->host);
    }
    fw_status status = check_name(edgar, entry, at);
    if (status == FW_OK && (*feature->path == '\0' || strchr(feature->path, '"') != NULL)) {
        status = fw_faultf(edgar->host, FW_E_CONFIG, entry, "write it as name=column.key.key",
                           "features has an entry without a good path");
    }
    return status;
}

static fw_status find(struct edgar *edgar, struct edgar_feature *feature)
{
    bool is_below = *edgar->rules.payload != '\0';
    struct fw_text path = {0};

    fw_text_appendf(&path, "%s%s%s", edgar->rules.payload, is_below ? "." : "", feature->path);
    fw_status status =
        path.failed ? fw_fault_nomem(edgar->host)
                    : edgar_path_find(edgar, fw_text_get(&path), &feature->value, &feature->absent);
    fw_text_finish(&path);
    return status == FW_OK && feature->value.failed ? fw_fault_nomem(edgar->host) : status;
}

fw_status edgar_features_open(struct edgar *edgar)
{
    const struct fw_value *list = edgar->rules.features;
    fw_status status = fw_sql_exec(&edgar->sql, edgar_path_macros);

    if (status == FW_OK && list->n == 0) {
        return fw_faultf(edgar->host, FW_E_CONFIG, "features", "name at least one",
                         "there is no feature");
    }
    edgar->features = calloc(list->n + 1, sizeof *edgar->features);
    if (status == FW_OK && edgar->features == NULL) {
        return fw_fault_nomem(edgar->host);
    }
    for (size_t i = 0; i < list->n && status == FW_OK; i++) {
        edgar->n_features++;
        status = read_entry(edgar, list->texts[i], i);
        if (status == FW_OK) {
            status = find(edgar, &edgar->features[i]);
        }
    }
    return status;
}

void edgar_features_close(struct edgar *edgar)
{
    for (size_t i = 0; i < edgar->n_features; i++) {
        free(edgar->features[i].name);
        fw_text_finish(&edgar->features[i].value);
    }
    free(edgar->features);
}
