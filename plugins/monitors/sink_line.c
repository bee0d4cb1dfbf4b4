/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "canonical_json/canonical_json.h"
#include "sink.h"

static void append_string(struct fw_text *text, const char *string)
{
    fw_canonical_string(text, string, strlen(string));
}

void sink_number_append(struct fw_text *text, double value)
{
    char number[64];
    char *point;

    snprintf(number, sizeof number, "%.17g", value);
    point = strpbrk(number, ",");
    if (point != NULL) {
        *point = '.';
    }
    fw_text_append(text, isfinite(value) ? number : "null");
}

static void append_metrics(struct fw_text *text, const struct fw_training_record *record)
{
    for (uint64_t i = 0; i < record->n_metrics; i++) {
        const struct fw_training_metric *metric = record->metrics[i];
        fw_text_append(text, i > 0 ? "," : "");
        append_string(text, metric->name);
        fw_text_append(text, ":");
        sink_number_append(text, metric->value);
    }
}

static void append_nonfinite(struct fw_text *text, const struct fw_training_record *record)
{
    bool is_open = false;

    for (uint64_t i = 0; i < record->n_metrics; i++) {
        if (!isfinite(record->metrics[i]->value)) {
            fw_text_append(text, is_open ? "," : ",\"nonfinite\":[");
            append_string(text, record->metrics[i]->name);
            is_open = true;
        }
    }
    fw_text_append(text, is_open ? "]" : "");
}

void sink_line_append(struct fw_text *text, const struct fw_training_record *record)
{
    fw_text_appendf(text,
                    "{\"step\":%" PRIu64 ",\"epoch\":%" PRIu64 ",\"batch\":%" PRIu64 ",\"t\":",
                    record->global_step, record->epoch, record->batch);
    sink_number_append(text, record->seconds);
    fw_text_append(text, ",\"metrics\":{");
    append_metrics(text, record);
    fw_text_append(text, "}");
    append_nonfinite(text, record);
    fw_text_append(text, "}\n");
}
