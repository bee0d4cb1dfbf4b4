/* SPDX-License-Identifier: MIT */
/*
 * The gradient as it is before clipping: of the whole model at each step, of layers at quarters;
 * how far a step goes at quarters alone, for it takes a copy of all parameters.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitors.h"
#include "sql/fault.h"
#include "sql/text.h"
#include "state.h"

enum { STATE_VERSION = 1 };

/* A range of the flat arrays that has a name: a layer, or with an empty one the whole model. */
struct part {
    const char *layer;
    uint64_t first, n;
};

struct grad {
    const struct fw_host *host;
    const struct fw_callback_task *task;
    struct part whole;
    struct part *layers;
    uint64_t n_layers;
    struct flags {
        uint32_t clips;   /* a clipped norm was seen: from there on each step has one */
        uint32_t was_bad; /* the gradient that was looked at last was not finite */
    } flags;
};

static void destroy(void *self)
{
    struct grad *g = self;

    free(g->layers);
    free(g);
}

static fw_status create(const struct fw_host *host, const struct fw_callback_task *task,
                        void **ret_self)
{
    struct grad *g = calloc(1, sizeof *g);

    if (g == NULL) {
        return fw_fault_nomem(host);
    }
    g->host = host;
    g->task = task;
    *ret_self = g;
    return FW_OK;
}

/* Tensors of a layer follow each other. */
static fw_status find_layers(struct grad *g, const struct fw_training_info *info)
{
    g->layers = calloc(info->n_tensors + 1, sizeof *g->layers);
    if (g->layers == NULL) {
        return fw_fault_nomem(g->host);
    }
    for (uint64_t i = 0; i < info->n_tensors; i++) {
        const struct fw_training_tensor *tensor = info->tensors[i];
        struct part *last = g->n_layers > 0 ? &g->layers[g->n_layers - 1] : NULL;
        if (last != NULL && strcmp(last->layer, tensor->layer) == 0) {
            last->n += tensor->count;
        } else {
            g->layers[g->n_layers++] = (struct part){tensor->layer, tensor->offset, tensor->count};
        }
    }
    return FW_OK;
}

/* "max_abs" of the whole model, "stem.conv/max_abs" of a layer. */
static const char *name_of(const struct part *part, const char *what, char name[MONITORS_NAME])
{
    bool is_layer = part->layer[0] != '\0';

    snprintf(name, MONITORS_NAME, "%s%s%s", part->layer, is_layer ? "/" : "",
             !is_layer && strcmp(what, "norm") == 0 ? "global_norm" : what);
    return name;
}

static fw_status declare_part(const struct fw_training *training, const struct part *part)
{
    static const struct monitors_metric metrics[] = {
        {"norm", "1", FW_TRAINING_BACKWARD},
        {"max_abs", "1", FW_TRAINING_BACKWARD},
        {"zero_fraction", "1", FW_TRAINING_BACKWARD},
        {"nonfinite", "entries", FW_TRAINING_BACKWARD},
        {"update_ratio", "1", FW_TRAINING_AFTER_STEP},
    };
    char name[MONITORS_NAME];
    fw_status status = FW_OK;

    for (size_t i = 0; i < FW_COUNT(metrics) && status == FW_OK; i++) {
        status = training->declare(training, name_of(part, metrics[i].name, name), metrics[i].unit,
                                   metrics[i].hook);
    }
    return status;
}

static fw_status setup(void *self, const struct fw_training *training)
{
    struct grad *g = self;
    fw_status status = FW_OK;

    g->whole = (struct part){.layer = "", .n = training->info->n_parameters};
    if (fw_callback_value(g->task, "per_layer")->integer != 0) {
        status = find_layers(g, training->info);
    }
    if (status == FW_OK) {
        status = declare_part(training, &g->whole);
    }
    if (status == FW_OK) {
        status = training->declare(training, "global_norm_clipped", "1", FW_TRAINING_BEFORE_STEP);
    }
    for (uint64_t i = 0; i < g->n_layers && status == FW_OK; i++) {
        status = declare_part(training, &g->layers[i]);
    }
    return status;
}

/* What a hook does to the parts that are due at the step that is under way. */
typedef fw_status (*look_at)(struct grad *g, const struct fw_training *training,
                             const struct part *part);

static fw_status look_at_all(struct grad *g, const struct fw_training *training, bool is_due,
                             look_at look)
{
    fw_status status = is_due ? look(g, training, &g->whole) : FW_OK;

    for (uint64_t i = 0; i < g->n_layers && training->quarter != 0 && status == FW_OK; i++) {
        status = look(g, training, &g->layers[i]);
    }
    return status;
}

