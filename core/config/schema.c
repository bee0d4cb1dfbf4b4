/* SPDX-License-Identifier: MIT */
#include "config/schema.h"

#include <ctype.h>

#include "base/machine.h"
#include "base/number.h"

/*
 * The settings of a pipeline as tables: a key, the function that takes its value, and the field
 * of the struct at hand that the value goes to.
 */
struct reader {
    struct fw_pipeline *pipeline;
    struct fw_diag *diag;
    const struct key *key;          /* the one being read, */
    const struct fw_cfg_node *node; /* and its value */
};

struct key {
    const char *name;
    void (*take)(struct reader *reader, void *field); /* NULL: looked at elsewhere */
    size_t offset;
    enum fw_cfg_kind kind;        /* of a plain value */
    double min, max;              /* of a number */
    const char *const choices[2]; /* of a choice, for false and true */
};

bool fw_cfg_is_name(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return len > 0 && len <= 64 && text[len] == '\0' && isalnum((unsigned char)*text);
}

/* Reads the members of a group by its table. */
static void take_members(const struct reader *outer, const struct key *keys, size_t n_keys,
                         const struct fw_cfg_node *group, void *target)
{
    const char *names[16];
    for (size_t k = 0; k < n_keys; k++) {
        names[k] = keys[k].name;
    }
    for (size_t i = 0; i < group->len; i++) {
        struct reader reader = {outer->pipeline, outer->diag, keys, &group->items[i]};
        const struct key *end = keys + n_keys;
        while (reader.key < end && strcmp(reader.key->name, reader.node->name) != 0) {
            reader.key++;
        }
        if (reader.key == end) {
            fw_diag_unknown(reader.diag, reader.node, names, n_keys);
        } else if (reader.key->take) {
            reader.key->take(&reader, (char *)target + reader.key->offset);
        }
    }
}

static bool expect(struct reader *reader, enum fw_cfg_kind kind)
{
    if (reader->node->kind != kind) {
        fw_diag_node(reader->diag, reader->node, "expected %s, found %s", fw_cfg_kind_name(kind),
                     fw_cfg_kind_name(reader->node->kind));
        return false;
    }
    return true;
}

/* Notes a failed allocation with the mistakes. */
static void *keep(struct reader *reader, void *memory)
{
    reader->diag->oom = reader->diag->oom || !memory;
    return memory;
}

static void take_plain(struct reader *reader, void *field)
{
    const struct fw_cfg_node *node = reader->node;
    if (!expect(reader, reader->key->kind)) {
        return;
    }
    if (node->kind == FW_CFG_STRING) {
        *(const char **)field = node->text;
    } else if (node->kind == FW_CFG_BOOL) {
        *(bool *)field = node->truth;
    } else if (node->kind == FW_CFG_INT) {
        *(int64_t *)field = node->integer;
    } else {
        *(const struct fw_cfg_node **)field = node;
    }
}

static void take_name(struct reader *reader, void *field)
{
    if (!expect(reader, FW_CFG_STRING)) {
        return;
    }
    if (!fw_cfg_is_name(reader->node->text)) {
        fw_diag_node(reader->diag, reader->node, "expected at most 64 letters, digits, _ and -");
    }
    *(char **)field = keep(reader, strdup(reader->node->text));
}

static char *path_of(struct reader *reader, const struct fw_cfg_node *node)
{
    return keep(reader, fw_pipeline_path(reader->pipeline, node, node->text));
}

static void take_path(struct reader *reader, void *field)
{
    if (expect(reader, FW_CFG_STRING)) {
        *(char **)field = path_of(reader, reader->node);
    }
}

static void take_choice(struct reader *reader, void *field)
{
    const char *const *choices = reader->key->choices;
    for (int i = 0; i < 2; i++) {
        if (reader->node->kind == FW_CFG_STRING && strcmp(reader->node->text, choices[i]) == 0) {
            *(bool *)field = i == 1;
            return;
        }
    }
    fw_diag_node(reader->diag, reader->node, "expected \"%s\" or \"%s\"", choices[0], choices[1]);
}

static void take_durability(struct reader *reader, void *field)
{
    bool durable = false;
    take_choice(reader, &durable);
    *(enum fw_durability *)field = durable ? FW_DURABLE_FSYNC : FW_DURABLE_RENAME;
}

static void take_threads(struct reader *reader, void *field)
{
    const struct fw_cfg_node *node = reader->node;
    if (node->kind != FW_CFG_INT || node->integer < 1 || node->integer > 4096) {
        fw_diag_node(reader->diag, node, "expected an integer from 1 to 4096");
        return;
    }
    *(uint32_t *)field = (uint32_t)node->integer;
}

static void take_seconds(struct reader *reader, void *field)
{
    const struct fw_cfg_node *node = reader->node;
    struct fw_error err = {.text = "expected a duration, as in \"30s\""};
    double seconds = node->real;
    bool number = node->kind == FW_CFG_INT || node->kind == FW_CFG_FLOAT;
    bool text = node->kind == FW_CFG_STRING && fw_duration_parse(node->text, &seconds, &err) == 0;
    if (!number && !text) {
        fw_diag_node(reader->diag, node, "%s", err.text);
    } else if (seconds < reader->key->min || seconds > reader->key->max) {
        fw_diag_node(reader->diag, node, "expected %g to %g seconds", reader->key->min,
                     reader->key->max);
    } else {
        *(double *)field = seconds;
    }
}

