/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_PLUGIN_DESCRIPTOR_H
#define FW_CORE_PLUGIN_DESCRIPTOR_H

#include <stdint.h>

#include <stdbool.h>

#include "base/error.h"
#include "fw/plugin.h"
#include "plugin/elf.h"

/*
 * Whether what a plugin says about itself can be believed. After fw_descriptor_check every
 * pointer of the description in the image may be followed, names are well-formed and unique,
 * defaults and limits read as their type, and the callbacks that are needed are there.
 *
 * Errors are FW_EXIT_PLUGIN and do not name the file. A difference in the binary contract is
 * reported with every field that differs.
 */
int fw_descriptor_check(const struct fw_elf *elf, struct fw_error *err);

/* The plugin as it lies in memory after loading is the one that the image described. */
int fw_descriptor_same(const struct fw_plugin *loaded, const struct fw_elf *elf,
                       struct fw_error *err);

/*
 * Elements of a plugin's arrays. A plugin of an older minor has shorter structs, so indexing the
 * array itself would be wrong.
 */
static inline const struct fw_port *fw_port_at(const struct fw_port *ports, uint32_t i)
{
    const char *first = (const char *)ports;
    return (const struct fw_port *)(const void *)(first + (uint64_t)i * ports->struct_size);
}

static inline const struct fw_param *fw_param_at(const struct fw_param *params, uint32_t i)
{
    const char *first = (const char *)params;
    return (const struct fw_param *)(const void *)(first + (uint64_t)i * params->struct_size);
}

/* The stage or service of a plugin that was checked; NULL when it has none of that name. */
const struct fw_stage *fw_plugin_stage(const struct fw_plugin *plugin, const char *name);
const struct fw_service *fw_plugin_service(const struct fw_plugin *plugin, const char *id);

/* The port called `name`, else the wildcard port, else NULL. */
const struct fw_port *fw_port_find(const struct fw_port *ports, uint32_t n, const char *name);

/* For messages and listings: "table", "int", "bitwise"; "?" for values that do not exist. */
const char *fw_kind_name(fw_kind kind);

#endif
