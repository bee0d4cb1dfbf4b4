/* SPDX-License-Identifier: MIT */
/* Everything that is recorded, as files: metrics.jsonl, metrics.bin and status.json. */
#include "sink.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <fw/service/log.h>

#include "sql/fault.h"
#include "state.h"

enum { STATE_VERSION = 1, NAME_MOST = 4096 };

static double now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

/* Said once: a disk that stays full would fill the log as well. */
static void warn(struct sink *s, const char *what)
{
    int cause = errno;

    if (!s->warned) {
        monitors_say(s->host, s->task, FW_LOG_WARNING,
                     "%s: %s: the training goes on, metrics are lost until it can be written again",
                     what, strerror(cause));
    }
    s->warned = true;
}

static void flush(struct sink *s)
{
    bool lines = monitors_stream_flush(&s->lines);

    if (!lines) {
        warn(s, "metrics.jsonl cannot be written");
    }
    bool binary = !s->has_binary || monitors_stream_flush(&s->binary);
    if (binary) {
        s->names.n_written = s->names.n;
    } else {
        warn(s, "metrics.bin cannot be written");
        sink_names_forget(&s->names);
        if (s->binary.size == 0) {
            sink_binary_begin(&s->binary.buffer);
        }
    }
    s->count.dropped += lines && binary ? 0 : s->n_buffered;
    s->n_buffered = 0;
    s->flushed_at = now();
}

static void destroy(void *self)
{
    struct sink *s = self;

    if (s->n_buffered > 0) {
        flush(s);
    }
    bool lines = monitors_stream_close(&s->lines), binary = monitors_stream_close(&s->binary);
    if (!lines || !binary) {
        warn(s, "metrics cannot be written");
    }
    sink_names_finish(&s->names);
    free(s);
}

static fw_status create(const struct fw_host *host, const struct fw_callback_task *task,
                        void **ret_self)
{
    struct sink *s = calloc(1, sizeof *s);

    if (s == NULL) {
        return fw_fault_nomem(host);
    }
    s->host = host;
    s->task = task;
    s->has_binary = fw_callback_value(task, "binary")->integer != 0;
    s->count.train_loss = s->count.val_loss = NAN;
    *ret_self = s;
    return FW_OK;
}

static fw_status setup(void *self, const struct fw_training *training)
{
    struct sink *s = self;
    const struct fw_training_info *info = training->info;
    fw_status status = training->declare(training, "dropped", "records", FW_TRAINING_EPOCH_END);

    s->info = info;
    s->flushed_at = now();
    if (s->has_binary && info->batches > 0 && info->epochs > UINT32_MAX / info->batches) {
        return fw_faultf(s->host, FW_E_CONFIG, "binary", "set binary to false",
                         "metrics.bin has room for 4294967295 steps, not for %llu epochs of %llu",
                         (unsigned long long)info->epochs, (unsigned long long)info->batches);
    }
    if (status == FW_OK) {
        status = monitors_stream_open(&s->lines, s->host, s->task->folder, "metrics.jsonl");
    }
    if (status == FW_OK && s->has_binary) {
        status = monitors_stream_open(&s->binary, s->host, s->task->folder, "metrics.bin");
    }
    return status;
}

static fw_status begin(struct sink *s)
{
    if (!monitors_stream_cut(&s->lines, 0) ||
        (s->has_binary && !monitors_stream_cut(&s->binary, 0))) {
        return fw_faultf(s->host, FW_E_IO, s->task->folder, NULL,
                         "the files of the run before cannot be emptied: %s", strerror(errno));
    }
    s->count.started_at = (int64_t)time(NULL);
    if (s->has_binary) {
        sink_binary_begin(&s->binary.buffer);
    }
    return FW_OK;
}

static void note(struct sink *s, const struct fw_training_metric *metric)
{
    bool is_train = strcmp(metric->name, "train/loss_nats") == 0;

    if (is_train) {
        s->count.train_loss = metric->value;
    } else if (strcmp(metric->name, "val/loss_nats") == 0) {
        s->count.val_loss = metric->value;
    }
    s->count.nonfinite_losses += is_train && !isfinite(metric->value);
    s->count.nonfinite_values += !isfinite(metric->value);
}

static void take(struct sink *s, const struct fw_training *training)
{
    const struct fw_training_record *record = training->record;

    for (uint64_t i = 0; i < record->n_metrics; i++) {
        note(s, record->metrics[i]);
    }
    sink_line_append(&s->lines.buffer, record);
    if (s->has_binary && !sink_binary_append(&s->binary.buffer, &s->names, record)) {
        s->binary.buffer.failed = true;
    }
    s->n_buffered++;
    if (training->quarter != 0 ||
        s->n_buffered >= (uint64_t)fw_callback_value(s->task, "buffer_records")->integer ||
        now() - s->flushed_at >= fw_callback_value(s->task, "buffer_seconds")->real) {
        flush(s);
    }
}

