/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "phases.h"

static void append_keys(struct fw_text *sql)
{
    fw_text_identifiers(sql, snapshot_keys, SNAPSHOT_N_KEYS);
}

/* The rows of one part; ranks are a total order, so the part's bytes depend on nothing else. */
static void append_rows(const struct snapshot *s, const char *kind, size_t part,
                        struct fw_text *sql)
{
    int64_t rows = s->settings.part_rows;
    fw_text_append(sql, " FROM ");
    snapshot_append_files(s, SNAPSHOT_PHASE_GATHER, sql);
    fw_text_appendf(sql,
                    " WHERE fw_rank BETWEEN %" PRId64 " AND %" PRId64 " AND %s ORDER BY fw_rank",
                    (int64_t)part * rows, ((int64_t)part + 1) * rows - 1, kind);
}

void snapshot_core_select(const struct snapshot *s, size_t index, struct fw_text *sql)
{
    fw_text_append(sql, "SELECT ");
    append_keys(sql);
    for (size_t i = 0; i < s->columns.n_scalars; i++) {
        fw_text_append(sql, ", ");
        fw_text_identifier(sql, s->columns.scalars[i]->name);
    }
    append_rows(s, "fw_core", index, sql);
}

static void append_derived(const char *name, const char *suffix, struct fw_text *sql)
{
    struct fw_text derived = {0};
    fw_text_appendf(&derived, "%s__%s", name, suffix);
    fw_text_append(sql, " AS ");
    fw_text_identifier(sql, fw_text_get(&derived));
    sql->failed = sql->failed || derived.failed;
    fw_text_finish(&derived);
}

void snapshot_extras_select(const struct snapshot *s, size_t index, struct fw_text *sql)
{
    fw_text_append(sql, "SELECT ");
    append_keys(sql);
    for (size_t i = 0; i < s->columns.n_nested; i++) {
        const char *name = s->columns.nested[i]->name;
        fw_text_appendf(sql, ", fw_json_%zu", i);
        append_derived(name, "json", sql);
        fw_text_appendf(sql, ", fw_len_%zu", i);
        append_derived(name, "len", sql);
        fw_text_appendf(sql, ", sha1(fw_json_%zu)", i);
        append_derived(name, "hash", sql);
    }
    append_rows(s, "fw_extra", index, sql);
}

/* Parts follow each other as they are; without a sort only fw_in_order repeats its bytes. */
static void append_joined(const struct snapshot *s, size_t phase, struct fw_text *sql)
{
    struct fw_text parts = {0};
    fw_text_append(&parts, "SELECT * FROM ");
    snapshot_append_files(s, phase, &parts);
    fw_text_append(sql, "SELECT * FROM fw_in_order(");
    fw_text_literal(sql, fw_text_get(&parts));
    fw_text_append(sql, ")");
    sql->failed = sql->failed || parts.failed;
    fw_text_finish(&parts);
}

void snapshot_core_file_select(const struct snapshot *s, size_t index, struct fw_text *sql)
{
    (void)index;
    append_joined(s, SNAPSHOT_PHASE_CORE, sql);
}

void snapshot_extras_file_select(const struct snapshot *s, size_t index, struct fw_text *sql)
{
    (void)index;
    append_joined(s, SNAPSHOT_PHASE_EXTRAS, sql);
}

/* The plain latest row of each entity, not the last value of each column (freeze §3.6). */
void snapshot_static_select(const struct snapshot *s, size_t index, struct fw_text *sql)
{
    static const char *const wanted[] = {"cik", "link", "hash_id", "datetime_open_offering",
                                         "datetime_close_offering"};
    const char *names[2 + FW_COUNT(wanted)] = {"platform_name", "offer_id"};
    size_t n = 2;
    (void)index;
    for (size_t i = 0; i < FW_COUNT(wanted); i++) {
        if (snapshot_columns_scalar(&s->columns, wanted[i]) != NULL) {
            names[n++] = wanted[i];
        }
    }
    fw_text_append(sql, "SELECT entity_id, ");
    for (size_t i = 0; i < n; i++) {
        fw_text_appendf(sql, "latest.%s AS %s, ", names[i], names[i]);
    }
    fw_text_append(sql, "static_snapshot_ts FROM (SELECT entity_id, arg_max({");
    for (size_t i = 0; i < n; i++) {
        fw_text_appendf(sql, "%s'%s': %s", i > 0 ? ", " : "", names[i], names[i]);
    }
    fw_text_append(sql, "}, snapshot_ts) AS latest, max(snapshot_ts) AS static_snapshot_ts FROM ");
    snapshot_append_files(s, SNAPSHOT_PHASE_CORE, sql);
    fw_text_append(sql, " GROUP BY entity_id) ORDER BY entity_id");
}
