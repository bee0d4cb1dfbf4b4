/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CONFIG_PIPELINE_H
#define FW_CORE_CONFIG_PIPELINE_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "base/fs.h"
#include "config/diag.h"
#include "config/node.h"

/*
 * A pipeline as its configuration describes it: plain data, nothing loaded, nothing looked up on
 * disk. Paths are absolute: relative ones are taken from `root` where the pipeline sets it, else
 * from the folder of the file that the setting stands in (settings from --set: of the pipeline's
 * own file). Strings and nodes without an owner named here are borrowed from `cfg`.
 */
struct fw_pipeline_resources {
    uint32_t threads;      /* 0: not given */
    uint64_t memory_bytes; /* 0: not given; "60%" is of this machine (base/machine.h) */
    char *temp;            /* folder for scratch files; NULL: not given */
    uint64_t temp_bytes;   /* `temp_limit`: the most that may be used there; 0: not given */
    const char
        *compute; /* which provider of fw.kernels/1: "auto", "cpu", "cuda"; NULL: not given */
};

/* One value of an input port: a path, which may be a pattern, or another stage's output. */
struct fw_pipeline_source {
    char *path;         /* NULL for a reference */
    char *stage, *port; /* of "@stage.port"; NULL for a path */
    const struct fw_cfg_node *node;
};

struct fw_pipeline_input {
    const char *port;
    const struct fw_cfg_node *node;
    struct fw_pipeline_source *items;
    size_t len, cap;
};

struct fw_pipeline_inputs {
    struct fw_pipeline_input *items;
    size_t len, cap;
};

struct fw_pipeline_output {
    const char *port;
    char *path;
    const struct fw_cfg_node *node;
};

struct fw_pipeline_outputs {
    struct fw_pipeline_output *items;
    size_t len, cap;
};

struct fw_pipeline_stage {
    const char *name;
    const char *use; /* the plugin's stage; NULL when the file fails to say (there is a mistake) */
    const struct fw_cfg_node *node; /* file and line of the stage */
    struct fw_pipeline_inputs in;
    struct fw_pipeline_outputs out;
    struct fw_pipeline_input after; /* stages to wait for without reading: sources without a port */
    const struct fw_cfg_node
        *params;                    /* a group to be checked against the plugin's table; or NULL */
    const struct fw_cfg_node *gate; /* a group; or NULL */
    char *manifest;                 /* where a copy of MANIFEST.json goes; NULL: nowhere */
    struct fw_pipeline_resources resources; /* what the stage itself gives */
    bool materialize;                       /* default true */
    bool isolated;                          /* `isolate`: "process" (default) or "none" */
    bool allow_empty;                       /* default false */
};

/* What must hold before anything runs. */
struct fw_pipeline_preflight {
    uint64_t min_free_bytes; /* where outputs and scratch files go; 0: not asked for */
    uint64_t min_memory_bytes;
    bool clean_git; /* the configuration's repository has no changes */
    bool given;
};

struct fw_pipeline_stages {
    struct fw_pipeline_stage *items;
    size_t len, cap;
};

struct fw_pipeline {
    struct fw_cfg cfg;
    const char *file;               /* the configuration's own file, as given */
    const struct fw_cfg_node *vars; /* a group; or NULL */
    char *name;                     /* default: the file's name without its ending */
    char *root;                     /* what --set paths and defaults are relative to; absolute */
    char *run_root;                 /* the folder of run directories, default "runs" */
    struct fw_pipeline_resources resources;
    struct fw_pipeline_preflight preflight;
    int64_t seed;
    enum fw_durability durability;
    bool keep_going; /* `on_error`: "stop" (default) or "continue" */
    double heartbeat_s, stall_s;
    struct fw_pipeline_stages stages;         /* in file order */
    const struct fw_pipeline_stage **by_name; /* the same, sorted */
};

/*
 * Reads and checks a pipeline (see config/load.h). 0: `ret_pipeline` has what is right about it, so
 * that parameters can still be checked; it may run only if !fw_diag_any(diag). -1: nothing could be
 * read. fw_pipeline_finish is due after 0 only.
 */
int fw_pipeline_load(const char *path, const struct fw_strings *sets,
                     struct fw_pipeline *ret_pipeline, struct fw_diag *diag);
void fw_pipeline_finish(struct fw_pipeline *pipeline);

/* The stage of that name, or NULL. */
const struct fw_pipeline_stage *fw_pipeline_find(const struct fw_pipeline *pipeline,
                                                 const char *name);

/* The absolute form of a path that stands in the setting `node` (a parameter of type file, say).
 * The caller's to free; NULL when out of memory. */
char *fw_pipeline_path(const struct fw_pipeline *pipeline, const struct fw_cfg_node *node,
                       const char *path);

static inline void fw_cleanup_pipeline(struct fw_pipeline *pipeline)
{
    fw_pipeline_finish(pipeline);
}

#endif