static fw_status hook(void *self, const struct fw_training *training)
{
    struct sink *s = self;
    fw_status status = FW_OK;

    if (training->hook == FW_TRAINING_RECORD) {
        take(s, training);
        if (training->quarter == 0) {
            return FW_OK;
        }
    } else if (training->hook == FW_TRAINING_EPOCH_END) {
        training->emit(training, "dropped", (double)s->count.dropped);
        return FW_OK;
    } else if (training->hook == FW_TRAINING_FIT_START) {
        status = begin(s);
    } else {
        flush(s);
    }
    if (!sink_status_write(s, training)) {
        warn(s, "status.json cannot be written");
    }
    return status;
}

static fw_status save(void *self, struct fw_blob *ret)
{
    struct sink *s = self;
    struct fw_text state = {0};

    flush(s);
    monitors_put(&state, &s->count, sizeof s->count);
    monitors_put(&state, &s->lines.size, sizeof s->lines.size);
    monitors_put(&state, &s->binary.size, sizeof s->binary.size);
    monitors_put(&state, &s->names.n, sizeof s->names.n);
    for (uint64_t i = 0; i < s->names.n; i++) {
        uint64_t size = strlen(s->names.names[i]);
        monitors_put(&state, &size, sizeof size);
        monitors_put(&state, s->names.names[i], size);
    }
    return monitors_put_end(&state, s->host, STATE_VERSION, ret);
}

static void take_names(struct sink *s, struct monitors_state *state)
{
    char name[NAME_MOST];
    uint64_t n, size;

    monitors_take(state, &n, sizeof n);
    for (uint64_t i = 0; i < n && !state->failed; i++) {
        monitors_take(state, &size, sizeof size);
        state->failed = state->failed || size >= sizeof name;
        monitors_take(state, name, state->failed ? 0 : size);
        name[state->failed ? 0 : size] = '\0';
        state->failed = state->failed || sink_names_find(&s->names, name) != i;
    }
    s->names.n_written = s->names.n;
}

/* What was written behind the state is not of the run that goes on. */
static fw_status cut(struct sink *s, uint64_t lines, uint64_t binary)
{
    if (!monitors_stream_cut(&s->lines, lines) ||
        (s->has_binary && !monitors_stream_cut(&s->binary, binary))) {
        return fw_faultf(s->host, FW_E_STATE, s->task->folder, NULL,
                         "the metrics cannot be cut back to what the checkpoint knows: %s",
                         strerror(errno));
    }
    return FW_OK;
}

static fw_status restore(void *self, const struct fw_blob *blob)
{
    struct sink *s = self;
    struct monitors_state state = monitors_take_begin(blob, STATE_VERSION);
    uint64_t lines, binary;

    monitors_take(&state, &s->count, sizeof s->count);
    monitors_take(&state, &lines, sizeof lines);
    monitors_take(&state, &binary, sizeof binary);
    take_names(s, &state);
    s->count.retries++;
    fw_status status = monitors_take_end(&state, s->host, s->has_binary == (binary > 0));
    return status == FW_OK ? cut(s, lines, binary) : status;
}

static const struct fw_param params[] = {
    MONITORS_WHOLE("buffer_records", "256", "1", "records", "that are written together, at most"),
    FW_PARAM(.type = FW_PARAM_DURATION, .name = "buffer_seconds", .default_value = "5", .min = "0",
             .doc = "for which a record waits to be written, at most"),
    MONITORS_SWITCH("binary", "true", "write metrics.bin too"),
};

const struct fw_callback monitors_sink = {
    .struct_size = (uint32_t)sizeof(struct fw_callback),
    .n_params = FW_COUNT(params),
    .kind = "sink",
    .doc = "Everything that is recorded, as metrics.jsonl, metrics.bin and status.json",
    .params = params,
    .hooks = MONITORS_AT(FW_TRAINING_FIT_START) | MONITORS_AT(FW_TRAINING_EPOCH_END) |
             MONITORS_AT(FW_TRAINING_RECORD) | MONITORS_AT(FW_TRAINING_EXCEPTION) |
             MONITORS_AT(FW_TRAINING_FIT_END),
    .create = create,
    .setup = setup,
    .hook = hook,
    .save = save,
    .restore = restore,
    .destroy = destroy,
};
