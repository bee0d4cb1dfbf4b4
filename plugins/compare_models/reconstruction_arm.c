/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reconstruction.h"
#include "sql/fault.h"

/* [sample][N][N], [sample][N][N][channels] or [sample][channels][N][N]; false: none of these. */
static bool read_shape(const struct fw_predictor_port *port, uint32_t n_side,
                       uint32_t *ret_channels, bool *ret_first)
{
    const int64_t side = n_side, *shape = port->shape;
    if (port->rank == 3 && shape[1] == side && shape[2] == side) {
        *ret_channels = 1;
        *ret_first = false;
        return true;
    }
    if (port->rank != 4) {
        return false;
    }
    *ret_first = !(shape[1] == side && shape[2] == side);
    *ret_channels = (uint32_t)(*ret_first ? shape[1] : shape[3]);
    return *ret_channels >= 1 && *ret_channels <= 64 &&
           (!*ret_first || (shape[2] == side && shape[3] == side));
}

static fw_status misfit(const struct recon_plan *plan, const struct compare_arm *named,
                        const char *what)
{
    return fw_faultf(plan->host, FW_E_DATA, named->path,
                     "an arm takes [sample][N][N][channels] or [sample][channels][N][N] and gives "
                     "such an array of complex numbers, or two of reals",
                     "arm %s: %s; the diffraction images have N = %u and groups have %u",
                     named->name, what, plan->scan->n_side, plan->scan->groups.per_group);
}

/* Members' places in their group, [sample][1][2][C]; what other input a model may want, nobody here
 * can give it. */
static bool is_places(const struct fw_predictor_port *port, uint32_t channels)
{
    static const char *const names[] = {"place", "position", "coord"};
    const int64_t wanted[] = {1, 2, channels};
    bool is = false;
    for (size_t i = 0; i < 3; i++) {
        is = is || strcasestr(port->name, names[i]) != NULL;
    }
    is = is && port->element == FW_F32 && port->rank == 4;
    for (size_t k = 0; is && k < 3; k++) {
        is = port->shape[k + 1] == -1 || port->shape[k + 1] == wanted[k];
    }
    return is;
}

static fw_status check_places(const struct recon_arm *arm, const struct compare_arm *named,
                              const struct recon_plan *plan, const struct fw_predictor_port *port)
{
    if (is_places(port, arm->channels_in)) {
        return FW_OK;
    }
    return fw_faultf(plan->host, FW_E_DATA, named->path,
                     "export the model with one input, or name the second after the places, "
                     "positions or coordinates that it is",
                     "arm %s: its second input '%s' of %llu axes is not taken for the members' "
                     "places in their group, float32 [sample][1][2][%u]",
                     named->name, port->name, (unsigned long long)port->rank, arm->channels_in);
}

static fw_status read_inputs(struct recon_arm *arm, const struct compare_arm *named,
                             const struct recon_plan *plan, const struct fw_predictor_info *info)
{
    const struct recon_scan *scan = plan->scan;
    const uint32_t per_group = scan->groups.per_group;
    arm->channels_in = per_group;
    arm->input_rank = info->n_inputs == 0 ? 0 : (unsigned)info->inputs[0]->rank;
    arm->takes_places = info->n_inputs > 1;
    if (info->n_inputs == 0) {
        arm->channels_in = plan->of_groups ? per_group : 1; /* nothing in them says it */
    } else if (info->n_inputs > 2 || info->inputs[0]->element != FW_F32 ||
               !read_shape(info->inputs[0], scan->n_side, &arm->channels_in,
                           &arm->channels_first)) {
        return misfit(plan, named, "its input does not take them");
    }
    if (arm->channels_in != 1 && arm->channels_in != per_group) {
        return misfit(plan, named, "it takes another number of images at a time");
    }
    if (arm->takes_places && check_places(arm, named, plan, info->inputs[1]) != FW_OK) {
        return FW_E_DATA;
    }
    arm->per_group = arm->channels_in == per_group;
    arm->n_samples = arm->per_group ? scan->groups.n : scan->n;
    if (info->n_samples != 0 && info->n_samples != arm->n_samples) {
        return fw_faultf(plan->host, FW_E_DATA, named->path, NULL,
                         "arm %s has answers for %llu samples; there are %u groups and %u images",
                         named->name, (unsigned long long)info->n_samples, scan->groups.n, scan->n);
    }
    return FW_OK;
}

static fw_status read_outputs(struct recon_arm *arm, const struct compare_arm *named,
                              const struct recon_plan *plan, const struct fw_predictor_info *info)
{
    uint32_t channels = 0;
    bool first = false;
    const uint64_t n = info->n_outputs;
    const bool one =
        n == 1 && (info->outputs[0]->element == FW_C64 || info->outputs[0]->element == FW_C128);
    const bool two =
        n == 2 && info->outputs[0]->element == FW_F32 && info->outputs[1]->element == FW_F32;
    if (!one && !two) {
        return misfit(plan, named, "it gives neither complex numbers nor two arrays of float32");
    }
    for (uint64_t i = 0; i < n; i++) {
        if (!read_shape(info->outputs[i], plan->scan->n_side, &channels, &first)) {
            return misfit(plan, named, "its output is of another shape");
        }
        if (i > 0 && (channels != arm->channels_out || first != arm->patches_first)) {
            return misfit(plan, named, "its two outputs have different shapes");
        }
        arm->channels_out = channels;
        arm->patches_first = first;
    }
    if (arm->channels_out != 1 && arm->channels_out != arm->channels_in) {
        return misfit(plan, named, "it gives another number of patches");
    }
    return FW_OK;
}

