/* SPDX-License-Identifier: MIT */
#ifndef FW_TOOLS_PLUGINS_DESCRIBE_H
#define FW_TOOLS_PLUGINS_DESCRIBE_H

#include <cjson/cJSON.h>

#include "plugin/registry.h"

/*
 * What is known of a plugin file without executing it, as a document: state ("ok", "shadowed" or
 * "bad", with the reason), path and, unless it is bad, what it declares; of the stages only the
 * one called `stage` where that is not NULL. NULL when out of memory.
 */
cJSON *fw_describe_plugin(const struct fw_registry_entry *entry, const char *stage);

/* Adds an array of strings to an object. */
void fw_describe_add(cJSON *json, const char *name, const char *const *strings, size_t n);

/* The members `key` of the objects in the array `name`, or its strings where `key` is NULL,
 * joined by ", "; "-" for none. The caller's to free; NULL when out of memory. */
char *fw_describe_join(const cJSON *json, const char *name, const char *key);

#endif
