/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_CASE_H
#define CONFIG_CASE_H

#include "config/pipeline.h"

/* A folder of configuration files and what loading one of them says. */
struct config_case {
    char *folder;
    struct fw_cfg cfg;
    struct fw_pipeline pipeline;
    struct fw_diag diag;
    char *said; /* the mistakes, one a line, without the folder in front of file names */
    int rc;
};

int config_case_enter(void **state);
int config_case_leave(void **state);

void config_case_write(struct config_case *c, const char *name, const char *text);

/* Load FOLDER/NAME with the --set texts that follow, ending with NULL; once per case and kind. */
void config_case_load(struct config_case *c, const char *name, ...) __attribute__((sentinel));
void config_case_pipeline(struct config_case *c, const char *name, ...) __attribute__((sentinel));

/* Fails with everything that was said unless this stands in it. */
void config_case_expect(const struct config_case *c, const char *text);

/* The node at a dotted path, or a failure. */
const struct fw_cfg_node *config_case_node(const struct fw_cfg *cfg, const char *path);

#define CONFIG_CASE(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, config_case_enter, config_case_leave)

#endif
