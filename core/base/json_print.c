/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/number.h"
#include "base/str.h"
#include "base/vec.h"

/* cJSON's own printer rounds to 15 digits and turns NaN into null: both lose data in silence. */
struct printer {
    struct fw_str out;
    bool sorted, indented;
    int depth;
    struct fw_error *err;
};

static void print_string(struct fw_str *out, const char *text)
{
    static const char escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs: byte, letter */
    fw_str_add(out, "\"");
    for (; *text; text++) {
        const char *escape = strchr(escapes, *text);
        if (escape && (*text == '"' || *text == '\\' || (unsigned char)*text < 0x20)) {
            fw_str_printf(out, "\\%c", escape[1]);
        } else if ((unsigned char)*text < 0x20) {
            fw_str_printf(out, "\\u%04x", *text);
        } else {
            fw_str_add_bytes(out, text, 1);
        }
    }
    fw_str_add(out, "\"");
}

static int print_number(struct printer *printer, const cJSON *node)
{
    char text[FW_NUMBER_TEXT];
    if (cJSON_IsRaw(node)) {
        fw_str_add(&printer->out, node->valuestring);
        return 0;
    }
    if (!isfinite(node->valuedouble)) {
        return fw_error_set(printer->err, FW_EXIT_STATE, "member \"%s\": %f is no JSON number",
                            node->string ? node->string : "", node->valuedouble);
    }
    fw_number_text(node->valuedouble, text);
    fw_str_add(&printer->out, text);
    return 0;
}

static int print_node(struct printer *printer, const cJSON *node);

struct members {
    const cJSON **items;
    size_t len, cap;
};

static int compare_members(const void *a, const void *b)
{
    const cJSON *left = *(const cJSON *const *)a, *right = *(const cJSON *const *)b;
    return strcmp(left->string, right->string);
}

static int sort_members(struct printer *printer, struct members *members)
{
    if (members->len > 1) {
        qsort(members->items, members->len, sizeof *members->items, compare_members);
    }
    for (size_t i = 1; i < members->len; i++) {
        if (strcmp(members->items[i - 1]->string, members->items[i]->string) == 0) {
            return fw_error_set(printer->err, FW_EXIT_STATE, "member \"%s\" occurs twice",
                                members->items[i]->string);
        }
    }
    return 0;
}

static void new_line(struct printer *printer)
{
    if (printer->indented) {
        fw_str_printf(&printer->out, "\n%*s", printer->depth * 2, "");
    }
}

static int print_members(struct printer *printer, const cJSON *node)
{
    struct members members = {0};
    int rc = 0;
    for (const cJSON *child = node->child; child && rc == 0; child = child->next) {
        const cJSON **slot = fw_vec_add(&members);
        rc = slot ? 0 : fw_error_oom(printer->err);
        if (slot) {
            *slot = child;
        }
    }
    if (rc == 0 && printer->sorted && cJSON_IsObject(node)) {
        rc = sort_members(printer, &members);
    }
    printer->depth++;
    for (size_t i = 0; i < members.len && rc == 0; i++) {
        fw_str_add(&printer->out, i > 0 ? "," : "");
        new_line(printer);
        if (cJSON_IsObject(node)) {
            print_string(&printer->out, members.items[i]->string);
            fw_str_add(&printer->out, printer->indented ? ": " : ":");
        }
        rc = print_node(printer, members.items[i]);
    }
    printer->depth--;
    if (members.len > 0) {
        new_line(printer);
    }
    free(members.items);
    return rc;
}

static int print_node(struct printer *printer, const cJSON *node)
{
    struct fw_str *out = &printer->out;
    if (cJSON_IsObject(node) || cJSON_IsArray(node)) {
        fw_str_add(out, cJSON_IsObject(node) ? "{" : "[");
        if (print_members(printer, node) < 0) {
            return -1;
        }
        fw_str_add(out, cJSON_IsObject(node) ? "}" : "]");
        return 0;
    }
    if (cJSON_IsNumber(node) || cJSON_IsRaw(node)) {
        return print_number(printer, node);
    }
    if (cJSON_IsString(node)) {
        print_string(out, node->valuestring);
    } else {
        fw_str_add(out, cJSON_IsTrue(node) ? "true" : cJSON_IsFalse(node) ? "false" : "null");
    }
    return 0;
}

static int print(struct printer *printer, const cJSON *json, char **ret_text)
{
    if (print_node(printer, json) < 0) {
        fw_str_finish(&printer->out);
        return -1;
    }
    if (printer->indented) {
        fw_str_add(&printer->out, "\n");
    }
    char *text = fw_str_take(&printer->out);
    if (!text) {
        return fw_error_oom(printer->err);
    }
    *ret_text = text;
    return 0;
}

int fw_json_canonical(const cJSON *json, char **ret_text, struct fw_error *err)
{
    return print(&(struct printer){.sorted = true, .err = err}, json, ret_text);
}

int fw_json_line(const cJSON *json, char **ret_text, struct fw_error *err)
{
    return print(&(struct printer){.err = err}, json, ret_text);
}

int fw_json_write(const char *path, const cJSON *json, enum fw_durability durability,
                  struct fw_error *err)
{
    fw_auto(free) char *text = NULL;
    if (print(&(struct printer){.indented = true, .err = err}, json, &text) < 0) {
        return fw_error_prefix(err, "%s: ", path);
    }
    return fw_fs_write(path, text, strlen(text), durability, err);
}
