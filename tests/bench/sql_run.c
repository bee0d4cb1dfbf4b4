/* SPDX-License-Identifier: MIT */
/*
 * sql_run DUCKDB_SO THREADS ENGINE_BYTES < SCRIPT: what a stage pays for is compared with these
 * statements, run in a session of the same service in a process of their own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "fw/testkit.h"
#include "sql/sql.h"

static char *read_all(FILE *in)
{
    char *text = NULL;
    size_t size = 0;

    return getdelim(&text, &size, '\0', in) >= 0 ? text : NULL;
}

int main(int argc, char **argv)
{
    char *script = argc == 4 ? read_all(stdin) : NULL;

    if (script == NULL) {
        fprintf(stderr, "usage: sql_run DUCKDB_SO THREADS ENGINE_BYTES < SCRIPT\n");
        return 2;
    }
    struct fake_kit *kit = fake_kit_open(argv[1], NULL);
    struct fake_task *task = fake_task_create(kit, NULL);
    struct fw_limits *limits = fake_task_limits(task);
    limits->threads = (uint32_t)strtoul(argv[2], NULL, 10);
    limits->engine_bytes = strtoull(argv[3], NULL, 10);

    struct fw_sql_handle sql = {0};
    fw_status status = fw_sql_handle_open(&sql, fake_task_host(task));
    if (status == FW_OK) {
        status = fw_sql_exec(&sql, script);
    }
    if (status != FW_OK) {
        fprintf(stderr, "sql_run: %s\n", fake_task_take_fault(task));
    }
    fw_sql_handle_close(&sql);
    fake_task_destroy(task);
    fake_kit_close(kit);
    free(script);
    return status == FW_OK ? 0 : 1;
}
