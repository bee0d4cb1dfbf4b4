/* SPDX-License-Identifier: MIT */
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int golden_each(const char *kind, void (*check)(const char *input, const char *expected, void *arg),
                void *arg)
{
    char path[4096], *line = NULL;
    size_t capacity = 0;
    int n = 0;

    snprintf(path, sizeof path, "%s/tests/reference/canonical_json.golden",
             getenv("FWRUN_SOURCE_ROOT"));
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("cannot open %s", path);
    }
    while (getline(&line, &capacity, file) > 0) {
        char *rest = line;
        char *its_kind = strsep(&rest, "\t");
        char *input = strsep(&rest, "\t");
        if (strcmp(its_kind, kind) == 0) {
            rest[strcspn(rest, "\n")] = '\0';
            check(input, rest, arg);
            n++;
        }
    }
    free(line);
    fclose(file);
    return n;
}
