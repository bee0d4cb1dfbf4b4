/* SPDX-License-Identifier: MIT */
#include "config/pipeline.h"

#include "base/path.h"
#include "config/load.h"
#include "config/schema.h"

char *fw_pipeline_path(const struct fw_pipeline *pipeline, const struct fw_cfg_node *node,
                       const char *path)
{
    if (*path == '/') {
        return fw_path_join("/", path);
    }
    if (fw_cfg_get(&pipeline->cfg.root, "root") || strcmp(node->file, FW_CFG_CLI) == 0) {
        return fw_path_join(pipeline->root, path);
    }
    fw_auto(free) char *folder = fw_path_folder(node->file);
    fw_auto(free) char *absolute = folder ? fw_path_absolute(folder) : NULL;
    return absolute ? fw_path_join(absolute, path) : NULL;
}

static int compare_names(const void *a, const void *b)
{
    const struct fw_pipeline_stage *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

const struct fw_pipeline_stage *fw_pipeline_find(const struct fw_pipeline *pipeline,
                                                 const char *name)
{
    const struct fw_pipeline_stage wanted = {.name = name}, *key = &wanted;
    const struct fw_pipeline_stage **found =
        pipeline->by_name
            ? bsearch(&key, pipeline->by_name, pipeline->stages.len, sizeof key, compare_names)
            : NULL;
    return found ? *found : NULL;
}

/* Sorts what to find stages by; glibc's sort keeps those of one name in file order. */
static void index_stages(struct fw_pipeline *pipeline, struct fw_diag *diag)
{
    const struct fw_pipeline_stage **list = calloc(pipeline->stages.len + 1, sizeof *list);
    diag->oom |= !list;
    for (size_t i = 0; list && i < pipeline->stages.len; i++) {
        list[i] = &pipeline->stages.items[i];
    }
    if (list) {
        qsort(list, pipeline->stages.len, sizeof *list, compare_names);
    }
    for (size_t i = 1; list && i < pipeline->stages.len; i++) {
        if (*list[i]->name && strcmp(list[i]->name, list[i - 1]->name) == 0) {
            fw_diag_node(diag, list[i]->node, "the stage of this name stands at %s:%d already",
                         list[i - 1]->node->file, list[i - 1]->node->line);
        }
    }
    pipeline->by_name = list;
}

/* A stage that another one refers to must be there; else the nearest name is offered. */
static void check_reference(const struct fw_pipeline *pipeline,
                            const struct fw_pipeline_stage *stage,
                            const struct fw_pipeline_source *source, struct fw_diag *diag)
{
    if (strcmp(stage->name, source->stage) == 0) {
        fw_diag_node(diag, source->node, "the stage refers to itself");
    } else if (!fw_pipeline_find(pipeline, source->stage)) {
        fw_diag_absent(diag, source->node, "stage", source->stage,
                       fw_cfg_get(&pipeline->cfg.root, "stages"));
    }
}

static void check_references(const struct fw_pipeline *pipeline, struct fw_diag *diag)
{
    for (size_t i = 0; i < pipeline->stages.len; i++) {
        const struct fw_pipeline_stage *stage = &pipeline->stages.items[i];
        for (size_t k = 0; k <= stage->in.len; k++) {
            const struct fw_pipeline_input *input =
                k < stage->in.len ? &stage->in.items[k] : &stage->after;
            for (size_t n = 0; n < input->len; n++) {
                if (input->items[n].stage) {
                    check_reference(pipeline, stage, &input->items[n], diag);
                }
            }
        }
    }
}

/* `root` first, for it says what other paths are relative to. */
static bool settle_root(struct fw_pipeline *pipeline, struct fw_diag *diag)
{
    const struct fw_cfg_node *root = fw_cfg_get(&pipeline->cfg.root, "root");
    bool given = root && root->kind == FW_CFG_STRING;
    if (root && !given) {
        fw_diag_node(diag, root, "expected the path of a folder");
    }
    bool own = !given || strcmp(root->file, FW_CFG_CLI) == 0;
    fw_auto(free) char *folder = fw_path_folder(own ? pipeline->file : root->file);
    fw_auto(free) char *absolute = folder ? fw_path_absolute(folder) : NULL;
    pipeline->root = absolute ? fw_path_join(absolute, given ? root->text : ".") : NULL;
    diag->oom = diag->oom || !pipeline->root;
    return pipeline->root != NULL;
}

/* What is not given and has no constant for a default. */
static void fill_defaults(struct fw_pipeline *pipeline, struct fw_diag *diag)
{
    if (!pipeline->run_root) {
        pipeline->run_root = fw_path_join(pipeline->root, "runs");
    }
    if (!pipeline->name) {
        const char *name = fw_path_name(pipeline->file);
        pipeline->name = strndup(name, strcspn(name, "."));
        if (pipeline->name && !fw_cfg_is_name(pipeline->name)) {
            fw_diag_at(diag, pipeline->file, 0,
                       "give the pipeline a name: the file's own has "
                       "other characters than letters, digits, _ and -");
        }
    }
    diag->oom = diag->oom || !pipeline->run_root || !pipeline->name;
}

int fw_pipeline_load(const char *path, const struct fw_strings *sets,
                     struct fw_pipeline *ret_pipeline, struct fw_diag *diag)
{
    struct fw_pipeline pipeline = {.heartbeat_s = 30, .stall_s = 600};
    if (fw_cfg_load(path, sets, &pipeline.cfg, diag) < 0) {
        return -1;
    }
    pipeline.file = pipeline.cfg.files.items[0];
    if (!settle_root(&pipeline, diag)) {
        fw_pipeline_finish(&pipeline);
        return -1;
    }
    fw_cfg_schema_read(&pipeline, diag);
    fill_defaults(&pipeline, diag);
    index_stages(&pipeline, diag);
    check_references(&pipeline, diag);
    const struct fw_cfg_node *stages = fw_cfg_get(&pipeline.cfg.root, "stages");
    if (pipeline.stages.len == 0) {
        fw_diag_at(diag, stages ? stages->file : pipeline.file, stages ? stages->line : 0,
                   "there are no stages, so nothing would run: expected stages : { NAME : { use = "
                   "...; }; }");
    }
    *ret_pipeline = pipeline;
    return 0;
}

static void finish_input(struct fw_pipeline_input *input)
{
    for (size_t i = 0; i < input->len; i++) {
        free(input->items[i].path);
        free(input->items[i].stage);
        free(input->items[i].port);
    }
    free(input->items);
}

static void finish_stage(struct fw_pipeline_stage *stage)
{
    for (size_t i = 0; i < stage->in.len; i++) {
        finish_input(&stage->in.items[i]);
    }
    for (size_t i = 0; i < stage->out.len; i++) {
        free(stage->out.items[i].path);
    }
    finish_input(&stage->after);
    free(stage->in.items);
    free(stage->out.items);
    free(stage->resources.temp);
    free(stage->manifest);
}

void fw_pipeline_finish(struct fw_pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->stages.len; i++) {
        finish_stage(&pipeline->stages.items[i]);
    }
    free(pipeline->stages.items);
    free(pipeline->by_name);
    free(pipeline->name);
    free(pipeline->root);
    free(pipeline->run_root);
    free(pipeline->resources.temp);
    fw_cfg_finish(&pipeline->cfg);
    *pipeline = (struct fw_pipeline){0};
}
