/* SPDX-License-Identifier: MIT */
#ifndef EDGAR_FEATURES_EDGAR_H
#define EDGAR_FEATURES_EDGAR_H

#include <stdbool.h>

#include <fw/stage.h>

#include "filing/filing.h"
#include "parquet/parquet.h"
#include "source/source.h"
#include "sql/sql.h"
#include "track.h"

struct edgar;

/** One figure of a filing. */
struct edgar_feature {
    char *name;
    const char *path;     /**< as the parameter says */
    struct fw_text value; /**< SQL: DOUBLE; NaN for what is there and is no number */
    bool absent;          /**< the table has no such field: it is missing everywhere */
};

/**
 * An input that is read once, in chunks, into a narrow table of the session. After a restart its
 * chunks are read again.
 */
struct edgar_intake {
    const char *table;
    /** Appends the SELECT of the table's rows over a scan of the source. */
    void (*append)(const struct edgar *edgar, const char *scan, struct fw_text *select);
    struct fw_source *source;
    struct fw_source_place *cuts; /**< n_chunks + 1 of them */
    size_t n_chunks;
    size_t n_taken; /**< are in the table */
    size_t n_done;  /**< are done as far as a checkpoint knows */
    int64_t rows_kept;
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
    struct fw_filing_rules rules;
    int64_t part_rows, chunk_rows; /**< of a file, read at once */
    struct fw_sql_handle sql;
    struct edgar_feature *features;
    size_t n_features;
    struct fw_parquet_column *columns; /**< of the output, from `first_column` on */
    struct fw_text *names;             /**< theirs */
    size_t n_columns, first_column;
    bool by_offer;        /**< the index has offers, and its rows are theirs */
    struct fw_text files; /**< a line for each finished file, in their order */
    struct edgar_intake index, filings;

    bool started; /**< this instance has made or found its folder */
    char **ciks;  /**< of the index, in binary order */
    size_t n_ciks;
    char **offers; /**< platform and offer of each, in this order, when `by_offer` */
    size_t n_offers;
    struct edgar_part *parts;
    size_t n_parts, n_parts_done;
    struct edgar_tracks *tracks; /**< every cik, as of `applied_us` */
    int64_t applied_us;
    int64_t n_filings, n_same_instant, n_not_numbers, n_not_finite; /**< of those applied */
};

#define EDGAR_DAY_US INT64_C(86400000000)

/* features.c */

/** Reads the list of features and finds each in the filings' table. */
fw_status edgar_features_open(struct edgar *edgar);
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

/* columns.c */

/** Names the output's columns. */
fw_status edgar_columns_open(struct edgar *edgar);
void edgar_columns_close(struct edgar *edgar);

/* intake.c */

/** Cuts the source into chunks. */
fw_status edgar_intake_open(struct edgar *edgar, struct edgar_intake *intake, const char *port);
void edgar_intake_close(struct edgar_intake *intake);

/** Takes the next chunks in, as many at once as there are threads. */
fw_status edgar_intake_step(struct edgar *edgar, struct edgar_intake *intake);

/* keys.c */

/** Refuses tables whose columns cannot be keys. */
fw_status edgar_keys_check(const struct edgar *edgar);

/**
 * Makes the tables of the session: fw_ciks (fw_cik, fw_k), the companies of the index, numbered
 * in the order of their ciks; fw_raws (fw_raw, fw_k), how the index writes them; fw_days; by offer
 * fw_offers, numbered likewise; and those that the inputs go into. Refuses a row without a cutoff.
 */
fw_status edgar_keys_make(struct edgar *edgar);

/**
 * SELECT of the index: k, day (days since 1970), with a cutoff of its own `upto` (microseconds
 * since 1970), by offer `o`; rows without a cik or a day are left out.
 */
void edgar_keys_append_index(const struct edgar *edgar, const char *scan, struct fw_text *select);

/** SELECT of the filings of ciks of the index: k, filed, accepted, accession, v0.., the row. */
void edgar_keys_append_filings(const struct edgar *edgar, const char *scan, struct fw_text *select);

/* offers.c */

/** Appends a statement that makes fw_offers (platform_name, offer_id, fw_o). */
void edgar_offers_append(const struct edgar *edgar, struct fw_text *text);

/** Reads them. */
fw_status edgar_offers_read(struct edgar *edgar);

/* cutoff.c: a cutoff of each row of the index, where a column has it */

bool edgar_cutoff_is_given(const struct edgar *edgar);

/** Refuses a row that counts and has no cutoff that can be read, with its place and value. */
fw_status edgar_cutoff_check(const struct edgar *edgar);

/** SQL of the instant up to which filings count on a row, its columns being fw_day and `cutoff`. */
void edgar_cutoff_append(const struct edgar *edgar, struct fw_text *text);

/** How long before the midnight that lets filings count a row may look. */
fw_status edgar_cutoff_lookback(const struct edgar *edgar, int64_t *ret_us);

/* timeline.c */

/** Once both inputs are taken in: cuts the days into parts. */
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

/* part.c */

/** Works in the filings of the next part and writes its file. */
fw_status edgar_part_write(struct edgar *edgar);

/** Appends the path of a file, or of the folder of its year where the number is negative. */
void edgar_part_path(const struct edgar *edgar, int32_t year, int32_t number, struct fw_text *path);

/* state.c */

fw_status edgar_state_save(const struct edgar *edgar, struct fw_text *text);
fw_status edgar_state_restore(struct edgar *edgar, const char *text, size_t size);

/** Notes that a file is finished. */
fw_status edgar_state_add(struct edgar *edgar, int32_t year, int32_t number);

/* manifest.c */

/** Sets the manifest's fields and rows at the end. */
fw_status edgar_manifest_write(const struct edgar *edgar);

/* stage.c */

extern const struct fw_stage edgar_stage;

#endif