static void take_size(struct reader *reader, void *field)
{
    const struct fw_cfg_node *node = reader->node;
    struct fw_error err = {.text = "expected a size above 0, as in \"8GB\""};
    uint64_t bytes = node->kind == FW_CFG_INT && node->integer > 0 ? (uint64_t)node->integer : 0;
    if (node->kind == FW_CFG_STRING) {
        struct fw_machine machine = {0};
        if (strchr(node->text, '%')) {
            fw_machine_look(&machine);
        }
        fw_size_parse(node->text, machine.memory_bytes, &bytes, &err);
    }
    if (bytes == 0) {
        fw_diag_node(reader->diag, node, "%s", err.text);
        return;
    }
    *(uint64_t *)field = bytes;
}

#define FIELD(member) offsetof(struct fw_pipeline_resources, member)
static const struct key resource_keys[] = {
    {.name = "threads", .take = take_threads, .offset = FIELD(threads)},
    {.name = "memory", .take = take_size, .offset = FIELD(memory_bytes)},
    {.name = "temp", .take = take_path, .offset = FIELD(temp)},
    {.name = "temp_limit", .take = take_size, .offset = FIELD(temp_bytes)},
    {.name = "compute", .take = take_plain, .offset = FIELD(compute), .kind = FW_CFG_STRING},
};
#undef FIELD

static void take_resources(struct reader *reader, void *field)
{
    if (expect(reader, FW_CFG_GROUP)) {
        take_members(reader, resource_keys, sizeof resource_keys / sizeof *resource_keys,
                     reader->node, field);
    }
}

#define FIELD(member) offsetof(struct fw_pipeline_preflight, member)
static const struct key preflight_keys[] = {
    {.name = "min_free", .take = take_size, .offset = FIELD(min_free_bytes)},
    {.name = "min_memory", .take = take_size, .offset = FIELD(min_memory_bytes)},
    {.name = "clean_git", .take = take_plain, .offset = FIELD(clean_git), .kind = FW_CFG_BOOL},
};
#undef FIELD

static void take_preflight(struct reader *reader, void *field)
{
    if (expect(reader, FW_CFG_GROUP)) {
        ((struct fw_pipeline_preflight *)field)->given = true;
        take_members(reader, preflight_keys, sizeof preflight_keys / sizeof *preflight_keys,
                     reader->node, field);
    }
}

/* Adds what one string says to the sources of a port; `stage_only` reads a bare stage name. */
static void add_source(struct reader *reader, const struct fw_cfg_node *node, bool stage_only,
                       struct fw_pipeline_input *input)
{
    const char *dot = strchr(node->kind == FW_CFG_STRING ? node->text : "", '.');
    if (node->kind != FW_CFG_STRING || !*node->text) {
        fw_diag_node(reader->diag, node, "expected %s, or a list of them",
                     stage_only ? "the name of a stage" : "a path or \"@stage.port\"");
        return;
    }
    if (!stage_only && *node->text == '@' && (!dot || dot == node->text + 1 || !dot[1])) {
        fw_diag_node(reader->diag, node, "expected \"@stage.port\"");
        return;
    }
    struct fw_pipeline_source *source = keep(reader, fw_vec_add(input));
    if (!source) {
        return;
    }
    source->node = node;
    if (stage_only) {
        source->stage = keep(reader, strdup(node->text));
    } else if (*node->text == '@') {
        source->stage = keep(reader, strndup(node->text + 1, (size_t)(dot - node->text - 1)));
        source->port = keep(reader, strdup(dot + 1));
    } else {
        source->path = path_of(reader, node);
    }
}

static void add_sources(struct reader *reader, const struct fw_cfg_node *node, bool stage_only,
                        struct fw_pipeline_input *input)
{
    bool many = node->kind == FW_CFG_LIST || node->kind == FW_CFG_ARRAY;
    input->port = node->name;
    input->node = node;
    for (size_t i = 0; i < (many ? node->len : 1); i++) {
        add_source(reader, many ? &node->items[i] : node, stage_only, input);
    }
    if (many && node->len == 0) {
        fw_diag_node(reader->diag, node, "the list is empty");
    }
}

static void take_after(struct reader *reader, void *field)
{
    add_sources(reader, reader->node, true, field);
}

static void take_inputs(struct reader *reader, void *field)
{
    struct fw_pipeline_inputs *inputs = field;
    for (size_t i = 0; expect(reader, FW_CFG_GROUP) && i < reader->node->len; i++) {
        struct fw_pipeline_input *input = keep(reader, fw_vec_add(inputs));
        if (input) {
            add_sources(reader, &reader->node->items[i], false, input);
        }
    }
}

