/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "canonical_json/canonical_json.h"
#include "file/file.h"
#include "sink.h"

static void append_text(struct fw_text *text, const char *name, const char *value)
{
    fw_text_appendf(text, "  \"%s\": ", name);
    fw_canonical_string(text, value, strlen(value));
    fw_text_append(text, ",\n");
}

static void append_count(struct fw_text *text, const char *name, uint64_t value)
{
    fw_text_appendf(text, "  \"%s\": %" PRIu64 ",\n", name, value);
}

static void append_real(struct fw_text *text, const char *name, double value)
{
    fw_text_appendf(text, "  \"%s\": ", name);
    sink_number_append(text, value);
    fw_text_append(text, ",\n");
}

static void append_time(struct fw_text *text, const char *name, time_t at)
{
    char moment[32];
    struct tm parts;

    if (gmtime_r(&at, &parts) == NULL ||
        strftime(moment, sizeof moment, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        moment[0] = '\0';
    }
    append_text(text, name, moment);
}

static const char *state_of(const struct fw_training *training)
{
    if (training->hook == FW_TRAINING_FIT_END) {
        return "done";
    }
    if (training->hook != FW_TRAINING_EXCEPTION) {
        return "running";
    }
    return training->status == FW_E_CANCELLED ? "interrupted" : "failed";
}

/* "curvature,grad" as a list. */
static void append_disabled(struct fw_text *text, const struct fw_training *training)
{
    const char *at = FW_HAS(training, struct fw_training, disabled) ? training->disabled : "";

    fw_text_append(text, "  \"disabled_callbacks\": [");
    for (const char *first = at; *at != '\0'; at += *at == ',') {
        size_t size = strcspn(at, ",");
        fw_text_append(text, at != first ? ", " : "");
        fw_canonical_string(text, at, size);
        at += size;
    }
    fw_text_append(text, "]\n");
}

static void append_status(struct fw_text *text, const struct sink *sink,
                          const struct fw_training *training)
{
    char host[256] = "";

    if (gethostname(host, sizeof host - 1) < 0) {
        host[0] = '\0';
    }
    fw_text_append(text, "{\n");
    append_text(text, "run_id", sink->info->run);
    append_text(text, "state", state_of(training));
    fw_text_appendf(text, "  \"status\": %d,\n", (int)training->status);
    append_count(text, "pid", (uint64_t)getpid());
    append_text(text, "host", host);
    append_text(text, "model", sink->info->model);
    append_text(text, "device", sink->info->device);
    append_count(text, "epoch", training->epoch);
    append_count(text, "epochs", sink->info->epochs);
    append_count(text, "global_step", training->global_step);
    append_count(text, "steps", sink->info->epochs * sink->info->batches);
    append_time(text, "started_at", (time_t)sink->count.started_at);
    append_time(text, "updated_at", time(NULL));
    append_real(text, "train_loss", sink->count.train_loss);
    append_real(text, "val_loss", sink->count.val_loss);
    append_count(text, "nonfinite_losses", sink->count.nonfinite_losses);
    append_count(text, "nonfinite_values", sink->count.nonfinite_values);
    append_count(text, "dropped_records", sink->count.dropped);
    append_count(text, "retries", sink->count.retries);
    append_disabled(text, training);
    fw_text_append(text, "}\n");
}

bool sink_status_write(const struct sink *sink, const struct fw_training *training)
{
    struct fw_text text = {0}, path = {0};

    append_status(&text, sink, training);
    fw_text_appendf(&path, "%s/status.json", sink->task->folder);
    errno = ENOMEM;
    bool done = !text.failed && !path.failed &&
                fw_file_replace(fw_text_get(&path), fw_text_get(&text), text.size, false);
    int cause = errno;
    fw_text_finish(&text);
    fw_text_finish(&path);
    errno = cause;
    return done;
}
