/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "file/file.h"
#include "sql/fault.h"
#include "sql/text.h"
#include "yaml.h"

enum { MAX_DEPTH = 64 };

struct reader {
    const struct fw_host *host;
    const char *path;
    yaml_parser_t parser;
    unsigned depth;
};

int fw_yaml_line(const cJSON *node)
{
    return cJSON_IsNumber(node) ? 0 : node->valueint;
}

static fw_status refuse_at(const struct fw_host *host, const char *path, size_t line,
                           const char *what)
{
    struct fw_text where = {0};

    fw_text_append(&where, path);
    if (line > 0) {
        fw_text_appendf(&where, ":%zu", line);
    }
    fw_faultf(host, FW_E_DATA, fw_text_get(&where), NULL, "%s", what);
    fw_text_finish(&where);
    return FW_E_DATA;
}

fw_status fw_yaml_refuse(const struct fw_host *host, const char *path, const cJSON *node,
                         const char *format, ...)
{
    struct fw_text what = {0};
    va_list args;

    va_start(args, format);
    fw_text_append_va(&what, format, args);
    va_end(args);
    refuse_at(host, path, node != NULL ? (size_t)fw_yaml_line(node) : 0, fw_text_get(&what));
    fw_text_finish(&what);
    return FW_E_DATA;
}

static fw_status refuse(const struct reader *reader, const yaml_event_t *event, const char *what)
{
    return refuse_at(reader->host, reader->path, event->start_mark.line + 1, what);
}

static fw_status next(struct reader *reader, yaml_event_t *ret_event)
{
    yaml_parser_t *parser = &reader->parser;
    struct fw_text what = {0};

    if (yaml_parser_parse(parser, ret_event)) {
        return FW_OK;
    }
    if (parser->error == YAML_MEMORY_ERROR) {
        return fw_fault_nomem(reader->host);
    }
    fw_text_appendf(&what, "not YAML: %s", parser->problem);
    if (parser->context != NULL) {
        fw_text_appendf(&what, " (%s)", parser->context);
    }
    refuse_at(reader->host, reader->path, parser->problem_mark.line + 1, fw_text_get(&what));
    fw_text_finish(&what);
    return FW_E_DATA;
}

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(text, *words) == 0) {
            return true;
        }
    }
    return false;
}

/* Decimal, and no id: a leading zero would be lost. */
static bool is_number(const char *text)
{
    const char *at = text + (*text == '-' || *text == '+');
    size_t whole = strspn(at, "0123456789");
    size_t after = strspn(at + whole, "."), rest;

    if (after > 1 || (whole > 1 && *at == '0')) {
        return false;
    }
    rest = after == 1 ? strspn(at + whole + 1, "0123456789") : 0;
    if (whole + rest == 0) {
        return false;
    }
    at += whole + after + rest;
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '-' || *at == '+';
        size_t digits = strspn(at, "0123456789");
        return digits > 0 && at[digits] == '\0';
    }
    return *at == '\0';
}

static cJSON *plain(const char *text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};

    if (is_one_of(text, nulls)) {
        return cJSON_CreateNull();
    }
    if (is_one_of(text, trues) || is_one_of(text, falses)) {
        return cJSON_CreateBool(is_one_of(text, trues));
    }
    return is_number(text) ? cJSON_CreateNumber(strtod(text, NULL)) : cJSON_CreateString(text);
}

static fw_status read_scalar(const struct reader *reader, const yaml_event_t *event,
                             cJSON **ret_node)
{
    const char *text = (const char *)event->data.scalar.value;
    bool quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;

    if (strlen(text) != event->data.scalar.length) {
        return refuse(reader, event, "a text holds a NUL");
    }
    cJSON *node = quoted ? cJSON_CreateString(text) : plain(text);
    if (node == NULL) {
        return fw_fault_nomem(reader->host);
    }
    if (cJSON_IsNumber(node) && !(fabs(node->valuedouble) < 9007199254740992.0)) {
        cJSON_Delete(node);
        return refuse(reader, event, "a number beyond 2^53 cannot be held exactly: quote it");
    }
    *ret_node = node;
    return FW_OK;
}

static fw_status read_node(struct reader *reader, const yaml_event_t *event, cJSON **ret_node);

static fw_status read_items(struct reader *reader, cJSON *array)
{
    for (;;) {
        yaml_event_t event;
        cJSON *item = NULL;
        fw_status status = next(reader, &event);
        if (status != FW_OK) {
            return status;
        }
        bool ends = event.type == YAML_SEQUENCE_END_EVENT;
        if (!ends) {
            status = read_node(reader, &event, &item);
        }
        yaml_event_delete(&event);
        if (ends || status != FW_OK) {
            return status;
        }
        cJSON_AddItemToArray(array, item);
    }
}

