/* SPDX-License-Identifier: MIT */
#include "config/node.h"

#include "base/number.h"
#include "base/str.h"

const struct fw_cfg_node *fw_cfg_get(const struct fw_cfg_node *group, const char *name)
{
    for (size_t i = 0; group && group->kind == FW_CFG_GROUP && i < group->len; i++) {
        if (strcmp(group->items[i].name, name) == 0) {
            return &group->items[i];
        }
    }
    return NULL;
}

char *fw_cfg_value_text(const struct fw_cfg_node *node)
{
    char number[FW_NUMBER_TEXT];
    switch (node->kind) {
    case FW_CFG_INT:
        return fw_text("%lld", (long long)node->integer);
    case FW_CFG_FLOAT:
        fw_number_text(node->real, number);
        return strdup(number);
    case FW_CFG_BOOL:
        return strdup(node->truth ? "true" : "false");
    case FW_CFG_STRING:
        return fw_text("\"%s\"", node->text);
    default:
        return NULL;
    }
}

const char *fw_cfg_kind_name(enum fw_cfg_kind kind)
{
    static const char *const names[] = {"a group",  "a list",    "an array", "an integer",
                                        "a number", "a boolean", "a string"};
    return names[kind];
}

void fw_cfg_node_finish(struct fw_cfg_node *node)
{
    for (size_t i = 0; i < node->len; i++) {
        fw_cfg_node_finish(&node->items[i]);
    }
    free(node->items);
    free(node->name);
    free(node->text);
    *node = (struct fw_cfg_node){0};
}

void fw_cfg_finish(struct fw_cfg *cfg)
{
    fw_cfg_node_finish(&cfg->root);
    fw_strings_finish(&cfg->files);
}

void fw_cfg_node_link(struct fw_cfg_node *node)
{
    for (size_t i = 0; i < node->len; i++) {
        node->items[i].up = node->name || node->up ? node : NULL;
        fw_cfg_node_link(&node->items[i]);
    }
}

char *fw_cfg_path(const struct fw_cfg_node *node)
{
    fw_auto(free) char *path = node->up ? fw_cfg_path(node->up) : strdup("");
    if (!path) {
        return NULL;
    }
    return node->up && !node->name
               ? fw_text("%s[%zu]", path, (size_t)(node - node->up->items))
               : fw_text("%s%s%s", path, *path ? "." : "", node->name ? node->name : "");
}

int fw_cfg_node_merge(struct fw_cfg_node *base, struct fw_cfg_node *over)
{
    int rc = 0;
    for (size_t i = 0; i < over->len && rc == 0; i++) {
        struct fw_cfg_node *from = &over->items[i];
        struct fw_cfg_node *to = NULL;
        for (size_t k = 0; k < base->len && !to; k++) {
            to = strcmp(base->items[k].name, from->name) == 0 ? &base->items[k] : NULL;
        }
        if (to && to->kind == FW_CFG_GROUP && from->kind == FW_CFG_GROUP) {
            rc = fw_cfg_node_merge(to, from);
        } else if (to || (to = fw_vec_add(base))) {
            fw_cfg_node_finish(to);
            *to = *from;
            *from = (struct fw_cfg_node){0};
        } else {
            rc = -1;
        }
    }
    fw_cfg_node_finish(over);
    return rc;
}
