/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "delta/replay.h"

/* Reader features that need nothing here, or only when a file or a setting uses them. */
static const char *const harmless[] = {
    "timestampNtz", "vacuumProtocolCheck",
    "deletionVectors", /* refused when an active file has one */
    "columnMapping",   /* refused when the table's setting switches it on */
};

/* What is known and refused, in plain words. */
static const struct {
    const char *feature, *words;
} refused[] = {
    {"v2Checkpoint", "v2 checkpoints"},
    {"typeWidening", "type widening"},
    {"typeWidening-preview", "type widening"},
    {"variantType", "variant columns"},
    {"variantType-preview", "variant columns"},
    {"catalogManaged", "commits that a catalog manages"},
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

static bool is_harmless(const char *feature)
{
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        if (strcmp(feature, harmless[i]) == 0) {
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
        if (!is_harmless(feature)) {
            return fw_faultf(host, FW_E_UNSUPPORTED, where,
                             "write a copy of the table without the feature",
                             "the table needs the reader feature '%s': this reader does not "
                             "handle %s",
                             feature, words_for(feature));
        }
    }
    return FW_OK;
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
