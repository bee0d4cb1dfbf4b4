/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file/file.h"
#include "grey/grey.h"
#include "reconstruction.h"
#include "report/report.h"
#include "sql/fault.h"
#include "sql/text.h"

/* Between panels, in pixels. */
enum { GAP = 8 };

enum { PHASE, AMPLITUDE, KINDS };
static const char *const kinds[KINDS] = {"phase", "amplitude"};

/* All panels have one shape; the truth, where there is one, is the last column. */
struct panels {
    const struct recon *recon;
    const struct recon_view *view;
    const char *folder;
    double percent[2];
    double *values; /* of one panel */
    struct fw_grey sheet;
    cJSON *limits;
};

static const char *name_of(const struct panels *panels, size_t column)
{
    return column < panels->view->n ? panels->recon->named.items[column].name : "ground_truth";
}

static size_t n_columns(const struct recon_view *view)
{
    return view->n + (view->truth != NULL ? 1 : 0);
}

static void take_values(const struct panels *panels, size_t column, int kind)
{
    const struct recon_view *view = panels->view;
    const double complex *pixels = column < view->n ? view->arms[column].pixels : view->truth;

    for (size_t i = 0; i < view->height * view->width; i++) {
        panels->values[i] = kind == PHASE ? carg(pixels[i]) : cabs(pixels[i]);
    }
}

static bool add_limits(const struct panels *panels, size_t column, const char *file,
                       const struct fw_grey_limits *limits)
{
    cJSON *item = cJSON_AddObjectToObject(panels->limits, file);
    bool added = cJSON_AddNumberToObject(item, "black", limits->lower) != NULL &&
                 cJSON_AddNumberToObject(item, "white", limits->upper) != NULL;
    const struct recon_view *view = panels->view;

    if (added && column < view->n && !isnan(view->arms[column].shift[0])) {
        added = cJSON_AddNumberToObject(item, "offset_dy", view->arms[column].shift[0]) != NULL &&
                cJSON_AddNumberToObject(item, "offset_dx", view->arms[column].shift[1]) != NULL;
    }
    return added;
}

static fw_status write_file(const struct panels *panels, const char *file,
                            const struct fw_grey *grey)
{
    const struct fw_host *host = panels->recon->host;
    struct fw_text path = {0};

    fw_text_appendf(&path, "%s/%s", panels->folder, file);
    fw_status status =
        path.failed ? fw_fault_nomem(host) : fw_grey_write(grey, host, fw_text_get(&path));
    fw_text_finish(&path);
    return status;
}

static fw_status write_alone(const struct panels *panels, const char *file,
                             const struct fw_grey_limits *limits)
{
    const uint32_t shape[2] = {(uint32_t)panels->view->height, (uint32_t)panels->view->width};
    const uint32_t corner[2] = {0, 0};
    struct fw_grey grey;
    fw_status status = fw_grey_init(&grey, panels->recon->host, shape[0], shape[1]);

    if (status == FW_OK) {
        fw_grey_draw(&grey, corner, shape, panels->values, limits);
        status = write_file(panels, file, &grey);
        fw_grey_finish(&grey);
    }
    return status;
}

static fw_status make_panel(struct panels *panels, size_t column, int kind)
{
    const struct fw_host *host = panels->recon->host;
    const uint32_t shape[2] = {(uint32_t)panels->view->height, (uint32_t)panels->view->width};
    const uint32_t at[2] = {(uint32_t)kind * (shape[0] + GAP), (uint32_t)column * (shape[1] + GAP)};
    struct fw_grey_limits limits;
    char file[128];

    snprintf(file, sizeof file, "%s_%s.png", name_of(panels, column), kinds[kind]);
    take_values(panels, column, kind);
    fw_status status = fw_grey_percentiles(host, panels->values, (size_t)shape[0] * shape[1],
                                           panels->percent, &limits);
    if (status == FW_OK && !add_limits(panels, column, file, &limits)) {
        status = fw_fault_nomem(host);
    }
    if (status == FW_OK) {
        fw_grey_draw(&panels->sheet, at, shape, panels->values, &limits);
        status = write_alone(panels, file, &limits);
    }
    return status;
}

static fw_status write_document(const struct panels *panels)
{
    const struct fw_host *host = panels->recon->host;
    struct fw_text path = {0};
    char *text = cJSON_Print(panels->limits);

    fw_text_appendf(&path, "%s/limits.json", panels->folder);
    fw_status status = text == NULL || path.failed
                           ? fw_fault_nomem(host)
                           : fw_file_write(host, path.data, text, strlen(text));
    cJSON_free(text);
    fw_text_finish(&path);
    return status;
}

static fw_status make_all(struct panels *panels)
{
    fw_status status = FW_OK;

    for (size_t column = 0; column < n_columns(panels->view); column++) {
        for (int kind = 0; status == FW_OK && kind < KINDS; kind++) {
            status = make_panel(panels, column, kind);
        }
    }
    if (status == FW_OK) {
        status = write_file(panels, "comparison.png", &panels->sheet);
    }
    return status == FW_OK ? write_document(panels) : status;
}

fw_status recon_panels_write(const struct recon *recon, const struct recon_view *view,
                             const char *folder)
{
    const struct fw_host *host = recon->host;
    struct panels panels = {.recon = recon,
                            .view = view,
                            .folder = folder,
                            .percent = {fw_task_value(recon->task, "p_min")->real,
                                        fw_task_value(recon->task, "p_max")->real},
                            .values = malloc(view->height * view->width * sizeof(double)),
                            .limits = cJSON_CreateObject()};

    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        free(panels.values);
        cJSON_Delete(panels.limits);
        return fw_faultf(host, FW_E_IO, folder, NULL, "the folder cannot be made: %s",
                         strerror(errno));
    }
    fw_status status =
        panels.values == NULL || panels.limits == NULL ? fw_fault_nomem(host) : FW_OK;
    if (status == FW_OK) {
        status = fw_grey_init(&panels.sheet, host, (uint32_t)(KINDS * (view->height + GAP) - GAP),
                              (uint32_t)(n_columns(view) * (view->width + GAP) - GAP));
    }
    if (status == FW_OK) {
        status = make_all(&panels);
    }
    fw_grey_finish(&panels.sheet);
    free(panels.values);
    cJSON_Delete(panels.limits);
    return status;
}
