/* SPDX-License-Identifier: MIT */
#include "markdown.h"

#include <string.h>

#include "json.h"

void fw_markdown_cell(struct fw_text *text, const char *string)
{
    for (const char *at = string; *at != '\0'; at++) {
        fw_text_append(text, *at == '|' ? "\\" : "");
        fw_text_append_len(text, (unsigned char)*at < ' ' ? " " : at, 1);
    }
}

/* One cell: no line breaks, no column marks; texts without their quotes. */
static void append_cell(struct fw_text *text, const cJSON *node)
{
    struct fw_text inner = {0};

    if (node != NULL && cJSON_IsString(node)) {
        fw_text_append(&inner, node->valuestring);
    } else if (node != NULL && (cJSON_IsArray(node) || cJSON_IsObject(node))) {
        char *json = cJSON_PrintUnformatted(node);
        fw_text_append(&inner, json != NULL ? json : "");
        inner.failed = inner.failed || json == NULL;
        cJSON_free(json);
    } else if (node != NULL && !cJSON_IsNull(node)) {
        fw_json_scalar(&inner, node);
    }
    fw_markdown_cell(text, fw_text_get(&inner));
    text->failed = text->failed || inner.failed;
    fw_text_finish(&inner);
}

static void append_singles(struct fw_text *text, const char *prefix, const cJSON *facts)
{
    const cJSON *fact;

    cJSON_ArrayForEach(fact, facts)
    {
        if (cJSON_IsObject(fact)) {
            struct fw_text inner = {0};
            fw_text_appendf(&inner, "%s%s.", prefix, fact->string);
            append_singles(text, fw_text_get(&inner), fact);
            fw_text_finish(&inner);
        } else if (!cJSON_IsArray(fact)) {
            fw_text_appendf(text, "| %s%s | ", prefix, fact->string);
            append_cell(text, fact);
            fw_text_append(text, " |\n");
        }
    }
}

static void append_row(struct fw_text *text, const cJSON *head, const cJSON *row)
{
    const cJSON *column;

    cJSON_ArrayForEach(column, head)
    {
        fw_text_append(text, "| ");
        append_cell(text, cJSON_GetObjectItemCaseSensitive(row, column->string));
        fw_text_append(text, " ");
    }
    fw_text_append(text, "|\n");
}

static void append_table(struct fw_text *text, const cJSON *rows)
{
    const cJSON *column, *row;

    cJSON_ArrayForEach(column, rows->child)
    {
        fw_text_appendf(text, "| %s ", column->string);
    }
    fw_text_append(text, "|\n");
    cJSON_ArrayForEach(column, rows->child)
    {
        fw_text_append(text, "|---");
    }
    fw_text_append(text, "|\n");
    cJSON_ArrayForEach(row, rows)
    {
        append_row(text, rows->child, row);
    }
}

static void append_bullets(struct fw_text *text, const cJSON *items)
{
    const cJSON *item;

    fw_text_append(text, items->child == NULL ? "none\n" : "");
    cJSON_ArrayForEach(item, items)
    {
        fw_text_append(text, "- ");
        append_cell(text, item);
        fw_text_append(text, "\n");
    }
}

static void append_lists(struct fw_text *text, const char *prefix, const cJSON *facts)
{
    const cJSON *fact;

    cJSON_ArrayForEach(fact, facts)
    {
        if (cJSON_IsObject(fact)) {
            struct fw_text inner = {0};
            fw_text_appendf(&inner, "%s%s.", prefix, fact->string);
            append_lists(text, fw_text_get(&inner), fact);
            fw_text_finish(&inner);
        } else if (cJSON_IsArray(fact)) {
            fw_text_appendf(text, "\n## %s%s\n\n", prefix, fact->string);
            if (cJSON_IsObject(fact->child)) {
                append_table(text, fact);
            } else {
                append_bullets(text, fact);
            }
        }
    }
}

void fw_markdown_append(struct fw_text *text, const char *title, const cJSON *facts)
{
    fw_text_appendf(text, "# %s\n\n| fact | value |\n|---|---|\n", title);
    append_singles(text, "", facts);
    append_lists(text, "", facts);
}
