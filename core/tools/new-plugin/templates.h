/* SPDX-License-Identifier: MIT */
#ifndef NEW_PLUGIN_TEMPLATES_H
#define NEW_PLUGIN_TEMPLATES_H

#include <stddef.h>

/*
 * The files of templates/, put into the program by the build. They compile as they are: what a
 * project is called stands in them as "plugin_name".
 */
struct new_plugin_template {
    const char *path; /* "c/table.c" */
    const char *text;
};

extern const struct new_plugin_template new_plugin_templates[];
extern const size_t new_plugin_n_templates;

#endif
