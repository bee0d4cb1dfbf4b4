/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_CELLS_CELLS_H
#define FW_LIB_CELLS_CELLS_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

/*
 * A grid of experiments: a tier of features, a budget of parameters and a horizon of days. Which
 * cell of it an experiment is stands in its name, or in the path of its results.
 */

enum { FW_CELL_TEXT = 64 };

struct fw_cell {
    char tier[FW_CELL_TEXT];
    char budget[FW_CELL_TEXT]; /**< "" where names have none */
    int32_t horizon;           /**< 0 where names have none */
};

/**
 * Reads the cell from a name. A template is text with {tier}, {budget}, {horizon} (digits, at most
 * four) and *; each of them stands for one or more characters, never "_" or "/". The tier may stand
 * before the template instead: "a50=s1_*_{budget}_h{horizon}_a50". [any thread]
 */
bool fw_cell_parse(const char *template, const char *name, struct fw_cell *ret);

/** The same where the template is one of the last parts of a path, between slashes. */
bool fw_cell_parse_path(const char *template, const char *path, struct fw_cell *ret);

/** What is wrong with a template, or NULL: static storage. */
const char *fw_cell_template_fault(const char *template);

/** "20M/h3", "h3" or "20M"; "all" for neither. Room for FW_CELL_LABEL. */
enum { FW_CELL_LABEL = FW_CELL_TEXT + 16 };
const char *fw_cell_label(const struct fw_cell *cell, char *ret_text, size_t size);

/** By horizon, then budget, whatever the tier is; numbers in names by value. 0: the same place. */
int fw_cell_compare(const struct fw_cell *a, const struct fw_cell *b);

#endif
