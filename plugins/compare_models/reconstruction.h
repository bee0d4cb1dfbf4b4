/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_RECONSTRUCTION_H
#define COMPARE_RECONSTRUCTION_H

#include <complex.h>

#include <fw/stage.h>

#include "arms.h"
#include "image/image.h"
#include "npy/npy.h"
#include "ptycho/group.h"
#include "ptycho/guard.h"
#include "ptycho/stitch.h"
#include "trip.h"

/* The kind of an arm that is a finished reconstruction, read here and not predicted. */
#define RECON_GIVEN "reconstruction"

/* --- reconstruction_frames.c: amplitudes of N by N pixels, of whatever was measured --- */

struct recon_frames {
    const struct fw_host *host;
    const char *path;
    struct fw_npy *stack; /* [n][rows][columns] */
    bool is_last;         /* [rows][columns][n], as old files have it: each reading is one of all */
    uint32_t n, rows, columns;
    uint32_t bin;    /* this many pixels, squared, become one */
    uint32_t side;   /* N: what is cut out of the middle then */
    bool are_counts; /* else amplitudes, their roots */
    float *bad;      /* [rows][columns], not 0: of no use, taken for dark; NULL: none */
    uint32_t n_bad;
};

fw_status recon_frames_open(const struct fw_host *host, const struct fw_task *task,
                            const struct fw_npz *npz, struct recon_frames *frames);
void recon_frames_close(struct recon_frames *frames);

/* [row][column] of frames by their numbers, which ascend, into places of side² floats. */
fw_status recon_frames_read(const struct recon_frames *frames, const uint32_t *numbers, size_t n,
                            float *ret_images);

/* --- reconstruction_places.c: where the images lie --- */

struct recon_places {
    const struct fw_host *host;
    const char *path;
    double pixel_size; /* metres of an object pixel; 0: positions are pixels in the file too */
    uint32_t n;
    double *x, *y;          /* [n], object pixels: columns and rows */
    double low[2], high[2]; /* x and y, by recon_places_bound */
};

/* Of all images. Finish in any case. */
fw_status recon_places_read(const struct fw_host *host, const struct fw_task *task,
                            const struct fw_npz *npz, uint32_t n, struct recon_places *places);
void recon_places_finish(struct recon_places *places);

/* Between which the first n of them lie. */
void recon_places_bound(struct recon_places *places, uint32_t n);

/* Where no object says what pixel 0 is: moves the first n and the bounds by whole pixels so that
 * half a crop around these lies in an object of the shape given back. */
void recon_places_frame(struct recon_places *places, uint32_t n, size_t crop, size_t ret_shape[2]);

/* --- reconstruction_selection.c: which images take part, as a list --- */

struct recon_selection {
    uint32_t *images; /* ascending; the caller frees, also after a fault */
    uint32_t n;
};

/* A number a line, below n_all. FW_E_DATA names the line that is none. */
fw_status recon_selection_read(const struct fw_host *host, const char *path, uint32_t n_all,
                               struct recon_selection *selection);

/* --- reconstruction_scan.c: what was measured, and how it is grouped --- */

struct recon_scan {
    const struct fw_host *host;
    const char *path;
    struct fw_npz *npz;
    struct recon_frames frames;
    struct recon_places places; /* of the images that take part, first */
    uint32_t n_side;            /* N */
    uint32_t n;                 /* images that take part */
    uint32_t *images;           /* which of the stack they are, ascending */
    struct fw_groups groups;    /* members count among these */
    double *powers;             /* of each, by recon_scan_measure */
    double scale;               /* of the diffraction, when all are measured */
    double complex *object;     /* the ground truth; NULL: there is none */
    size_t height, width;       /* of the object, known or not */
};

fw_status recon_scan_open(const struct fw_host *host, const struct fw_task *task,
                          struct recon_scan *scan);
void recon_scan_close(struct recon_scan *scan);

/* Powers of images [first, first + n). */
fw_status recon_scan_measure(struct recon_scan *scan, uint32_t first, uint32_t n);

/* After all are measured. FW_E_DATA when there is nothing but darkness. */
fw_status recon_scan_normalise(struct recon_scan *scan);

/* [row][column] of images by their numbers here, into places of n_side² floats. Numbers ascend. */
fw_status recon_scan_read(const struct recon_scan *scan, const uint32_t *numbers, size_t n,
                          float *ret_images);

/* A complex array of two axes; the caller frees. */
fw_status recon_read_object(const struct fw_host *host, const struct fw_npz *npz, const char *path,
                            const char *name, double complex **ret_pixels, size_t ret_shape[2]);

/* --- reconstruction_arm.c: one arm, and what it takes and gives --- */

/* Its first answers, as long as nobody has asked for them. */
struct recon_dump {
    uint64_t room, n;       /* samples that are to be kept, and those that are */
    float complex *patches; /* [room][channels_out][N][N] */
};

