/* SPDX-License-Identifier: MIT */
#include "config/diag.h"

#include <stdarg.h>

#include "config/near.h"

/* Consumes the texts of `item`; `complete` says whether the caller could make them all. */
static void add(struct fw_diag *diag, struct fw_diag_item item, bool complete, const char *fmt,
                va_list args)
{
    struct fw_diag_item *slot = fw_vec_add(diag);
    if (vasprintf(&item.text, fmt, args) < 0) {
        item.text = NULL;
    }
    diag->oom = diag->oom || !complete || !item.text || !slot;
    if (slot) {
        *slot = item;
    } else {
        free(item.file);
        free(item.path);
        free(item.value);
        free(item.text);
    }
}

void fw_diag_node(struct fw_diag *diag, const struct fw_cfg_node *node, const char *fmt, ...)
{
    struct fw_diag_item item = {.file = strdup(node->file),
                                .line = node->line,
                                .path = fw_cfg_path(node),
                                .value = fw_cfg_value_text(node)};
    va_list args;
    va_start(args, fmt);
    add(diag, item, item.file && item.path, fmt, args);
    va_end(args);
}

void fw_diag_at(struct fw_diag *diag, const char *file, int line, const char *fmt, ...)
{
    struct fw_diag_item item = {.file = file ? strdup(file) : NULL, .line = line};
    va_list args;
    va_start(args, fmt);
    add(diag, item, item.file || !file, fmt, args);
    va_end(args);
}

void fw_diag_unknown(struct fw_diag *diag, const struct fw_cfg_node *node, const char *const *known,
                     size_t n_known)
{
    const char *near = fw_near(node->name, known, n_known);
    if (near) {
        fw_diag_node(diag, node, "unknown setting; did you mean \"%s\"?", near);
        return;
    }
    fw_auto(str) struct fw_str list = {0};
    for (size_t i = 0; i < n_known; i++) {
        fw_str_printf(&list, "%s%s", i > 0 ? ", " : "", known[i]);
    }
    fw_diag_node(diag, node, "unknown setting; known here: %s", n_known ? list.text : "none");
}

void fw_diag_absent(struct fw_diag *diag, const struct fw_cfg_node *node, const char *what,
                    const char *name, const struct fw_cfg_node *group)
{
    size_t len = group && group->kind == FW_CFG_GROUP ? group->len : 0;
    fw_auto(free) const char **names = reallocarray(NULL, len + 1, sizeof *names);
    for (size_t i = 0; names && i < len; i++) {
        names[i] = group->items[i].name;
    }
    const char *near = names ? fw_near(name, names, len) : NULL;
    fw_diag_node(diag, node, "there is no %s \"%s\"%s%s%s", what, name,
                 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

bool fw_diag_any(const struct fw_diag *diag)
{
    return diag->len > 0 || diag->oom;
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_items(const void *a, const void *b)
{
    const struct fw_diag_item *left = a, *right = b;
    int order = compare_text(left->file, right->file);
    order = order ? order : (left->line > right->line) - (left->line < right->line);
    order = order ? order : compare_text(left->path, right->path);
    return order ? order : compare_text(left->text, right->text);
}

void fw_diag_print(struct fw_diag *diag, struct fw_str *out)
{
    if (diag->len > 1) {
        qsort(diag->items, diag->len, sizeof *diag->items, compare_items);
    }
    for (size_t i = 0; i < diag->len; i++) {
        const struct fw_diag_item *item = &diag->items[i];
        fw_str_add(out, item->file ? item->file : "");
        if (item->line > 0) {
            fw_str_printf(out, ":%d", item->line);
        }
        fw_str_printf(out, "%s%s%s", item->file ? ": " : "", item->path ? item->path : "",
                      item->value ? " = " : "");
        fw_str_add(out, item->value ? item->value : "");
        fw_str_printf(out, "%s%s\n", item->path && *item->path ? ": " : "",
                      item->text ? item->text : "out of memory");
    }
}

void fw_diag_finish(struct fw_diag *diag)
{
    for (size_t i = 0; i < diag->len; i++) {
        free(diag->items[i].file);
        free(diag->items[i].path);
        free(diag->items[i].value);
        free(diag->items[i].text);
    }
    free(diag->items);
    *diag = (struct fw_diag){0};
}
