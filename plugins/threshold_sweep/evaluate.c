/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "threshold_sweep.h"

struct fw_score_counts sweep_counts(const struct sweep_figures *figures,
                                    const struct sweep_row *row)
{
    uint64_t fn = figures->n_positive - row->tp;

    return (struct fw_score_counts){
        .tp = row->tp, .fp = row->fp, .fn = fn, .tn = figures->n - row->tp - row->fp - fn};
}

static struct sweep_row row_at(const struct fw_scores *scores, double threshold)
{
    struct fw_score_counts counts = fw_scores_counts(scores, threshold);

    return (struct sweep_row){threshold, counts.tp, counts.fp};
}

static bool sweep_all(struct sweep_cell *cell, const struct fw_scores *scores)
{
    struct fw_score_walk walk = {0};

    cell->figures.n_rows = cell->figures.summary.n_distinct;
    cell->rows = reallocarray(NULL, cell->figures.n_rows, sizeof *cell->rows);
    for (size_t i = 0; cell->rows != NULL && fw_scores_next(scores, &walk); i++) {
        cell->rows[i] = (struct sweep_row){walk.p, walk.counts.tp, walk.counts.fp};
    }
    return cell->rows != NULL;
}

static bool sweep_grid(struct sweep_cell *cell, const struct fw_scores *scores,
                       const struct sweep_grid *grid)
{
    cell->figures.n_rows = grid->n;
    cell->rows = reallocarray(NULL, grid->n, sizeof *cell->rows);
    for (size_t i = 0; cell->rows != NULL && i < grid->n; i++) {
        cell->rows[i] = row_at(scores, grid->thresholds[i]);
    }
    return cell->rows != NULL;
}

/* The distinct p nearest below evenly spaced ranks, the smallest and the largest among them. */
static bool draw_curve(struct sweep_cell *cell, const struct fw_scores *scores)
{
    uint64_t n = 0;

    cell->curve = reallocarray(NULL, SWEEP_CURVE_POINTS, sizeof *cell->curve);
    for (size_t i = 0; cell->curve != NULL && i < SWEEP_CURVE_POINTS; i++) {
        size_t at = (size_t)((uint64_t)(scores->n - 1) * i / (SWEEP_CURVE_POINTS - 1));
        double p = fw_score_p(scores->keys[at]);
        if (n == 0 || p > cell->curve[n - 1].threshold) {
            cell->curve[n++] = row_at(scores, p);
        }
    }
    cell->figures.n_curve = n;
    return cell->curve != NULL;
}

static bool calibrate(const struct sweep *sweep, struct sweep_cell *cell,
                      const struct fw_scores *scores)
{
    cell->bins = reallocarray(NULL, sweep->n_bins, sizeof *cell->bins);
    if (cell->bins == NULL) {
        return false;
    }
    fw_scores_calibration(scores, cell->bins, sweep->n_bins);
    for (size_t i = 0; i < sweep->n_bins; i++) {
        const struct fw_score_bin *bin = &cell->bins[i];
        cell->figures.calibration_error +=
            bin->n > 0
                ? fabs((double)bin->n_positive - bin->mean_p * (double)bin->n) / (double)scores->n
                : 0;
    }
    return true;
}

static bool fill(const struct sweep *sweep, struct sweep_cell *cell, const struct fw_scores *scores)
{
    struct sweep_figures *figures = &cell->figures;

    *figures = (struct sweep_figures){.n = scores->n, .n_positive = scores->n_positive};
    return fw_scores_summary(scores, sweep->n_threads, &figures->summary) &&
           (sweep->grid.is_auto ? sweep_all(cell, scores)
                                : sweep_grid(cell, scores, &sweep->grid)) &&
           draw_curve(cell, scores) && calibrate(sweep, cell, scores);
}

static void choose_points(const struct sweep *sweep, struct sweep_experiment *experiment)
{
    const struct sweep_cell *cell = &experiment->cells[SWEEP_SELECT];
    size_t at;

    for (size_t i = 0; i < sweep->n_rules; i++) {
        struct sweep_point *point = &experiment->points[i];
        if (sweep_choose(sweep, &sweep->rules[i], cell, &at)) {
            point->is_there = 1;
            point->at_edge = at == 0 || at + 1 == cell->figures.n_rows;
            point->rows[SWEEP_SELECT] = cell->rows[at];
        }
    }
}

static void report_points(const struct sweep *sweep, struct sweep_experiment *experiment,
                          const struct fw_scores *scores)
{
    for (size_t i = 0; i < sweep->n_rules; i++) {
        struct sweep_point *point = &experiment->points[i];
        if (point->is_there) {
            point->rows[SWEEP_REPORT] = row_at(scores, point->rows[SWEEP_SELECT].threshold);
        }
    }
}

fw_status sweep_evaluate(struct sweep *sweep)
{
    struct sweep_experiment *experiment = &sweep->experiments[sweep->next / sweep->n_roles];
    enum sweep_role role = sweep->next % sweep->n_roles == 0 ? SWEEP_SELECT : SWEEP_REPORT;
    struct sweep_cell *cell = &experiment->cells[role];
    struct fw_predictions_cell *from = &sweep->predictions->cells[cell->source];
    struct fw_scores scores;
    double *p = from->p;

    from->p = NULL;
    if (!fw_scores_take(&scores, p, from->y, from->n, sweep->n_threads)) {
        return fw_fault_nomem(sweep->host);
    }
    bool done = fill(sweep, cell, &scores);
    if (done && role == SWEEP_SELECT) {
        choose_points(sweep, experiment);
    } else if (done) {
        report_points(sweep, experiment, &scores);
    }
    fw_scores_finish(&scores);
    if (!done) {
        return fw_fault_nomem(sweep->host);
    }
    sweep->n_done += from->n;
    fw_predictions_forget(from);
    sweep->next++;
    return FW_OK;
}

void sweep_cell_finish(struct sweep_cell *cell)
{
    free(cell->rows);
    free(cell->curve);
    free(cell->bins);
    *cell = (struct sweep_cell){.source = cell->source};
}