struct recon_arm {
    bool is_given;
    bool per_group;        /* a sample is a group, else an image */
    bool channels_first;   /* of its input */
    bool patches_first;    /* of its outputs: [sample][channel][N][N] */
    bool takes_places;     /* a second input: members' places in their group */
    uint32_t channels_in;  /* C of a group, 1 of an image */
    uint32_t channels_out; /* patches of a sample: 1, at the group's offset, or C, at the images' */
    unsigned input_rank;   /* axes of its first input; 0: it takes none */
    uint64_t n_samples;
    uint32_t *numbers; /* of the samples that are asked for, ascending; NULL: all from 0 on */
    double gain;       /* beside the scan's scale */
    struct fw_stitch stitch;
    struct fw_output_stats stats;
    uint64_t debug_limit; /* groups that it is asked for; 0: all */
    struct recon_dump dump;
    /* of one that is given, or when it is stitched */
    double complex *object;
    size_t height, width;
    bool has_origin;
    double origin[2]; /* of one that is given: its first pixel's row and column in the object */
    double seconds;   /* NaN: not known */
};

/* What all arms have in common, by the parameters. */
struct recon_plan {
    const struct fw_host *host;
    const struct recon_scan *scan;
    size_t crop;
    bool polar;        /* two real outputs are amplitude and phase, else real and imaginary */
    bool of_groups;    /* answers made before have a row for each group, else for each image */
    bool whole_pixels; /* the canvas lies on the object's own, else about the mean position */
    struct fw_output_limits limits;
    unsigned n_threads;
    /* of the arm that is called the baseline; "": none is */
    const char *baseline;
    uint64_t debug_limit;  /* groups that it is asked for; 0: all */
    uint64_t dump_samples; /* that are written down; 0: none */
};

/* Opens the model to see what it is, and closes it. */
fw_status recon_arm_init(struct recon_arm *arm, const struct compare_arm *named,
                         const struct recon_plan *plan, double gain);
void recon_arm_finish(struct recon_arm *arm);

/* Where n patches from `first` on lie, [patch][2]: the images' own positions, or the group's where
 * it has one patch. */
void recon_arm_places(const struct recon_arm *arm, const struct recon_scan *scan, uint64_t first,
                      size_t n, double *ret_positions);

/* Of a sample among those that are asked for, among all that there are. */
static inline uint64_t recon_arm_number(const struct recon_arm *arm, uint64_t sample)
{
    return arm->numbers == NULL ? sample : arm->numbers[sample];
}

/* --- reconstruction_baseline.c: one arm that is looked at more closely --- */

/* FW_E_CONFIG unless the baseline, if one is named or needed, is an arm that is predicted. */
fw_status recon_baseline_check(const struct recon_plan *plan, const struct compare_arms *named);

/* Limits the arm to what the first groups need, and makes room for its first answers. */
fw_status recon_baseline_init(struct recon_arm *arm, const struct recon_plan *plan);

/* --- reconstruction_chunk.c: what some samples are made of --- */

struct recon_chunk {
    const struct recon_scan *scan;
    const struct recon_arm *arm;
    uint64_t first, n;
    uint32_t *numbers; /* of the images in it, each once, ascending */
    size_t n_numbers;
    float *images;
    float *input;  /* [sample][N][N][C], or channels first */
    float *places; /* members' in their group, [sample][1][2][C] */
    int64_t input_shape[4], places_shape[4];
    struct fw_predictor_array arrays[2];
};

/* Samples [first, first + n) of those that are asked for; nothing where the arm takes none. Finish
 * in any case. */
fw_status recon_chunk_read(const struct recon_scan *scan, const struct recon_arm *arm,
                           uint64_t first, uint64_t n, struct recon_chunk *chunk);
void recon_chunk_finish(struct recon_chunk *chunk);

/* --- reconstruction_predict.c --- */

struct recon_turn {
    const struct recon_plan *plan;
    const struct compare_arm *named;
    struct recon_arm *arm;
    struct fw_predictor_model *model;
    struct compare_trip *trip;
    uint64_t first, n;           /* the chunk: of the samples that are asked for */
    uint64_t batch;              /* in and out: smaller when memory ran out */
    struct fw_output_stats seen; /* out: of this chunk alone */
};

/* A chunk through the model and onto the canvas. COMPARE_TRIPPED by a guard. */
fw_status recon_predict(struct recon_turn *turn);

/* --- reconstruction_say.c: statistics for the log --- */

/* What an arm will need, before it begins. */
void recon_say_memory(const struct recon_plan *plan, const struct recon_arm *arm, const char *name,
                      uint64_t chunk);
/* Memory ran out, and which parameters help. */
void recon_say_too_much(const struct recon_turn *turn);
void recon_say_input(const struct fw_host *host, const char *arm, const struct recon_chunk *chunk);
void recon_say_output(const struct recon_turn *turn, const char *of,
                      const struct fw_output_stats *stats);
void recon_say_patch(const struct fw_host *host, const char *arm, const float complex *patch,
                     size_t n);

/* --- reconstruction_align.c and reconstruction_place.c: all arms and the truth on the same
 * pixels --- */

enum recon_registration { RECON_ALL, RECON_GIVEN_ONLY, RECON_NONE };

