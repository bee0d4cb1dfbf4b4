/* SPDX-License-Identifier: MIT */
#include "words.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"

#define NAMES "in.PORT, out.PORT, threads, memory_bytes, partition_factor, seed or tmp"

const struct fw_value *exec_texts(const struct fw_task *task, const char *name)
{
    static const struct fw_value none;
    const struct fw_value *value = fw_task_value(task, name);
    return value == NULL ? &none : value;
}

void exec_words_finish(struct exec_words *words)
{
    for (size_t i = 0; i < words->len; i++) {
        free(words->items[i]);
    }
    free(words->items);
    *words = (struct exec_words){0};
}

/* Takes `word`, which may be NULL after a failed allocation. */
static fw_status take(struct exec_words *words, const struct fw_host *host, char *word)
{
    char **items = word == NULL ? NULL : reallocarray(words->items, words->len + 2, sizeof *items);
    if (items == NULL) {
        free(word);
        return exec_fault_nomem(host);
    }
    words->items = items;
    items[words->len++] = word;
    items[words->len] = NULL;
    return FW_OK;
}

char *exec_output_path(const struct fw_output *output)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", output->path, output->name) < 0 ? NULL : path;
}

static fw_status input_text(const struct exec_scope *scope, const char *port, char **ret)
{
    const struct fw_input *input = fw_task_input(scope->task, port);
    if (input == NULL) {
        return exec_fault(scope->host, FW_E_CONFIG, "plug it in under `in`",
                          "${in.%s}: nothing is plugged into that port", port);
    }
    if (input->n_paths != 1) {
        return exec_fault(scope->host, FW_E_CONFIG, "make ${in.PORT} a word of its own",
                          "${in.%s} stands for %" PRIu64 " paths and cannot be part of a word",
                          port, input->n_paths);
    }
    *ret = strdup(input->paths[0]);
    return FW_OK;
}

static fw_status output_text(const struct exec_scope *scope, const char *port, char **ret)
{
    const struct fw_output *output = fw_task_output(scope->task, port);
    if (output == NULL) {
        return exec_fault(scope->host, FW_E_CONFIG, "name it under `out`",
                          "${out.%s}: there is no such output", port);
    }
    *ret = exec_output_path(output);
    return FW_OK;
}

/* What one name between the braces stands for; *ret may be NULL when memory ran out. */
static fw_status name_text(const struct exec_scope *scope, const char *name, char **ret)
{
    const struct {
        const char *name;
        uint64_t number;
    } numbers[] = {
        {"threads", scope->limits->threads},
        {"memory_bytes", scope->limits->memory_bytes},
        {"partition_factor", scope->limits->partition_factor},
        {"seed", scope->task->seed},
    };
    if (strncmp(name, "in.", 3) == 0) {
        return input_text(scope, name + 3, ret);
    }
    if (strncmp(name, "out.", 4) == 0) {
        return output_text(scope, name + 4, ret);
    }
    if (strcmp(name, "tmp") == 0) {
        *ret = strdup(scope->tmp);
        return FW_OK;
    }
    for (size_t i = 0; i < FW_COUNT(numbers); i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            *ret = asprintf(ret, "%" PRIu64, numbers[i].number) < 0 ? NULL : *ret;
            return FW_OK;
        }
    }
    return exec_fault(scope->host, FW_E_CONFIG, "a plain ${ is written $${",
                      "${%s} is unknown, expected " NAMES, name);
}

/* Copies `text` to `out`, replacing. */
static fw_status expand(const struct exec_scope *scope, const char *text, FILE *out)
{
    while (*text != '\0') {
        const char *end = strncmp(text, "${", 2) == 0 ? strchr(text, '}') : NULL;
        if (strncmp(text, "$${", 3) == 0) {
            fputs("${", out);
            text += 3;
            continue;
        }
        if (strncmp(text, "${", 2) != 0) {
            fputc(*text++, out);
            continue;
        }
        if (end == NULL) {
            return exec_fault(scope->host, FW_E_CONFIG, "a plain ${ is written $${",
                              "'%s' has no closing brace", text);
        }
        char *name = strndup(text + 2, (size_t)(end - text - 2));
        char *value = NULL;
        fw_status status = name == NULL ? FW_OK : name_text(scope, name, &value);
        free(name);
        if (status == FW_OK && value == NULL) {
            status = exec_fault_nomem(scope->host);
        }
        if (status != FW_OK) {
            return status;
        }
        fputs(value, out);
        free(value);
        text = end + 1;
    }
    return FW_OK;
}

