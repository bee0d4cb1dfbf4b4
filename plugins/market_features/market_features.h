/* SPDX-License-Identifier: MIT */
#ifndef MARKET_FEATURES_MARKET_FEATURES_H
#define MARKET_FEATURES_MARKET_FEATURES_H

#include <stdatomic.h>
#include <stdbool.h>

#include <fw/stage.h>

#include "indicators/catalogue.h"
#include "rows/rows.h"
#include "source/source.h"
#include "sql/sql.h"

/* The catalogue ends where its last tier does: fw_tier_columns(FW_TIER_A100). */
enum { MARKET_COLUMNS_MAX = 256 };

/** The parameters, as the task gives them. */
struct market_settings {
    enum fw_tier tier;
    bool is_reference; /**< compat = "ref" */
    bool drops_bad;    /**< bad_rows = "drop" */
    int64_t vix_gap;   /**< days that a missing volatility index is carried on; 0: none */
};

/** Why a row of the prices is none of the series, in the order of asking. */
enum market_reason {
    MARKET_BLANK, /**< nothing in it: never an error */
    MARKET_NO_DATE,
    MARKET_NO_PRICE,
    MARKET_PRICE_NOT_POSITIVE,
    MARKET_HIGH_BELOW_LOW,
    MARKET_NO_VOLUME,
    MARKET_REASONS
};
extern const char *const market_reasons[MARKET_REASONS];

/** What became of the days, filled while they are read. */
struct market_counts {
    int64_t bad[MARKET_REASONS]; /**< rows, before anything is computed */
    int64_t vix_undated, vix_empty;
    _Atomic int64_t read; /**< days of the series */
    int64_t written;
    int64_t warm_up;
    int64_t vix_leading, vix_interior, vix_trailing; /**< dropped for want of the index */
    int64_t vix_filled;
    int64_t undefined; /**< dropped for another value */
    int64_t undefined_by[MARKET_COLUMNS_MAX];
    int64_t far_off;             /**< values beyond 1,000 where a mean near 0 divides */
    int32_t first_day, last_day; /**< of what was written */
};

/** The series, day by day. */
struct market_bars {
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    bool is_open;
    int64_t next; /**< row of the batch */
};

/** The volatility index as the days have it. */
struct market_vix {
    bool seen;
    bool was_inside; /**< the last gap had values before it */
    double last;
    int64_t missing; /**< days in a row up to now */
    int64_t pending; /**< of them, rows that were dropped */
    int32_t gap_day; /**< where they began */
};

/**
 * Why the series ended early. It is read on a thread of the engine, perhaps between two steps, when
 * there is no call that a fault would be the answer to: the next step records it.
 */
struct market_failure {
    fw_status status; /**< FW_OK: none */
    char what[1024], where[64];
    const char *remedy; /**< NULL or static */
};

/** A job each, but for the one that checks what was loaded. */
enum market_phase { MARKET_LOAD_INDEX, MARKET_LOAD_SERIES, MARKET_CHECK, MARKET_WRITE };

/** One instance of the stage. */
struct market {
    const struct fw_host *host;
    const struct fw_task *task;
    struct market_settings settings;
    size_t n_columns;
    int32_t warm_up;
    struct fw_sql_handle reader, writer;
    struct fw_source *prices, *index;       /**< the index is NULL in the tier a20 */
    struct fw_text load_index, load_series; /**< statements; the first one is empty in a20 */
    enum market_phase phase;
    int64_t n_days; /**< to be read */
    struct market_bars bars;
    struct market_vix vix;
    struct fw_market state;
    int32_t last_day;
    struct market_counts counts;
    struct market_failure failure;
    struct fw_sql_job *job;
    struct fw_rows rows; /**< that it writes */
    struct fw_rows_column columns[MARKET_COLUMNS_MAX + 1];
};

/* input.c: what is read, as SQL */

/** Opens the inputs, finds their columns and makes the statements that load them. */
fw_status market_input_open(struct market *market);

/** Once all is loaded: counts the rows that cannot be used and, unless they are to be dropped,
    refuses them. */
fw_status market_input_check(struct market *market);

/** Starts reading the series by day. */
fw_status market_input_start(struct market *market);

/* bars.c */

/** The next day. FW_MORE with one, FW_OK at the end. [any one thread] */
fw_status market_bars_next(struct market *market, struct fw_bar *ret_bar);
void market_bars_close(struct market_bars *bars);

/** Keeps the failure for the next step and gives its status. [any one thread] */
__attribute__((format(printf, 5, 6))) fw_status market_fail(struct market *market, fw_status status,
                                                            const char *where, const char *remedy,
                                                            const char *format, ...);

/* rows.c: what is written */

/** A stream of the output's rows, which reads the series as it goes. */
void market_rows_stream(struct market *market, struct ArrowArrayStream *ret_stream);

/* days.c */

/**
 * Works in a day and gives its values. FW_MORE: a row of the output; FW_OK: a day without one,
 * which is counted with its reason.
 */
fw_status market_day_take(struct market *market, struct fw_bar *bar, double *ret_values);

/** After the last day: what is still pending is at the end of the series. */
void market_days_end(struct market *market);

/** "2019-03-01", in room for MARKET_DAY_TEXT. */
enum { MARKET_DAY_TEXT = 40 };
const char *market_day_text(int32_t day, char *ret_text, size_t size);

/* manifest.c */

fw_status market_manifest_write(const struct market *market);

/* stage.c */

extern const struct fw_stage market_features_stage;

#endif