static void take_outputs(struct reader *reader, void *field)
{
    struct fw_pipeline_outputs *outputs = field;
    for (size_t i = 0; expect(reader, FW_CFG_GROUP) && i < reader->node->len; i++) {
        const struct fw_cfg_node *node = &reader->node->items[i];
        struct fw_pipeline_output *output = keep(reader, fw_vec_add(outputs));
        if (output) {
            output->port = node->name;
            output->node = node;
            take_path(&(struct reader){reader->pipeline, reader->diag, NULL, node}, &output->path);
        }
    }
}

#define FIELD(member) offsetof(struct fw_pipeline_stage, member)
static const struct key stage_keys[] = {
    {.name = "use", .take = take_plain, .offset = FIELD(use), .kind = FW_CFG_STRING},
    {.name = "in", .take = take_inputs, .offset = FIELD(in)},
    {.name = "out", .take = take_outputs, .offset = FIELD(out)},
    {.name = "after", .take = take_after, .offset = FIELD(after)},
    {.name = "params", .take = take_plain, .offset = FIELD(params), .kind = FW_CFG_GROUP},
    {.name = "gate", .take = take_plain, .offset = FIELD(gate), .kind = FW_CFG_GROUP},
    {.name = "manifest", .take = take_path, .offset = FIELD(manifest)},
    {.name = "resources", .take = take_resources, .offset = FIELD(resources)},
    {.name = "materialize", .take = take_plain, .offset = FIELD(materialize), .kind = FW_CFG_BOOL},
    {.name = "isolate",
     .take = take_choice,
     .offset = FIELD(isolated),
     .choices = {"none", "process"}},
    {.name = "allow_empty", .take = take_plain, .offset = FIELD(allow_empty), .kind = FW_CFG_BOOL},
};
#undef FIELD

static void take_stage(struct reader *reader, const struct fw_cfg_node *node)
{
    struct fw_pipeline_stage *stage = keep(reader, fw_vec_add(&reader->pipeline->stages));
    if (!stage) {
        return;
    }
    *stage = (struct fw_pipeline_stage){
        .name = node->name, .node = node, .materialize = true, .isolated = true};
    if (!*node->name) {
        fw_diag_node(reader->diag, node,
                     "expected a group that says its name, as in { name = \"daily\"; use = ...; }");
    } else if (!fw_cfg_is_name(node->name)) {
        fw_diag_node(reader->diag, node, "expected a name of letters, digits, _ and -");
    }
    if (node->kind != FW_CFG_GROUP) {
        fw_diag_node(reader->diag, node, "expected a group, as in NAME : { use = ...; }");
        return;
    }
    take_members(reader, stage_keys, sizeof stage_keys / sizeof *stage_keys, node, stage);
    if (!fw_cfg_get(node, "use")) {
        fw_diag_node(reader->diag, node,
                     "the setting \"use\" is missing: expected the name of a "
                     "plugin's stage");
    }
}

static void take_stages(struct reader *reader, void *field)
{
    (void)field;
    for (size_t i = 0; expect(reader, FW_CFG_GROUP) && i < reader->node->len; i++) {
        take_stage(reader, &reader->node->items[i]);
    }
}

static void take_extends(struct reader *reader, void *field)
{
    (void)field;
    if (strcmp(reader->node->file, FW_CFG_CLI) == 0) {
        fw_diag_node(reader->diag, reader->node, "works only inside a file");
    }
}

#define FIELD(member) offsetof(struct fw_pipeline, member)
static const struct key pipeline_keys[] = {
    {.name = "name", .take = take_name, .offset = FIELD(name)},
    {.name = "root"},
    {.name = "run_root", .take = take_path, .offset = FIELD(run_root)},
    {.name = "extends", .take = take_extends},
    {.name = "vars", .take = take_plain, .offset = FIELD(vars), .kind = FW_CFG_GROUP},
    {.name = "preflight", .take = take_preflight, .offset = FIELD(preflight)},
    {.name = "resources", .take = take_resources, .offset = FIELD(resources)},
    {.name = "seed", .take = take_plain, .offset = FIELD(seed), .kind = FW_CFG_INT},
    {.name = "durability",
     .take = take_durability,
     .offset = FIELD(durability),
     .choices = {"rename", "fsync"}},
    {.name = "on_error",
     .take = take_choice,
     .offset = FIELD(keep_going),
     .choices = {"stop", "continue"}},
    {.name = "heartbeat_s",
     .take = take_seconds,
     .offset = FIELD(heartbeat_s),
     .min = 0.05,
     .max = 30},
    {.name = "stall_s", .take = take_seconds, .offset = FIELD(stall_s), .min = 1, .max = 1e6},
    {.name = "stages", .take = take_stages},
};
#undef FIELD

void fw_cfg_schema_read(struct fw_pipeline *pipeline, struct fw_diag *diag)
{
    struct reader reader = {.pipeline = pipeline, .diag = diag};
    take_members(&reader, pipeline_keys, sizeof pipeline_keys / sizeof *pipeline_keys,
                 &pipeline->cfg.root, pipeline);
}