/* The input that a text which is nothing but ${in.PORT} names, or NULL. */
static const struct fw_input *whole_input(const struct exec_scope *scope, const char *text)
{
    const size_t len = strlen(text);
    char port[64];
    if (strncmp(text, "${in.", 5) != 0 || strchr(text, '}') != text + len - 1 ||
        len - 6 >= sizeof port) {
        return NULL;
    }
    memcpy(port, text + 5, len - 6);
    port[len - 6] = '\0';
    return fw_task_input(scope->task, port);
}

/* One word; *ret is the caller's to free. */
static fw_status replaced(const struct exec_scope *scope, const char *text, char **ret)
{
    char *word = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&word, &size);
    if (out == NULL) {
        return exec_fault_nomem(scope->host);
    }
    fw_status status = expand(scope, text, out);
    const int bad = ferror(out);
    if ((fclose(out) != 0 || bad) && status == FW_OK) {
        status = exec_fault_nomem(scope->host);
    }
    if (status != FW_OK) {
        free(word);
        return status;
    }
    *ret = word;
    return FW_OK;
}

fw_status exec_words_add(struct exec_words *words, const struct exec_scope *scope, const char *text)
{
    const struct fw_input *input = whole_input(scope, text);
    if (input == NULL) {
        char *word = NULL;
        fw_status status = replaced(scope, text, &word);
        return status == FW_OK ? take(words, scope->host, word) : status;
    }
    fw_status status = FW_OK;
    for (uint64_t i = 0; i < input->n_paths && status == FW_OK; i++) {
        status = take(words, scope->host, strdup(input->paths[i]));
    }
    return status;
}

static bool is_assignment(const char *text)
{
    const size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
                                    "0123456789");
    return len > 0 && text[len] == '=' && (*text < '0' || *text > '9');
}

/* Takes NAME=VALUE, which may be NULL after a failed allocation, in place of an earlier one of
 * that name. */
static fw_status put(struct exec_words *words, const struct fw_host *host, char *text)
{
    const size_t len = text == NULL ? 0 : strcspn(text, "=") + 1;
    for (size_t i = 0; i < words->len && text != NULL; i++) {
        if (strncmp(words->items[i], text, len) == 0) {
            free(words->items[i]);
            words->items[i] = text;
            return FW_OK;
        }
    }
    return take(words, host, text);
}

static fw_status set(struct exec_words *words, const struct exec_scope *scope, const char *text)
{
    char *word = NULL;
    fw_status status = replaced(scope, text, &word);
    return status == FW_OK ? put(words, scope->host, word) : status;
}

/* What nearly every program wants, the same everywhere; results must not depend on whose shell
 * fwrun was started from. */
static fw_status add_fixed(struct exec_words *words, const struct exec_scope *scope)
{
    static const char *const fixed[] = {
        "PATH=/usr/local/bin:/usr/bin:/bin",
        "LANG=C.UTF-8",
        "HOME=${tmp}",
        "TMPDIR=${tmp}",
        "OMP_NUM_THREADS=${threads}",
        "OPENBLAS_NUM_THREADS=${threads}",
    };
    fw_status status = FW_OK;
    for (size_t i = 0; i < FW_COUNT(fixed) && status == FW_OK; i++) {
        status = set(words, scope, fixed[i]);
    }
    return status;
}

/* Values of the outside are taken as they are, without replacing anything in them. */
static fw_status add_passed(struct exec_words *words, const struct exec_scope *scope,
                            const char *name)
{
    const char *value = getenv(name);
    if (value == NULL) {
        return exec_fault(scope->host, FW_E_MISSING,
                          "set it before fwrun, or take it out of `pass`",
                          "the environment has no variable %s", name);
    }
    char *text = NULL;
    return put(words, scope->host, asprintf(&text, "%s=%s", name, value) < 0 ? NULL : text);
}

fw_status exec_words_environment(struct exec_words *words, const struct exec_scope *scope)
{
    const struct fw_value *pass = exec_texts(scope->task, "pass");
    const struct fw_value *env = exec_texts(scope->task, "env");
    fw_status status = add_fixed(words, scope);
    for (uint64_t i = 0; i < pass->n && status == FW_OK; i++) {
        status = add_passed(words, scope, pass->texts[i]);
    }
    for (uint64_t i = 0; i < env->n && status == FW_OK; i++) {
        if (!is_assignment(env->texts[i])) {
            return exec_fault(scope->host, FW_E_CONFIG,
                              "a variable whose value never changes a result goes into `pass`",
                              "env: '%s' is not of the form NAME=VALUE", env->texts[i]);
        }
        status = set(words, scope, env->texts[i]);
    }
    return status;
}

const char *exec_words_value(const struct exec_words *environment, const char *name)
{
    const size_t len = strlen(name);
    for (size_t i = 0; i < environment->len; i++) {
        if (strncmp(environment->items[i], name, len) == 0 && environment->items[i][len] == '=') {
            return environment->items[i] + len + 1;
        }
    }
    return NULL;
}
