/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <fw/service/budget.h>
#include <fw/service/gate.h>
#include <fw/service/kernels.h>

#include "reconstruction.h"
#include "sql/fault.h"

static void destroy(void *self)
{
    struct recon *recon = self;
    if (recon->model != NULL) {
        recon->named.items[recon->arm].predictor->close(recon->model);
    }
    for (size_t i = 0; recon->arms != NULL && i < recon->named.n; i++) {
        recon_arm_finish(&recon->arms[i]);
    }
    free(recon->arms);
    recon_scan_close(&recon->scan);
    compare_arms_finish(&recon->named);
    free(recon);
}

static void read_plan(struct recon *recon)
{
    const struct fw_budget *budget = recon->host->service(recon->host, FW_BUDGET_ID);
    const struct fw_task *task = recon->task;
    recon->chunk = (uint64_t)fw_task_value(task, "chunk")->integer;
    recon->batch = (uint64_t)fw_task_value(task, "batch")->integer;
    recon->plan = (struct recon_plan){
        .host = recon->host,
        .scan = &recon->scan,
        .crop = (size_t)fw_task_value(task, "stitch_crop")->integer,
        .polar = strcmp(fw_task_value(task, "two_outputs")->text, "amp_phase") == 0,
        .of_groups = strcmp(fw_task_value(task, "answers")->text, "groups") == 0,
        .whole_pixels = strcmp(fw_task_value(task, "canvas")->text, "pixel") == 0,
        .min_nonzero = fw_task_value(task, "min_nonzero")->real,
        .n_threads = budget->limits(recon->host)->threads};
}

static fw_status open_arms(struct recon *recon)
{
    const struct fw_value *gains = fw_task_value(recon->task, "intensity_scale");
    fw_status status = compare_arms_read(recon->host, recon->task, RECON_GIVEN, &recon->named);
    if (status != FW_OK) {
        return status;
    }
    if (recon->named.n == 0 || (gains->n != 0 && gains->n != recon->named.n)) {
        return fw_faultf(recon->host, FW_E_CONFIG, "intensity_scale", NULL,
                         "there are %zu arms and %llu scales; one for each is needed, or none",
                         recon->named.n, (unsigned long long)gains->n);
    }
    recon->arms = calloc(recon->named.n, sizeof *recon->arms);
    if (recon->arms == NULL) {
        return fw_fault_nomem(recon->host);
    }
    for (size_t i = 0; status == FW_OK && i < recon->named.n; i++) {
        status = recon_arm_init(&recon->arms[i], &recon->named.items[i], &recon->plan,
                                gains->n == 0 ? 1 : gains->reals[i]);
    }
    return status;
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct recon *recon = calloc(1, sizeof *recon);
    if (recon == NULL) {
        return fw_fault_nomem(host);
    }
    recon->host = host;
    recon->task = task;
    read_plan(recon);
    fw_status status = recon_scan_open(host, task, &recon->scan);
    if (status == FW_OK) {
        status = open_arms(recon);
    }
    if (status != FW_OK) {
        destroy(recon);
        return status;
    }
    *ret_self = recon;
    return FW_OK;
}

/* --- steps: powers, then arm after arm, then what came of it --- */

static uint64_t part(uint64_t chunk, uint64_t at, uint64_t n)
{
    return n - at < chunk ? n - at : chunk;
}

static fw_status measure(struct recon *recon)
{
    const uint64_t n = part(recon->chunk, recon->measured, recon->scan.n);
    fw_status status = recon_scan_measure(&recon->scan, (uint32_t)recon->measured, (uint32_t)n);
    recon->measured += n;
    if (status == FW_OK && recon->measured == recon->scan.n) {
        status = recon_scan_normalise(&recon->scan);
    }
    return status;
}

static void next_arm(struct recon *recon)
{
    if (recon->model != NULL) {
        recon->named.items[recon->arm].predictor->close(recon->model);
        recon->model = NULL;
    }
    recon->arm++;
    recon->at = 0;
    recon->batch = (uint64_t)fw_task_value(recon->task, "batch")->integer;
}

