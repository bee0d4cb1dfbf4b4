/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file/paths.h"
#include "freeze.h"
#include "report/json.h"
#include "sql/fault.h"
#include "sql/text.h"

/* The artifacts that are looked for, by what their folders' names begin with. */
static const struct artifact {
    const char *prefix;
    enum freeze_part part;
    bool is_offers;
} artifacts[] = {
    {"offers_core_full_daily", FREEZE_DAILY, true},
    {"offers_core_full_snapshot", FREEZE_SNAPSHOT, true},
    {"edgar_feature_store_full_daily", FREEZE_EDGAR, false},
    {"multiscale_full", FREEZE_MULTISCALE, false},
};

struct found {
    struct freeze_candidate candidate;
    char *name;
    cJSON *manifest;
};

struct list {
    struct found *items;
    int n;
};

bool freeze_is_full_scale(int64_t rows_scanned, int64_t target)
{
    /* rows >= 0.99 target, in whole numbers */
    return target > 0 && rows_scanned >= 0 && rows_scanned * 100 >= target * 99;
}

static int64_t distance(int64_t rows, int64_t target)
{
    return rows > target ? rows - target : target - rows;
}

static bool is_better(const struct freeze_facts *facts, const struct freeze_facts *best,
                      bool is_offers, int64_t target)
{
    if (facts->has_manifest != best->has_manifest) {
        return facts->has_manifest;
    }
    if (!is_offers || facts->rows_scanned < 0) {
        return false; /* the list is newest first */
    }
    return best->rows_scanned < 0 ||
           distance(facts->rows_scanned, target) < distance(best->rows_scanned, target);
}

int freeze_select(const struct freeze_candidate *list, int n, const char *stamp, bool is_offers,
                  int64_t target)
{
    int best = -1;

    for (int i = 0; i < n; i++) {
        if (strstr(list[i].name, stamp) == NULL) {
            continue;
        }
        if (best < 0 || is_better(&list[i].facts, &list[best].facts, is_offers, target)) {
            best = i;
        }
    }
    return best;
}

static void finish_list(struct list *list)
{
    for (int i = 0; i < list->n; i++) {
        free(list->items[i].name);
        cJSON_Delete(list->items[i].manifest);
    }
    free(list->items);
}

/* Adds the folder `dir`, which may be there already. Takes nothing. */
static fw_status add_folder(const struct freeze *freeze, struct list *list, const char *dir)
{
    const char *name = fw_path_below(freeze->root, dir);
    char sha256[65];

    for (int i = 0; name != NULL && i < list->n; i++) {
        if (strcmp(list->items[i].name, name) == 0) {
            return FW_OK;
        }
    }
    if (name == NULL) {
        return FW_OK; /* another check says that it lies elsewhere */
    }
    struct found *items = realloc(list->items, ((size_t)list->n + 1) * sizeof *items);
    if (items == NULL) {
        return fw_fault_nomem(freeze->host);
    }
    list->items = items;
    struct found *item = &items[list->n];
    *item = (struct found){.name = strdup(name)};
    if (item->name == NULL) {
        return fw_fault_nomem(freeze->host);
    }
    list->n++;
    fw_status status = freeze_manifest_read(freeze->host, dir, &item->manifest, sha256);
    item->candidate =
        (struct freeze_candidate){.name = item->name, .facts = freeze_facts_of(item->manifest)};
    return status;
}

static fw_status list_folder(const struct freeze *freeze, const char *prefix, const char *folder,
                             struct list *list)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    fw_status status = FW_OK;

    if (dir == NULL && errno != ENOENT) {
        return fw_faultf(freeze->host, FW_E_IO, folder, NULL, "the folder cannot be read: %s",
                         strerror(errno));
    }
    while (dir != NULL && status == FW_OK && (entry = readdir(dir)) != NULL) {
        struct fw_text path = {0};
        fw_text_appendf(&path, "%s/%s", folder, entry->d_name);
        if (path.failed) {
            status = fw_fault_nomem(freeze->host);
        } else if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0) {
            status = add_folder(freeze, list, fw_text_get(&path));
        }
        fw_text_finish(&path);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return status;
}

/* Newest first; those without a time last; names decide between equals. */
static int compare(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    const char *older = x->candidate.facts.built_at, *newer = y->candidate.facts.built_at;
    int order = strcmp(newer != NULL ? newer : "", older != NULL ? older : "");

    return order != 0 ? order : strcmp(x->name, y->name);
}

static bool add(cJSON *object, const char *name, cJSON *value)
{
    if (value != NULL && cJSON_AddItemToObject(object, name, value)) {
        return true;
    }
    cJSON_Delete(value);
    return false;
}

static cJSON *number(int64_t value)
{
    return value < 0 ? cJSON_CreateNull() : fw_json_int(value);
}

