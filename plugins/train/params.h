/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_PARAMS_H
#define TRAIN_PARAMS_H

#include <fw/param.h>

#include "callback_host/hub.h"

/* The parameters of the stage, for the one file that declares it. */

#define WHOLE(name_, default_, min_, max_, unit_, doc_)                                            \
    FW_PARAM(.type = FW_PARAM_INT, .name = name_, .default_value = default_, .min = min_,          \
             .max = max_, .unit = unit_, .doc = doc_)
#define NUMBER(name_, default_, min_, max_, doc_)                                                  \
    FW_PARAM(.type = FW_PARAM_REAL, .name = name_, .default_value = default_, .min = min_,         \
             .max = max_, .doc = doc_)
#define CHOICE(name_, default_, choices_, doc_)                                                    \
    FW_PARAM(.type = FW_PARAM_ENUM, .name = name_, .default_value = default_, .choices = choices_, \
             .doc = doc_)
#define FLAG(name_, default_, doc_)                                                                \
    FW_PARAM(.type = FW_PARAM_BOOL, .name = name_, .default_value = default_, .doc = doc_)
#define TEXT(name_, default_, doc_)                                                                \
    FW_PARAM(.type = FW_PARAM_STRING, .name = name_, .default_value = default_, .doc = doc_)

static const struct fw_param train_params[] = {
    /* data */
    CHOICE("source", "gratings", "gratings|cifar10|idx|npz|windows|rows",
           "what to learn from: drawn gratings; folders of CIFAR-10 or IDX in `data`; `train` and "
           "`test`; `features` and `samples`; rows of `features`"),
    NUMBER(
        "val_share", "0.1", "0", "0.9",
        "of each class of the training data, to validate with; not of sources with a part for it"),
    NUMBER("test_share", "0", "0", "0.9", "the same, to test with"),
    FLAG("val_is_test", "false", "the test part validates too; nothing is held back otherwise"),
    WHOLE("split_seed", "0", "0", NULL, NULL, "which samples the shares are; not the run's seed"),
    CHOICE("scaling", "usual", "usual|none|measured",
           "of inputs: as is usual for the source, as they are, or to mean 0 and deviation 1"),
    NUMBER("crop_scale_min", "0", "0", "1", "random resized crops of at least this area; 0: none"),
    WHOLE("crop_pad", "0", "0", "64", "pixels", "zeros around an image that is cropped anywhere"),
    NUMBER("flip", "0", "0", "1", "how often left and right change places"),
    NUMBER("turn", "0", "0", "1", "how often an image makes half a turn"),
    TEXT("input", "x", "npz: array of the samples"),
    TEXT("target", "y", "npz, rows: array or column of the classes"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "columns", .default_value = "",
             .doc = "windows, rows: the features, in the model's order; else all numbers"),
    FLAG("include_ohlcv", "false", "windows without columns: Open, High, Low, Close, Volume too"),
    TEXT("date_column", "Date", "windows: the day of the features"),
    TEXT("date_format", "", "windows: of dates that are text, as in strptime; else 2019-03-01"),
    WHOLE("context", "80", "1", "100000", "days", "windows: rows of one, the day's own the last"),
    WHOLE("horizon", "1", "1", "10000", "days", "windows: which samples"),
    TEXT("split_column", "", "rows: holds train, val or test; none: all train, less the shares"),
    FLAG("header", "true", "rows: whether the first line of a CSV names the columns"),
    WHOLE("size", "16", "4", "1024", "pixels", "gratings: of a side"),
    WHOLE("classes", "10", "2", "1000", NULL, "gratings: how many"),
    WHOLE("n_train", "4096", "2", "10000000", "samples", "gratings: to train with"),
    WHOLE("n_val", "512", "1", "10000000", "samples", "gratings: to validate with"),
    NUMBER("noise", "1", "0", NULL, "gratings: deviation of what is added to each pixel"),
    /* model */
    CHOICE("model", "resnet", "resnet|patchtst|mlp|logistic", "what learns"),
    WHOLE("base_width", "64", "1", "4096", "channels", "resnet: of the first stage"),
    WHOLE("stages", "4", "1", "8", NULL, "resnet: each twice as wide as the one before"),
    WHOLE("blocks", "2", "1", "64", NULL, "resnet: of each stage"),
    CHOICE("norm", "batch", "batch|none", "resnet: none gives convolutions a bias"),
    NUMBER("width_mult", "1", "0.001", "64", "resnet: multiplies all widths"),
    WHOLE("min_channels", "8", "1", "4096", "channels", "resnet: no stage is narrower"),
    WHOLE("d_model", "64", "1", "8192", NULL, "patchtst: numbers of a token"),
    WHOLE("layers", "4", "1", "256", NULL, "patchtst: of the transformer"),
    WHOLE("heads", "4", "1", "256", NULL, "patchtst: of an attention; they divide d_model"),
    WHOLE("d_ff", "256", "1", "65536", NULL, "patchtst: numbers inside a feed-forward part"),
    WHOLE("patch_len", "16", "1", "100000", "days", "patchtst: rows of a token"),
    WHOLE("patch_stride", "8", "1", "100000", "days", "patchtst: from one to the next"),
    NUMBER("head_dropout", "0", "0", "0.99", "patchtst: before the last layer"),
    NUMBER("dropout", "0", "0", "0.99", "patchtst, mlp"),
    FW_PARAM(.type = FW_PARAM_REAL_LIST, .name = "hidden", .default_value = "64",
             .doc = "mlp: units of each hidden layer"),
    CHOICE("activation", "relu", "relu|gelu", "mlp: behind each hidden layer"),
    /* optimiser */
    CHOICE("optimiser", "sgd", "sgd|adam|adamw",
           "decay of sgd and adam is added to the gradient, of adamw it shrinks the weights"),
    NUMBER("lr", "0.1", "0", NULL, "the learning rate"),
    NUMBER("momentum", "0.9", "0", "0.999999", "sgd"),
    NUMBER("beta1", "0.9", "0", "0.999999", "adam, adamw: of the mean gradient"),
    NUMBER("beta2", "0.999", "0", "0.99999999", "adam, adamw: of its square"),
    NUMBER("epsilon", "1e-8", "0", "1", "adam, adamw"),
    NUMBER("weight_decay", "0", "0", NULL, "of all parameters"),
    CHOICE("schedule", "cosine", "cosine|constant", "of the learning rate, per step"),
    NUMBER("warmup_epochs", "0", "0", NULL, "in which the learning rate rises to `lr`"),
    FLAG("cosine_offset", "true", "the half wave begins behind warming up, not at the first step"),
    NUMBER("clip_norm", "0", "0", NULL, "the largest L2 norm of all gradients together; 0: any"),
    WHOLE("epochs", "50", "1", "1000000", NULL, "passes over the training part"),
    WHOLE("batch_size", "128", "1", "1048576", "samples",
          "the last one of an epoch may be smaller; of one sample it is left out"),
    /* when it ends, what is kept */
    CHOICE("validate", "quarter", "quarter|epoch", "how often, with all of the validation part"),
    CHOICE("monitor", "val_loss", "val_loss|val_auc",
           "what of an epoch's last validation says which epoch is the best"),
    NUMBER("min_delta", "0", "0", NULL, "what an epoch must be better by"),
    WHOLE("patience", "0", "0", "1000000", "epochs",
          "without a better one end the training; 0: they do not"),
    FLAG("restore_best", "true", "answer with the best epoch's weights, not with the last one's"),
    WHOLE("save_top_k", "3", "0", "16", NULL, "checkpoints of the lowest validation loss"),
    CHOICE("nan_policy", "stop", "stop|continue",
           "stop: three losses in a row that are not finite are an error"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "seed", .min = "0",
             .doc = "of weights, order, augmentation and dropout; else from the pipeline's seed"),
    FLAG("fast_dev_run", "false",
         "one batch of each kind, to see that everything works; no checkpoints"),
    FLAG("evaluate_test", "true", "say at the end what the test part is answered with"),
    TEXT("experiment", "", "in predictions and documents; else the name of the stage"),
    TEXT("source_note", "", "where the data come from; stands in each document"),
    FW_HUB_PARAMS,
};

#undef WHOLE
#undef NUMBER
#undef CHOICE
#undef FLAG
#undef TEXT

#endif