static fw_status predict(struct recon *recon)
{
    const struct compare_arm *named = &recon->named.items[recon->arm];
    struct recon_arm *arm = &recon->arms[recon->arm];
    fw_status status = FW_OK;
    if (recon->model == NULL) {
        status = named->predictor->open(recon->host, named->path, &recon->model);
    }
    if (status != FW_OK) {
        return status;
    }
    struct recon_turn turn = {.plan = &recon->plan,
                              .named = named,
                              .arm = arm,
                              .model = recon->model,
                              .trip = &recon->trip,
                              .batch = recon->batch};
    const uint64_t n = part(recon->chunk, recon->at, arm->n_samples);
    status = recon_predict(&turn, recon->at, n);
    recon->batch = turn.batch;
    recon->at += n;
    if (status == FW_OK && recon->at == arm->n_samples) {
        next_arm(recon);
    }
    return status;
}

static uint64_t samples_of(const struct recon *recon, size_t n_arms)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n_arms; i++) {
        sum += recon->arms[i].is_given ? 0 : recon->arms[i].n_samples;
    }
    return sum;
}

static fw_status work(struct recon *recon)
{
    while (recon->arm < recon->named.n && recon->arms[recon->arm].is_given) {
        next_arm(recon);
    }
    if (recon->measured < recon->scan.n) {
        return measure(recon);
    }
    return predict(recon);
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct recon *recon = self;
    fw_status status = work(recon);
    while (recon->arm < recon->named.n && recon->arms[recon->arm].is_given) {
        next_arm(recon);
    }
    ret->done = ret->items = recon->measured + samples_of(recon, recon->arm) + recon->at;
    ret->total = recon->scan.n + samples_of(recon, recon->named.n);
    ret->unit = "samples";
    const bool is_last = recon->arm == recon->named.n && recon->measured == recon->scan.n;
    if (status == COMPARE_TRIPPED || (status == FW_OK && is_last)) {
        return recon_write(recon);
    }
    return status == FW_OK ? FW_MORE : status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TENSOR, .name = "data",
            .doc = "the scan, .npz: diffraction [n][N][N], xcoords, ycoords (or translation), "
                   "objectGuess, mask"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_MANY, .name = "models",
            .doc = "a file for each arm, in their order"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "result", .file = "result.json",
            .doc = "arms, metrics and statistics, in full precision"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL, .name = "metrics",
            .file = "comparison_metrics.csv", .doc = "model, metric, amplitude, phase, value"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL, .name = "curves",
            .file = "frc_curves.csv", .doc = "model, frequency_bin, amplitude_frc, phase_frc"),
    FW_PORT(.kind = FW_KIND_TENSOR, .flags = FW_PORT_OPTIONAL, .name = "reconstructions",
            .file = "reconstructions.npz", .doc = "each arm as it came, and the ground truth"),
    FW_PORT(.kind = FW_KIND_TENSOR, .flags = FW_PORT_OPTIONAL, .name = "aligned",
            .file = "reconstructions_aligned.npz", .doc = "all on the pixels that were compared"),
    FW_PORT(.kind = FW_KIND_DIR, .flags = FW_PORT_OPTIONAL, .name = "panels", .file = "panels",
            .doc = "phases and amplitudes as PNG; limits.json: what black, white are"),
    FW_PORT(.kind = FW_KIND_DIR, .flags = FW_PORT_OPTIONAL, .name = "blocked", .file = "red",
            .doc = "a note, where a guard ended the comparison"),
};

