/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_OFFER_OFFER_H
#define FW_LIB_OFFER_OFFER_H

#include "instant/instant.h"
#include "source/source.h"

/*
 * SQL for the keys and times of raw offers, appended to a text: what the snapshot is
 * made by and what the gates count by, so that both mean the same rows. The session's time zone is
 * UTC (fw/service/sql.h). The instant of a column is fw_instant_append's.
 */

enum fw_offer_class { FW_OFFER_NUMBER, FW_OFFER_BOOL, FW_OFFER_TIME, FW_OFFER_TEXT };

/**
 * What a plain column is by the words of its Delta type, tried in the order of the classes. The
 * reference (compat) does not know long, short and byte, so there these come out as text.
 */
enum fw_offer_class fw_offer_class(const struct fw_source_column *column, bool compat);

/** VARCHAR: the column as text, timestamps as "YYYY-MM-DD HH:MM:SS[.ffffff][+00:00]". */
void fw_offer_append_text(struct fw_text *text, const struct fw_source_column *column);

/** VARCHAR: entity_id, platform|offer; NULL when one of the two is. */
void fw_offer_append_entity(struct fw_text *text, const struct fw_source_column *platform,
                            const struct fw_source_column *offer);

/** BIGINT, never NULL, that sorts like the instants, the unknown ones first. */
void fw_offer_append_sortable(struct fw_text *text, const struct fw_source_column *column);

/** TIMESTAMP expression as text, in the form of a value with a time zone. */
void fw_offer_append_utc_text(struct fw_text *text, const char *expression);

#endif
