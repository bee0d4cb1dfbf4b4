/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_PHASES_H
#define SNAPSHOT_PHASES_H

#include "snapshot.h"

/**
 * One phase of the work: `count` SELECT statements, each of which is copied into the one Parquet
 * file `path`. Those of a phase do not depend on each other, only on the phases before.
 */
struct snapshot_phase {
    const char *name;
    const char *options; /**< of the COPY */
    size_t (*count)(const struct snapshot *s);
    void (*select)(const struct snapshot *s, size_t index, struct fw_text *sql);
    void (*path)(const struct snapshot *s, size_t index, struct fw_text *path);
};

/** In the order of the work. */
enum {
    SNAPSHOT_PHASE_KEYS,
    SNAPSHOT_PHASE_MERGE,
    SNAPSHOT_PHASE_RANK,
    SNAPSHOT_PHASE_PICK,
    SNAPSHOT_PHASE_GATHER,
    SNAPSHOT_PHASE_CORE,
    SNAPSHOT_PHASE_EXTRAS,
    SNAPSHOT_PHASE_CORE_FILE,
    SNAPSHOT_PHASE_EXTRAS_FILE,
    SNAPSHOT_PHASE_STATIC,
    SNAPSHOT_N_PHASES
};

extern const struct snapshot_phase snapshot_phases[SNAPSHOT_N_PHASES];

/*
 * The phases' members, one file each: choose.c (keys to pick), gather.c, parts.c.
 */
void snapshot_keys_select(const struct snapshot *s, size_t index, struct fw_text *sql);
void snapshot_merge_select(const struct snapshot *s, size_t index, struct fw_text *sql);
void snapshot_rank_select(const struct snapshot *s, size_t index, struct fw_text *sql);
void snapshot_pick_select(const struct snapshot *s, size_t index, struct fw_text *sql);
void snapshot_gather_select(const struct snapshot *s, size_t index, struct fw_text *sql);
void snapshot_core_select(const struct snapshot *s, size_t index, struct fw_text *sql);
void snapshot_extras_select(const struct snapshot *s, size_t index, struct fw_text *sql);
void snapshot_core_file_select(const struct snapshot *s, size_t index, struct fw_text *sql);
void snapshot_extras_file_select(const struct snapshot *s, size_t index, struct fw_text *sql);
void snapshot_static_select(const struct snapshot *s, size_t index, struct fw_text *sql);

/** Folder in which the parts of an output are written. */
void snapshot_parts_folder(const struct snapshot *s, const struct fw_output *output,
                           struct fw_text *path);

/** read_parquet([...]) over all files of a finished phase. */
void snapshot_append_files(const struct snapshot *s, size_t phase, struct fw_text *sql);

#endif
