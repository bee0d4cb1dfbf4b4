/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include <math.h>
#include <string.h>
#include <sys/resource.h>

#include "base/json.h"
#include "scratch.h"

void fw_series_finish(struct fw_series *series)
{
    free(series->items);
    free(series->steps.items);
    *series = (struct fw_series){0};
}

int fw_series_add_steps(struct fw_series *series, const cJSON *manifest, struct fw_error *err)
{
    const cJSON *step_us, *times, *time;
    double each;
    if (fw_json_get_object(manifest, "step_us", &step_us, err) < 0 ||
        fw_json_get_array(step_us, "times", &times, err) < 0 ||
        fw_json_get_double(step_us, "steps_each", &each, err) < 0) {
        return fw_error_prefix(err, "the run has not recorded the times of its steps, an older "
                                    "fwrun made it: ");
    }
    cJSON_ArrayForEach(time, times)
    {
        double *slot = fw_vec_add(&series->steps);
        FW_TRY(slot ? 0 : fw_error_oom(err));
        *slot = time->valuedouble / fmax(each, 1);
    }
    return 0;
}

static void add_outputs(const cJSON *manifest, struct fw_sample *sample)
{
    const cJSON *output;
    cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(manifest, "outputs"))
    {
        sample->output_bytes += (uint64_t)fw_json_number(output, "bytes");
    }
}

static int take(const cJSON *manifest, struct fw_sample *sample, struct fw_error *err)
{
    const cJSON *step_us;
    double total;
    FW_TRY(fw_json_get_object(manifest, "step_us", &step_us, err));
    FW_TRY(fw_json_get_double(step_us, "total", &total, err));
    FW_TRY(fw_json_get_double(manifest, "elapsed_s", &sample->elapsed_s, err));
    FW_TRY(fw_json_get_u64(manifest, "steps", &sample->n_steps, err));
    FW_TRY(fw_json_get_u64(manifest, "items", &sample->rows, err));
    FW_TRY(fw_json_get_u64(manifest, "peak_rss_bytes", &sample->peak_bytes, err));
    sample->steps_s = total / 1e6;
    sample->attempts =
        (unsigned)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(manifest, "attempts"));
    add_outputs(manifest, sample);
    return 0;
}

static double seconds(const struct timeval *before, const struct timeval *after)
{
    return (double)(after->tv_sec - before->tv_sec) +
           (double)(after->tv_usec - before->tv_usec) / 1e6;
}

static void take_usage(const struct rusage *before, const struct rusage *after,
                       struct fw_sample *sample)
{
    sample->user_s = seconds(&before->ru_utime, &after->ru_utime);
    sample->system_s = seconds(&before->ru_stime, &after->ru_stime);
    sample->voluntary = (uint64_t)(after->ru_nvcsw - before->ru_nvcsw);
    sample->involuntary = (uint64_t)(after->ru_nivcsw - before->ru_nivcsw);
}

int fw_measure(struct fw_solo *solo, bool cold, struct fw_series *series, struct fw_error *err)
{
    /* A worker's use is added to that of the children when it is reaped, within the run. */
    const int who = solo->stage->spec->isolated ? RUSAGE_CHILDREN : RUSAGE_SELF;
    struct fw_sample sample = {0};
    struct fw_scratch scratch;
    struct rusage before, after;
    FW_TRY(cold ? fw_cold_drop(solo->plan, solo->stage, &sample.cold, err) : 0);
    FW_TRY(fw_scratch_start(&scratch, solo->scratch, err));
    getrusage(who, &before);
    int rc = fw_solo_run(solo, err);
    getrusage(who, &after);
    sample.spilled_bytes = fw_scratch_stop(&scratch);
    FW_TRY(rc);
    take_usage(&before, &after, &sample);
    FW_TRY(take(solo->stage->manifest, &sample, err));
    FW_TRY(fw_series_add_steps(series, solo->stage->manifest, err));
    struct fw_sample *slot = fw_vec_add(series);
    FW_TRY(slot ? 0 : fw_error_oom(err));
    *slot = sample;
    return 0;
}

double fw_series_seconds(const struct fw_series *series, size_t i)
{
    const struct fw_sample *sample = &series->items[i];
    return series->cpu ? sample->user_s + sample->system_s : sample->steps_s;
}

double *fw_series_logs(const struct fw_series *series, struct fw_error *err)
{
    double *logs = malloc((series->len + 1) * sizeof *logs);
    if (!logs) {
        fw_error_oom(err);
        return NULL;
    }
    for (size_t i = 0; i < series->len; i++) {
        logs[i] = log(fmax(fw_series_seconds(series, i), 1e-9)); /* a clock's tick, not nothing */
    }
    return logs;
}
