/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CONFIG_NODE_H
#define FW_CORE_CONFIG_NODE_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "base/vec.h"

/*
 * A configuration as plain data: what the files, the bases that they extend and the overrides of
 * the command line come to, with the place where each setting was written. Read-only once loaded;
 * nodes live as long as their struct fw_cfg.
 */
enum fw_cfg_kind {
    FW_CFG_GROUP,
    FW_CFG_LIST,
    FW_CFG_ARRAY,
    FW_CFG_INT,
    FW_CFG_FLOAT,
    FW_CFG_BOOL,
    FW_CFG_STRING
};

/* Deeper nesting is refused. */
#define FW_CFG_MAX_DEPTH 32

/* In place of a file name: the setting comes from --set. Its line is the how-manieth --set. */
#define FW_CFG_CLI "cli"

struct fw_cfg_node {
    enum fw_cfg_kind kind;
    int line;
    const char *file;             /* as it would be shown to a person; owned by struct fw_cfg */
    char *name;                   /* NULL for the root and for elements of lists and arrays */
    const struct fw_cfg_node *up; /* what it is a member of; NULL for the root and its members */
    int64_t integer;              /* FW_CFG_INT */
    double real;                  /* FW_CFG_FLOAT, and FW_CFG_INT as a double */
    bool truth;                   /* FW_CFG_BOOL */
    char *text;                   /* FW_CFG_STRING, with its variables replaced */
    bool is_replaced;             /* and there were some */
    struct fw_cfg_node *items;    /* of a group, list or array, in file order */
    size_t len, cap;
};

struct fw_cfg {
    struct fw_cfg_node root; /* a group */
    struct fw_strings files; /* every file that was read, the first is the one asked for */
};

/* The member of a group; NULL when it has none of that name or is no group (or NULL itself). */
const struct fw_cfg_node *fw_cfg_get(const struct fw_cfg_node *group, const char *name);

/* "stages.daily.params.keys[2]"; the caller's to free, NULL when out of memory. */
char *fw_cfg_path(const struct fw_cfg_node *node);

/* A scalar as it would be written in a file; NULL for groups, lists and arrays, or when out of
 * memory. The caller's to free. */
char *fw_cfg_value_text(const struct fw_cfg_node *node);

/* "a group", "an integer" ... for messages. */
const char *fw_cfg_kind_name(enum fw_cfg_kind kind);

void fw_cfg_finish(struct fw_cfg *cfg);

/* For the loader: releases what a node owns and leaves it zeroed. */
void fw_cfg_node_finish(struct fw_cfg_node *node);

/* For the loader: lets every node below `node` know what it is a member of. */
void fw_cfg_node_link(struct fw_cfg_node *node);

/* For the loader: lays `over` on `base`. Groups merge by name, anything else is replaced; what is
 * new comes after what was there. Consumes `over`, also on failure (-1, out of memory). */
int fw_cfg_node_merge(struct fw_cfg_node *base, struct fw_cfg_node *over);

#endif
