/* SPDX-License-Identifier: MIT */
#include "phases.h"

#include <stdio.h>
#include <string.h>

/*
 * Small row groups: a wide table takes half the memory and time of the default, and a part finds
 * its rows in a sorted run without reading much else. Nothing but these and the rows decides the
 * outputs' bytes; a temporary name of the engine's own would stay behind after a crash.
 */
#define FINAL_OPTIONS "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 8192, USE_TMP_FILE false"
#define RUN_OPTIONS   "FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 2048, USE_TMP_FILE false"
#define KEYS_OPTIONS  "FORMAT parquet, COMPRESSION lz4_raw, USE_TMP_FILE false"

static size_t one(const struct snapshot *s)
{
    (void)s;
    return 1;
}

static size_t n_slices(const struct snapshot *s)
{
    return s->slices.n;
}

static size_t n_merges(const struct snapshot *s)
{
    return s->n_merges;
}

static size_t n_units(const struct snapshot *s)
{
    return s->n_units;
}

static size_t n_parts(const struct snapshot *s)
{
    return s->n_parts;
}

static size_t n_extras_parts(const struct snapshot *s)
{
    return s->extras != NULL ? s->n_parts : 0;
}

static size_t n_core_files(const struct snapshot *s)
{
    return snapshot_is_single_file(s->core) ? 1 : 0;
}

static size_t n_extras_files(const struct snapshot *s)
{
    return s->extras != NULL && snapshot_is_single_file(s->extras) ? 1 : 0;
}

static void keys_path(const struct snapshot *s, size_t index, struct fw_text *path)
{
    fw_text_appendf(path, "%s/keys-%05zu.parquet", s->work, index);
}

static void merge_path(const struct snapshot *s, size_t index, struct fw_text *path)
{
    fw_text_appendf(path, "%s/merged-%05zu.parquet", s->work, index);
}

static void rank_path(const struct snapshot *s, size_t index, struct fw_text *path)
{
    (void)index;
    fw_text_appendf(path, "%s/ranked.parquet", s->work);
}

static void pick_path(const struct snapshot *s, size_t index, struct fw_text *path)
{
    (void)index;
    fw_text_appendf(path, "%s/picks.parquet", s->work);
}

static void gather_path(const struct snapshot *s, size_t index, struct fw_text *path)
{
    fw_text_appendf(path, "%s/run-%05zu.parquet", s->work, index);
}

static void part_path(const struct snapshot *s, const struct fw_output *output, size_t index,
                      struct fw_text *path)
{
    snapshot_parts_folder(s, output, path);
    fw_text_appendf(path, "/part-%05zu.parquet", index);
}

static void core_path(const struct snapshot *s, size_t index, struct fw_text *path)
{
    part_path(s, s->core, index, path);
}

static void extras_path(const struct snapshot *s, size_t index, struct fw_text *path)
{
    part_path(s, s->extras, index, path);
}

static void core_file_path(const struct snapshot *s, size_t index, struct fw_text *path)
{
    (void)index;
    fw_text_append(path, s->core->path);
}

static void extras_file_path(const struct snapshot *s, size_t index, struct fw_text *path)
{
    (void)index;
    fw_text_append(path, s->extras->path);
}

static void static_path(const struct snapshot *s, size_t index, struct fw_text *path)
{
    (void)index;
    fw_text_append(path, s->static_rows->path);
}

const struct snapshot_phase snapshot_phases[SNAPSHOT_N_PHASES] = {
    [SNAPSHOT_PHASE_KEYS] = {"choosing rows", KEYS_OPTIONS, n_slices, snapshot_keys_select,
                             keys_path},
    [SNAPSHOT_PHASE_MERGE] = {"merging choices", KEYS_OPTIONS, n_merges, snapshot_merge_select,
                              merge_path},
    [SNAPSHOT_PHASE_RANK] = {"ordering entities", KEYS_OPTIONS, one, snapshot_rank_select,
                             rank_path},
    [SNAPSHOT_PHASE_PICK] = {"locating rows", KEYS_OPTIONS, one, snapshot_pick_select, pick_path},
    [SNAPSHOT_PHASE_GATHER] = {"reading rows", RUN_OPTIONS, n_units, snapshot_gather_select,
                               gather_path},
    [SNAPSHOT_PHASE_CORE] = {"writing core", FINAL_OPTIONS, n_parts, snapshot_core_select,
                             core_path},
    [SNAPSHOT_PHASE_EXTRAS] = {"writing extras", FINAL_OPTIONS, n_extras_parts,
                               snapshot_extras_select, extras_path},
    [SNAPSHOT_PHASE_CORE_FILE] = {"joining core", FINAL_OPTIONS, n_core_files,
                                  snapshot_core_file_select, core_file_path},
    [SNAPSHOT_PHASE_EXTRAS_FILE] = {"joining extras", FINAL_OPTIONS, n_extras_files,
                                    snapshot_extras_file_select, extras_file_path},
    [SNAPSHOT_PHASE_STATIC] = {"writing static", FINAL_OPTIONS, one, snapshot_static_select,
                               static_path},
};

/* A part reads every run from end to end unless these are sorted: worth it for a few parts. */
bool snapshot_sorts_runs(const struct snapshot *s)
{
    return s->n_parts > 3;
}

bool snapshot_is_single_file(const struct fw_output *output)
{
    return strchr(output->name, '.') != NULL;
}

void snapshot_parts_folder(const struct snapshot *s, const struct fw_output *output,
                           struct fw_text *path)
{
    if (snapshot_is_single_file(output)) {
        fw_text_appendf(path, "%s-%s", s->work, output == s->core ? "core" : "extras");
    } else {
        fw_text_append(path, output->path);
    }
}

void snapshot_append_files(const struct snapshot *s, size_t phase, struct fw_text *sql)
{
    struct fw_text path = {0};
    size_t n = snapshot_phases[phase].count(s);
    fw_text_append(sql, "read_parquet([");
    for (size_t i = 0; i < n; i++) {
        fw_text_clear(&path);
        snapshot_phases[phase].path(s, i, &path);
        fw_text_append(sql, i > 0 ? ", " : "");
        fw_text_literal(sql, fw_text_get(&path));
    }
    fw_text_append(sql, "])");
    sql->failed = sql->failed || path.failed;
    fw_text_finish(&path);
}
