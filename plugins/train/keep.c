/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "train.h"
#include "weights/weights.h"

/*
 * While the run goes on a checkpoint is called by its step, so that a run that goes back to a saved
 * state finds what that state knows of: a file goes only once two states were made that do not know
 * it, for the newest one need not have been stored. At the end the files get their ranks as names
 * and the others go; going back from there undoes the names, and the run drops again what is gone.
 */

static const char *folder_of(const struct train *train)
{
    return fw_task_output(train->task, "run")->path;
}

static void path_of_step(const struct train *train, uint64_t step, struct fw_text *path)
{
    fw_text_clear(path);
    fw_text_appendf(path, "%s/step-%012" PRIu64 ".ckpt", folder_of(train), step);
}

static void path_of_rank(const struct train *train, uint64_t rank, struct fw_text *path)
{
    fw_text_clear(path);
    fw_text_appendf(path, "%s/best-%" PRIu64 ".ckpt", folder_of(train), rank);
}

static fw_status io_fault(const struct train *train, const struct fw_text *path, const char *what)
{
    return fw_faultf(train->host, FW_E_IO, fw_text_get(path), NULL, "%s: %s", what,
                     strerror(errno));
}

static fw_status check_path(const struct train *train, const struct fw_text *path)
{
    return path->failed ? fw_fault_nomem(train->host) : FW_OK;
}

static fw_status remove_file(const struct train *train, const struct fw_text *path)
{
    return unlink(fw_text_get(path)) == 0 || errno == ENOENT
               ? FW_OK
               : io_fault(train, path, "a checkpoint that is not wanted cannot be removed");
}

static fw_status remove_step(const struct train *train, uint64_t step)
{
    struct fw_text path = {0};

    path_of_step(train, step, &path);
    fw_status status = check_path(train, &path);
    if (status == FW_OK) {
        status = remove_file(train, &path);
    }
    fw_text_finish(&path);
    return status;
}

/* --- the best so far --- */

static uint64_t place_for(const struct train_keep *keep, double val_loss)
{
    uint64_t i = keep->n;

    while (i > 0 && keep->items[i - 1].val_loss > val_loss) {
        i--;
    }
    return i;
}

/* What the last saved state knows of stays until another one is saved. */
static fw_status drop(struct train *train, const struct train_kept *item)
{
    struct train_keep *keep = &train->keep;

    if (item->step > keep->saved_step) {
        return remove_step(train, item->step);
    }
    keep->dropped[keep->n_dropped++] = item->step;
    return FW_OK;
}

static struct train_kept kept_of(const struct train_point *point)
{
    return (struct train_kept){.step = point->step,
                               .epoch = point->epoch,
                               .val_loss = point->val_loss,
                               .val_auc = point->val_auc};
}

fw_status train_keep_offer(struct train *train, const struct train_point *point)
{
    struct train_keep *keep = &train->keep;
    const struct train_kept item = kept_of(point);
    const uint64_t at = place_for(keep, item.val_loss), most = train->settings.top_k;
    struct fw_text path = {0};

    if (!isfinite(item.val_loss) || at == most) {
        return FW_OK;
    }
    path_of_step(train, item.step, &path);
    fw_status status = check_path(train, &path);
    if (status == FW_OK) {
        status = train_weights_write(train, fw_text_get(&path), &item, false);
    }
    fw_text_finish(&path);
    if (status == FW_OK && keep->n == most) {
        status = drop(train, &keep->items[--keep->n]);
    }
    if (status == FW_OK) {
        memmove(&keep->items[at + 1], &keep->items[at], (keep->n - at) * sizeof *keep->items);
        keep->items[at] = item;
        keep->n++;
    }
    return status;
}

void train_keep_saved(struct train *train)
{
    struct train_keep *keep = &train->keep;

    keep->saved_step = train->place.step;
    keep->n_forgotten = keep->n_unknown;
    keep->n_unknown = keep->n_dropped;
}

fw_status train_keep_tidy(struct train *train)
{
    struct train_keep *keep = &train->keep;
    fw_status status = FW_OK;

    for (uint64_t i = 0; i < keep->n_forgotten && status == FW_OK; i++) {
        status = remove_step(train, keep->dropped[i]);
    }
    keep->n_dropped -= keep->n_forgotten;
    keep->n_unknown -= keep->n_forgotten;
    memmove(keep->dropped, keep->dropped + keep->n_forgotten,
            keep->n_dropped * sizeof *keep->dropped);
    keep->n_forgotten = 0;
    return status;
}

fw_status train_keep_last(struct train *train)
{
    const struct train_kept at = kept_of(&train->points[train->n_points - 1]);
    struct fw_text path = {0};

    if (train->settings.is_dry) {
        return FW_OK;
    }
    fw_text_appendf(&path, "%s/last.ckpt", folder_of(train));
    fw_status status = check_path(train, &path);
    if (status == FW_OK) {
        status = train_weights_write(train, fw_text_get(&path), &at, true);
    }
    fw_text_finish(&path);
    return status;
}

/* The weights as they are once training is over: those of the best epoch, else of the last one. */
fw_status train_keep_model(struct train *train)
{
    const struct fw_output *output = fw_task_output(train->task, "model");
    uint64_t i = train->n_points - 1;

    if (output == NULL || train->settings.is_dry) {
        return FW_OK;
    }
    while (train->best != NULL && train->stopping.has_best &&
           train->points[i].epoch > train->stopping.best_epoch) {
        i--;
    }
    const struct train_kept at = kept_of(&train->points[i]);
    return train_weights_write(train, output->path, &at, false);
}

