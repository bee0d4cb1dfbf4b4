/* SPDX-License-Identifier: MIT */
#include "history.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "base/vec.h"
#include "stats/stats.h"

enum { LOOK_BACK = 100 };

struct results {
    cJSON **items;
    size_t len, cap;
};

static void finish(struct results *results)
{
    for (size_t i = 0; i < results->len; i++) {
        cJSON_Delete(results->items[i]);
    }
    free(results->items);
}

static int read_lines(const char *path, struct results *results, struct fw_error *err)
{
    fw_auto(free) char *text = NULL;
    size_t len, number = 0;
    FW_TRY(fw_fs_read(path, &text, &len, err));
    for (const char *line = text; line < text + len; number++) {
        const size_t size = strcspn(line, "\n");
        fw_auto(free) char *name = fw_text("%s, line %zu", path, number + 1);
        struct fw_error damage;
        cJSON *json;
        FW_TRY(name ? 0 : fw_error_oom(err));
        if (fw_json_parse(line, size, name, &json, &damage) < 0) {
            fprintf(stderr, "warning: passed over: %s\n", damage.text);
        } else {
            cJSON **slot = fw_vec_add(results);
            if (!slot) {
                cJSON_Delete(json);
                return fw_error_oom(err);
            }
            *slot = json;
        }
        line += size + 1;
    }
    return 0;
}

static const cJSON *find_stage(const cJSON *result, const char *name)
{
    const cJSON *stage;
    cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(result, "stages"))
    {
        if (strcmp(fw_json_text(stage, "stage"), name) == 0) {
            return stage;
        }
    }
    return NULL;
}

static bool is_true(const cJSON *json, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, name));
}

/* The times of the same work, the latest first. */
static size_t gather(const struct results *results, const cJSON *result, const cJSON *stage,
                     double times[LOOK_BACK])
{
    const cJSON *now = cJSON_GetObjectItemCaseSensitive(stage, "now");
    size_t n = 0;
    for (size_t i = results->len; i-- > 0 && n < LOOK_BACK;) {
        const cJSON *other = results->items[i];
        const cJSON *arm = cJSON_GetObjectItemCaseSensitive(
            find_stage(other, fw_json_text(stage, "stage")), "now");
        double seconds = fw_json_number(arm, "seconds_median");
        if (seconds > 0 &&
            strcmp(fw_json_text(other, "pipeline"), fw_json_text(result, "pipeline")) == 0 &&
            is_true(other, "cold") == is_true(result, "cold") &&
            is_true(other, "cpu") == is_true(result, "cpu") &&
            strcmp(fw_json_text(arm, "data_sha256"), fw_json_text(now, "data_sha256")) == 0) {
            times[n++] = log(seconds);
        }
    }
    return n;
}

static bool add(cJSON *stage, double *times, size_t n)
{
    const cJSON *now = cJSON_GetObjectItemCaseSensitive(stage, "now");
    double away[LOOK_BACK];
    fw_stats_sort(times, n);
    const double median = fw_stats_quantile(times, n, 0.5);
    for (size_t i = 0; i < n; i++) {
        away[i] = fabs(times[i] - median);
    }
    fw_stats_sort(away, n);
    const double spread = 1.4826 * fw_stats_quantile(away, n, 0.5);
    const double shift = log(fw_json_number(now, "seconds_median")) - median;
    cJSON *json = cJSON_AddObjectToObject(stage, "history");
    return fw_json_set(json, FW_JSON_U64("n", n), FW_JSON_REAL("median_s", exp(median)),
                       FW_JSON_REAL("change", expm1(shift))) &&
           (n < 3 || spread == 0 || cJSON_AddNumberToObject(json, "z", shift / spread));
}

int fw_history_look(const char *path, const cJSON *result, struct fw_error *err)
{
    struct results results = {0};
    cJSON *stage;
    int rc = access(path, F_OK) < 0 ? 0 : read_lines(path, &results, err);
    cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(result, "stages"))
    {
        double times[LOOK_BACK];
        size_t n = rc == 0 ? gather(&results, result, stage, times) : 0;
        if (n > 0 && !add(stage, times, n)) {
            rc = fw_error_oom(err);
        }
    }
    finish(&results);
    return rc;
}

int fw_history_add(const char *path, const cJSON *result, struct fw_error *err)
{
    fw_auto(free) char *line = NULL;
    fw_auto(free) char *folder = fw_path_folder(path);
    FW_TRY(folder ? fw_fs_mkdirs(folder, err) : fw_error_oom(err));
    FW_TRY(fw_json_line(result, &line, err));
    fw_auto(free) char *text = fw_text("%s\n", line);
    FW_TRY(text ? 0 : fw_error_oom(err));
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    const size_t len = strlen(text);
    const bool whole = fd >= 0 && write(fd, text, len) == (ssize_t)len;
    if ((fd >= 0 && close(fd) < 0) || !whole) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot write the history %s", path);
    }
    return 0;
}
