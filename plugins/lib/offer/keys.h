/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_OFFER_KEYS_H
#define FW_LIB_OFFER_KEYS_H

#include <fw/param.h>
#include <fw/task.h>

#include "source/source.h"

/** Which columns of a raw table are its keys and times. */
struct fw_offer_keys {
    const struct fw_source_column *platform;
    const struct fw_source_column *offer;
    const struct fw_source_column *instant;   /**< what the snapshot's instant is made from */
    const struct fw_source_column *time;      /**< NULL: the table has none; so the next */
    const struct fw_source_column *processed; /**< the ingestion time */
};

/** The parameters that name them, for a stage's table; each name is a default of the freeze. */
#define FW_OFFER_KEY_PARAM(name_, default_, doc_)                                                  \
    FW_PARAM(.type = FW_PARAM_STRING, .name = name_, .default_value = default_, .doc = doc_)
#define FW_OFFER_KEY_PARAMS                                                                        \
    FW_OFFER_KEY_PARAM("platform_column", "platform_name",                                         \
                       "raw column with the platform's name, first key"),                          \
        FW_OFFER_KEY_PARAM("offer_column", "offer_id",                                             \
                           "raw column with the offer's id, second key"),                          \
        FW_OFFER_KEY_PARAM("snapshot_column", "snapshot_ts",                                       \
                           "raw column with the snapshot's instant; where there is none, "         \
                           "day_column is used"),                                                  \
        FW_OFFER_KEY_PARAM("day_column", "crawled_date_day",                                       \
                           "raw column with the crawl day; where there is none, time_column is "   \
                           "used"),                                                                \
        FW_OFFER_KEY_PARAM("time_column", "crawled_date",                                          \
                           "raw column with the crawl's instant, decides between ties")

/**
 * Finds them in a table by these parameters, and processed_column where the stage has it.
 * FW_E_MISSING names what cannot be done without; `where` is the table's path.
 */
fw_status fw_offer_keys_find(struct fw_offer_keys *ret_keys, const struct fw_host *host,
                             const struct fw_task *task, const struct fw_source *source,
                             const char *where);

#endif
