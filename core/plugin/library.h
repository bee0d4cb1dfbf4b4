/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_PLUGIN_LIBRARY_H
#define FW_CORE_PLUGIN_LIBRARY_H

#include <stdbool.h>

#include "base/error.h"

/* Who asks for a library. */
struct fw_library_user {
    const char *folder;  /* of the file that links to it: $ORIGIN */
    const char *runpath; /* of that file; may be NULL */
};

/*
 * Where the dynamic linker would take a shared library from, found without loading it:
 * LD_LIBRARY_PATH, the run path, the system's cache, the system's folders; a name with a slash is
 * itself the place. Files for other machines are passed over, and so are variants for newer
 * processors (glibc-hwcaps). *ret_path is absolute and the caller's to free; *ret_by_origin (may
 * be NULL) says that it was found through $ORIGIN. FW_EXIT_PLUGIN when it is nowhere.
 */
int fw_library_find(const struct fw_library_user *user, const char *name, char **ret_path,
                    bool *ret_by_origin, struct fw_error *err);

#endif
