/* SPDX-License-Identifier: MIT */
#include "fw/service/callback.h"

#include <cmath>
#include <cstring>
#include <sstream>
#include <string>

#include "guard.hpp"

/* Watches the loss of a training: its moving mean, jumps above it, and the largest gradient.
 */

namespace
{

class watch_loss
{
  public:
    static constexpr std::uint32_t state_version = 1;

    explicit watch_loss(const fw_callback_task *task)
        : weight(fw_callback_value(task, "weight")->real),
          factor(fw_callback_value(task, "factor")->real)
    {
    }

    void setup(const fw_training *training)
    {
        check(training->declare(training, "mean", "nats", FW_TRAINING_BATCH_END));
        check(training->declare(training, "jumps", "1", FW_TRAINING_EPOCH_END));
        check(training->declare(training, "largest_gradient", "1", FW_TRAINING_BACKWARD));
    }

    void hook(const fw_training *training)
    {
        switch (training->hook) {
        case FW_TRAINING_BACKWARD:
            if (training->quarter != 0) {
                take_gradients(training);
            }
            break;
        case FW_TRAINING_BATCH_END:
            take_loss(training);
            break;
        default:
            training->emit(training, "jumps", static_cast<double>(state.n_jumps));
        }
    }

    std::string save() const
    {
        return {reinterpret_cast<const char *>(&state), sizeof state};
    }

    void restore(const std::string &bytes)
    {
        if (bytes.size() != sizeof state) {
            throw failure(FW_E_STATE, "the state is of another size");
        }
        std::memcpy(&state, bytes.data(), sizeof state);
    }

  private:
    void take_loss(const fw_training *training)
    {
        if (!std::isfinite(training->loss)) {
            training->emit(training, "mean", NAN); /* could not be computed, and is not left out */
            return;
        }
        if (state.n_losses > 0 && training->loss > factor * state.mean) {
            std::ostringstream text;
            text << "the loss is " << training->loss << ", its mean was " << state.mean;
            training->event(training, "jump", text.str().c_str());
            state.n_jumps++;
        }
        state.mean = state.n_losses++ == 0 ? training->loss
                                           : weight * training->loss + (1 - weight) * state.mean;
        training->emit(training, "mean", state.mean);
    }

    /* At the ends of quarters: what reads all gradients need not be done for each batch. */
    void take_gradients(const fw_training *training)
    {
        fw_training_sums sums{};
        sums.struct_size = sizeof sums;
        check(training->sums(training, FW_TRAINING_GRADIENTS, 0, training->info->n_parameters,
                             &sums));
        training->emit(training, "largest_gradient", sums.largest);
    }

    /* All that a fresh instance needs to say what this one would. */
    struct {
        double mean;
        std::uint64_t n_losses, n_jumps;
    } state{};

    double weight, factor;
};

/* No exception crosses the boundary: each call of the table is guarded. */

struct instance {
    const fw_host *host;
    watch_loss watch;
};

fw_status create(const fw_host *host, const fw_callback_task *task, void **ret_self) noexcept
{
    return guarded(host, [&] {
        *ret_self = new instance{host, watch_loss(task)};
        return FW_OK;
    });
}

fw_status setup(void *self, const fw_training *training) noexcept
{
    auto *it = static_cast<instance *>(self);
    return guarded(it->host, [&] {
        it->watch.setup(training);
        return FW_OK;
    });
}

fw_status hook(void *self, const fw_training *training) noexcept
{
    auto *it = static_cast<instance *>(self);
    return guarded(it->host, [&] {
        it->watch.hook(training);
        return FW_OK;
    });
}

fw_status save(void *self, fw_blob *ret) noexcept
{
    auto *it = static_cast<instance *>(self);
    return guarded(it->host, [&] {
        auto *bytes = new std::string(it->watch.save());
        ret->version = watch_loss::state_version;
        ret->bytes = bytes->data();
        ret->size = bytes->size();
        ret->private_data = bytes;
        ret->release = [](fw_blob *blob) { delete static_cast<std::string *>(blob->private_data); };
        return FW_OK;
    });
}

fw_status restore(void *self, const fw_blob *blob) noexcept
{
    auto *it = static_cast<instance *>(self);
    return guarded(it->host, [&] {
        if (blob->version != watch_loss::state_version) {
            throw failure(FW_E_STATE, "the state is of another version");
        }
        it->watch.restore(std::string(static_cast<const char *>(blob->bytes), blob->size));
        return FW_OK;
    });
}

void destroy(void *self) noexcept
{
    delete static_cast<instance *>(self);
}

const fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_REAL, .name = "weight", .default_value = "0.1", .min = "0",
             .max = "1", .doc = "How much a new loss counts in the mean"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "factor", .default_value = "3", .min = "1",
             .doc = "How many times the mean a loss must be to be a jump"),
};

constexpr std::uint64_t at(int moment)
{
    return std::uint64_t{1} << moment;
}

const fw_callback kind = {
    .struct_size = sizeof kind,
    .n_params = FW_COUNT(params),
    .kind = "plugin_name",
    .doc = "The moving mean of the loss, and jumps above it",
    .params = params,
    .hooks = at(FW_TRAINING_BACKWARD) | at(FW_TRAINING_BATCH_END) | at(FW_TRAINING_EPOCH_END),
    .create = create,
    .setup = setup,
    .hook = hook,
    .save = save,
    .restore = restore,
    .destroy = destroy,
};

const fw_callback *const kinds[] = {&kind};

const fw_callbacks table = {
    .struct_size = sizeof table, .n_kinds = FW_COUNT(kinds), .kinds = kinds};

const fw_service service = {.struct_size = sizeof service,
                            .id = FW_CALLBACK_ID,
                            .doc = "plugin_name: the mean of the loss",
                            .table = &table};

const fw_service *const services[] = {&service};

} // namespace

FW_PLUGIN("org.example.plugin_name", "0.1.0", "MIT", .doc = "Watches the loss of a training",
          .services = services, .n_services = FW_COUNT(services));
