/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_PLUGIN_LOADER_H
#define FW_CORE_PLUGIN_LOADER_H

#include <stdbool.h>

#include "base/error.h"
#include "base/sha256.h"
#include "fw/plugin.h"

/*
 * Brings plugins into this process; only workers (and stages with isolate = "none") need it.
 * What is mapped is a private copy of the file, so that a rebuild cannot change running code and
 * two generations of one plugin can be loaded side by side. Any thread; calls exclude each other.
 */
struct fw_loader;

/* One loaded generation of a plugin. */
struct fw_module {
    const struct fw_plugin *plugin;
    const char *path; /* of the original */
    const char *digest;
    unsigned generation; /* 1, 2, ... in this loader */
};

/*
 * `folder` is for the copies; it is made, and must stay while plugins are opened. With
 * FWRUN_KEEP_LOADED in the environment the originals are mapped and never unmapped, for sanitizers,
 * valgrind and debuggers.
 */
int fw_loader_create(const char *folder, struct fw_loader **ret_loader, struct fw_error *err);

/* Unloads what is shared; nothing else that it opened may be open any more. Accepts NULL. */
void fw_loader_destroy(struct fw_loader *loader);

/*
 * Loads a file as a new generation, for the caller to close. `digest` is what the planner saw
 * (NULL: anything goes); another content is refused, since results would be recorded under the
 * wrong key. FW_EXIT_PLUGIN with the dynamic linker's own words.
 */
int fw_loader_open(struct fw_loader *loader, const char *path, const char *digest,
                   struct fw_module **ret_module, struct fw_error *err);

/* The same, once for each file and content, and not to be closed: it stays loaded until the loader
 * is destroyed. `digest` is not NULL. */
int fw_loader_share(struct fw_loader *loader, const char *path, const char *digest,
                    struct fw_module **ret_module, struct fw_error *err);

/* Unloads a generation. No instance of its stages, or of those bound to its services, may be left,
 * and no array that it made. Accepts NULL. */
void fw_module_close(struct fw_module *module);

/* The loaded stage or service, for what the registry found in the image; NULL: not there. */
const struct fw_stage *fw_module_stage(const struct fw_module *module, const char *name);
const struct fw_service *fw_module_service(const struct fw_module *module, const char *id);

#endif
