/* SPDX-License-Identifier: MIT */
#include "stitch.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "team/team.h"

enum { BAND_ROWS = 32 };

/* The way from the mean to a position is kept in single precision, as the reference does it. */
static float way(double position, double mean)
{
    return (float)(position - mean);
}

int fw_canvas_init(struct fw_canvas *ret_canvas, const double *positions, size_t n, size_t patch,
                   size_t crop)
{
    double x = 0, y = 0, far = 0;

    if (n == 0 || crop == 0 || crop % 2 != 0 || crop > patch) {
        return -EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        x += positions[2 * i];
        y += positions[2 * i + 1];
    }
    x /= (double)n;
    y /= (double)n;
    for (size_t i = 0; i < n; i++) {
        far = fmax(far, fabsf(way(positions[2 * i], x)));
        far = fmax(far, fabsf(way(positions[2 * i + 1], y)));
    }
    if (!isfinite(x + y + far) || far > 1e6) {
        return -EINVAL;
    }
    size_t pad = (size_t)ceil(far);
    pad += pad % 2;
    *ret_canvas = (struct fw_canvas){
        .x = x, .y = y, .patch = patch, .crop = crop, .pad = pad, .side = crop + 2 * pad};
    return 0;
}

void fw_canvas_round(struct fw_canvas *canvas)
{
    canvas->x = rint(canvas->x);
    canvas->y = rint(canvas->y);
    canvas->pad += 2; /* half a pixel further, rounded up to an even number */
    canvas->side += 4;
}

static void extremes(const double *positions, size_t n, unsigned axis, double range[2])
{
    range[0] = range[1] = positions[axis];
    for (size_t i = 1; i < n; i++) {
        range[0] = fmin(range[0], positions[2 * i + axis]);
        range[1] = fmax(range[1], positions[2 * i + axis]);
    }
}

int fw_scan_box(const double *positions, size_t n, size_t crop, const size_t shape[2],
                struct fw_box *ret_box)
{
    size_t sides[2][2];

    for (unsigned axis = 0; axis < 2; axis++) { /* rows by y, columns by x */
        double range[2], half = (double)(crop / 2);
        if (n == 0) {
            return -EINVAL;
        }
        extremes(positions, n, 1 - axis, range);
        double first = fmax(0, trunc(range[0]) - half);
        double last = fmin((double)shape[axis], trunc(range[1]) + half);
        if (!(first < last)) {
            return -EINVAL;
        }
        sides[axis][0] = (size_t)first;
        sides[axis][1] = (size_t)last;
    }
    *ret_box = (struct fw_box){sides[0][0], sides[0][1], sides[1][0], sides[1][1]};
    return 0;
}

void fw_canvas_place(const struct fw_canvas *canvas, const struct fw_box *box,
                     ptrdiff_t ret_first[2], double ret_rest[2])
{
    double half = (double)(canvas->side / 2);
    double row = (double)box->top + half - canvas->y, column = (double)box->left + half - canvas->x;

    ret_first[0] = (ptrdiff_t)rint(row);
    ret_first[1] = (ptrdiff_t)rint(column);
    ret_rest[0] = row - rint(row);
    ret_rest[1] = column - rint(column);
}

int fw_stitch_init(struct fw_stitch *stitch, const struct fw_canvas *canvas)
{
    size_t n = canvas->side * canvas->side;

    *stitch = (struct fw_stitch){.canvas = *canvas,
                                 .sum = calloc(n, sizeof *stitch->sum),
                                 .weight = calloc(n, sizeof *stitch->weight)};
    return stitch->sum == NULL || stitch->weight == NULL ? -ENOMEM : 0;
}

void fw_stitch_finish(struct fw_stitch *stitch)
{
    free(stitch->sum);
    free(stitch->weight);
    *stitch = (struct fw_stitch){0};
}

struct job {
    struct fw_stitch *stitch;
    const float complex *patches;
    const double *positions;
    size_t n;
    double *scratch; /* of each band: a row of a patch with a zero pixel on both sides */
};

/* A patch's place: its first row and column on the canvas, and the parts that go one further. */
struct spot {
    ptrdiff_t row, column;
    double below, right;
};

static struct spot find_spot(const struct fw_canvas *canvas, const double position[2])
{
    double dx = way(position[0], canvas->x), dy = way(position[1], canvas->y);
    double pad = (double)canvas->pad;

