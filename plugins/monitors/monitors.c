/* SPDX-License-Identifier: MIT */
#include "monitors.h"

#include <stdarg.h>

#include <fw/plugin.h>
#include <fw/service/log.h>

#include "sql/text.h"

fw_status monitors_declare(const struct fw_training *training,
                           const struct monitors_metric *metrics, size_t n)
{
    fw_status status = FW_OK;

    for (size_t i = 0; i < n && status == FW_OK; i++) {
        status = training->declare(training, metrics[i].name, metrics[i].unit, metrics[i].hook);
    }
    return status;
}

void monitors_say(const struct fw_host *host, const struct fw_callback_task *task, uint32_t level,
                  const char *format, ...)
{
    const struct fw_log *log = host->service(host, FW_LOG_ID);
    struct fw_text text = {0};
    va_list args;

    if (log == NULL) {
        return;
    }
    fw_text_appendf(&text, "%s: ", task->instance);
    va_start(args, format);
    fw_text_append_va(&text, format, args);
    va_end(args);
    log->write(host, level, text.failed ? "out of memory" : fw_text_get(&text));
    fw_text_finish(&text);
}

static const struct fw_callback *const kinds[] = {
    &monitors_loss_slope, &monitors_grad, &monitors_noise, &monitors_curvature, &monitors_sink,
};

static const struct fw_callbacks table = {
    .struct_size = (uint32_t)sizeof table,
    .n_kinds = FW_COUNT(kinds),
    .kinds = kinds,
};

static const struct fw_service callbacks_service = {
    .struct_size = (uint32_t)sizeof(struct fw_service),
    .id = FW_CALLBACK_ID,
    .doc =
        "Monitors of a training run: slopes, gradients, noise, curvature, and the sink of it all",
    .table = &table,
};

static const struct fw_service *const services[] = {&callbacks_service};

FW_PLUGIN("org.fwrun.monitors", "0.1.0", "MIT", .doc = "What watches a training run",
          .services = services, .n_services = FW_COUNT(services));
