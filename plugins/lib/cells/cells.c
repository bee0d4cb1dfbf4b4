/* SPDX-License-Identifier: MIT */
#include "cells.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "predictions/predictions.h"

enum { HORIZON_DIGITS = 4 };

/* What a template's next piece stands for. */
struct piece {
    char *text; /* where the value goes; NULL: nowhere */
    bool is_horizon;
    size_t size; /* in the template; 0: the character itself */
};

static struct piece piece_at(const char *template, struct fw_cell *cell)
{
    static const char tier[] = "{tier}", budget[] = "{budget}", horizon[] = "{horizon}";

    if (*template == '*') {
        return (struct piece){.size = 1};
    }
    if (strncmp(template, tier, sizeof tier - 1) == 0) {
        return (struct piece){.text = cell->tier, .size = sizeof tier - 1};
    }
    if (strncmp(template, budget, sizeof budget - 1) == 0) {
        return (struct piece){.text = cell->budget, .size = sizeof budget - 1};
    }
    if (strncmp(template, horizon, sizeof horizon - 1) == 0) {
        return (struct piece){.is_horizon = true, .size = sizeof horizon - 1};
    }
    return (struct piece){0};
}

/* How many characters of the name the piece may take at most. */
static size_t reach(const struct piece *piece, const char *name)
{
    size_t n = 0;

    if (piece->is_horizon) {
        while (n < HORIZON_DIGITS && isdigit((unsigned char)name[n])) {
            n++;
        }
    } else {
        while (n < FW_CELL_TEXT - 1 && strchr("_/", name[n]) == NULL) {
            n++; /* strchr finds the end of the name too */
        }
    }
    return n;
}

static void take(const struct piece *piece, const char *name, size_t n, struct fw_cell *cell)
{
    if (piece->is_horizon) {
        cell->horizon = (int32_t)strtol(name, NULL, 10);
    } else if (piece->text != NULL) {
        memcpy(piece->text, name, n);
        piece->text[n] = '\0';
    }
}

static bool match(const char *template, const char *name, struct fw_cell *cell)
{
    while (*template != '\0') {
        struct piece piece = piece_at(template, cell);
        if (piece.size > 0) {
            /* The longest first; the rest decides. */
            for (size_t n = reach(&piece, name); n > 0; n--) {
                if (match(template + piece.size, name + n, cell)) {
                    take(&piece, name, n, cell);
                    return true;
                }
            }
            return false;
        }
        if (*template ++ != *name++) {
            return false;
        }
    }
    return *name == '\0';
}

/* The length of a tier that stands before the template. */
static size_t prefix_of(const char *template)
{
    size_t n = strcspn(template, "={*_/");

    return template[n] == '=' && n < FW_CELL_TEXT ? n : 0;
}

bool fw_cell_parse(const char *template, const char *name, struct fw_cell *ret)
{
    struct fw_cell cell = {0};
    size_t n = prefix_of(template);

    memcpy(cell.tier, template, n);
    if (!match(template + (n > 0 ? n + 1 : 0), name, &cell)) {
        return false;
    }
    *ret = cell;
    return true;
}

bool fw_cell_parse_path(const char *template, const char *path, struct fw_cell *ret)
{
    while (path != NULL) {
        if (fw_cell_parse(template, path, ret)) {
            return true;
        }
        path = strchr(path, '/');
        path = path != NULL ? path + 1 : NULL;
    }
    return false;
}

const char *fw_cell_template_fault(const char *template)
{
    struct fw_cell cell;
    bool has_tier = prefix_of(template) > 0;

    for (const char *at = template; *at != '\0';) {
        struct piece piece = piece_at(at, &cell);
        has_tier = has_tier || piece.text == cell.tier;
        if (piece.size == 0 && (*at == '{' || *at == '}')) {
            return "braces hold tier, budget or horizon";
        }
        at += piece.size > 0 ? piece.size : 1;
    }
    return has_tier ? NULL : "there is no {tier} in it and no tier before it";
}

const char *fw_cell_label(const struct fw_cell *cell, char *ret_text, size_t size)
{
    if (cell->horizon == 0) {
        snprintf(ret_text, size, "%s", cell->budget[0] != '\0' ? cell->budget : "all");
    } else {
        snprintf(ret_text, size, "%s%sh%d", cell->budget, cell->budget[0] != '\0' ? "/" : "",
                 (int)cell->horizon);
    }
    return ret_text;
}

int fw_cell_compare(const struct fw_cell *a, const struct fw_cell *b)
{
    int by_horizon = (a->horizon > b->horizon) - (a->horizon < b->horizon);

    return by_horizon != 0 ? by_horizon : fw_predictions_compare(a->budget, b->budget);
}
