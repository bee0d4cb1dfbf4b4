/* SPDX-License-Identifier: MIT */
#ifndef NEW_PLUGIN_PROJECT_H
#define NEW_PLUGIN_PROJECT_H

#include "base/error.h"
#include "base/vec.h"

/* A plugin's source tree to be. */
struct new_plugin_project {
    const char *name;
    const char *language; /* "c" or "cpp", as the folders of templates/ are called */
    const char *kind;     /* "table", "file", "sql" or "callback" */
};

/*
 * Writes the tree into the new folder `folder` and adds the names of its files to `ret_files`.
 * Nothing is left behind when it fails.
 */
int new_plugin_write(const struct new_plugin_project *project, const char *folder,
                     struct fw_strings *ret_files, struct fw_error *err);

#endif