struct recon_alignment {
    enum recon_registration registration;
    double max_shift;
    unsigned upsample, n_threads;
    size_t trim;        /* from each side, at the end */
    bool fixed_canvas;  /* the box is that of all positions in the file, whatever takes part */
    bool about_middles; /* legacy_center_crop: by middles instead of positions, nothing masked */
};

struct recon_aligned {
    double complex *pixels; /* [height][width] of the common ones */
    bool *covered;          /* which of them the arm has an answer for */
    double shift[2];        /* (dy, dx); NaN: not registered */
    bool is_rejected;       /* the shift is too far and was not applied */
    double coverage;        /* part of the box that the arm has an answer for */
};

struct recon_view {
    size_t height, width;
    double complex *truth; /* NULL: there is none, and nothing is registered or trimmed */
    struct recon_aligned *arms;
    size_t n;
    bool *covered;        /* by all arms that are measured; NULL: every pixel is */
    size_t n_covered;     /* pixels that are compared one by one */
    struct fw_box window; /* the largest rectangle of them: compared by what needs neighbours */
};

/* [height][width] of an arm in the box, zeros and not covered where it has no answer. */
fw_status recon_box_find(const struct recon_plan *plan, const struct recon_alignment *how,
                         const struct recon_arm *arms, size_t n, struct fw_box *box);
int recon_place(const struct recon_arm *arm, const struct recon_alignment *how,
                const struct fw_box *box, struct recon_aligned *aligned);

/* A part of an image from row and column `first` on, 0 where it reaches beyond. `covered` of the
 * image may be NULL: all; `ret_covered` of the part too. */
struct recon_part {
    ptrdiff_t first[2];
    size_t size[2];
};
void recon_cut(const double complex *pixels, const size_t shape[2], const bool *covered,
               const struct recon_part *part, double complex *ret_pixels, bool *ret_covered);

fw_status recon_align(const struct recon_plan *plan, const struct recon_alignment *how,
                      const struct recon_arm *arms, size_t n, struct recon_view *view);
void recon_view_finish(struct recon_view *view);

/* --- reconstruction_metrics.c --- */

/* Of the amplitude, or of the phase. */
struct recon_values {
    double mae, mse, psnr, psnr_range, ssim, ms_ssim, ms_ssim_std, frc50, frc1over7, frc50_px;
    unsigned ms_ssim_levels;
    double *curve; /* [n_rings] */
    size_t n_rings;
};

struct recon_metrics {
    struct recon_values amplitude, phase;
    double gauge;
};

struct recon_measures {
    const struct fw_host *host;
    bool by_mean; /* phases lose their mean, else their plane */
    double frc_sigma, ms_ssim_sigma;
    unsigned n_threads;
};

fw_status recon_measure(const struct recon_measures *how, const struct recon_view *view,
                        const double complex *arm, struct recon_metrics *ret_metrics);
void recon_metrics_finish(struct recon_metrics *metrics);

/* --- reconstruction_pixels.c: what metrics are computed of --- */

/* [height][width] of the view, the truth first. */
struct recon_pixels {
    double *amplitude[2]; /* the arm's times the gauge */
    double *phase[2];     /* less plane or mean */
    double *scaled[2];    /* phases to where -π is 0 and π is 1 */
    double gauge;
    double *work;
};

/* 0, -ENOMEM, -EDOM where the arm's amplitude is zero, or -EINVAL. Finish in any case. */
int recon_pixels_init(const struct recon_measures *how, const struct recon_view *view,
                      const double complex *arm, struct recon_pixels *pixels);
void recon_pixels_finish(struct recon_pixels *pixels);

/* The pixels that are covered, in their order; how many they are. */
size_t recon_pick(const struct recon_view *view, const double *from, double *to);
void recon_cut_window(const struct recon_view *view, const double *from, double *to);

/* --- reconstruction_panels.c: what there is to look at --- */

struct recon;

/* NAME_phase.png and NAME_amplitude.png of each arm and the truth, all of them in comparison.png,
 * and limits.json: what black and white are. Makes the folder. */
fw_status recon_panels_write(const struct recon *recon, const struct recon_view *view,
                             const char *folder);

/* --- the stage --- */

struct recon {
    const struct fw_host *host;
    const struct fw_task *task;
    struct compare_arms named;
    struct recon_scan scan;
    struct recon_plan plan;
    struct recon_arm *arms;
    struct compare_trip trip;
    uint64_t chunk;

    /* how far it is */
    uint64_t measured; /* images whose power is known */
    size_t arm;        /* that is being predicted */
    uint64_t at, batch;
    struct fw_predictor_model *model;
};

/* Every output, and the verdict. */
fw_status recon_write(struct recon *recon);

/* --- reconstruction_steps.c and reconstruction_state.c: the stage's life --- */

fw_status recon_create(const struct fw_host *host, const struct fw_task *task, void **ret_self);
fw_status recon_step(void *self, struct fw_step *ret);
void recon_destroy(void *self);
fw_status recon_save(void *self, struct fw_blob *ret);
fw_status recon_restore(void *self, const struct fw_blob *blob);

extern const struct fw_stage compare_reconstructions_stage;

#endif
