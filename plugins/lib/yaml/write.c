/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "canonical_json/canonical_json.h"
#include "file/file.h"
#include "sql/fault.h"
#include "sql/text.h"
#include "yaml.h"

/* What readers of YAML 1.1 or 1.2 take for a number, a time, a truth or nothing. */
static bool looks_like_other(const char *text)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off",
                                        "y",    "n",    "~",     "=",   "<<", NULL};

    if (*text == '\0' || strchr("0123456789+-.", *text) != NULL) {
        return true;
    }
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcasecmp(text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* libyaml quotes by itself what a plain scalar cannot hold. */
static yaml_scalar_style_t style_of(const char *text)
{
    if (strchr(text, '\n') != NULL) {
        return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    }
    return looks_like_other(text) ? YAML_SINGLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE;
}

static bool emit_scalar(yaml_emitter_t *emitter, const char *text, bool is_text)
{
    yaml_scalar_style_t style = is_text ? style_of(text) : YAML_PLAIN_SCALAR_STYLE;
    yaml_event_t event;
    struct fw_text copy = {0}; /* the library wants bytes that it might change */

    fw_text_append(&copy, text);
    bool done = !copy.failed &&
                yaml_scalar_event_initialize(&event, NULL, NULL, (yaml_char_t *)copy.data,
                                             (int)copy.size, 1, 1, style) &&
                yaml_emitter_emit(emitter, &event);
    fw_text_finish(&copy);
    return done;
}

static bool emit_number(yaml_emitter_t *emitter, double value)
{
    struct fw_text text = {0};

    if (value == floor(value) && fabs(value) <= 9007199254740992.0) {
        fw_canonical_int64(&text, (int64_t)value);
    } else {
        fw_canonical_double(&text, value);
    }
    bool done = !text.failed && emit_scalar(emitter, fw_text_get(&text), false);
    fw_text_finish(&text);
    return done;
}

static bool emit(yaml_emitter_t *emitter, const cJSON *node);

static bool emit_sequence(yaml_emitter_t *emitter, const cJSON *node)
{
    yaml_event_t event;
    const cJSON *item;

    if (!yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE) ||
        !yaml_emitter_emit(emitter, &event)) {
        return false;
    }
    cJSON_ArrayForEach(item, node)
    {
        if (!emit(emitter, item)) {
            return false;
        }
    }
    return yaml_sequence_end_event_initialize(&event) && yaml_emitter_emit(emitter, &event);
}

static bool emit_mapping(yaml_emitter_t *emitter, const cJSON *node)
{
    yaml_event_t event;
    const cJSON *member;

    if (!yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE) ||
        !yaml_emitter_emit(emitter, &event)) {
        return false;
    }
    cJSON_ArrayForEach(member, node)
    {
        if (!emit_scalar(emitter, member->string, true) || !emit(emitter, member)) {
            return false;
        }
    }
    return yaml_mapping_end_event_initialize(&event) && yaml_emitter_emit(emitter, &event);
}

static bool emit(yaml_emitter_t *emitter, const cJSON *node)
{
    switch (node->type & 0xFF) {
    case cJSON_Object:
        return emit_mapping(emitter, node);
    case cJSON_Array:
        return emit_sequence(emitter, node);
    case cJSON_String:
        return emit_scalar(emitter, node->valuestring, true);
    case cJSON_Raw:
        return emit_scalar(emitter, node->valuestring, false);
    case cJSON_Number:
        return emit_number(emitter, node->valuedouble);
    case cJSON_NULL:
        return emit_scalar(emitter, "null", false);
    default:
        return emit_scalar(emitter, cJSON_IsTrue(node) ? "true" : "false", false);
    }
}

static int append(void *arg, unsigned char *bytes, size_t size)
{
    struct fw_text *text = arg;

    fw_text_append_len(text, (const char *)bytes, size);
    return !text->failed;
}

static bool emit_document(yaml_emitter_t *emitter, const cJSON *tree)
{
    yaml_event_t event;

    return yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
           yaml_emitter_emit(emitter, &event) &&
           yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) &&
           yaml_emitter_emit(emitter, &event) && emit(emitter, tree) &&
           yaml_document_end_event_initialize(&event, 1) && yaml_emitter_emit(emitter, &event) &&
           yaml_stream_end_event_initialize(&event) && yaml_emitter_emit(emitter, &event);
}

static fw_status print(const struct fw_host *host, const char *path, const cJSON *tree,
                       struct fw_text *text)
{
    yaml_emitter_t emitter;
    fw_status status = FW_OK;

    if (!yaml_emitter_initialize(&emitter)) {
        return fw_fault_nomem(host);
    }
    yaml_emitter_set_output(&emitter, append, text);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    if (!emit_document(&emitter, tree)) {
        bool no_memory = emitter.error == YAML_MEMORY_ERROR || text->failed;
        status = no_memory ? fw_fault_nomem(host)
                           : fw_faultf(host, FW_E_DATA, path, NULL, "cannot be written as YAML: %s",
                                       emitter.problem ? emitter.problem : "a text is no UTF-8");
    }
    yaml_emitter_delete(&emitter);
    return status;
}

fw_status fw_yaml_write(const struct fw_host *host, const char *path, const cJSON *tree)
{
    struct fw_text text = {0};
    fw_status status = print(host, path, tree, &text);

    if (status == FW_OK) {
        status = fw_file_write(host, path, fw_text_get(&text), text.size);
    }
    fw_text_finish(&text);
    return status;
}
