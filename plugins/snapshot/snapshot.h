/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_SNAPSHOT_H
#define SNAPSHOT_SNAPSHOT_H

#include <cjson/cJSON.h>

#include <fw/stage.h>
#include <fw/task.h>

#include "columns.h"
#include "picked/picked.h"
#include "settings.h"
#include "wide/wide.h"

/*
 * How the stage works. The raw table has some twenty rows for each that is kept, and a row is
 * wide, so the choice is made on a few narrow columns and only winners are kept in full:
 *
 *     choose   the raw table, narrow → the best row of each entity and instant, by entity
 *     locate   the same → picks, ordered by where the rows lie in the raw table
 *     gather   picks → their rows in full, by entity: core, extras, static
 *
 * Choosing and gathering are each one run of plugins/lib/wide: chunks into runs that are ordered
 * by entity, runs into parts. A chunk of picks brings its raw rows in by itself.
 */
enum snapshot_phase { SNAPSHOT_CHOOSE, SNAPSHOT_LOCATE, SNAPSHOT_GATHER };

/** Which of a chunk's rows have a nested value, where that is found out without the engine. */
struct snapshot_present {
    struct fw_text bits; /**< in hexadecimal digits, the highest bit first; empty: not found out */
    struct snapshot_present_file {
        size_t file;
        int64_t shift; /**< row r is bit r + shift */
    } * files;
    size_t n_files;
};

/** What is known once the rows are chosen. */
struct snapshot_facts {
    int64_t rows_scanned;
    int64_t rows_dropped_null_key;
    int64_t rows_dropped_bad_ts;
    int64_t rows_emitted;
    int64_t n_extras;
    int64_t n_entities;
    char *date_min; /**< YYYY-MM-DD; NULL without rows; so the next */
    char *date_max;
};

struct snapshot {
    const struct fw_host *host;
    const struct fw_task *task;
    const struct fw_output *core;
    const struct fw_output *static_rows;
    const struct fw_output *extras; /**< NULL: not wanted */
    struct snapshot_settings settings;
    cJSON *contract;             /**< NULL: there is none; `settings` points into it */
    const char **contract_names; /**< of its lists, one after another */
    size_t n_contract_names;
    struct fw_text contract_sha256;
    struct fw_sql_handle sql;
    struct fw_source *source;
    struct snapshot_columns columns;
    enum snapshot_phase phase;
    bool is_restored;

    /* Beside the core output, and gone at the end: the scratch space does not outlive a restart. */
    struct fw_text work;        /**< the folder */
    struct fw_text choice_path; /**< a folder in it */
    struct fw_text picks_path;  /**< a file in it */

    struct fw_text entity; /**< SQL of it over the raw columns */
    const char **choice_names;
    size_t n_choice_names;
    struct fw_output choice_to;
    struct fw_wide_output choice_output;
    struct fw_picked *nested;         /**< NULL: no nested column is wanted */
    const char **nested_names;        /**< its columns */
    struct snapshot_present *present; /**< of each chunk of a step */
    size_t n_present;
    struct fw_wide *choose;

    struct fw_source *choice; /**< what `choose` has written; from the phase locate on */
    struct snapshot_facts facts;
    struct fw_sql_job *job;

    struct fw_source *picks; /**< and the rest: in the phase gather */
    int64_t n_picks;
    struct fw_picked *raw;
    const char **raw_names; /**< its columns */
    struct fw_wide_output outputs[3];
    size_t n_outputs;
    struct fw_wide *gather;
};

/* contract.c */

/** Takes the columns from the contract, where one is plugged in. */
fw_status snapshot_contract_read(struct snapshot *s);

/* choose.c */
fw_status snapshot_choose_open(struct snapshot *s);

/** Appends the statement that writes the picks. */
void snapshot_choose_append_picks(const struct snapshot *s, struct fw_text *sql);

/* present.c */
fw_status snapshot_present_open(struct snapshot *s);
void snapshot_present_close(struct snapshot *s);

/** Finds out what can be found out of a chunk, as fw_wide_plan's `enter`. */
fw_status snapshot_present_enter(const void *self, const struct fw_wide_rows *rows);

/** Appends a BOOLEAN over the chunk's rows, never NULL: whether a row has a nested value. */
void snapshot_present_append(const struct snapshot *s, const struct fw_wide_rows *rows,
                             struct fw_text *sql);

/* picks.c: the raw rows that were picked, as tables that `gather` takes them from */

/** For the columns that `gather` reads; as many tables as there are chunks in a step. */
fw_status snapshot_picks_open_raw(struct snapshot *s);

/** Makes the raw rows of a chunk of picks a table, as fw_wide_plan's `enter`. */
fw_status snapshot_picks_enter(const void *self, const struct fw_wide_rows *rows);

/* gather.c */
fw_status snapshot_gather_open(struct snapshot *s);

/* facts.c */

/** Opens the choice and reads off it whatever of the facts is not known yet. */
fw_status snapshot_facts_read(struct snapshot *s);

/* phases.c */
fw_status snapshot_step(void *self, struct fw_step *ret);
fw_status snapshot_save(void *self, struct fw_blob *ret);
fw_status snapshot_restore(void *self, const struct fw_blob *blob);

/* blame.c */

/**
 * After a statement over several raw files failed: which of them cannot be read goes to the log.
 * The engine itself names the file of only about half of the damaged pages that it meets.
 */
void snapshot_blame(const struct snapshot *s, fw_status status);

/* manifest.c */

/** Sets the manifest's fields and rows at the end. */
fw_status snapshot_manifest_write(const struct snapshot *s);

#endif
