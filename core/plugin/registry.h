/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_PLUGIN_REGISTRY_H
#define FW_CORE_PLUGIN_REGISTRY_H

#include <stddef.h>

#include "base/error.h"
#include "base/vec.h"
#include "fw/plugin.h"
#include "plugin/elf.h"

/*
 * The plugins that can be found, described without loading any. Searched in this order, the first
 * plugin of an id wins: the folders of --plugin-dir, those of FWRUN_PLUGIN_PATH, and the folder
 * of the build tree for a program that lies in it, else the installed one. In a folder, X.so and
 * X/X.so are candidates. A file that is no good is an entry with its reason, and an error only
 * for those who ask for it. Read-only once open; any thread then.
 */
struct fw_registry_entry {
    char *path;                     /* absolute */
    struct fw_elf elf;              /* all zero when the file could not be read */
    const struct fw_plugin *plugin; /* checked, in the image; NULL when `reason` is set */
    char *reason;                   /* why it cannot be used; NULL: it can */
    char *shadowed_by;              /* path of the plugin of the same id that wins; or NULL */
};

struct fw_registry {
    struct fw_registry_entry *items; /* in search order */
    size_t len, cap;
    struct fw_strings folders; /* that were searched */
};

/* Searches. `dirs` (those of --plugin-dir) may be NULL. A folder that was asked for, by option or
 * environment, and cannot be read is an error. */
int fw_registry_open(const struct fw_strings *dirs, struct fw_registry *ret_registry,
                     struct fw_error *err);
void fw_registry_finish(struct fw_registry *registry);

/* Adds one file, good or bad; -1 only when out of memory. */
int fw_registry_add(struct fw_registry *registry, const char *path, struct fw_error *err);

/* Whether the shared libraries that a plugin links to are there; FW_EXIT_PLUGIN names the first
 * that is not. The finders below ask this themselves, of the plugin that they find. */
int fw_registry_check_libraries(const struct fw_registry_entry *entry, struct fw_error *err);

struct fw_registry_stage {
    const struct fw_registry_entry *entry;
    const struct fw_stage *stage; /* in the image: to be read, not called */
};

/*
 * The stage that `use = "name"` means. Errors: FW_EXIT_PLUGIN when the plugin that has it is bad
 * (with its reason) or when two plugins have it (naming both); FW_EXIT_CONFIG when none has it
 * (with a near name, and the bad files that might have had it).
 */
int fw_registry_find_stage(const struct fw_registry *registry, const char *name,
                           struct fw_registry_stage *ret_stage, struct fw_error *err);

struct fw_registry_service {
    const struct fw_registry_entry *entry;
    const struct fw_service *service; /* in the image */
};

/* Which provider of a service is meant. */
struct fw_registry_wish {
    const char *id;
    const char *kind; /* what its plugin's id ends in, after an underscore; NULL: any */
    size_t skip;      /* so many of those in search order are passed over */
};

/* The first provider that is meant, in search order; errors as for stages. The services of the host
 * itself are none of the registry's business. */
int fw_registry_find_service(const struct fw_registry *registry,
                             const struct fw_registry_wish *wish,
                             struct fw_registry_service *ret_service, struct fw_error *err);

/* Adds the files of the libraries that a service declares, absolute paths in declared order, as
 * the dynamic linker would choose them. FW_EXIT_PLUGIN when one is nowhere; "" for one that may be.
 */
int fw_registry_libraries(const struct fw_registry_service *service, struct fw_strings *list,
                          struct fw_error *err);

static inline void fw_cleanup_registry(struct fw_registry *registry)
{
    fw_registry_finish(registry);
}

#endif
