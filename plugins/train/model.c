/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "net/census.h"
#include "net/mlp.h"
#include "net/patchtst.h"
#include "net/resnet.h"
#include "report/json.h"
#include "train.h"

enum { HIDDEN_MOST = 32, SPARE_POSITIONS = 10 };

static uint32_t whole(const struct train *train, const char *param)
{
    return (uint32_t)fw_task_integer(train->task, param);
}

static uint32_t outputs_of(const struct train *train)
{
    return train->info->binary ? 1 : train->info->n_classes;
}

static struct fw_net_shape shape_of(const struct train *train)
{
    return (struct fw_net_shape){train->info->channels, train->info->rows, train->info->cols};
}

/* --- resnet --- */

static struct fw_resnet_width width_of(const struct train *train)
{
    return (struct fw_resnet_width){.base = whole(train, "base_width"),
                                    .stages = whole(train, "stages"),
                                    .blocks = whole(train, "blocks"),
                                    .mult = fw_task_real(train->task, "width_mult"),
                                    .min_channels = whole(train, "min_channels")};
}

static struct fw_resnet resnet_of(const struct train *train)
{
    const struct fw_resnet_width width = width_of(train);

    return fw_resnet_of(shape_of(train), outputs_of(train), &width,
                        strcmp(fw_task_text(train->task, "norm"), "batch") == 0);
}

static fw_status build_resnet(struct train *train)
{
    const struct fw_resnet resnet = resnet_of(train);

    return fw_resnet_build(train->net, &resnet);
}

static void describe_resnet(const struct train *train, cJSON *document)
{
    const struct fw_resnet resnet = resnet_of(train);
    cJSON *stages = cJSON_AddArrayToObject(document, "stages");

    cJSON_AddNumberToObject(document, "stem", resnet.stem);
    cJSON_AddBoolToObject(document, "norm", resnet.has_norm);
    for (uint32_t i = 0; i < resnet.n_stages; i++) {
        cJSON *stage = cJSON_CreateObject();
        cJSON_AddNumberToObject(stage, "channels", resnet.stages[i].channels);
        cJSON_AddNumberToObject(stage, "blocks", resnet.stages[i].blocks);
        cJSON_AddNumberToObject(stage, "stride", resnet.stages[i].stride);
        cJSON_AddItemToArray(stages, stage);
    }
}

/* --- patchtst --- */

static struct fw_patchtst patchtst_of(const struct train *train)
{
    return (struct fw_patchtst){
        .channels = (uint32_t)train->info->cols,
        .context = (uint32_t)train->info->rows,
        .patch = whole(train, "patch_len"),
        .stride = whole(train, "patch_stride"),
        .spare = SPARE_POSITIONS,
        .d_model = whole(train, "d_model"),
        .layers = whole(train, "layers"),
        .heads = whole(train, "heads"),
        .d_ff = whole(train, "d_ff"),
        .dropout = fw_task_real(train->task, "dropout"),
        .head_dropout = fw_task_real(train->task, "head_dropout"),
    };
}

static fw_status build_patchtst(struct train *train)
{
    const struct fw_patchtst patchtst = patchtst_of(train);

    if (outputs_of(train) != 1) {
        return fw_faultf(train->host, FW_E_CONFIG, "model", "choose mlp or resnet",
                         "patchtst tells two classes of a table apart; the data have %u",
                         train->info->n_classes);
    }
    return fw_patchtst_build(train->net, &patchtst);
}

static void describe_patchtst(const struct train *train, cJSON *document)
{
    const struct fw_patchtst patchtst = patchtst_of(train);

    cJSON_AddNumberToObject(document, "patch_len", patchtst.patch);
    cJSON_AddNumberToObject(document, "patch_stride", patchtst.stride);
    cJSON_AddNumberToObject(document, "spare_positions", patchtst.spare);
    cJSON_AddNumberToObject(document, "d_model", patchtst.d_model);
    cJSON_AddNumberToObject(document, "layers", patchtst.layers);
    cJSON_AddNumberToObject(document, "heads", patchtst.heads);
    cJSON_AddNumberToObject(document, "d_ff", patchtst.d_ff);
    cJSON_AddNumberToObject(document, "dropout", patchtst.dropout);
    cJSON_AddNumberToObject(document, "head_dropout", patchtst.head_dropout);
}

/* --- mlp, and logistic regression, which is one without hidden layers --- */

static fw_status read_hidden(const struct train *train, uint32_t hidden[HIDDEN_MOST],
                             struct fw_mlp *mlp)
{
    const struct fw_value *value = fw_task_value(train->task, "hidden");

