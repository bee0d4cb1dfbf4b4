/* SPDX-License-Identifier: MIT */
#include "stage.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "child.h"
#include "fault.h"
#include "outputs.h"
#include "said.h"
#include "words.h"

enum { STEP_MS = 1000, POLL_MS = 50 };

struct exec {
    const struct fw_host *host;
    const struct fw_task *task;
    const struct fw_cancel *cancel;
    const char *tmp;
    struct exec_words argv, environment;
    struct exec_child child;
    double grace_s;
    bool started;
    time_t start;
    off_t log_end; /* before it began */
};

static void exec_destroy(void *instance)
{
    struct exec *self = instance;
    exec_child_stop(&self->child, self->grace_s);
    exec_words_finish(&self->argv);
    exec_words_finish(&self->environment);
    free(self);
}

/* A command that is not told where to write cannot write there. */
static fw_status check_outputs(const struct exec *self)
{
    const struct fw_value *lists[] = {exec_texts(self->task, "argv"),
                                      exec_texts(self->task, "env")};
    for (uint32_t i = 0; i < self->task->n_outputs; i++) {
        char mark[128];
        bool found = false;
        snprintf(mark, sizeof mark, "${out.%s}", fw_task_output_at(self->task, i)->port);
        for (size_t k = 0; k < FW_COUNT(lists); k++) {
            for (uint64_t n = 0; n < lists[k]->n; n++) {
                found = found || strstr(lists[k]->texts[n], mark) != NULL;
            }
        }
        if (!found) {
            return exec_fault(
                self->host, FW_E_CONFIG, "in a pipeline file it is written $${out...}",
                "neither argv nor env has %s, so that output cannot be written", mark);
        }
    }
    return FW_OK;
}

static fw_status prepare(struct exec *self)
{
    const struct fw_budget *budget = self->host->service(self->host, FW_BUDGET_ID);
    const struct fw_value *argv = exec_texts(self->task, "argv");
    const struct exec_scope scope = {.host = self->host,
                                     .task = self->task,
                                     .limits = budget->limits(self->host),
                                     .tmp = self->tmp};
    if (argv->n == 0 || argv->texts[0][0] == '\0') {
        return exec_fault(self->host, FW_E_CONFIG, NULL, "argv does not begin with a program");
    }
    fw_status status = check_outputs(self);
    for (uint64_t i = 0; i < argv->n && status == FW_OK; i++) {
        status = exec_words_add(&self->argv, &scope, argv->texts[i]);
    }
    return status == FW_OK ? exec_words_environment(&self->environment, &scope) : status;
}

static fw_status exec_create(const struct fw_host *host, const struct fw_task *task,
                             void **ret_self)
{
    const struct fw_tmp *tmp = host->service(host, FW_TMP_ID);
    struct exec *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return exec_fault_nomem(host);
    }
    self->host = host;
    self->task = task;
    self->cancel = host->service(host, FW_CANCEL_ID);
    self->grace_s = fw_task_real(task, "grace");
    self->tmp = tmp->dir(host);
    fw_status status = self->tmp == NULL ? FW_E_IO : prepare(self);
    if (status != FW_OK) {
        exec_destroy(self);
        return status;
    }
    *ret_self = self;
    return FW_OK;
}

static void log_command(const struct exec *self)
{
    const struct fw_log *log = self->host->service(self->host, FW_LOG_ID);
    char line[1024] = "running:";
    for (size_t i = 0, used = strlen(line); i < self->argv.len && used < sizeof line; i++) {
        used += (size_t)snprintf(line + used, sizeof line - used, " %s", self->argv.items[i]);
    }
    log->write(self->host, FW_LOG_INFO, line);
}

static fw_status start(struct exec *self)
{
    fw_status status = exec_outputs_prepare(self->host, self->task);
    if (status != FW_OK) {
        return status;
    }
    log_command(self);
    self->started = true;
    self->start = time(NULL);
    self->log_end = exec_said_begin();
    return exec_child_start(&self->child, self->host, &self->argv, &self->environment, self->tmp);
}

