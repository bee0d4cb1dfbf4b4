/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/vec.h"
#include "cli/print.h"

enum { COLUMNS = 14 };

static const char *const titles[COLUMNS] = {
    "stage", "steps",        "rows",     "step",     "[IQR]",   "p95",       "rows/s",
    "MB/s",  "cpu user+sys", "switches", "peak RSS", "spilled", "host/step", "share"};

struct row {
    char cells[COLUMNS][2 * FW_TABLE_CELL];
};

struct rows {
    struct row *items;
    size_t len, cap;
};

/* Three digits and a unit. */
static void scaled(double value, double base, const char *const *units, char ret[FW_TABLE_CELL])
{
    size_t unit = 0;
    for (; value >= base && units[unit + 1]; unit++) {
        value /= base;
    }
    snprintf(ret, FW_TABLE_CELL, "%.*f%s",
             value >= 99.95 || value == 0 ? 0
             : value >= 9.995             ? 1
                                          : 2,
             value, units[unit]);
}

void fw_table_time(double microseconds, char ret_text[FW_TABLE_CELL])
{
    static const char *const units[] = {" ns", " us", " ms", " s", NULL};
    scaled(1000 * microseconds, 1000, units, ret_text);
}

static void count(double value, char ret[FW_TABLE_CELL])
{
    static const char *const units[] = {"", " k", " M", " G", NULL};
    if (value < 10000 && value == (double)(long)value) {
        snprintf(ret, FW_TABLE_CELL, "%.0f", value);
        return;
    }
    scaled(value, 1000, units, ret);
}

static void bytes(double value, char ret[FW_TABLE_CELL])
{
    fw_print_bytes((uint64_t)value, ret);
}

/* Columns of one number; those of two are made by hand. */
static const struct {
    size_t column;
    const char *member;
    void (*format)(double value, char ret[FW_TABLE_CELL]);
} numbers[] = {{1, "steps", count},
               {2, "rows", count},
               {6, "rows_per_s", count},
               {7, "mb_per_s", count},
               {10, "peak_rss_bytes", bytes},
               {11, "spilled_bytes", bytes},
               {12, "framework_us_per_step", fw_table_time}};

static void fill_step(struct row *row, const cJSON *step)
{
    char a[FW_TABLE_CELL], b[FW_TABLE_CELL];
    fw_table_time(fw_json_number(step, "median"), row->cells[3]);
    fw_table_time(fw_json_number(step, "q1"), a);
    fw_table_time(fw_json_number(step, "q3"), b);
    snprintf(row->cells[4], sizeof row->cells[4], "[%.28s, %.28s]", a, b);
    fw_table_time(fw_json_number(step, "p95"), row->cells[5]);
}

/* What is not known, of a run that was made without being measured, is a dash. */
static void fill(struct row *row, const char *name, const cJSON *arm)
{
    const cJSON *step = cJSON_GetObjectItemCaseSensitive(arm, "step_us");
    for (size_t c = 1; c < COLUMNS; c++) {
        strcpy(row->cells[c], "-");
    }
    snprintf(row->cells[0], sizeof row->cells[0], "%.60s", name);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (cJSON_HasObjectItem(arm, numbers[i].member)) {
            numbers[i].format(fw_json_number(arm, numbers[i].member),
                              row->cells[numbers[i].column]);
        }
    }
    if (step) {
        fill_step(row, step);
    }
    if (cJSON_HasObjectItem(arm, "user_s")) {
        snprintf(row->cells[8], sizeof row->cells[8], "%.2f+%.2f s", fw_json_number(arm, "user_s"),
                 fw_json_number(arm, "system_s"));
    }
    if (cJSON_HasObjectItem(arm, "voluntary_switches")) {
        snprintf(row->cells[9], sizeof row->cells[9], "%.0f+%.0f",
                 fw_json_number(arm, "voluntary_switches"),
                 fw_json_number(arm, "involuntary_switches"));
    }
}

static struct row *add(struct rows *rows, const char *name, const cJSON *arm)
{
    struct row *row = fw_vec_add(rows);
    if (row) {
        fill(row, name, arm);
    }
    return row;
}

static void collect(const cJSON *result, struct rows *rows)
{
    const cJSON *stage;
    cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(result, "stages"))
    {
        const cJSON *old = cJSON_GetObjectItemCaseSensitive(stage, "old");
        struct row *row =
            add(rows, fw_json_text(stage, "stage"), cJSON_GetObjectItemCaseSensitive(stage, "now"));
        if (row && cJSON_HasObjectItem(stage, "share")) {
            snprintf(row->cells[COLUMNS - 1], sizeof row->cells[0], "%.0f %%",
                     100 * fw_json_number(stage, "share"));
        }
        if (old) {
            add(rows, "  compared with", old);
        }
    }
}

static void print_row(const int *widths, const char *const *cells)
{
    printf("%-*s", widths[0], cells[0]);
    for (size_t c = 1; c < COLUMNS; c++) {
        printf("  %*s", widths[c], cells[c]);
    }
    putchar('\n');
}

void fw_table_print(const cJSON *result)
{
    struct rows rows = {0};
    int widths[COLUMNS];
    collect(result, &rows);
    for (size_t c = 0; c < COLUMNS; c++) {
        widths[c] = (int)strlen(titles[c]);
        for (size_t r = 0; r < rows.len; r++) {
            int width = (int)strlen(rows.items[r].cells[c]);
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    print_row(widths, titles);
    for (size_t r = 0; r < rows.len; r++) {
        const char *cells[COLUMNS];
        for (size_t c = 0; c < COLUMNS; c++) {
            cells[c] = rows.items[r].cells[c];
        }
        print_row(widths, cells);
    }
    free(rows.items);
}