static fw_status read_key(const struct reader *reader, const yaml_event_t *event,
                          const cJSON *object)
{
    const char *key = (const char *)event->data.scalar.value;
    struct fw_text what = {0};

    if (event->type != YAML_SCALAR_EVENT || strlen(key) != event->data.scalar.length) {
        return refuse(reader, event, "a key that is no plain text");
    }
    const cJSON *other = cJSON_GetObjectItemCaseSensitive(object, key);
    if (other == NULL) {
        return FW_OK;
    }
    fw_text_appendf(&what, "the key %s stands twice", key);
    refuse(reader, event, fw_text_get(&what));
    fw_text_finish(&what);
    return FW_E_DATA;
}

/* The value of the key in `event`. */
static fw_status read_member(struct reader *reader, const yaml_event_t *event, cJSON *object)
{
    yaml_event_t value;
    cJSON *node = NULL;
    fw_status status = read_key(reader, event, object);

    if (status == FW_OK) {
        status = next(reader, &value);
    }
    if (status != FW_OK) {
        return status;
    }
    status = read_node(reader, &value, &node);
    yaml_event_delete(&value);
    if (status == FW_OK &&
        !cJSON_AddItemToObject(object, (const char *)event->data.scalar.value, node)) {
        cJSON_Delete(node);
        status = fw_fault_nomem(reader->host);
    }
    return status;
}

static fw_status read_members(struct reader *reader, cJSON *object)
{
    for (;;) {
        yaml_event_t event;
        fw_status status = next(reader, &event);
        if (status != FW_OK) {
            return status;
        }
        bool ends = event.type == YAML_MAPPING_END_EVENT;
        if (!ends) {
            status = read_member(reader, &event, object);
        }
        yaml_event_delete(&event);
        if (ends || status != FW_OK) {
            return status;
        }
    }
}

static fw_status read_container(struct reader *reader, const yaml_event_t *event, cJSON **ret_node)
{
    bool is_map = event->type == YAML_MAPPING_START_EVENT;
    cJSON *node = is_map ? cJSON_CreateObject() : cJSON_CreateArray();

    if (node == NULL) {
        return fw_fault_nomem(reader->host);
    }
    if (reader->depth == MAX_DEPTH) {
        cJSON_Delete(node);
        return refuse(reader, event, "nested more than 64 levels deep");
    }
    reader->depth++;
    fw_status status = is_map ? read_members(reader, node) : read_items(reader, node);
    reader->depth--;
    if (status != FW_OK) {
        cJSON_Delete(node);
        return status;
    }
    *ret_node = node;
    return FW_OK;
}

static const yaml_char_t *tag_of(const yaml_event_t *event)
{
    switch ((int)event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.tag;
    default:
        return NULL;
    }
}

static fw_status read_node(struct reader *reader, const yaml_event_t *event, cJSON **ret_node)
{
    fw_status status;

    if (event->type == YAML_ALIAS_EVENT) {
        return refuse(reader, event, "aliases are not read: write the value out");
    }
    if (tag_of(event) != NULL) {
        return refuse(reader, event, "tags are not read: write the value plain or quoted");
    }
    status = event->type == YAML_SCALAR_EVENT ? read_scalar(reader, event, ret_node)
                                              : read_container(reader, event, ret_node);
    if (status == FW_OK && !cJSON_IsNumber(*ret_node)) {
        (*ret_node)->valueint =
            (int)event->start_mark.line + 1; /* cJSON uses it for numbers only */
    }
    return status;
}

/* Takes the events of a stream of one document. */
static fw_status read_document(struct reader *reader, cJSON **ret_tree)
{
    bool started = false;

    for (;;) {
        yaml_event_t event;
        fw_status status = next(reader, &event);
        if (status != FW_OK) {
            return status;
        }
        int type = (int)event.type;
        if (type == YAML_DOCUMENT_START_EVENT && started) {
            status = refuse(reader, &event, "a second document");
        }
        started = started || type == YAML_DOCUMENT_START_EVENT;
        if (type == YAML_SCALAR_EVENT || type == YAML_ALIAS_EVENT ||
            type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT) {
            status = read_node(reader, &event, ret_tree);
        }
        yaml_event_delete(&event);
        if (status != FW_OK || type == YAML_STREAM_END_EVENT) {
            return status;
        }
    }
}

fw_status fw_yaml_read(const struct fw_host *host, const char *path, cJSON **ret_tree)
{
    struct reader reader = {.host = host, .path = path};
    char *bytes = NULL;
    size_t size = 0;
    cJSON *tree = NULL;
    fw_status status = fw_file_read(host, path, &bytes, &size);

    if (status != FW_OK) {
        return status;
    }
    if (!yaml_parser_initialize(&reader.parser)) {
        free(bytes);
        return fw_fault_nomem(host);
    }
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)bytes, size);
    status = read_document(&reader, &tree);
    if (status == FW_OK && tree == NULL) {
        status = refuse_at(host, path, 1, "the file holds no document");
    }
    yaml_parser_delete(&reader.parser);
    free(bytes);
    if (status != FW_OK) {
        cJSON_Delete(tree);
        return status;
    }
    *ret_tree = tree;
    return FW_OK;
}
