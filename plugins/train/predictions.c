/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/service/artifact.h>
#include <fw/service/sql.h>

#include "matrix/matrix.h"
#include "npy/npy.h"
#include "sql/copy.h"
#include "train.h"

/* --- two classes of a table: docs/reference/tables.md --- */

static void fill(const struct train *train, struct fw_matrix *matrix)
{
    size_t row = 0;

    for (int part = 0; part < FW_DATASET_PARTS; part++) {
        const struct train_answers *answers = &train->answers[part];
        for (uint64_t i = 0; i < answers->n; i++, row++) {
            const uint32_t sample = train->part[part][i];
            int32_t label;
            fw_dataset_labels(train->set, &sample, 1, &label);
            fw_matrix_column(matrix, 0)[row] = part;
            fw_matrix_column(matrix, 1)[row] = (double)fw_dataset_key(train->set, sample);
            fw_matrix_column(matrix, 2)[row] = label;
            fw_matrix_column(matrix, 3)[row] = answers->p[(i + 1) * train->columns - 1];
        }
    }
}

static fw_status copy(struct train *train, const struct fw_matrix *matrix)
{
    static const char *const names[] = {"split", "key", "y", "p"};
    struct fw_text query = {0}, statement = {0};
    fw_status status = fw_matrix_attach(matrix, &train->sql, "fw_answers", names);

    fw_text_append(&query, "SELECT ");
    fw_text_literal(&query, train_experiment(train));
    fw_text_append(&query,
                   " AS experiment, ['train', 'val', 'test'][split::INTEGER + 1] AS split, ");
    fw_text_append(&query, train->info->key_kind == FW_DATASET_KEY_DAY
                               ? "DATE '1970-01-01' + key::INTEGER AS date"
                               : "key::BIGINT AS id");
    fw_text_append(&query, ", y::INTEGER AS y, p FROM fw_answers");
    fw_text_append(&statement, "COPY (");
    fw_sql_append_in_order(&statement, fw_text_get(&query));
    fw_text_append(&statement, ") ");
    fw_sql_append_to_parquet(&statement, fw_task_output(train->task, "predictions")->path,
                             FW_COUNT(names) + 1);
    statement.failed = statement.failed || query.failed;
    if (status == FW_OK) {
        status = fw_sql_exec_text(&train->sql, &statement);
    }
    fw_text_finish(&query);
    fw_text_finish(&statement);
    return status;
}

static fw_status write_table(struct train *train)
{
    const struct fw_artifact *artifact = train->host->service(train->host, FW_ARTIFACT_ID);
    struct fw_matrix matrix = {0};
    uint64_t n = 0;

    for (int part = 0; part < FW_DATASET_PARTS; part++) {
        n += train->answers[part].n;
    }
    fw_status status = fw_matrix_init(&matrix, train->host, n, 4);
    if (status == FW_OK) {
        fill(train, &matrix);
        status = copy(train, &matrix);
    }
    fw_matrix_finish(&matrix);
    return status == FW_OK ? artifact->rows(train->host, "predictions", n) : status;
}

fw_status train_predictions_write(struct train *train)
{
    return fw_task_output(train->task, "predictions") != NULL && train->sql.session != NULL &&
                   train->info->n_classes == 2
               ? write_table(train)
               : FW_OK;
}

/* --- any classes: what the predictor `npz` reads --- */

static fw_status write_npz(const struct train *train, const struct train_answers *answers,
                           const char *path)
{
    const uint64_t shape[] = {answers->n, train->columns};
    struct fw_npz_writer *writer = NULL;
    fw_status status = fw_npz_writer_create(train->host, path, &writer);

    if (status == FW_OK) {
        status = fw_npz_writer_begin(writer, "p", FW_NPY_F4, shape, 2);
    }
    if (status == FW_OK) {
        status = fw_npz_writer_append(writer, answers->p,
                                      answers->n * train->columns * sizeof *answers->p);
    }
    if (status != FW_OK) {
        fw_npz_writer_destroy(writer);
        return status;
    }
    return fw_npz_writer_finish(writer);
}

fw_status train_answers_write(struct train *train)
{
    const struct fw_output *output = fw_task_output(train->task, "answers");
    const struct train_answers *test = &train->answers[FW_DATASET_TEST];
    const struct train_answers *answers = test->n > 0 ? test : &train->answers[FW_DATASET_VAL];

    return output != NULL && answers->n > 0 ? write_npz(train, answers, output->path) : FW_OK;
}
