/* SPDX-License-Identifier: MIT */
#include "arms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/fault.h"
#include "sql/text.h"

static const struct fw_predictor *predictor_at(const struct fw_host *host, unsigned i)
{
    char id[64];
    snprintf(id, sizeof id, FW_PREDICTOR_ID "#%u", i);
    return host->service(host, id);
}

static bool is_own(const struct compare_own *own, const struct compare_arm *arm)
{
    return strcmp(arm->kind, own->kind) == 0;
}

static fw_status find_predictor(const struct fw_host *host, const struct compare_own *own,
                                struct compare_arm *arm)
{
    struct fw_text kinds = {0};
    if (is_own(own, arm)) {
        return FW_OK;
    }
    for (unsigned i = 0;; i++) {
        const struct fw_predictor *predictor = predictor_at(host, i);
        if (predictor == NULL) {
            break;
        }
        if (strcmp(predictor->kind, arm->kind) == 0) {
            arm->predictor = predictor;
            fw_text_finish(&kinds);
            return FW_OK;
        }
        fw_text_appendf(&kinds, "%s, ", predictor->kind);
    }
    fw_text_append(&kinds, own->kind);
    fw_status status =
        FW_FAIL(host, FW_E_MISSING, .what = "no plugin has a predictor of this kind",
                .where = arm->name, .value = arm->kind, .expected = fw_text_get(&kinds),
                .remedy = "build its plugin, or name the plugin's folder with --plugin-dir");
    fw_text_finish(&kinds);
    return status;
}

/* Names stand in CSV, in folders and in headings. */
static bool is_name(const char *name, size_t len)
{
    const char *const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    return len > 0 && len <= 64 && strspn(name, allowed) >= len;
}

static fw_status refuse(const struct fw_host *host, const char *text)
{
    return FW_FAIL(host, FW_E_CONFIG, .what = "an arm cannot be read", .where = "arms",
                   .value = text,
                   .expected = "NAME=KIND or NAME=KIND/logits, the name of letters, digits, _, "
                               "- and dots, as in \"net=onnx/logits\"");
}

/* What stands behind the kind's slash, which may be NULL. */
static bool take_how(const struct compare_own *own, const char *how, struct compare_arm *arm)
{
    if (how != NULL && is_own(own, arm) && !own->has_file) {
        arm->experiment = strdup(how + 1);
        return how[1] != '\0';
    }
    arm->logits = how != NULL && !is_own(own, arm);
    return how == NULL || (arm->logits && strcmp(how, "/logits") == 0);
}

static fw_status parse(const struct fw_host *host, const struct compare_own *own, const char *text,
                       struct compare_arm *arm)
{
    const char *kind = strchr(text, '=');
    const char *how = kind == NULL ? NULL : strchr(kind, '/');
    if (kind == NULL || !is_name(text, (size_t)(kind - text)) || kind[1] == '\0' ||
        how == kind + 1) {
        return refuse(host, text);
    }
    arm->name = strndup(text, (size_t)(kind - text));
    arm->kind = strndup(kind + 1, how == NULL ? strlen(kind + 1) : (size_t)(how - kind - 1));
    if (arm->name == NULL || arm->kind == NULL) {
        return fw_fault_nomem(host);
    }
    if (!take_how(own, how, arm)) {
        return refuse(host, text);
    }
    return how != NULL && !arm->logits && arm->experiment == NULL ? fw_fault_nomem(host) : FW_OK;
}

static fw_status check_new(const struct fw_host *host, const struct compare_arms *arms)
{
    for (size_t i = 0; i + 1 < arms->n; i++) {
        if (strcmp(arms->items[i].name, arms->items[arms->n - 1].name) == 0) {
            return FW_FAIL(host, FW_E_CONFIG, .what = "two arms have the same name",
                           .where = "arms", .value = arms->items[i].name);
        }
    }
    return FW_OK;
}

/* The next file of `models`, for an arm that has one. */
static void take_file(const struct fw_input *models, const struct compare_own *own,
                      struct compare_arm *arm, uint64_t *n_files)
{
    if (is_own(own, arm) && !own->has_file) {
        return;
    }
    arm->path = models != NULL && *n_files < models->n_paths ? models->paths[*n_files] : NULL;
    ++*n_files;
}

fw_status compare_arms_read(const struct fw_host *host, const struct fw_task *task,
                            const struct compare_own *own, struct compare_arms *arms)
{
    const struct fw_value *given = fw_task_value(task, "arms");
    const struct fw_input *models = fw_task_input(task, "models");
    const uint64_t n_models = models == NULL ? 0 : models->n_paths;
    uint64_t n_files = 0;
    arms->items = calloc(given->n + 1, sizeof *arms->items);
    if (arms->items == NULL) {
        return fw_fault_nomem(host);
    }
    fw_status status = FW_OK;
    while (status == FW_OK && arms->n < given->n) {
        struct compare_arm *arm = &arms->items[arms->n];
        status = parse(host, own, given->texts[arms->n++], arm);
        if (status == FW_OK) {
            take_file(models, own, arm, &n_files);
            status = check_new(host, arms);
        }
        if (status == FW_OK) {
            status = find_predictor(host, own, arm);
        }
    }
    return status == FW_OK && n_files != n_models
               ? fw_faultf(host, FW_E_CONFIG, "arms", "name one arm for each model, in their order",
                           "there are %llu arms with a model and %llu models",
                           (unsigned long long)n_files, (unsigned long long)n_models)
               : status;
}

void compare_arms_finish(struct compare_arms *arms)
{
    for (size_t i = 0; i < arms->n; i++) {
        free(arms->items[i].name);
        free(arms->items[i].kind);
        free(arms->items[i].experiment);
    }
    free(arms->items);
    *arms = (struct compare_arms){0};
}
