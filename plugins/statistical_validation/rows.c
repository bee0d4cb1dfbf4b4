/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "validation.h"

static fw_status refuse_label(const struct validation *v, const struct validation_test *test,
                              size_t a, size_t b)
{
    const struct fw_predictions_cell *const *cells = test->cells;
    char key[40];
    time_t seconds = (time_t)cells[0]->keys[a] * 86400;
    struct tm day;

    if (v->predictions->key == FW_PREDICTIONS_DAYS && gmtime_r(&seconds, &day) != NULL) {
        strftime(key, sizeof key, "%Y-%m-%d", &day);
    } else {
        snprintf(key, sizeof key, "key %" PRId64, cells[0]->keys[a]);
    }
    return fw_faultf(v->host, FW_E_DATA, key,
                     "make both of the same targets: what is compared must have come for both",
                     "in %s the experiments \"%s\" and \"%s\" disagree on what came: y is %d and "
                     "%d",
                     test->split, cells[0]->experiment, cells[1]->experiment, cells[0]->y[a],
                     cells[1]->y[b]);
}

static fw_status make_room(struct validation *v, const struct validation_test *test)
{
    struct validation_work *work = &v->work;
    size_t n = test->cells[0]->n < test->cells[1]->n ? test->cells[0]->n : test->cells[1]->n;

    work->scores[0] = malloc(n * sizeof(double));
    work->scores[1] = malloc(n * sizeof(double));
    work->y = malloc(n);
    return work->scores[0] != NULL && work->scores[1] != NULL && work->y != NULL
               ? FW_OK
               : fw_fault_nomem(v->host);
}

fw_status validation_rows_join(struct validation *v, struct validation_test *test)
{
    const struct fw_predictions_cell *a = test->cells[0], *b = test->cells[1];
    struct validation_work *work = &v->work;
    size_t n = 0, at = 0, other = 0, n_ones = 0;
    fw_status status = make_room(v, test);

    while (status == FW_OK && at < a->n && other < b->n) {
        if (a->keys[at] != b->keys[other]) {
            *(a->keys[at] < b->keys[other] ? &at : &other) += 1;
            continue;
        }
        if (a->y[at] != b->y[other]) {
            status = refuse_label(v, test, at, other);
            break;
        }
        work->scores[0][n] = a->p[at];
        work->scores[1][n] = b->p[other];
        work->y[n] = a->y[at];
        n_ones += a->y[at];
        n++;
        at++;
        other++;
    }
    work->n = (uint32_t)n;
    test->numbers.n = n;
    test->numbers.n_ones = n_ones;
    test->numbers.only[0] = a->n - n;
    test->numbers.only[1] = b->n - n;
    return status;
}
