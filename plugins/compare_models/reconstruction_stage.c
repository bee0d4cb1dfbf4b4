/* SPDX-License-Identifier: MIT */
#include <fw/service/budget.h>
#include <fw/service/gate.h>
#include <fw/service/kernels.h>

#include "reconstruction.h"

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
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "fixed_canvas", .default_value = "false",
             .doc = "the compared box is that of all positions in the file, whatever takes part"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "legacy_center_crop", .default_value = "false",
             .doc = "arms lie by their middles and not by positions, and nothing is masked"),
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
    FW_PARAM(.type = FW_PARAM_REAL, .name = "max_empty", .default_value = "0.1", .min = "0",
             .max = "1", .doc = "part of a model's patches that may have fewer than that"),
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
    .create = recon_create,
    .step = recon_step,
    .save = recon_save,
    .restore = recon_restore,
    .destroy = recon_destroy,
};