    for (uint64_t i = 0; i < value->n; i++) {
        if (i == HIDDEN_MOST || !(value->reals[i] >= 1 && value->reals[i] <= 1 << 20) ||
            value->reals[i] != (double)(uint32_t)value->reals[i]) {
            return fw_faultf(train->host, FW_E_CONFIG, "hidden", NULL,
                             "%g is no number of units, or there are more than %d layers",
                             value->reals[i], HIDDEN_MOST);
        }
        hidden[i] = (uint32_t)value->reals[i];
    }
    mlp->hidden = hidden;
    mlp->n_hidden = (uint32_t)value->n;
    return FW_OK;
}

static bool is_gelu(const struct train *train)
{
    return strcmp(fw_task_text(train->task, "activation"), "gelu") == 0;
}

static fw_status build_mlp(struct train *train)
{
    uint32_t hidden[HIDDEN_MOST];
    struct fw_mlp mlp = {.input = shape_of(train),
                         .activation = is_gelu(train) ? FW_MLP_GELU : FW_MLP_RELU,
                         .outputs = outputs_of(train),
                         .dropout = fw_task_real(train->task, "dropout")};
    fw_status status = read_hidden(train, hidden, &mlp);

    return status == FW_OK ? fw_mlp_build(train->net, &mlp) : status;
}

static void describe_mlp(const struct train *train, cJSON *document)
{
    const struct fw_value *hidden = fw_task_value(train->task, "hidden");

    cJSON_AddItemToObject(document, "hidden",
                          cJSON_CreateDoubleArray(hidden->reals, (int)hidden->n));
    cJSON_AddStringToObject(document, "activation", fw_task_text(train->task, "activation"));
    cJSON_AddNumberToObject(document, "dropout", fw_task_real(train->task, "dropout"));
}

static fw_status build_logistic(struct train *train)
{
    const struct fw_mlp mlp = {.input = shape_of(train), .outputs = outputs_of(train)};

    return fw_mlp_build(train->net, &mlp);
}

static void describe_logistic(const struct train *train, cJSON *document)
{
    (void)train;
    (void)document;
}

/* --- any --- */

static const struct model {
    const char *name;
    fw_status (*build)(struct train *train);
    void (*describe)(const struct train *train, cJSON *document);
} models[] = {
    {"resnet", build_resnet, describe_resnet},
    {"patchtst", build_patchtst, describe_patchtst},
    {"mlp", build_mlp, describe_mlp},
    {"logistic", build_logistic, describe_logistic},
};

static const struct model *model_of(const struct train *train)
{
    const struct model *model = models;

    while (strcmp(model->name, fw_task_text(train->task, "model")) != 0) {
        model++;
    }
    return model;
}

fw_status train_model_build(struct train *train)
{
    train->columns = outputs_of(train);
    train->loss_kind = train->columns == 1 ? FW_NET_BINARY_ENTROPY : FW_NET_CROSS_ENTROPY;
    fw_status status = fw_net_create(&train->relay.host, FW_F32, &train->net);
    return status == FW_OK ? model_of(train)->build(train) : status;
}

cJSON *train_model_document(const struct train *train)
{
    cJSON *document = cJSON_CreateObject();

    cJSON_AddStringToObject(document, "kind", model_of(train)->name);
    cJSON_AddNumberToObject(document, "outputs", (double)train->columns);
    cJSON_AddItemToObject(document, "parameters", fw_json_int((int64_t)train->net->n_parameters));
    model_of(train)->describe(train, document);
    return document;
}

static cJSON *names_of(const char *const *names, uint64_t n)
{
    return names != NULL ? cJSON_CreateStringArray(names, (int)n) : cJSON_CreateNull();
}

cJSON *train_data_document(const struct train *train)
{
    const struct fw_dataset_info *info = train->info;
    cJSON *document = cJSON_CreateObject();

    cJSON_AddStringToObject(document, "kind", info->kind);
    cJSON_AddNumberToObject(document, "channels", (double)info->channels);
    cJSON_AddNumberToObject(document, "rows", (double)info->rows);
    cJSON_AddNumberToObject(document, "cols", (double)info->cols);
    cJSON_AddNumberToObject(document, "classes", info->n_classes);
    cJSON_AddBoolToObject(document, "binary", info->binary);
    cJSON_AddItemToObject(document, "features", names_of(info->columns, info->cols));
    cJSON_AddItemToObject(document, "class_names", names_of(info->class_names, info->n_classes));
    return document;
}
