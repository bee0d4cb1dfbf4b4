/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <fw/service/sql.h>

#include "dataset/sources.h"
#include "train.h"

static const char *text_or_null(const struct train *train, const char *param)
{
    const char *text = fw_task_text(train->task, param);

    return text[0] != '\0' ? text : NULL;
}

static fw_status input_of(const struct train *train, const char *port, const struct fw_input **ret)
{
    *ret = fw_task_input(train->task, port);
    return *ret != NULL ? FW_OK
                        : fw_faultf(train->host, FW_E_MISSING, port, "plug one in",
                                    "source = \"%s\" learns from the input `%s`, which is absent",
                                    fw_task_text(train->task, "source"), port);
}

static fw_status open_gratings(struct train *train, const struct fw_dataset_options *options)
{
    const struct fw_task *task = train->task;
    const struct fw_dataset_gratings gratings = {
        .size = (uint32_t)fw_task_integer(task, "size"),
        .n_classes = (uint32_t)fw_task_integer(task, "classes"),
        .n_train = (uint32_t)fw_task_integer(task, "n_train"),
        .n_val = (uint32_t)fw_task_integer(task, "n_val"),
        .noise = fw_task_real(task, "noise"),
    };

    return fw_dataset_open_gratings(options, &gratings, &train->set);
}

static fw_status open_cifar10(struct train *train, const struct fw_dataset_options *options)
{
    const struct fw_input *data, *test = fw_task_input(train->task, "test");
    fw_status status = input_of(train, "data", &data);

    return status == FW_OK
               ? fw_dataset_open_cifar10(options, data->paths[0],
                                         test != NULL ? test->paths[0] : NULL, &train->set)
               : status;
}

static fw_status open_idx(struct train *train, const struct fw_dataset_options *options)
{
    const struct fw_input *data;
    fw_status status = input_of(train, "data", &data);

    if (status != FW_OK) {
        return status;
    }
    const struct fw_dataset_idx files = {.train_images = data->paths[0]};
    return fw_dataset_open_idx(options, &files, &train->set);
}

static fw_status open_npz(struct train *train, const struct fw_dataset_options *options)
{
    const struct fw_input *data, *test = fw_task_input(train->task, "test");
    fw_status status = input_of(train, "train", &data);

    if (status != FW_OK) {
        return status;
    }
    const struct fw_dataset_npz files = {.train = data->paths[0],
                                         .test = test != NULL ? test->paths[0] : NULL,
                                         .input = fw_task_text(train->task, "input"),
                                         .target = fw_task_text(train->task, "target")};
    return fw_dataset_open_npz(options, &files, &train->set);
}

static fw_status open_sql(struct train *train)
{
    return train->host->service(train->host, FW_SQL_ID) != NULL
               ? fw_sql_handle_open(&train->sql, &train->relay.host)
               : fw_faultf(train->host, FW_E_MISSING, FW_SQL_ID,
                           "put the plugin duckdb into the search path",
                           "tables are read by " FW_SQL_ID ", which no plugin provides");
}

static fw_status open_windows(struct train *train, const struct fw_dataset_options *options)
{
    const struct fw_value *columns = fw_task_value(train->task, "columns");
    const struct fw_input *features, *samples;
    fw_status status = input_of(train, "features", &features);

    if (status == FW_OK) {
        status = input_of(train, "samples", &samples);
    }
    if (status == FW_OK) {
        status = open_sql(train);
    }
    if (status != FW_OK) {
        return status;
    }
    const struct fw_dataset_windows windows = {
        .sql = &train->sql,
        .features = features->paths,
        .n_features = features->n_paths,
        .samples = samples->paths,
        .n_samples = samples->n_paths,
        .horizon = fw_task_integer(train->task, "horizon"),
        .context = (uint64_t)fw_task_integer(train->task, "context"),
        .columns = columns->n > 0 ? columns->texts : NULL,
        .n_columns = columns->n,
        .include_ohlcv = fw_task_integer(train->task, "include_ohlcv") != 0,
        .date_column = text_or_null(train, "date_column"),
        .date_format = text_or_null(train, "date_format"),
    };
    return fw_dataset_open_windows(options, &windows, &train->set);
}