/* --- names --- */

static fw_status rename_file(const struct train *train, const struct fw_text *from,
                             const struct fw_text *to)
{
    fw_status status = check_path(train, from);

    if (status == FW_OK) {
        status = check_path(train, to);
    }
    if (status == FW_OK && rename(fw_text_get(from), fw_text_get(to)) != 0) {
        status = io_fault(train, from, "a checkpoint cannot be renamed");
    }
    return status;
}

fw_status train_keep_finish(struct train *train)
{
    struct train_keep *keep = &train->keep;
    struct fw_text from = {0}, to = {0};
    fw_status status = FW_OK;

    keep->n_forgotten = keep->n_unknown = keep->n_dropped;
    for (uint64_t i = 0; i < keep->n && status == FW_OK; i++) {
        path_of_step(train, keep->items[i].step, &from);
        path_of_rank(train, i + 1, &to);
        status = rename_file(train, &from, &to);
    }
    fw_text_finish(&from);
    fw_text_finish(&to);
    return status == FW_OK ? train_keep_tidy(train) : status;
}

static fw_status read_step(const struct train *train, const char *path, uint64_t *ret_step)
{
    struct fw_weights *file = NULL;
    fw_status status = fw_weights_open(train->host, path, &file);

    if (status == FW_OK) {
        const cJSON *step = cJSON_GetObjectItemCaseSensitive(fw_weights_document(file), "step");
        *ret_step = cJSON_IsNumber(step) && step->valuedouble >= 0 && step->valuedouble < 0x1p63
                        ? (uint64_t)step->valuedouble
                        : 0;
    }
    fw_weights_close(file);
    return status;
}

static fw_status undo_rank(const struct train *train, uint64_t rank, struct fw_text *from,
                           struct fw_text *to, bool *ret_was_over)
{
    uint64_t step = 0;

    path_of_rank(train, rank, from);
    if (from->failed || access(fw_text_get(from), F_OK) != 0) {
        return check_path(train, from);
    }
    *ret_was_over = true;
    fw_status status = read_step(train, fw_text_get(from), &step);
    if (status == FW_OK) {
        path_of_step(train, step, to);
        status = rename_file(train, from, to);
    }
    return status;
}

static fw_status undo_ranks(struct train *train, bool *ret_was_over)
{
    struct fw_text from = {0}, to = {0};
    fw_status status = FW_OK;

    for (uint64_t i = 1; i <= train->settings.top_k && status == FW_OK; i++) {
        status = undo_rank(train, i, &from, &to, ret_was_over);
    }
    fw_text_finish(&from);
    fw_text_finish(&to);
    return status;
}

static bool is_kept(const struct train_keep *keep, const char *name)
{
    uint64_t step = 0;

    if (sscanf(name, "step-%12" SCNu64 ".ckpt", &step) != 1) {
        return true;
    }
    bool is_known = false;
    for (uint64_t i = 0; i < keep->n; i++) {
        is_known = is_known || keep->items[i].step == step;
    }
    for (uint64_t i = 0; i < keep->n_dropped; i++) {
        is_known = is_known || keep->dropped[i] == step;
    }
    return is_known && strstr(name, ".new") == NULL;
}

static fw_status remove_newer(struct train *train)
{
    const char *folder = folder_of(train);
    DIR *dir = opendir(folder);
    fw_status status = FW_OK;

    if (dir == NULL) {
        return errno == ENOENT
                   ? FW_OK
                   : fw_faultf(train->host, FW_E_IO, folder, NULL,
                               "the folder of the run cannot be read: %s", strerror(errno));
    }
    for (struct dirent *entry = readdir(dir); entry != NULL && status == FW_OK;
         entry = readdir(dir)) {
        if (!is_kept(&train->keep, entry->d_name)) {
            struct fw_text path = {0};
            fw_text_appendf(&path, "%s/%s", folder, entry->d_name);
            status = check_path(train, &path);
            if (status == FW_OK) {
                status = remove_file(train, &path);
            }
            fw_text_finish(&path);
        }
    }
    closedir(dir);
    return status;
}

/* Of a run that was over what is not there was dropped before that. */
static fw_status check_kept(struct train *train, bool was_over)
{
    struct fw_text path = {0};
    fw_status status = FW_OK;

    for (uint64_t i = 0; i < train->keep.n && status == FW_OK; i++) {
        struct train_kept *item = &train->keep.items[i];
        path_of_step(train, item->step, &path);
        status = check_path(train, &path);
        if (status != FW_OK || item->is_gone != 0 || access(fw_text_get(&path), R_OK) == 0) {
            continue;
        }
        item->is_gone = was_over && errno == ENOENT;
        if (item->is_gone == 0) {
            status = fw_faultf(train->host, FW_E_STATE, fw_text_get(&path), NULL,
                               "a checkpoint that the saved state knows of is not there: %s",
                               strerror(errno));
        }
    }
    fw_text_finish(&path);
    return status;
}

fw_status train_keep_restore(struct train *train)
{
    bool was_over = false;
    fw_status status = undo_ranks(train, &was_over);

    train->keep.saved_step = train->place.step;
    if (status == FW_OK) {
        status = remove_newer(train);
    }
    return status == FW_OK ? check_kept(train, was_over) : status;
}
