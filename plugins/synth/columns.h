/* SPDX-License-Identifier: MIT */
#ifndef SYNTH_COLUMNS_H
#define SYNTH_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

/**
 * The columns of the generated crawl, in table order: keys and measures, whose values the row
 * builder knows by name, then free columns that only have a kind, then the nested ones.
 */
enum synth_kind {
    SYNTH_LONG,     /**< a paragraph; changes a little every 30 days */
    SYNTH_MID,      /**< a sentence; changes a little every 90 days */
    SYNTH_SHORT,    /**< one or two words */
    SYNTH_URL,      /**< a link with a long tail */
    SYNTH_CATEGORY, /**< one of eight words */
    SYNTH_TIME,     /**< a timestamp; text in the shape entity_day */
    SYNTH_DAY,      /**< a date; text in the shape entity_day */
    SYNTH_REAL,     /**< a double that drifts from day to day */
    SYNTH_COUNT,    /**< a long that grows */
    SYNTH_SMALL,    /**< an integer */
    SYNTH_MONEY,    /**< a decimal(18,2) */
    SYNTH_FLAG      /**< a boolean */
};

struct synth_column {
    const char *name;
    enum synth_kind kind;
    uint8_t percent; /**< of the entities that have a value */
};

struct synth_nested {
    const char *name;
    const char *type;     /**< Delta's JSON for the type */
    const char *sql_type; /**< the engine's */
    uint8_t percent;      /**< of the entities that have a value */
    uint8_t grows;        /**< days after which a list has one element more; 0: it is constant */
    const char *value;    /**< SQL over the entity's number `e` and macros of entity.c */
};

extern const struct synth_column synth_columns[];
extern const size_t synth_n_columns;

extern const struct synth_nested synth_nested[];
extern const size_t synth_n_nested;

/** Delta's name and the engine's for a free column of the shape raw. */
const char *synth_type(enum synth_kind kind);
const char *synth_sql_type(enum synth_kind kind);

/** Whether a free column is VARCHAR in the shape entity_day. */
int synth_is_text(enum synth_kind kind);

#endif
