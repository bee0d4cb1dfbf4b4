/* SPDX-License-Identifier: MIT */
#include "fw/service/table.h"

#include <cmath>
#include <cstring>
#include <string>

#include "extend.h"
#include "guard.hpp"

/*
 * Adds the moving average of a column to a table. Each step writes one part of the output: some
 * batches of the input, one column longer.
 */

namespace
{

constexpr std::uint32_t batches_per_step = 64;
constexpr std::uint64_t max_window = 1000;

/* The rows of the input and what is added to them; closed with the stage. */
struct rows : extend {
    rows() : extend{}
    {
    }
    rows(const rows &) = delete;
    ~rows()
    {
        extend_close(this);
    }
};

class moving_average
{
  public:
    static constexpr std::uint32_t state_version = 1;

    moving_average(const fw_host *host, const fw_task *task)
        : host(host), table(static_cast<const fw_table *>(host->service(host, FW_TABLE_ID))),
          output(fw_task_output(task, "out")),
          window(static_cast<std::uint64_t>(fw_task_value(task, "window")->integer))
    {
        const char *column = fw_task_value(task, "column")->text;
        check(table->read(host, fw_task_input(task, "in"), nullptr, 0, &rows.input));
        if (!extend_find(&rows, column)) {
            throw failure(FW_E_MISSING, std::string("the table has no column of numbers named ") +
                                            column + ": set the parameter column");
        }
        rows.name = "plugin_name";
        rows.compute = [](void *self, const ArrowArray *values, double *ret_values) {
            static_cast<moving_average *>(self)->compute(*values, ret_values);
        };
        fetch();
    }

    fw_status step(fw_step &ret)
    {
        rows.self = this;
        ArrowArrayStream part = extend_part(&rows, batches_per_step);
        check(
            table->write(host, output, static_cast<std::uint32_t>(state.n_parts), &part, nullptr));
        state.n_parts++;
        ret.done = ret.items = state.n_rows;
        ret.unit = "rows";
        if (rows.next.release != nullptr) {
            return FW_MORE;
        }
        const auto *artifact =
            static_cast<const fw_artifact *>(host->service(host, FW_ARTIFACT_ID));
        return artifact->rows(host, output->port, state.n_rows);
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
        std::uint64_t n = 0;
        for (; n < state.n_rows && rows.next.release != nullptr; fetch()) {
            n += static_cast<std::uint64_t>(rows.next.length);
            rows.next.release(&rows.next);
        }
        if (n != state.n_rows) {
            throw failure(FW_E_STATE, "the batches of the input fall differently");
        }
    }

  private:
    void fetch()
    {
        if (!extend_fetch(&rows)) {
            const char *text = rows.input.get_last_error(&rows.input);
            throw failure(FW_E_IO, text != nullptr ? text : "the input cannot be read");
        }
    }

    void compute(const ArrowArray &values, double *ret_values)
    {
        for (std::int64_t i = 0; i < values.length; i++) {
            ret_values[i] = mean_with(extend_value(&rows, &values, i));
        }
        state.n_rows += static_cast<std::uint64_t>(values.length);
    }

    /* The mean of the last values up to this one, those that are there. */
    double mean_with(double value)
    {
        if (!std::isnan(value)) {
            state.recent[state.n_values++ % max_window] = value;
        }
        const std::uint64_t n = state.n_values < window ? state.n_values : window;
        double sum = 0;
        for (std::uint64_t i = state.n_values - n; i < state.n_values; i++) {
            sum += state.recent[i % max_window];
        }
        return n == 0 ? std::nan("") : sum / static_cast<double>(n);
    }

    /* All that a fresh instance needs to go on where this one is. */
    struct {
        std::uint64_t n_rows, n_parts;
        std::uint64_t n_values;    /* that were there, not NULL */
        double recent[max_window]; /* value number i at i % max_window */
    } state{};

    const fw_host *host;
    const fw_table *table;
    const fw_output *output;
    std::uint64_t window;
    struct rows rows;
};

const fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "in", .doc = "The rows, in their order"),
};
const fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "out", .file = "plugin_name",
            .doc = "The same with the column plugin_name"),
};
const fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_STRING, .name = "column", .default_value = "value",
             .doc = "The column that is averaged"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "window", .default_value = "3", .min = "1",
             .max = "1000", .unit = "rows", .doc = "How many values are averaged"),
};
const char *const services[] = {FW_TABLE_ID, FW_ARTIFACT_ID};

const fw_stage stage = {
    .struct_size = sizeof stage,
    .caps = FW_CAP_CHECKPOINT,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(services),
    .name = "plugin_name",
    .doc = "Adds the moving average of a column",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .services_required = services,
    .create = callbacks<moving_average>::create,
    .step = callbacks<moving_average>::step,
    .save = callbacks<moving_average>::save,
    .restore = callbacks<moving_average>::restore,
    .destroy = callbacks<moving_average>::destroy,
};

const fw_stage *const stages[] = {&stage};

} // namespace

FW_PLUGIN("org.example.plugin_name", "0.1.0", "MIT", .doc = "Adds the moving average of a column",
          .stages = stages, .n_stages = FW_COUNT(stages));
