/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_YAML_YAML_H
#define FW_LIB_YAML_YAML_H

#include <cjson/cJSON.h>

#include <fw/host.h>

/**
 * Reads a YAML file of one document into a tree, the caller's to delete.
 *
 * Plain scalars mean what YAML 1.2 says: null, true and false, decimal numbers; everything else is
 * text, also `yes`, 0x10, 20260203_225620 and numbers with a leading zero (an id). Quoted scalars
 * are text. Refused with file:line are tags, aliases, keys that are no text or stand twice, whole
 * numbers beyond 2^53, and nesting beyond 64 levels. [stage thread]
 */
fw_status fw_yaml_read(const struct fw_host *host, const char *path, cJSON **ret_tree);

/** The line that a node of such a tree stands on, from 1; 0 for numbers. */
int fw_yaml_line(const cJSON *node);

/** FW_E_DATA at path:line of `node` (NULL: the file), which is not what the sentence says. */
__attribute__((format(printf, 4, 5))) fw_status fw_yaml_refuse(const struct fw_host *host,
                                                               const char *path, const cJSON *node,
                                                               const char *format, ...);

/**
 * Writes a tree as block style YAML, members in their order, and replaces `path` at once. Texts
 * that a reader of YAML 1.1 or 1.2 could take for something else (20260203_225620, no, 1e3) are
 * quoted. [stage thread]
 */
fw_status fw_yaml_write(const struct fw_host *host, const char *path, const cJSON *tree);

#endif
