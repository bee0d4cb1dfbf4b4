/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "config/pipeline.h"
#include "config/schema.h"
#include "fuzz.h"

static void check_scalar(const struct fw_cfg_node *node)
{
    fw_auto(free) char *text = fw_cfg_value_text(node);
    double value;
    FUZZ_CHECK(text != NULL);
    if ((node->kind == FW_CFG_INT || node->kind == FW_CFG_FLOAT) && isfinite(node->real)) {
        FUZZ_CHECK(fw_number_parse(text, &value) && value == node->real);
    }
    FUZZ_CHECK(node->kind != FW_CFG_STRING || node->text != NULL);
}

static void check_tree(const struct fw_cfg_node *node)
{
    fw_auto(free) char *path = fw_cfg_path(node);
    FUZZ_CHECK(path != NULL);
    FUZZ_CHECK(node->file != NULL);
    if (node->kind > FW_CFG_ARRAY) {
        check_scalar(node);
    }
    for (size_t i = 0; i < node->len; i++) {
        const struct fw_cfg_node *item = &node->items[i];
        FUZZ_CHECK((item->name != NULL) == (node->kind == FW_CFG_GROUP));
        FUZZ_CHECK(item->name == NULL || fw_cfg_get(node, item->name) == item);
        FUZZ_CHECK(item->line >= 1);
        check_tree(item);
    }
}

/* Each mistake says what; one in a setting says where too. */
static void check_mistakes(struct fw_diag *diag)
{
    fw_auto(str) struct fw_str out = {0};
    for (size_t i = 0; i < diag->len; i++) {
        const struct fw_diag_item *item = &diag->items[i];
        bool setting = item->path != NULL && *item->path != '\0';
        FUZZ_CHECK(item->text != NULL && *item->text != '\0');
        FUZZ_CHECK(!setting || (item->file != NULL && item->line >= 1));
        FUZZ_CHECK(item->file != NULL);
    }
    fw_diag_print(diag, &out);
    FUZZ_CHECK(!out.oom && !diag->oom && (diag->len == 0) == (out.len == 0));
}

static void check_sources(const struct fw_pipeline *pipeline, const struct fw_pipeline_input *input)
{
    for (size_t i = 0; i < input->len; i++) {
        const struct fw_pipeline_source *source = &input->items[i];
        FUZZ_CHECK(source->path != NULL ? *source->path == '/' && source->stage == NULL
                                        : fw_pipeline_find(pipeline, source->stage) != NULL);
    }
}

/* What has no mistakes can be planned without looking again. */
static void check_pipeline(const struct fw_pipeline *pipeline)
{
    FUZZ_CHECK(fw_cfg_is_name(pipeline->name) && *pipeline->run_root == '/' &&
               *pipeline->root == '/' && pipeline->stages.len > 0);
    FUZZ_CHECK(pipeline->heartbeat_s <= 30 && pipeline->stall_s >= 1);
    for (size_t i = 0; i < pipeline->stages.len; i++) {
        const struct fw_pipeline_stage *stage = &pipeline->stages.items[i];
        FUZZ_CHECK(fw_cfg_is_name(stage->name) && stage->use != NULL);
        check_sources(pipeline, &stage->after);
        for (size_t k = 0; k < stage->in.len; k++) {
            check_sources(pipeline, &stage->in.items[k]);
        }
        for (size_t k = 0; k < stage->out.len; k++) {
            FUZZ_CHECK(*stage->out.items[k].path == '/');
        }
    }
}

/* Input: p.cfg, and behind a NUL one --set. Beside it lie base.cfg, for extends and @include, and
 * loop.cfg, which extends it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char base[] = "vars : { a = \"x\"; n = 7; };\nseed = 3;\n";
    static const char loop[] = "extends = \"p.cfg\";\n";
    struct fuzz_parts parts = fuzz_split(data, size);
    struct fw_strings sets = {.items = &parts.rest, .len = parts.rest_size > 0};
    struct fw_pipeline pipeline;
    fw_auto(diag) struct fw_diag diag = {0};
    fuzz_write(fuzz_path("base.cfg"), base, sizeof base - 1);
    fuzz_write(fuzz_path("loop.cfg"), loop, sizeof loop - 1);
    fuzz_write(fuzz_path("p.cfg"), parts.text, parts.text_size);
    if (fw_pipeline_load(fuzz_path("p.cfg"), &sets, &pipeline, &diag) == 0) {
        check_tree(&pipeline.cfg.root);
        if (!fw_diag_any(&diag)) {
            check_pipeline(&pipeline);
        }
        fw_pipeline_finish(&pipeline);
    } else {
        FUZZ_CHECK(fw_diag_any(&diag));
    }
    check_mistakes(&diag);
    fuzz_parts_finish(&parts);
    return 0;
}
