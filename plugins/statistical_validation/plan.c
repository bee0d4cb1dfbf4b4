/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/log.h>

#include "validation.h"

const char *validation_pair_text(const struct validation *v, size_t pair, char *ret, size_t size)
{
    snprintf(ret, size, "%s against %s", v->pairs[pair].tiers[0], v->pairs[pair].tiers[1]);
    return ret;
}

static bool parse(const struct validation *v, const char *name, struct fw_cell *ret)
{
    const struct fw_value *templates = fw_task_value(v->task, "experiments");

    for (uint64_t i = 0; i < templates->n; i++) {
        if (fw_cell_parse(templates->texts[i], name, ret)) {
            return true;
        }
    }
    return false;
}

static fw_status note_unmatched(struct validation *v, const char *name)
{
    const struct fw_log *log = v->host->service(v->host, FW_LOG_ID);
    struct fw_text text = {0};
    cJSON *node = cJSON_CreateString(name);

    fw_text_appendf(&text, "the experiment \"%s\" is left out: no template says its cell", name);
    log->write(v->host, FW_LOG_WARNING, fw_text_get(&text));
    fw_text_finish(&text);
    if (node == NULL || !cJSON_AddItemToArray(v->unmatched, node)) {
        cJSON_Delete(node);
        return fw_fault_nomem(v->host);
    }
    return FW_OK;
}

static fw_status refuse_twice(const struct validation *v, const struct validation_experiment *a,
                              const char *name)
{
    return fw_faultf(v->host, FW_E_DATA, "predictions", "mend the names or the templates",
                     "the experiments \"%s\" and \"%s\" are the same cell of the tier %s", a->name,
                     name, a->cell.tier);
}

/* The predictions' cells are in order, so an experiment's splits stand side by side. */
static fw_status find_experiments(struct validation *v)
{
    const struct fw_predictions *predictions = v->predictions;
    const char *last = "";

    v->experiments = calloc(predictions->n_cells + 1, sizeof *v->experiments);
    v->unmatched = cJSON_CreateArray();
    if (v->experiments == NULL || v->unmatched == NULL) {
        return fw_fault_nomem(v->host);
    }
    for (size_t i = 0; i < predictions->n_cells; i++) {
        const char *name = predictions->cells[i].experiment;
        struct fw_cell cell;
        fw_status status = FW_OK;
        if (strcmp(name, last) == 0) {
            continue;
        }
        last = name;
        if (!parse(v, name, &cell)) {
            status = note_unmatched(v, name);
        } else {
            for (size_t k = 0; k < v->n_experiments && status == FW_OK; k++) {
                const struct validation_experiment *other = &v->experiments[k];
                bool is_same = strcmp(other->cell.tier, cell.tier) == 0 &&
                               fw_cell_compare(&other->cell, &cell) == 0;
                status = is_same ? refuse_twice(v, other, name) : FW_OK;
            }
            v->experiments[v->n_experiments++] =
                (struct validation_experiment){.cell = cell, .name = name};
        }
        if (status != FW_OK) {
            return status;
        }
    }
    return FW_OK;
}

static const struct validation_experiment *
find_experiment(const struct validation *v, const char *tier, const struct fw_cell *cell)
{
    for (size_t i = 0; i < v->n_experiments; i++) {
        const struct validation_experiment *it = &v->experiments[i];
        if (strcmp(it->cell.tier, tier) == 0 &&
            (cell == NULL || fw_cell_compare(&it->cell, cell) == 0)) {
            return it;
        }
    }
    return NULL;
}