/* Said when it begins, not at each step that it lasts. */
static void tell_of_bad(struct grad *g, const struct fw_training *training, uint64_t n_bad)
{
    struct fw_text text = {0};

    if (n_bad > 0 && !g->flags.was_bad) {
        fw_text_appendf(&text, "%llu entries of the gradient of step %llu are not finite",
                        (unsigned long long)n_bad, (unsigned long long)training->global_step + 1);
        training->event(training, "nonfinite_grad", fw_text_get(&text));
        fw_text_finish(&text);
    }
    g->flags.was_bad = n_bad > 0;
}

static fw_status look_at_gradient(struct grad *g, const struct fw_training *training,
                                  const struct part *part)
{
    struct fw_training_sums sums = {.struct_size = (uint32_t)sizeof sums};
    char name[MONITORS_NAME];
    fw_status status = training->sums(training, FW_TRAINING_GRADIENTS, part->first, part->n, &sums);

    if (status != FW_OK) {
        return status;
    }
    training->emit(training, name_of(part, "norm", name), sqrt(sums.squares));
    training->emit(training, name_of(part, "max_abs", name), sums.largest);
    training->emit(training, name_of(part, "zero_fraction", name),
                   (double)sums.zeros / (double)part->n);
    training->emit(training, name_of(part, "nonfinite", name), (double)sums.nonfinite);
    if (part == &g->whole) {
        tell_of_bad(g, training, sums.nonfinite);
    }
    return FW_OK;
}

static fw_status look_at_update(struct grad *g, const struct fw_training *training,
                                const struct part *part)
{
    struct fw_training_sums changes = {.struct_size = (uint32_t)sizeof changes};
    struct fw_training_sums weights = {.struct_size = (uint32_t)sizeof weights};
    char name[MONITORS_NAME];
    fw_status status =
        training->sums(training, FW_TRAINING_CHANGES, part->first, part->n, &changes);

    (void)g;
    if (status == FW_OK) {
        status = training->sums(training, FW_TRAINING_PARAMETERS, part->first, part->n, &weights);
    }
    if (status == FW_OK) {
        training->emit(training, name_of(part, "update_ratio", name),
                       sqrt(changes.squares / weights.squares));
    }
    return status;
}

static void say_clipped(struct grad *g, const struct fw_training *training, bool is_due)
{
    g->flags.clips = g->flags.clips || !isnan(training->clipped_norm);
    if (is_due && g->flags.clips) {
        training->emit(training, "global_norm_clipped", training->clipped_norm);
    }
}

static fw_status hook(void *self, const struct fw_training *training)
{
    struct grad *g = self;
    uint64_t step = training->global_step + (training->hook != FW_TRAINING_AFTER_STEP);
    bool is_due = step % (uint64_t)fw_callback_value(g->task, "every_n_steps")->integer == 0;
    bool is_quarter = training->quarter != 0;

    switch (training->hook) {
    case FW_TRAINING_BACKWARD:
        return look_at_all(g, training, is_due, look_at_gradient);
    case FW_TRAINING_BEFORE_STEP:
        say_clipped(g, training, is_due);
        return is_quarter ? training->remember(training) : FW_OK;
    default:
        return look_at_all(g, training, is_quarter, look_at_update);
    }
}

static fw_status save(void *self, struct fw_blob *ret)
{
    const struct grad *g = self;
    struct fw_text state = {0};

    monitors_put(&state, &g->flags, sizeof g->flags);
    return monitors_put_end(&state, g->host, STATE_VERSION, ret);
}

static fw_status restore(void *self, const struct fw_blob *blob)
{
    struct grad *g = self;
    struct monitors_state state = monitors_take_begin(blob, STATE_VERSION);

    monitors_take(&state, &g->flags, sizeof g->flags);
    return monitors_take_end(&state, g->host, true);
}

static const struct fw_param params[] = {
    MONITORS_WHOLE("every_n_steps", "1", "1", "steps", "between two looks at the whole gradient"),
    MONITORS_SWITCH("per_layer", "true", "look at each layer at the end of a quarter"),
};

const struct fw_callback monitors_grad = {
    .struct_size = (uint32_t)sizeof(struct fw_callback),
    .n_params = FW_COUNT(params),
    .kind = "grad",
    .doc = "Norms and extremes of the gradient, and how far a step goes, in all and by layer",
    .params = params,
    .hooks = MONITORS_AT(FW_TRAINING_BACKWARD) | MONITORS_AT(FW_TRAINING_BEFORE_STEP) |
             MONITORS_AT(FW_TRAINING_AFTER_STEP),
    .create = create,
    .setup = setup,
    .hook = hook,
    .save = save,
    .restore = restore,
    .destroy = destroy,
};
