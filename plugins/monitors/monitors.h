/* SPDX-License-Identifier: MIT */
#ifndef MONITORS_MONITORS_H
#define MONITORS_MONITORS_H

#include <stdbool.h>

#include <fw/service/callback.h>

/* The kinds; each has a file of its own. */
extern const struct fw_callback monitors_loss_slope;
extern const struct fw_callback monitors_grad;
extern const struct fw_callback monitors_noise;
extern const struct fw_callback monitors_curvature;
extern const struct fw_callback monitors_sink;

enum { MONITORS_NAME = 97 }; /**< a metric's longest name, and its NUL */

/** What setup announces. */
struct monitors_metric {
    const char *name, *unit;
    uint32_t hook;
};
fw_status monitors_declare(const struct fw_training *training,
                           const struct monitors_metric *metrics, size_t n);

/** One line for a person, with the instance's name in front; FW_LOG_INFO ... Without a log: none.
 */
__attribute__((format(printf, 4, 5))) void monitors_say(const struct fw_host *host,
                                                        const struct fw_callback_task *task,
                                                        uint32_t level, const char *format, ...);

/** Whether the run is a single step long, a trial of everything: then cadences are due at once. */
static inline bool monitors_is_dry(const struct fw_training *training)
{
    return training->info->epochs * training->info->batches == 1;
}

/** Tables of options. */
#define MONITORS_WHOLE(name_, default_, min_, unit_, doc_)                                         \
    FW_PARAM(.type = FW_PARAM_INT, .name = (name_), .default_value = (default_), .min = (min_),    \
             .max = "1000000000", .unit = (unit_), .doc = (doc_))
#define MONITORS_REAL(name_, default_, min_, unit_, doc_)                                          \
    FW_PARAM(.type = FW_PARAM_REAL, .name = (name_), .default_value = (default_), .min = (min_),   \
             .unit = (unit_), .doc = (doc_))
#define MONITORS_SWITCH(name_, default_, doc_)                                                     \
    FW_PARAM(.type = FW_PARAM_BOOL, .name = (name_), .default_value = (default_), .doc = (doc_))

/** Bit of a moment in `hooks`. */
#define MONITORS_AT(hook) (UINT64_C(1) << (hook))

#endif