/* Returns whether the command has ended, within about a second. */
static fw_status watch(struct exec *self, bool *ret_ended)
{
    for (int waited = 0; waited < STEP_MS; waited += POLL_MS) {
        if (self->cancel->requested(self->host)) {
            exec_child_stop(&self->child, self->grace_s);
            return exec_fault(self->host, FW_E_CANCELLED, NULL, "the command was stopped");
        }
        if (exec_child_wait(&self->child, POLL_MS) == 1) {
            *ret_ended = true;
            return FW_OK;
        }
    }
    return FW_OK;
}

/* The class is that of bad input: what the command did not like is its own to say. */
static fw_status fail(const struct exec *self, const char *how)
{
    char line[240], said[sizeof line + 32];
    exec_said_last(self->log_end, line, sizeof line);
    snprintf(said, sizeof said, "it said last: %s", line);
    const char *remedy = self->log_end < 0 ? NULL : line[0] != '\0' ? said : "it said nothing";
    return exec_fault(self->host, FW_E_DATA, remedy, "%s %s", self->argv.items[0], how);
}

static fw_status conclude(struct exec *self)
{
    const struct fw_artifact *artifact = self->host->service(self->host, FW_ARTIFACT_ID);
    const int status = self->child.status;
    char json[64], how[96];
    if (WIFSIGNALED(status)) {
        snprintf(json, sizeof json, "\"SIG%s\"", sigabbrev_np(WTERMSIG(status)));
        snprintf(how, sizeof how, "was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
        fw_status recorded = artifact->field(self->host, "exit_signal", json);
        return recorded != FW_OK ? recorded : fail(self, how);
    }
    snprintf(json, sizeof json, "%d", WEXITSTATUS(status));
    snprintf(how, sizeof how, "ended with exit code %s", json);
    fw_status recorded = artifact->field(self->host, "exit_code", json);
    if (recorded != FW_OK) {
        return recorded;
    }
    return WEXITSTATUS(status) != 0 ? fail(self, how) : exec_outputs_take(self->host, self->task);
}

static fw_status exec_step(void *instance, struct fw_step *ret)
{
    struct exec *self = instance;
    bool ended = false;
    fw_status status = self->started ? FW_OK : start(self);
    status = status == FW_OK ? watch(self, &ended) : status;
    status = status == FW_OK && ended ? conclude(self) : status;
    if (status != FW_OK) {
        return status;
    }
    ret->done = (uint64_t)(time(NULL) - self->start);
    ret->unit = "seconds";
    ret->items = ended ? self->task->n_outputs : 0;
    return ended ? FW_OK : FW_MORE;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_ANY, .flags = FW_PORT_WILDCARD | FW_PORT_MANY, .name = "*",
            .doc = "Files that the command reads, its scripts included: ${in.PORT}"),
};
static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_ANY, .flags = FW_PORT_WILDCARD, .name = "*",
            .doc = "Files or folders that the command writes: ${out.PORT}"),
};
static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .flags = FW_PARAM_REQUIRED, .name = "argv",
             .doc = "Program and arguments, no shell; ${in.PORT}, ${out.PORT}, ${threads}, "
                    "${memory_bytes}, ${partition_factor}, ${seed} and ${tmp} are replaced"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "env", .default_value = "",
             .doc = "Environment as NAME=VALUE, replaced as in argv; besides PATH, LANG, HOME, "
                    "TMPDIR and thread counts there is nothing else"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .flags = FW_PARAM_NO_EFFECT, .name = "pass",
             .default_value = "",
             .doc = "Names taken over from fwrun's own environment; not part of the cache key, so "
                    "only for what never changes a result"),
    FW_PARAM(.type = FW_PARAM_DURATION, .flags = FW_PARAM_NO_EFFECT, .name = "grace",
             .default_value = "10s", .min = "0", .max = "1h",
             .doc = "Time between SIGTERM and SIGKILL when the command is stopped"),
};
static const char *const required[] = {FW_LOG_ID, FW_CANCEL_ID, FW_ARTIFACT_ID, FW_TMP_ID,
                                       FW_BUDGET_ID};

const struct fw_stage exec_stage = {
    .struct_size = (uint32_t)sizeof exec_stage,
    .caps = FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_NONE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(required),
    .name = "exec",
    .doc = "Runs a command in its scratch folder, under the stage's budget and cache key",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .services_required = required,
    .create = exec_create,
    .step = exec_step,
    .destroy = exec_destroy,
};