#define COUNT_PARAM(name_, default_, min_, max_, unit_, doc_)                                      \
    FW_PARAM(.type = FW_PARAM_INT, .name = name_, .default_value = default_, .min = min_,          \
             .max = max_, .unit = unit_, .doc = doc_)

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .flags = FW_PARAM_REQUIRED, .name = "arms",
             .doc = "NAME=KIND of each model; NAME=" RECON_GIVEN " for a finished one"),
    FW_PARAM(.type = FW_PARAM_REAL_LIST, .name = "intensity_scale", .default_value = "",
             .doc = "what each arm's input is multiplied by; none: 1"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "two_outputs", .default_value = "re_im",
             .choices = "re_im|amp_phase", .doc = "what two real outputs of a model are"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "answers", .default_value = "images",
             .choices = "images|groups", .doc = "what a row of answers made before is of"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "frames", .default_value = "amplitude",
             .choices = "amplitude|counts", .doc = "what diffraction holds; of counts the roots"),
    COUNT_PARAM("frame_bin", "1", "1", "64", "pixels", "squared, added up to one"),
    COUNT_PARAM("frame_side", "0", "0", "65534", "pixels",
                "N, cut out of the middle after binning; 0: all"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "mask", .default_value = "file", .choices = "file|none",
             .doc = "file: pixels that its mask, if any, marks are dark"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "pixel_size", .default_value = "0", .min = "0",
             .max = "1", .unit = "metres",
             .doc = "of an object pixel, positions being metres; 0: they are pixels"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "swap_xy", .default_value = "false",
             .doc = "positions are along rows first"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "mirror", .default_value = "none",
             .choices = "none|x|y|xy", .doc = "axes along which positions run backwards"),
    FW_PARAM(.type = FW_PARAM_REAL_LIST, .name = "origin", .default_value = "",
             .doc = "x, y: the object's pixel at position (0, 0); none: that is pixel (0, 0)"),
    COUNT_PARAM("n_groups", "0", "0", "4294967295", "groups", "0: as many as images"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "oversampling", .default_value = "false",
             .doc = "there may be more groups than images, none of them twice from one image"),
    COUNT_PARAM("n_subsample", "0", "0", "4294967295", "images", "drawn by sample_seed; 0: all"),
    COUNT_PARAM("sample_seed", "0", "0", NULL, NULL, "of the images and the groups' members"),
    COUNT_PARAM("gridsize", "1", "1", "8", NULL, "a group has gridsize² images"),
    COUNT_PARAM("neighbours", "7", "1", "1000", "images", "that members are drawn from"),
    COUNT_PARAM("stitch_crop", "20", "1", "65535", "pixels", "of a patch that are laid down; even"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "canvas", .default_value = "pixel",
             .choices = "pixel|mean",
             .doc = "its middle: the object's pixel next to the mean position, or that itself"),
    FW_PARAM(.type = FW_PARAM_INT, .flags = FW_PARAM_NO_EFFECT, .name = "chunk",
             .default_value = "256", .min = "1", .max = "1048576", .unit = "samples",
             .doc = "of a step; between two lies a checkpoint"),
    COUNT_PARAM("batch", "32", "1", "1048576", "samples",
                "at a time through a model; halved where memory runs out"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "registration", .default_value = "all",
             .choices = "all|arms|none", .doc = "which are registered; arms: finished ones"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "max_shift", .default_value = "0.1", .min = "0",
             .max = "0.5", .doc = "part of a side; what is further is rejected"),
    COUNT_PARAM("upsample", "50", "1", "1000", NULL, "registers to this part of a pixel"),
    COUNT_PARAM("offset", "4", "0", "1024", "pixels", "half of it is trimmed from each side; even"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "phase_align", .default_value = "plane",
             .choices = "plane|mean", .doc = "what phases lose before they are compared"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "frc_sigma", .default_value = "0", .min = "0",
             .max = "100", .unit = "rings", .doc = "blur of the FRC curves"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "ms_ssim_sigma", .default_value = "1", .min = "0",
             .max = "100", .unit = "pixels", .doc = "blur of amplitudes before MS-SSIM"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "min_nonzero", .default_value = "0.001", .min = "0",
             .max = "1", .doc = "part of a model's values that must not be 0"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "p_min", .default_value = "10", .min = "0",
             .max = "100", .unit = "percent", .doc = "percentile of a panel that is black"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "p_max", .default_value = "90", .min = "0",
             .max = "100", .unit = "percent", .doc = "percentile of a panel that is white"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "source", .default_value = "",
             .doc = "where the data come from; stands in the result"),
};

static const char *const required[] = {FW_BUDGET_ID, FW_GATE_ID, FW_PREDICTOR_ID "*"};
static const char *const optional[] = {FW_KERNELS_ID}; /* for predictors */

const struct fw_stage compare_reconstructions_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT | FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "compare_reconstructions",
    .doc = "Reconstructions of a ptychographic scan, stitched, registered and measured",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .services_optional = optional,
    .n_services_optional = FW_COUNT(optional),
    .create = create,
    .step = step,
    .save = recon_save,
    .restore = recon_restore,
    .destroy = destroy,
};
