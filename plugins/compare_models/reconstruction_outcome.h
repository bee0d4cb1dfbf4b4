/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_RECONSTRUCTION_OUTCOME_H
#define COMPARE_RECONSTRUCTION_OUTCOME_H

#include "reconstruction.h"

/* What came of it; `metrics` has one for each arm, of a rejected one all zero; NULL: there is no
 * truth, or a guard ended it. */
struct recon_outcome {
    struct recon *recon;
    struct recon_view view;
    struct recon_metrics *metrics;
};

bool recon_has_metrics(const struct recon_outcome *outcome, size_t arm);

/* NULL: nobody wants that output. Each writer below then does nothing. */
const char *recon_output_path(const struct recon *recon, const char *port);

/* Of the table, and what the result has besides. */
#define RECON_METRICS(each)                                                                        \
    each(mae) each(mse) each(psnr) each(ssim) each(ms_ssim) each(frc50) each(frc1over7)
#define RECON_MORE_METRICS(each) each(psnr_range) each(ms_ssim_std) each(frc50_px)

/* --- reconstruction_tables.c: comparison_metrics.csv and frc_curves.csv --- */

fw_status recon_tables_write(const struct recon_outcome *outcome);

/* --- reconstruction_arrays.c: what was reconstructed --- */

fw_status recon_arrays_write_raw(const struct recon_outcome *outcome);
fw_status recon_arrays_write_aligned(const struct recon_outcome *outcome);

/* --- reconstruction_debug.c: debug_images, where they are asked for --- */

fw_status recon_debug_write(const struct recon_outcome *outcome, const struct recon_measures *how);

/* --- reconstruction_dump.c: baseline_debug_dir, where it is asked for --- */

fw_status recon_dump_write(const struct recon *recon);

/* --- reconstruction_selection.c: the images that took part --- */

fw_status recon_selection_write(const struct recon *recon);

/* --- reconstruction_result.c: result.json, and the verdict --- */

fw_status recon_result_write(const struct recon_outcome *outcome);

#endif
