/* SPDX-License-Identifier: MIT */
#ifndef EDGAR_FEATURES_EDGAR_H
#define EDGAR_FEATURES_EDGAR_H

#include <stdbool.h>

#include <fw/stage.h>

#include "source/source.h"
#include "sql/sql.h"
#include "track.h"

/** The parameters, as the task gives them. */
struct edgar_settings {
    const char *payload;
    const char *cik_column;
    const char *filed_column;
    const char *accepted_column;
    const char *accession_column;
    const char *day_column;
    double alpha;
    int64_t lag_days;
    bool scan_order; /**< of several filings of one instant the last one in the table counts */
    bool normalize_cik;
    bool compat;
    int64_t part_rows;
    int64_t chunk_rows;
};

/** One figure of a filing. */
struct edgar_feature {
    char *name;
    const char *path;     /**< as the parameter says */
    struct fw_text value; /**< SQL: DOUBLE; NaN for what is there and is no number */
    bool absent;          /**< the table has no such field: it is missing everywhere */
};

/**
 * An input that is read once, in chunks of a step's worth of rows, into narrow Parquet files of
 * the work folder; they outlive a restart.
 */
struct edgar_intake {
    struct fw_source *source;
    const char *name;             /**< of the files */
    struct fw_source_place *cuts; /**< n_chunks + 1 of them */
    size_t n_chunks, n_done;
    int64_t rows_kept; /**< in the files */
};

/** Days that become one file, or filings between two files that are a step's worth of work. */
struct edgar_part {
    int32_t first_day, last_day; /**< since 1970 */
    int64_t n_rows;              /**< 0: there is no file, the filings are only worked in */
    int32_t year, number;        /**< of the file */
};

struct edgar {
    const struct fw_host *host;
    const struct fw_task *task;
    const struct fw_output *output;
    struct edgar_settings settings;
    struct fw_sql_handle sql;
    struct edgar_feature *features;
    size_t n_features;
    struct fw_text work;  /**< folder of what outlives a restart, beside the output */
    struct fw_text files; /**< a line of size and digest for each finished file, in their order */
    struct edgar_intake index, filings;

    bool started; /**< this instance has made or found its folders */
    char **ciks;  /**< of the index, in binary order */
    size_t n_ciks;
    struct edgar_part *parts;
    size_t n_parts, n_parts_done;
    struct edgar_tracks *tracks; /**< every cik, as of `applied_us` */
    int64_t applied_us;
    int64_t n_filings, n_same_instant, n_not_numbers, n_not_finite; /**< of those applied */
};

#define EDGAR_DAY_US INT64_C(86400000000)

/* features.c */

/** Reads the list of features and finds each in the filings' table. */
fw_status edgar_features_open(struct edgar *edgar, const struct fw_value *list);
void edgar_features_close(struct edgar *edgar);

/* path.c */

/**
 * Finds what `path` names (steps between dots, alternatives between bars) among the columns of the
 * source and the fields below them, and appends SQL for its number; *ret_absent when there is no
 * such field.
 */
fw_status edgar_path_find(const struct edgar *edgar, const char *path, struct fw_text *value,
                          bool *ret_absent);

/** Statements that make the macros which the values are written with. */
extern const char edgar_path_macros[];

/* intake.c */

/** Cuts the source into chunks. */
fw_status edgar_intake_open(struct edgar *edgar, struct edgar_intake *intake, const char *port);
void edgar_intake_close(struct edgar_intake *intake);

/**
 * Copies the next chunks, as many at once as there are threads; `append` gives the SELECT over a
 * scan of one.
 */
fw_status edgar_intake_step(struct edgar *edgar, struct edgar_intake *intake,
                            void (*append)(const struct edgar *edgar, const char *scan,
                                           struct fw_text *select));

/** Appends a parenthesised SELECT of all rows that were taken in. */
void edgar_intake_append(const struct edgar *edgar, const struct edgar_intake *intake,
                         struct fw_text *text);

/** Appends the path of a chunk's file. */
void edgar_intake_append_path(const struct edgar *edgar, const struct edgar_intake *intake,
                              size_t chunk, struct fw_text *path);

/* keys.c */

/** Refuses tables whose columns cannot be keys. */
fw_status edgar_keys_check(const struct edgar *edgar);

/** SELECT of the index: cik, day (days since 1970); rows without one of them are left out. */
void edgar_keys_append_index(const struct edgar *edgar, const char *scan, struct fw_text *select);

/** SELECT of the filings of ciks of the index: k, filed, accepted, accession, v0.., the row. */
void edgar_keys_append_filings(const struct edgar *edgar, const char *scan, struct fw_text *select);

/* timeline.c */

/** Once the index is taken in: numbers its ciks. */
fw_status edgar_timeline_number(struct edgar *edgar);

/** Once the filings are taken in, too: cuts the days into parts. */
fw_status edgar_timeline_open(struct edgar *edgar);
void edgar_timeline_close(struct edgar *edgar);

/** The instant up to which filings count on a day, in microseconds since 1970. */
int64_t edgar_timeline_cutoff(const struct edgar *edgar, int32_t day);

/* filings.c */

/** Filings in the order in which they count, those that a later one of the instant replaces left
    out. */
struct edgar_filings {
    size_t n, capacity;
    int32_t *ciks;
    int64_t *filed_us;
    double *values; /**< n_features of each; NaN: none */
};

/** Reads the filings up to an instant that have not been read yet; NULL: works them in at once. */
fw_status edgar_filings_read(struct edgar *edgar, int64_t to_us, struct edgar_filings *ret_filings);
void edgar_filings_finish(struct edgar_filings *filings);

/** Works in one of them, or all. False: no memory. */
bool edgar_filings_apply_one(const struct edgar_filings *filings, size_t i,
                             struct edgar_tracks *tracks);
bool edgar_filings_apply(const struct edgar_filings *filings, struct edgar_tracks *tracks);

/* part.c */

/** Works in the filings of the next parts and writes their files, as many as there are threads. */
fw_status edgar_parts_write(struct edgar *edgar);

/** Appends the path of its file. */
void edgar_part_path(const struct edgar *edgar, const struct edgar_part *part,
                     struct fw_text *path);

/* state.c */

fw_status edgar_state_save(const struct edgar *edgar, struct fw_text *text);
fw_status edgar_state_restore(struct edgar *edgar, const char *text, size_t size);

/** Notes that a file is finished. */
fw_status edgar_state_add(struct edgar *edgar, const char *path);

/* manifest.c */

/** Sets the manifest's fields and rows at the end. */
fw_status edgar_manifest_write(const struct edgar *edgar);

/* stage.c */

extern const struct fw_stage edgar_stage;

#endif