static cJSON *describe(const struct freeze_candidate *candidate)
{
    const struct freeze_facts *facts = &candidate->facts;
    const char *slash = strrchr(candidate->name, '/');
    cJSON *item = cJSON_CreateObject();
    bool done =
        add(item, "name", cJSON_CreateString(slash != NULL ? slash + 1 : candidate->name)) &&
        add(item, "path", cJSON_CreateString(candidate->name)) &&
        add(item, "manifest_exists", cJSON_CreateBool(facts->has_manifest)) &&
        add(item, "built_at",
            facts->built_at != NULL ? cJSON_CreateString(facts->built_at) : cJSON_CreateNull()) &&
        add(item, "rows_scanned", number(facts->rows_scanned)) &&
        add(item, "rows_emitted", number(facts->rows_emitted)) &&
        add(item, "delta_version", number(facts->delta_version)) &&
        add(item, "active_files", number(facts->active_files)) &&
        add(item, "columns", number(facts->n_columns));

    if (!done) {
        cJSON_Delete(item);
        return NULL;
    }
    return item;
}

/* Digest of what a later product must have been made of, or NULL. */
static const char *parent_digest(const struct freeze *freeze, enum freeze_part part)
{
    return fw_task_input(freeze->task, part == FREEZE_EDGAR ? "cik_day" : "daily")->digest;
}

static bool is_full(const struct freeze *freeze, const struct artifact *artifact,
                    const struct found *selected)
{
    if (selected == NULL) {
        return false;
    }
    return artifact->is_offers
               ? freeze_is_full_scale(selected->candidate.facts.rows_scanned, freeze->target_rows)
               : freeze_has_input(selected->manifest, parent_digest(freeze, artifact->part));
}

struct sections {
    cJSON *candidates, *selected, *is_full_scale;
};

static fw_status report_artifact(struct freeze *freeze, const struct artifact *artifact,
                                 struct list *list, const struct sections *sections)
{
    cJSON *all = cJSON_CreateArray();
    bool done = all != NULL;
    struct freeze_candidate *plain = calloc((size_t)list->n + 1, sizeof *plain);

    if (list->n > 1) {
        qsort(list->items, (size_t)list->n, sizeof *list->items, compare);
    }
    for (int i = 0; done && plain != NULL && i < list->n; i++) {
        plain[i] = list->items[i].candidate;
        done = cJSON_AddItemToArray(all, describe(&plain[i]));
    }
    const char *stamp = freeze->any_stamp ? "" : freeze->stamp;
    int best = plain != NULL
                   ? freeze_select(plain, list->n, stamp, artifact->is_offers, freeze->target_rows)
                   : -1;
    const struct found *selected = best >= 0 ? &list->items[best] : NULL;
    const char *wanted = fw_path_below(freeze->root, freeze->products[artifact->part].dir);
    if (wanted != NULL && (selected == NULL || strcmp(selected->name, wanted) != 0)) {
        fw_report_fail(&freeze->status, "the candidates of %s select %s, and not %s",
                       artifact->prefix, selected != NULL ? selected->name : "none", wanted);
    }
    done = add(sections->candidates, artifact->prefix, all) && done && plain != NULL;
    done = done && add(sections->selected, artifact->prefix,
                       selected != NULL ? cJSON_CreateString(selected->name) : cJSON_CreateNull());
    done = done && add(sections->is_full_scale, artifact->prefix,
                       cJSON_CreateBool(is_full(freeze, artifact, selected)));
    free(plain);
    return done ? FW_OK : fw_fault_nomem(freeze->host);
}

static fw_status report_artifacts(struct freeze *freeze, const char *folder,
                                  const struct sections *sections)
{
    fw_status status = FW_OK;

    for (size_t i = 0; status == FW_OK && i < FW_COUNT(artifacts); i++) {
        struct list list = {0};
        status = add_folder(freeze, &list, freeze->products[artifacts[i].part].dir);
        if (status == FW_OK) {
            status = list_folder(freeze, artifacts[i].prefix, folder, &list);
        }
        if (status == FW_OK) {
            status = report_artifact(freeze, &artifacts[i], &list, sections);
        }
        finish_list(&list);
    }
    return status;
}

fw_status freeze_candidates_report(struct freeze *freeze)
{
    struct fw_report *report = &freeze->candidates;
    const struct sections sections = {cJSON_CreateObject(), cJSON_CreateObject(),
                                      cJSON_CreateObject()};
    struct fw_text folder = {0};

    fw_text_appendf(&folder, "%s/%s", freeze->root,
                    fw_task_text(freeze->task, "candidates_folder"));
    fw_report_int(report, "target_offers_rows", freeze->target_rows);
    if (freeze->any_stamp) {
        fw_report_add(report, "stamp_filter", cJSON_CreateNull());
    } else {
        fw_report_text(report, "stamp_filter", freeze->stamp);
    }
    fw_status status = folder.failed ? fw_fault_nomem(freeze->host)
                                     : report_artifacts(freeze, fw_text_get(&folder), &sections);
    fw_report_add(report, "selected", sections.selected);
    fw_report_add(report, "is_full_scale", sections.is_full_scale);
    fw_report_add(report, "candidates", sections.candidates);
    fw_text_finish(&folder);
    return status;
}
