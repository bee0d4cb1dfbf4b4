/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "delta/replay.h"

/* Reader features that this reader has. */
static const char *const handled[] = {
    "timestampNtz",         "vacuumProtocolCheck", "deletionVectors", "columnMapping",
    "v2Checkpoint",         "typeWidening", /* reading casts each file's type to the table's in any
                                               case */
    "typeWidening-preview",
};

/* What is known and refused, in plain words. */
static const struct {
    const char *feature, *words;
} refused[] = {
    {"variantType", "variant columns"},
    {"variantType-preview", "variant columns"},
    {"variantShredding", "shredded variant columns"},
    {"variantShredding-preview", "shredded variant columns"},
    {"catalogManaged", "commits that a catalog manages"},
    {"catalogOwned-preview", "commits that a catalog manages"},
};

static const char *words_for(const char *feature)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (strcmp(feature, refused[i].feature) == 0) {
            return refused[i].words;
        }
    }
    return "it";
}

static bool is_handled(const char *feature)
{
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++) {
        if (strcmp(feature, handled[i]) == 0) {
            return true;
        }
    }
    return false;
}

static fw_status check_features(const struct fw_host *host, const char *where,
                                const cJSON *features)
{
    if (!cJSON_IsArray(features)) {
        return fw_faultf(host, FW_E_DATA, where, NULL,
                         "the protocol has minReaderVersion 3 and no list of readerFeatures");
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, features)
    {
        const char *feature = cJSON_GetStringValue(item);
        if (feature == NULL) {
            return fw_faultf(host, FW_E_DATA, where, NULL,
                             "the protocol's readerFeatures hold something that is no text");
        }
        if (!is_handled(feature)) {
            return fw_faultf(host, FW_E_UNSUPPORTED, where,
                             "write a copy of the table without the feature",
                             "the table needs the reader feature '%s': this reader does not "
                             "handle %s",
                             feature, words_for(feature));
        }
    }
    return FW_OK;
}

bool fw_delta_has_feature(const struct fw_delta_replay *replay, const char *feature)
{
    const cJSON *protocol = replay->protocol.json;
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(protocol, "minReaderVersion");
    if (version != NULL && version->valueint == 2) {
        return strcmp(feature, "columnMapping") == 0;
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(protocol, "readerFeatures"))
    {
        const char *name = cJSON_GetStringValue(item);
        if (name != NULL && strcmp(name, feature) == 0) {
            return true;
        }
    }
    return false;
}

fw_status fw_delta_check_protocol(const struct fw_delta_replay *replay, struct fw_delta *delta)
{
    const struct fw_host *host = replay->sql->host;
    const cJSON *protocol = replay->protocol.json;
    if (protocol == NULL) {
        return fw_faultf(host, FW_E_DATA, replay->root, NULL,
                         "the Delta log holds no protocol action");
    }
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(protocol, "minReaderVersion");
    if (!cJSON_IsNumber(version)) {
        return fw_faultf(host, FW_E_DATA, replay->protocol.where, NULL,
                         "the protocol's minReaderVersion is not a number");
    }
    if (version->valuedouble < 1 || version->valuedouble > 3 ||
        version->valuedouble != (double)version->valueint) {
        return fw_faultf(host, FW_E_UNSUPPORTED, replay->protocol.where, NULL,
                         "the table needs reader version %.17g: this reader handles 1 to 3",
                         version->valuedouble);
    }
    delta->reader_version = version->valueint;
    if (delta->reader_version < 3) {
        return FW_OK;
    }
    return check_features(host, replay->protocol.where,
                          cJSON_GetObjectItemCaseSensitive(protocol, "readerFeatures"));
}
