/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_COLUMNS_H
#define SNAPSHOT_COLUMNS_H

#include "settings.h"
#include "source/source.h"

/**
 * What becomes of the raw columns: which are the keys, which go to the core table and which to
 * the extras. Columns are the source's, names
 * the settings' or the source's.
 */
struct snapshot_columns {
    bool compat;
    const struct fw_source_column *platform;
    const struct fw_source_column *offer;
    const struct fw_source_column *instant; /**< what snapshot_ts is made from */
    const struct fw_source_column *day;     /**< NULL: the table has none; so the next two */
    const struct fw_source_column *time;
    const struct fw_source_column *processed;
    const struct fw_source_column **scalars; /**< core, after the five keys, in output order */
    size_t n_scalars;
    const struct fw_source_column **nested; /**< extras, in output order */
    size_t n_nested;
    const char **missing; /**< named by the contract, absent from the table, not made here */
    size_t n_missing;
};

/* The five keys that both tables begin with. */
#define SNAPSHOT_N_KEYS 5
extern const char *const snapshot_keys[SNAPSHOT_N_KEYS];

/**
 * Plans the columns. FW_E_MISSING without platform, offer or any column that tells the day;
 * FW_E_CONFIG when a renamed key collides with another raw column. [stage thread]
 */
fw_status snapshot_columns_init(struct snapshot_columns *ret_columns, const struct fw_host *host,
                                const struct fw_source *source,
                                const struct snapshot_settings *settings);

void snapshot_columns_finish(struct snapshot_columns *columns);

/** The core column called `name` beyond the keys, or NULL. */
const struct fw_source_column *snapshot_columns_scalar(const struct snapshot_columns *columns,
                                                       const char *name);

#endif