    return (struct spot){.row = (ptrdiff_t)(floor(dy) + pad),
                         .column = (ptrdiff_t)(floor(dx) + pad),
                         .below = dy - floor(dy),
                         .right = dx - floor(dx)};
}

/* Row `at` of the footprint, between two rows of the patch; NULL stands for zeros beyond it. */
static void blend_rows(const float complex *upper, const float complex *lower, double below,
                       size_t n, double *row)
{
    const float *a = (const float *)upper, *b = (const float *)lower;

    for (size_t i = 0; i < 2 * n; i++) {
        row[i] = (b == NULL ? 0 : (1 - below) * b[i]) + (a == NULL ? 0 : below * a[i]);
    }
}

/* `weight` is that of the row's ones; row[-1] and row[n] are zero pixels. */
static void lay_row(const double *row, double weight, const struct spot *spot,
                    const struct job *job, size_t line)
{
    const struct fw_canvas *canvas = &job->stitch->canvas;
    double *sum = (double *)(job->stitch->sum + line * canvas->side);
    double *weights = job->stitch->weight + line * canvas->side;
    double right = spot->right, left = 1 - right;
    ptrdiff_t n = (ptrdiff_t)canvas->crop, side = (ptrdiff_t)canvas->side;
    ptrdiff_t first = spot->column < 0 ? -spot->column : 0;
    ptrdiff_t last = spot->column + n < side ? n : side - 1 - spot->column;

    for (ptrdiff_t i = first; i <= last; i++) {
        ptrdiff_t at = spot->column + i;
        sum[2 * at] += left * row[2 * i] + right * row[2 * i - 2];
        sum[2 * at + 1] += left * row[2 * i + 1] + right * row[2 * i - 1];
        weights[at] += weight * ((i < n ? left : 0) + (i > 0 ? right : 0));
    }
}

static void lay_patch(const struct job *job, size_t at, const size_t band[2], double *row)
{
    const struct fw_canvas *canvas = &job->stitch->canvas;
    size_t n = canvas->crop, skip = canvas->patch / 2 - n / 2;
    struct spot spot = find_spot(canvas, job->positions + 2 * at);
    const float complex *patch = job->patches + (at * canvas->patch + skip) * canvas->patch + skip;

    for (size_t i = 0; i <= n; i++) {
        ptrdiff_t line = spot.row + (ptrdiff_t)i;
        if (line < (ptrdiff_t)band[0] || line >= (ptrdiff_t)band[1]) {
            continue;
        }
        const float complex *lower = i < n ? patch + i * canvas->patch : NULL;
        const float complex *upper = i > 0 ? patch + (i - 1) * canvas->patch : NULL;
        blend_rows(upper, lower, spot.below, n, row);
        double weight = (i < n ? 1 - spot.below : 0) + (i > 0 ? spot.below : 0);
        lay_row(row, weight, &spot, job, (size_t)line);
    }
}

static void lay_band(void *arg, size_t band)
{
    const struct job *job = arg;
    const struct fw_canvas *canvas = &job->stitch->canvas;
    size_t first = band * BAND_ROWS, last = first + BAND_ROWS;
    const size_t rows[] = {first, last < canvas->side ? last : canvas->side};

    for (size_t i = 0; i < job->n; i++) {
        lay_patch(job, i, rows, job->scratch + band * 2 * (canvas->crop + 2) + 2);
    }
}

int fw_stitch_add(struct fw_stitch *stitch, const float complex *patches, const double *positions,
                  size_t n, unsigned n_threads)
{
    size_t n_bands = (stitch->canvas.side + BAND_ROWS - 1) / BAND_ROWS;
    struct job job = {.stitch = stitch, .patches = patches, .positions = positions, .n = n};

    job.scratch = calloc(n_bands * 2 * (stitch->canvas.crop + 2), sizeof *job.scratch);
    if (job.scratch == NULL) {
        return -ENOMEM;
    }
    fw_team_run(n_threads, n_bands, lay_band, &job);
    free(job.scratch);
    return 0;
}

void fw_stitch_result(const struct fw_stitch *stitch, float complex *ret_object, bool *ret_covered)
{
    size_t n = stitch->canvas.side * stitch->canvas.side;

    for (size_t i = 0; i < n; i++) {
        ret_object[i] = (float complex)(stitch->sum[i] / (1e-9 + stitch->weight[i]));
        if (ret_covered != NULL) {
            ret_covered[i] = stitch->weight[i] > 0;
        }
    }
}