static fw_status open_rows(struct train *train, const struct fw_dataset_options *options)
{
    const struct fw_value *columns = fw_task_value(train->task, "columns");
    const struct fw_input *features;
    fw_status status = input_of(train, "features", &features);

    if (status == FW_OK) {
        status = open_sql(train);
    }
    if (status != FW_OK) {
        return status;
    }
    const struct fw_dataset_rows rows = {
        .sql = &train->sql,
        .paths = features->paths,
        .n_paths = features->n_paths,
        .target = fw_task_text(train->task, "target"),
        .columns = columns->n > 0 ? columns->texts : NULL,
        .n_columns = columns->n,
        .split_column = text_or_null(train, "split_column"),
        .no_header = fw_task_integer(train->task, "header") == 0,
    };
    return fw_dataset_open_rows(options, &rows, &train->set);
}

/* The row of a source: its name in the parameter, the inputs that it reads. */
static const struct source {
    const char *name;
    const char *inputs[3];
    fw_status (*open)(struct train *train, const struct fw_dataset_options *options);
} sources[] = {
    {"gratings", {NULL}, open_gratings},
    {"cifar10", {"data", "test"}, open_cifar10},
    {"idx", {"data"}, open_idx},
    {"npz", {"train", "test"}, open_npz},
    {"windows", {"features", "samples"}, open_windows},
    {"rows", {"features"}, open_rows},
};

static const struct source *source_of(const struct train *train)
{
    const struct source *source = sources;

    while (strcmp(source->name, fw_task_text(train->task, "source")) != 0) {
        source++;
    }
    return source;
}

/* What is plugged in and not read would be believed to have been learnt from. */
static fw_status check_inputs(const struct train *train, const struct source *source)
{
    static const char *const ports[] = {"data", "train", "test", "features", "samples"};

    for (size_t i = 0; i < FW_COUNT(ports); i++) {
        bool is_read = false;
        for (size_t k = 0; k < FW_COUNT(source->inputs) && source->inputs[k] != NULL; k++) {
            is_read |= strcmp(source->inputs[k], ports[i]) == 0;
        }
        if (!is_read && fw_task_input(train->task, ports[i]) != NULL) {
            return fw_faultf(train->host, FW_E_CONFIG, ports[i],
                             "leave the input out, or choose the source that reads it",
                             "source = \"%s\" does not read the input `%s`", source->name,
                             ports[i]);
        }
    }
    return FW_OK;
}

static struct fw_dataset_options options_of(const struct train *train)
{
    static const char *const scalings[] = {"usual", "none", "measured"};
    const struct fw_task *task = train->task;
    struct fw_dataset_options options = {
        .host = &train->relay.host,
        .split_seed = (uint64_t)fw_task_integer(task, "split_seed"),
        .val_share = fw_task_real(task, "val_share"),
        .test_share = fw_task_real(task, "test_share"),
        .val_is_test = fw_task_integer(task, "val_is_test") != 0,
        .augment = {.crop_scale_min = fw_task_real(task, "crop_scale_min"),
                    .pad = (uint32_t)fw_task_integer(task, "crop_pad"),
                    .flip = fw_task_real(task, "flip"),
                    .turn = fw_task_real(task, "turn")},
    };

    for (uint32_t i = 0; i < FW_COUNT(scalings); i++) {
        if (strcmp(scalings[i], fw_task_text(task, "scaling")) == 0) {
            options.scaling = (enum fw_dataset_scaling)i;
        }
    }
    return options;
}

fw_status train_source_open(struct train *train)
{
    const struct source *source = source_of(train);
    const struct fw_dataset_options options = options_of(train);
    fw_status status = check_inputs(train, source);

    if (status == FW_OK) {
        status = source->open(train, &options);
    }
    if (status == FW_OK) {
        status = fw_dataset_digest(train->set, train->digest);
    }
    if (status != FW_OK) {
        return status;
    }
    train->info = fw_dataset_info(train->set);
    for (int part = 0; part < FW_DATASET_PARTS; part++) {
        train->part[part] =
            fw_dataset_part(train->set, (enum fw_dataset_part)part, &train->n_part[part]);
    }
    return FW_OK;
}
