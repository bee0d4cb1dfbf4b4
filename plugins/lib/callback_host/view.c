/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/log.h>

#include "internal.h"

static struct fw_hub *hub_of(const struct fw_training *training)
{
    return training->self;
}

static int number_of(const struct hub_instance *instance)
{
    int number = 0;

    while (instance->hub->instances[number] != instance) {
        number++;
    }
    return number;
}

/* INSTANCE/name; NULL: out of memory. */
static char *full_name(const struct hub_instance *instance, const char *name)
{
    struct fw_text text = {0};

    fw_text_appendf(&text, "%s/%s", instance->name, name);
    if (text.failed) {
        fw_text_finish(&text);
        return NULL;
    }
    return text.data;
}

static fw_status declare(const struct fw_training *training, const char *name, const char *unit,
                         uint32_t hook)
{
    struct fw_hub *hub = hub_of(training);
    const struct hub_instance *current = hub->current;

    if (current == NULL) {
        return FW_E_ARG;
    }
    if (hub->started || name == NULL || hook >= FW_TRAINING_HOOKS) {
        return fw_faultf(&current->host, FW_E_ARG, name, NULL,
                         "metrics are announced in `setup`, each with a name and the hook that "
                         "brings it");
    }
    char *full = full_name(current, name);
    if (full == NULL) {
        return fw_fault_nomem(&current->host);
    }
    fw_status status = hub_names_declare(hub, number_of(current), full, unit, hook);
    free(full);
    return status;
}

static void emit(const struct fw_training *training, const char *name, double value)
{
    struct fw_hub *hub = hub_of(training);
    const struct hub_instance *current = hub->current;
    char *full = current != NULL && name != NULL ? full_name(current, name) : NULL;

    if (full == NULL) {
        hub_log(hub, FW_LOG_WARNING,
                "a metric is lost: it was emitted outside of a hook, without a name or without "
                "memory to keep it");
        return;
    }
    hub_names_emit(hub, number_of(current), full, value);
    free(full);
}

static void event(const struct fw_training *training, const char *name, const char *text)
{
    struct fw_hub *hub = hub_of(training);

    hub_event_add(hub, hub->current != NULL ? hub->current->name : "?", name, text);
}

static fw_status unsupported(const struct hub_instance *current, const char *what)
{
    return fw_faultf(&current->host, FW_E_UNSUPPORTED, NULL, NULL, "this trainer %s", what);
}

/* Whose question it is; NULL and a fault when it asks for elements that there are not. */
static const struct hub_instance *in_range(const struct fw_training *training, uint32_t array,
                                           uint64_t first, uint64_t n)
{
    const struct hub_instance *current = hub_of(training)->current;
    uint64_t all = training->info->n_parameters;

    if (current != NULL && (array > FW_TRAINING_CHANGES || first > all || n > all - first)) {
        fw_faultf(&current->host, FW_E_ARG, NULL, NULL,
                  "elements %" PRIu64 " to %" PRIu64 " of array %u, and there are arrays 0 to 2 of "
                  "%" PRIu64 " elements",
                  first, first + n, (unsigned)array, all);
        return NULL;
    }
    return current;
}

static fw_status read_array(const struct fw_training *training, uint32_t array, uint64_t first,
                            uint64_t n, double *ret_values)
{
    const struct fw_hub_engine *engine = hub_of(training)->run.engine;
    const struct hub_instance *current = in_range(training, array, first, n);

    if (current == NULL) {
        return FW_E_ARG;
    }
    return engine->read != NULL
               ? engine->read(engine->self, &current->host, array, first, n, ret_values)
               : unsupported(current, "cannot hand out parameters");
}

static fw_status sums(const struct fw_training *training, uint32_t array, uint64_t first,
                      uint64_t n, struct fw_training_sums *ret)
{
    const struct fw_hub_engine *engine = hub_of(training)->run.engine;
    const struct hub_instance *current = in_range(training, array, first, n);

    if (current == NULL) {
        return FW_E_ARG;
    }
    return engine->sums != NULL ? engine->sums(engine->self, &current->host, array, first, n, ret)
                                : unsupported(current, "cannot sum up parameters");
}

static fw_status remember(const struct fw_training *training)
{
    const struct fw_hub_engine *engine = hub_of(training)->run.engine;
    const struct hub_instance *current = hub_of(training)->current;

    if (current == NULL) {
        return FW_E_ARG;
    }
    return engine->remember != NULL ? engine->remember(engine->self, &current->host)
                                    : unsupported(current, "cannot keep a copy of parameters");
}

static fw_status probe_open(const struct fw_training *training,
                            const struct fw_training_probe_options *options,
                            struct fw_training_probe **ret_probe)
{
    const struct fw_hub_engine *engine = hub_of(training)->run.engine;
    const struct hub_instance *current = hub_of(training)->current;

    if (current == NULL) {
        return FW_E_ARG;
    }
    if (options->n_samples == 0 || options->n_samples > training->info->n_train) {
        return fw_faultf(&current->host, FW_E_ARG, NULL, NULL,
                         "a probe of %" PRIu64 " samples, and there are %" PRIu64
                         " to train with: expected 1 or more of them",
                         options->n_samples, training->info->n_train);
    }
    return engine->probe_open != NULL
               ? engine->probe_open(engine->self, &current->host, options, ret_probe)
               : unsupported(current, "has no second derivatives (probe_open)");
}

/* No probe was ever given out. */
static fw_status no_probe_at(struct fw_training_probe *probe, double *ret_loss,
                             double *ret_gradient)
{
    (void)probe, (void)ret_loss, (void)ret_gradient;
    return FW_E_UNSUPPORTED;
}

static fw_status no_probe_product(struct fw_training_probe *probe, const double *v, double *ret)
{
    (void)probe, (void)v, (void)ret;
    return FW_E_UNSUPPORTED;
}

static void no_probe_close(struct fw_training_probe *probe)
{
    (void)probe;
}

static fw_status halves(const struct fw_training *training, uint64_t n, uint64_t seed,
                        struct fw_training_halves *ret)
{
    const struct fw_hub_engine *engine = hub_of(training)->run.engine;
    const struct hub_instance *current = hub_of(training)->current;

    if (current == NULL) {
        return FW_E_ARG;
    }
    const struct fw_training_info *info = training->info;
    const uint64_t most = info->batch_size < info->n_train ? info->batch_size : info->n_train;
    if (training->hook != FW_TRAINING_EPOCH_END || n < 2 || n % 2 != 0 || n > most) {
        return fw_faultf(&current->host, FW_E_ARG, NULL, NULL,
                         "two halves of %" PRIu64 " samples in %s: expected an even number up to "
                         "a batch, %" PRIu64 ", in epoch_end",
                         n, hub_hook_name(training->hook), most);
    }
    return engine->halves != NULL ? engine->halves(engine->self, &current->host, n, seed, ret)
                                  : unsupported(current, "cannot take the gradients of halves");
}

void hub_view_init(struct fw_hub *hub)
{
    const struct fw_hub_engine *engine = hub->run.engine;
    struct fw_training *now = &hub->now;
    const bool probes = engine->probe_open != NULL;

    now->info = hub->run.info;
    now->declare = declare;
    now->emit = emit;
    now->event = event;
    now->read = read_array;
    now->sums = sums;
    now->remember = remember;
    now->probe_open = probe_open;
    now->probe_at = probes ? engine->probe_at : no_probe_at;
    now->probe_product = probes ? engine->probe_product : no_probe_product;
    now->probe_close = probes ? engine->probe_close : no_probe_close;
    now->probe_bend = probes ? engine->probe_bend : NULL;
    now->halves = halves;
}
