/* SPDX-License-Identifier: MIT */
#ifndef FW_SWAP_SWAP_TEST_H
#define FW_SWAP_SWAP_TEST_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "cli/cli.h"

/* What was asked for on the command line. */
struct fw_swap_request {
    struct fw_cli cli; /* the pipeline is its only argument */
    const char *stage; /* NULL: the pipeline's only one */
    const char *with;
    uint64_t at; /* 0: see every */
    bool every, help;
    double tolerance; /* < 0: by what the stage declares */
    double timeout_s;
};

/* swap_args.c: FW_EXIT_USAGE with the remedy. */
int fw_swap_parse(struct fw_swap_request *request, int argc, char **argv, struct fw_error *err);
void fw_swap_help(void);

/* swap_print.c: the verdict on stdout, for a person or for programs. */
int fw_swap_print(const cJSON *verdict, bool json, struct fw_error *err);

#endif
