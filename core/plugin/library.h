/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_PLUGIN_LIBRARY_H
#define FW_CORE_PLUGIN_LIBRARY_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Where the dynamic linker would take a shared library from, found without loading it.
 */
struct fw_library_search {
    const char *origin;  /* folder of the file that wants the library, for $ORIGIN */
    const char *runpath; /* of that file; may be NULL */
};

/*
 * LD_LIBRARY_PATH, the run path, the system's cache, the system's folders; a name with a slash is
 * itself the place. The file has to be ELF for this machine. *ret_path is absolute and the
 * caller's to free; *ret_by_origin (may be NULL) says that it was found through $ORIGIN.
 * FW_EXIT_PLUGIN when it is nowhere.
 */
int fw_library_find(const struct fw_library_search *search, const char *name, char **ret_path,
                    bool *ret_by_origin, struct fw_error *err);

#endif