static int compare_tiers(const void *a, const void *b)
{
    return fw_predictions_compare(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the tiers, smallest first, into room for one of each experiment. */
static size_t list_tiers(const struct validation *v, const char **ret_tiers)
{
    size_t n = 0;

    for (size_t i = 0; i < v->n_experiments; i++) {
        const char *tier = v->experiments[i].cell.tier;
        if (find_experiment(v, tier, NULL) == &v->experiments[i]) {
            ret_tiers[n++] = tier;
        }
    }
    qsort(ret_tiers, n, sizeof *ret_tiers, compare_tiers);
    return n;
}

static fw_status refuse_tiers(const struct validation *v, size_t n, const char *const *tiers,
                              const char *missing)
{
    struct fw_text names = {0};

    for (size_t i = 0; i < n; i++) {
        fw_text_appendf(&names, "%s%s", i > 0 ? ", " : "", tiers[i]);
    }
    fw_status status =
        missing != NULL
            ? fw_faultf(v->host, FW_E_DATA, "pairs", "mend the pair, the names or the templates",
                        "no experiment is of the tier \"%s\"; there are: %s", missing,
                        fw_text_get(&names))
            : fw_faultf(v->host, FW_E_DATA, "predictions",
                        "give the predictions of two tiers, or mend the templates",
                        "a comparison takes two tiers or more, and there are %zu: %s", n,
                        n > 0 ? fw_text_get(&names) : "none");
    fw_text_finish(&names);
    return status;
}

static fw_status read_pair(const struct validation *v, const char *text,
                           struct validation_pair *ret)
{
    const char *colon = strchr(text, ':');
    size_t n = colon != NULL ? (size_t)(colon - text) : 0;

    if (n == 0 || n >= FW_CELL_TEXT || colon[1] == '\0' || strlen(colon + 1) >= FW_CELL_TEXT ||
        (strlen(colon + 1) == n && strncmp(text, colon + 1, n) == 0)) {
        return fw_faultf(v->host, FW_E_CONFIG, "pairs", "write pairs such as \"a100:a50\"",
                         "\"%s\" does not name two tiers", text);
    }
    snprintf(ret->tiers[0], FW_CELL_TEXT, "%.*s", (int)n, text);
    snprintf(ret->tiers[1], FW_CELL_TEXT, "%s", colon + 1);
    return FW_OK;
}

static fw_status read_pairs(struct validation *v, const char *const *tiers, size_t n_tiers)
{
    const struct fw_value *pairs = fw_task_value(v->task, "pairs");
    fw_status status = FW_OK;

    for (uint64_t i = 0; i < pairs->n && status == FW_OK; i++) {
        struct validation_pair *pair = &v->pairs[v->n_pairs++];
        status = read_pair(v, pairs->texts[i], pair);
        for (int k = 0; k < 2 && status == FW_OK; k++) {
            if (find_experiment(v, pair->tiers[k], NULL) == NULL) {
                status = refuse_tiers(v, n_tiers, tiers, pair->tiers[k]);
            }
        }
    }
    return status;
}

/* Each tier against each smaller one, unless pairs are given. */
static fw_status set_pairs(struct validation *v, const char *const *tiers, size_t n_tiers)
{
    const struct fw_value *given = fw_task_value(v->task, "pairs");

    if (n_tiers < 2) {
        return refuse_tiers(v, n_tiers, tiers, NULL);
    }
    v->pairs = calloc(given->n > 0 ? given->n : n_tiers * n_tiers, sizeof *v->pairs);
    if (v->pairs == NULL) {
        return fw_fault_nomem(v->host);
    }
    if (given->n > 0) {
        return read_pairs(v, tiers, n_tiers);
    }
    for (size_t large = 1; large < n_tiers; large++) {
        for (size_t small = large; small-- > 0;) {
            struct validation_pair *pair = &v->pairs[v->n_pairs++];
            snprintf(pair->tiers[0], FW_CELL_TEXT, "%s", tiers[large]);
            snprintf(pair->tiers[1], FW_CELL_TEXT, "%s", tiers[small]);
        }
    }
    return FW_OK;
}

static int compare_cells(const void *a, const void *b)
{
    return fw_cell_compare(a, b);
}

/* The cells that one of the pair's tiers has, in order and once. */
static size_t list_cells(const struct validation *v, size_t pair, struct fw_cell *ret_cells)
{
    size_t n = 0, n_distinct = 0;

    for (size_t i = 0; i < v->n_experiments; i++) {
        const struct fw_cell *cell = &v->experiments[i].cell;
        if (strcmp(cell->tier, v->pairs[pair].tiers[0]) == 0 ||
            strcmp(cell->tier, v->pairs[pair].tiers[1]) == 0) {
            ret_cells[n++] = *cell;
        }
    }
    qsort(ret_cells, n, sizeof *ret_cells, compare_cells);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || fw_cell_compare(&ret_cells[i], &ret_cells[n_distinct - 1]) != 0) {
            ret_cells[n_distinct++] = ret_cells[i];
        }
    }
    return n_distinct;
}

static void add_test(struct validation *v, size_t pair, const struct fw_cell *cell,
                     bool is_replication)
{
    struct validation_test *test = &v->tests[v->n_tests++];
    bool is_there[2];

    test->pair = pair;
    test->is_replication = is_replication;
    test->split = is_replication ? v->settings.replicate_on : v->settings.split;
    test->cell = *cell;
    for (int i = 0; i < 2; i++) {
        const struct validation_experiment *experiment =
            find_experiment(v, v->pairs[pair].tiers[i], cell);
        test->cells[i] = experiment != NULL
                             ? fw_predictions_cell(v->predictions, experiment->name, test->split)
                             : NULL;
        is_there[i] = test->cells[i] != NULL;
    }
    test->numbers.status = is_there[0] && is_there[1] ? VALIDATION_OK
                           : is_there[1]              ? VALIDATION_MISSING_A
                           : is_there[0]              ? VALIDATION_MISSING_B
                                                      : VALIDATION_MISSING_BOTH;
}

/* Those that decide, by pair and cell, then those on the other split. */
static fw_status set_tests(struct validation *v)
{
    struct fw_cell *cells = malloc((v->n_experiments + 1) * sizeof *cells);
    int n_splits = v->settings.replicate_on != NULL ? 2 : 1;

    v->tests = calloc(2 * v->n_pairs * v->n_experiments + 1, sizeof *v->tests);
    for (int split = 0; split < n_splits && cells != NULL && v->tests != NULL; split++) {
        for (size_t pair = 0; pair < v->n_pairs; pair++) {
            size_t n = list_cells(v, pair, cells);
            for (size_t i = 0; i < n; i++) {
                add_test(v, pair, &cells[i], split == 1);
            }
        }
    }
    bool done = cells != NULL && v->tests != NULL;
    free(cells);
    return done ? FW_OK : fw_fault_nomem(v->host);
}

fw_status validation_plan_make(struct validation *v)
{
    fw_status status = find_experiments(v);
    const char **tiers = malloc((v->n_experiments + 1) * sizeof *tiers);

    if (tiers == NULL) {
        return fw_fault_nomem(v->host);
    }
    if (status == FW_OK) {
        status = set_pairs(v, tiers, list_tiers(v, tiers));
    }
    free(tiers);
    return status == FW_OK ? set_tests(v) : status;
}

void validation_plan_finish(struct validation *v)
{
    free(v->tests);
    free(v->pairs);
    free(v->experiments);
    cJSON_Delete(v->unmatched);
}
