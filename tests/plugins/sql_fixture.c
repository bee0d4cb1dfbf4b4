/* SPDX-License-Identifier: MIT */
#include "sql_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fake_kit *kit;
static char *last_cell;

int sql_fixture_load(void **state)
{
    (void)state;
    kit = fake_kit_open(DUCKDB_SO, SQL_SO, NULL);
    return 0;
}

struct fake_kit *sql_fixture_kit(void)
{
    return kit;
}

int sql_fixture_unload(void **state)
{
    (void)state;
    fake_kit_close(kit);
    free(last_cell);
    return 0;
}

int sql_fixture_open_host(void **state)
{
    struct sql_fixture *f = calloc(1, sizeof *f);

    f->task = fake_task_create(kit, NULL);
    snprintf(f->dir, sizeof f->dir, "/tmp/fwrun-sql-XXXXXX");
    *state = f;
    return mkdtemp(f->dir) == NULL ? -1 : 0;
}

void sql_fixture_connect(struct sql_fixture *f)
{
    if (fw_sql_handle_open(&f->sql, fake_task_host(f->task)) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
}

int sql_fixture_open(void **state)
{
    int rc = sql_fixture_open_host(state);

    sql_fixture_connect(*state);
    return rc;
}

int sql_fixture_close(void **state)
{
    struct sql_fixture *f = *state;
    char command[96];

    fw_sql_handle_close(&f->sql);
    fake_task_destroy(f->task);
    snprintf(command, sizeof command, "rm -rf '%s'", f->dir);
    int rc = system(command);
    free(f);
    return rc;
}

void sql_must(struct sql_fixture *f, const char *format, ...)
{
    struct fw_text text = {0};
    va_list args;

    va_start(args, format);
    fw_text_append_va(&text, format, args);
    va_end(args);
    if (fw_sql_exec_text(&f->sql, &text) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    fw_text_finish(&text);
}

const char *sql_cell(struct sql_fixture *f, const char *format, ...)
{
    struct fw_text text = {0};
    char *cell = NULL;
    va_list args;

    va_start(args, format);
    fw_text_append_va(&text, format, args);
    va_end(args);
    if (fw_sql_text(&f->sql, &cell, fw_text_get(&text)) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    fw_text_finish(&text);
    free(last_cell);
    last_cell = cell != NULL ? cell : strdup("NULL");
    return last_cell;
}
