/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum { STATE_VERSION = 2 };

/* What must be equal for the files named below to be good for this instance. */
static void append_identity(const struct fw_wide *wide, struct fw_text *text)
{
    fw_text_appendf(text,
                    "wide %d rows %" PRId64 " named %" PRId64 " entities %" PRId64
                    " parts %zu outputs %zu part_rows %" PRId64 " group_rows %" PRId64
                    " in_order %d\n",
                    STATE_VERSION, wide->rows_in, wide->rows_named, wide->n_entities, wide->n_parts,
                    wide->plan.n_outputs, wide->part_rows, wide->row_group_rows, wide->in_order);
}

static void append_file(const struct wide_file *file, struct fw_text *text)
{
    fw_text_appendf(text, "%" PRId64 " %" PRId64 " %s\n", file->n_rows, file->n_bytes,
                    file->digest);
}

void fw_wide_save(const struct fw_wide *wide, struct fw_text *text)
{
    if (wide->phase == WIDE_CENSUS) {
        fw_text_appendf(text, "wide %d census\n", STATE_VERSION);
        return;
    }
    append_identity(wide, text);
    fw_text_appendf(text, "progress %" PRId64 " %zu %zu\n", wide->next_row, wide->next_part,
                    wide->next_join);
    fw_text_append(text, "facts");
    for (size_t i = 0; i < FW_WIDE_FACTS; i++) {
        fw_text_appendf(text, " %" PRId64, wide->facts[i]);
    }
    fw_text_append(text, "\n");
    for (size_t i = 0; i < wide->next_part * wide->plan.n_outputs; i++) {
        append_file(&wide->files[i], text);
    }
    if (wide->scatter != NULL) {
        fw_scatter_save(wide->scatter, text);
    }
}

static fw_status refuse(const struct fw_wide *wide, const char *what)
{
    return fw_faultf(wide->host, FW_E_STATE, NULL, NULL,
                     "the checkpoint does not fit: %s; starting anew is safe", what);
}

static bool parse_file(FILE *in, struct wide_file *ret_file)
{
    return fscanf(in, "%" SCNd64 " %" SCNd64 " %64s\n", &ret_file->n_rows, &ret_file->n_bytes,
                  ret_file->digest) == 3;
}

static bool parse_facts(FILE *in, int64_t *facts)
{
    bool good = fscanf(in, "facts") == 0;

    for (size_t i = 0; i < FW_WIDE_FACTS && good; i++) {
        good = fscanf(in, "%" SCNd64, &facts[i]) == 1;
    }
    return good && fscanf(in, "\n") == 0;
}

static bool parse_progress(FILE *in, struct fw_wide *wide)
{
    return fscanf(in, "progress %" SCNd64 " %zu %zu\n", &wide->next_row, &wide->next_part,
                  &wide->next_join) == 3 &&
           wide->next_row <= wide->end_row && wide->next_part <= wide->n_parts &&
           wide->next_join <= wide->plan.n_outputs;
}

static bool parse(FILE *in, struct fw_wide *wide)
{
    if (!parse_progress(in, wide) || !parse_facts(in, wide->facts)) {
        return false;
    }
    bool good = true;
    for (size_t i = 0; i < wide->next_part * wide->plan.n_outputs && good; i++) {
        good = parse_file(in, &wide->files[i]);
    }
    return good;
}

/* Takes the path's text. */
static fw_status check_file(const struct fw_wide *wide, const struct wide_file *file,
                            struct fw_text *path)
{
    struct wide_file found = {0};
    fw_status status = path->failed ? fw_fault_nomem(wide->host) : FW_OK;

    if (status == FW_OK && strcmp(file->digest, "-") != 0) {
        status = wide_place_measure(wide->host, fw_text_get(path), &found);
        if (status == FW_OK && strcmp(found.digest, file->digest) != 0) {
            status = refuse(wide, fw_text_get(path));
        }
    }
    fw_text_finish(path);
    return status == FW_E_IO ? FW_E_STATE : status;
}

/* Parts of a single file are read until it is made. */
static fw_status check_files(const struct fw_wide *wide)
{
    fw_status status = FW_OK;

    for (size_t part = 0; part < wide->next_part; part++) {
        for (size_t i = 0; i < wide->plan.n_outputs && status == FW_OK; i++) {
            if (i < wide->next_join && fw_wide_is_single(&wide->plan.outputs[i])) {
                continue;
            }
            struct fw_text path = {0};
            wide_place_part(wide, part, i, &path);
            status = check_file(wide, wide_part_file(wide, part, i), &path);
        }
    }
    return status;
}

static fw_status take_census(struct fw_wide *wide)
{
    fw_status status;

    do {
        status = wide_census_step(wide);
    } while (status == FW_MORE);
    return status == FW_OK ? wide_begin(wide) : status;
}

static enum wide_phase phase_of(const struct fw_wide *wide)
{
    if (!wide->in_order && wide->next_row < wide->end_row) {
        return WIDE_SPREAD;
    }
    return wide->next_part < wide->n_parts ? WIDE_PARTS : WIDE_JOIN;
}

/* Spread rows are read until the last part is done. */
static fw_status restore_spread(struct fw_wide *wide, const char *text, size_t size)
{
    size_t used;

    if (wide->scatter == NULL || wide->next_part == wide->n_parts) {
        return FW_OK;
    }
    char *lines = strndup(text, size);
    fw_status status = lines != NULL ? fw_scatter_restore(wide->scatter, lines, &used)
                                     : fw_fault_nomem(wide->host);
    free(lines);
    return status;
}

static fw_status restore_progress(struct fw_wide *wide, const char *text, size_t size)
{
    FILE *in = size > 0 ? fmemopen((void *)(uintptr_t)text, size, "r") : NULL;
    fw_status status = in != NULL && parse(in, wide) ? FW_OK : refuse(wide, "it cannot be read");

    if (status == FW_OK) {
        size_t used = (size_t)ftell(in);
        status = restore_spread(wide, text + used, size - used);
    }
    if (in != NULL) {
        fclose(in);
    }
    return status;
}

static fw_status restore(struct fw_wide *wide, const char *text, size_t size)
{
    struct fw_text identity = {0};
    fw_status status = take_census(wide);

    if (status == FW_OK) {
        append_identity(wide, &identity);
        if (identity.failed) {
            status = fw_fault_nomem(wide->host);
        } else if (size < identity.size || memcmp(text, identity.data, identity.size) != 0) {
            status = refuse(wide, "the input or the parameters are not the same");
        } else {
            status = restore_progress(wide, text + identity.size, size - identity.size);
        }
    }
    fw_text_finish(&identity);
    return status;
}

fw_status fw_wide_restore(struct fw_wide *wide, const char *text, size_t size)
{
    char census[32];
    int n = snprintf(census, sizeof census, "wide %d census\n", STATE_VERSION);

    wide->is_restored = true;
    if (size == (size_t)n && memcmp(text, census, size) == 0) {
        return FW_OK;
    }
    fw_status status = restore(wide, text, size);
    if (status == FW_OK) {
        wide->phase = phase_of(wide);
        status = check_files(wide);
    }
    return status;
}
