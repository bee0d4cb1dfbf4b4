/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audit_columns.h"

/* Whether `name` is one of the alternatives "a|b"; their number, or -1. */
static int alternative(const char *alternatives, const char *name)
{
    size_t size = strlen(name);
    int i = 0;

    for (const char *at = alternatives;; i++) {
        size_t n = strcspn(at, "|");
        if (n == size && memcmp(at, name, n) == 0) {
            return i;
        }
        if (at[n] == '\0') {
            return -1;
        }
        at += n + 1;
    }
}

static const struct fw_source_column *find_column(const struct audit *audit, const char *step)
{
    const struct fw_source *source = audit->tables[AUDIT_FILINGS];
    const struct fw_source_column *column = NULL;
    int best = -1;

    for (size_t i = 0; i < source->n_columns; i++) {
        int rank = alternative(step, source->columns[i].name);
        if (rank >= 0 && (best < 0 || rank < best)) {
            best = rank;
            column = &source->columns[i];
        }
    }
    return column;
}

/* Cuts the path at its dots into the column and the keys. */
static bool split(struct audit_feature *feature)
{
    size_t n = 1;

    for (const char *at = feature->path; *at != '\0'; at++) {
        n += *at == '.';
    }
    feature->keys = calloc(n, sizeof *feature->keys);
    if (feature->keys == NULL) {
        return false;
    }
    for (char *dot = strchr(feature->path, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        *dot = '\0';
        feature->keys[feature->n_keys++] = dot + 1;
    }
    return true;
}

static fw_status read_one(struct audit *audit, const char *text)
{
    struct audit_feature *feature = &audit->features[audit->n_features++];
    const char *payload = audit->rules.payload;
    size_t size = strcspn(text, "=");
    const char *path = text[size] == '=' ? text + size + 1 : text;

    if (size == 0 || *path == '\0') {
        return fw_faultf(audit->host, FW_E_CONFIG, "features", NULL,
                         "'%s' is not of the form name=path or name", text);
    }
    feature->name = strndup(text, size);
    if (asprintf(&feature->path, "%s%s%s", payload, *payload != '\0' ? "." : "", path) < 0) {
        feature->path = NULL;
    }
    if (feature->name == NULL || feature->path == NULL || !split(feature)) {
        return fw_fault_nomem(audit->host);
    }
    feature->column = find_column(audit, feature->path);
    if (feature->column == NULL) {
        return fw_faultf(audit->host, FW_E_MISSING, "filings", "features, payload: name a column",
                         "feature %s: there is no column %s", feature->name, feature->path);
    }
    return FW_OK;
}

fw_status audit_features_read(struct audit *audit, const struct fw_value *list)
{
    fw_status status = FW_OK;

    audit->features = calloc(list->n + 1, sizeof *audit->features);
    if (audit->features == NULL) {
        return fw_fault_nomem(audit->host);
    }
    for (uint64_t i = 0; status == FW_OK && i < list->n; i++) {
        status = read_one(audit, list->texts[i]);
    }
    return status;
}

void audit_features_finish(struct audit *audit)
{
    for (size_t i = 0; i < audit->n_features; i++) {
        free(audit->features[i].name);
        free(audit->features[i].path);
        free(audit->features[i].keys);
    }
    free(audit->features);
}

/* Without blanks around it, thousands separators and underscores between digits. */
static bool clean(const char *text, char *ret_clean, size_t room)
{
    size_t n = 0;

    while (isspace((unsigned char)*text)) {
        text++;
    }
    size_t size = strlen(text);
    while (size > 0 && isspace((unsigned char)text[size - 1])) {
        size--;
    }
    for (size_t i = 0; i < size; i++) {
        bool between = text[i] == '_' && i > 0 && isdigit((unsigned char)text[i - 1]) &&
                       isdigit((unsigned char)text[i + 1]);
        if (text[i] == ',' || between) {
            continue;
        }
        if (n + 1 == room) {
            return false; /* no number is that long */
        }
        ret_clean[n++] = text[i];
    }
    ret_clean[n] = '\0';
    return n > 0;
}

static bool is_infinity(const char *text)
{
    text += *text == '-' || *text == '+';
    return strcasecmp(text, "inf") == 0 || strcasecmp(text, "infinity") == 0;
}

static double number_of_text(const struct audit *audit, const char *text)
{
    char buffer[512];
    char *end = NULL;

    if (!clean(text, buffer, sizeof buffer)) {
        return NAN;
    }
    /* Only then strtod, which would take hexadecimal too. */
    if (!is_infinity(buffer) && strspn(buffer, "0123456789.eE+-") != strlen(buffer)) {
        return NAN;
    }
    double value = strtod(buffer, &end);
    if (end == buffer || *end != '\0' || (!isfinite(value) && !audit->rules.compat)) {
        return NAN;
    }
    return value;
}

/* What counts as a number. */
static double number_of(const struct audit *audit, const cJSON *node)
{
    static const char *const keys[] = {"dollarAmount", "value", "amount"};

    if (cJSON_IsObject(node)) {
        for (size_t i = 0; i < FW_COUNT(keys); i++) {
            const cJSON *inner = cJSON_GetObjectItemCaseSensitive(node, keys[i]);
            if (inner != NULL) {
                return number_of(audit, inner);
            }
        }
        return NAN;
    }
    if (cJSON_IsArray(node)) {
        return node->child != NULL ? number_of(audit, node->child) : NAN;
    }
    if (cJSON_IsNumber(node)) {
        return node->valuedouble;
    }
    return cJSON_IsString(node) ? number_of_text(audit, node->valuestring) : NAN;
}

/* The first of the alternatives that the object has, even if it holds null. */
static const cJSON *member(const cJSON *object, const char *alternatives)
{
    const cJSON *item, *found = NULL;
    int best = -1;

    cJSON_ArrayForEach(item, object)
    {
        int rank = alternative(alternatives, item->string);
        if (rank >= 0 && (best < 0 || rank < best)) {
            best = rank;
            found = item;
        }
    }
    return found;
}

static double descend(const struct audit *audit, const cJSON *node, char *const *keys,
                      size_t n_keys)
{
    if (n_keys == 0) {
        return number_of(audit, node);
    }
    if (cJSON_IsObject(node)) {
        node = member(node, keys[0]);
        return node != NULL ? descend(audit, node, keys + 1, n_keys - 1) : NAN;
    }
    if (!cJSON_IsString(node) || audit->rules.compat) {
        return NAN; /* the reference takes a payload that is text for none */
    }
    cJSON *tree = cJSON_Parse(node->valuestring);
    double value = tree != NULL ? descend(audit, tree, keys, n_keys) : NAN;
    cJSON_Delete(tree);
    return value;
}

double audit_feature_value(const struct audit *audit, const struct audit_feature *feature,
                           const char *text)
{
    if (text == NULL) {
        return NAN;
    }
    if (!feature->column->nested) {
        const cJSON plain = {.type = cJSON_String, .valuestring = (char *)(uintptr_t)text};
        return descend(audit, &plain, feature->keys, feature->n_keys);
    }
    cJSON *tree = cJSON_Parse(text);
    double value = tree != NULL ? descend(audit, tree, feature->keys, feature->n_keys) : NAN;
    cJSON_Delete(tree);
    return value;
}