void recon_arm_places(const struct recon_arm *arm, const struct recon_scan *scan, uint64_t first,
                      size_t n, double *ret_positions)
{
    const bool own = !arm->per_group || arm->channels_out > 1;
    for (size_t i = 0; i < n; i++) {
        const uint64_t at = first + i;
        const uint64_t image = !arm->per_group ? at : own ? scan->groups.members[at] : 0;
        ret_positions[2 * i] = own ? scan->places.x[image] : scan->groups.offsets[2 * at];
        ret_positions[2 * i + 1] = own ? scan->places.y[image] : scan->groups.offsets[2 * at + 1];
    }
}

static fw_status place(struct recon_arm *arm, const struct compare_arm *named,
                       const struct recon_plan *plan)
{
    const struct recon_scan *scan = plan->scan;
    const size_t n = arm->n_samples * arm->channels_out;
    struct fw_canvas canvas;
    double *positions = malloc(n * 2 * sizeof *positions); /* held no longer than they are needed */
    if (positions == NULL) {
        return fw_fault_nomem(plan->host);
    }
    recon_arm_places(arm, scan, 0, n, positions);
    int rc = fw_canvas_init(&canvas, positions, n, scan->n_side, plan->crop);
    free(positions);
    if (rc != 0) {
        return fw_faultf(plan->host, FW_E_CONFIG, named->name,
                         "set stitch_crop to an even number, at most the side of the images",
                         "patches of %zu out of %u pixels cannot be stitched", plan->crop,
                         scan->n_side);
    }
    if (plan->whole_pixels) {
        fw_canvas_round(&canvas);
    }
    return fw_stitch_init(&arm->stitch, &canvas) == 0 ? FW_OK : fw_fault_nomem(plan->host);
}

/* A missing time is no mistake, one that cannot be read is. */
static fw_status read_seconds(struct recon_arm *arm, const struct fw_npz *npz)
{
    struct fw_npy *npy = NULL;
    if (!fw_npz_has(npz, "reconstruction_time")) {
        return FW_OK;
    }
    fw_status status = fw_npy_open(npz, "reconstruction_time", &npy);
    if (status == FW_OK && fw_npy_header(npy)->n_items == 1) {
        status = fw_npy_read_as(npy, FW_NPY_F8, 0, 1, &arm->seconds);
    }
    fw_npy_close(npy);
    return status;
}

/* Where its first pixel lies in the object; without it lies in the middle of the scanned box. */
static fw_status read_origin(struct recon_arm *arm, const struct compare_arm *named,
                             const struct recon_plan *plan, const struct fw_npz *npz)
{
    struct fw_npy *npy = NULL;
    if (!fw_npz_has(npz, "origin_yx")) {
        return FW_OK;
    }
    fw_status status = fw_npy_open(npz, "origin_yx", &npy);
    if (status == FW_OK && (fw_npy_header(npy)->n_dims != 1 || fw_npy_header(npy)->n_items != 2)) {
        status =
            fw_faultf(plan->host, FW_E_DATA, named->path, NULL,
                      "origin_yx has %llu numbers on %u axes; the row and the column of the "
                      "first pixel are needed",
                      (unsigned long long)fw_npy_header(npy)->n_items, fw_npy_header(npy)->n_dims);
    }
    if (status == FW_OK) {
        status = fw_npy_read_as(npy, FW_NPY_F8, 0, 2, arm->origin);
    }
    if (status == FW_OK && !(fmax(fabs(arm->origin[0]), fabs(arm->origin[1])) < 1e6)) {
        status = fw_faultf(plan->host, FW_E_DATA, named->path, NULL,
                           "origin_yx is (%g, %g), which is no place in an object", arm->origin[0],
                           arm->origin[1]);
    }
    arm->has_origin = status == FW_OK;
    fw_npy_close(npy);
    return status;
}

static fw_status read_given(struct recon_arm *arm, const struct compare_arm *named,
                            const struct recon_plan *plan)
{
    struct fw_npz *npz = NULL;
    size_t shape[2] = {0};
    fw_status status = fw_npz_open(plan->host, named->path, &npz);
    if (status != FW_OK) {
        return status;
    }
    status = recon_read_object(plan->host, npz, named->path, "reconstructed_object", &arm->object,
                               shape);
    if (status == FW_OK) {
        status = read_seconds(arm, npz);
    }
    if (status == FW_OK) {
        status = read_origin(arm, named, plan, npz);
    }
    arm->height = shape[0];
    arm->width = shape[1];
    fw_npz_close(npz);
    return status;
}

fw_status recon_arm_init(struct recon_arm *arm, const struct compare_arm *named,
                         const struct recon_plan *plan, double gain)
{
    struct fw_predictor_model *model = NULL;
    *arm = (struct recon_arm){
        .gain = gain, .seconds = NAN, .is_given = strcmp(named->kind, RECON_GIVEN) == 0};
    if (arm->is_given) {
        return read_given(arm, named, plan);
    }
    fw_status status = named->predictor->open(plan->host, named->path, &model);
    if (status != FW_OK) {
        return status;
    }
    const struct fw_predictor_info *info = named->predictor->info(model);
    status = read_inputs(arm, named, plan, info);
    if (status == FW_OK) {
        status = read_outputs(arm, named, plan, info);
    }
    named->predictor->close(model);
    if (status == FW_OK) {
        status = place(arm, named, plan);
    }
    return status == FW_OK && strcmp(named->name, plan->baseline) == 0
               ? recon_baseline_init(arm, plan)
               : status;
}

void recon_arm_finish(struct recon_arm *arm)
{
    fw_stitch_finish(&arm->stitch);
    free(arm->numbers);
    free(arm->dump.patches);
    free(arm->object);
}
