/* SPDX-License-Identifier: MIT */
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <type_traits>

#include "guard.hpp"

/* Keeps the lines of a text that contain a word. */

namespace
{

constexpr int lines_per_step = 20000;

class keep_lines
{
  public:
    static constexpr std::uint32_t state_version = 1;

    keep_lines(const fw_host *host, const fw_task *task)
        : host(host), contains(fw_task_value(task, "contains")->text),
          from(fw_task_input(task, "in")->paths[0]), to(fw_task_output(task, "out")->path),
          in(from, std::ios::binary)
    {
        if (!in) {
            throw failure(FW_E_IO, "cannot open " + from.string() + ": " + std::strerror(errno));
        }
        total_bytes = std::filesystem::file_size(from);
    }

    fw_status step(fw_step &ret)
    {
        if (!out.is_open()) {
            open_output();
        }
        const bool at_end = keep_some();
        ret.done = state.read_bytes;
        ret.total = total_bytes;
        ret.unit = "bytes";
        ret.items = state.n_lines;
        return at_end ? finish() : FW_MORE;
    }

    std::string save()
    {
        if (out.is_open() && !out.flush()) {
            throw failure(FW_E_IO, "cannot write " + to.string());
        }
        return {reinterpret_cast<const char *>(&state), sizeof state};
    }

    void restore(const std::string &bytes)
    {
        if (bytes.size() != sizeof state) {
            throw failure(FW_E_STATE, "the state is of another size");
        }
        std::memcpy(&state, bytes.data(), sizeof state);
        in.seekg(static_cast<std::streamoff>(state.read_bytes));
    }

  private:
    /* What a step that was cut short wrote behind the last saved state goes. */
    void open_output()
    {
        out.open(to, std::ios::binary | std::ios::app);
        if (!out) {
            throw failure(FW_E_IO, "cannot open " + to.string() + ": " + std::strerror(errno));
        }
        std::filesystem::resize_file(to, state.written_bytes);
    }

    /* Returns whether the end was reached. */
    bool keep_some()
    {
        std::string line;
        for (int i = 0; i < lines_per_step; i++) {
            if (!std::getline(in, line)) {
                if (in.bad()) {
                    throw failure(FW_E_IO, "cannot read " + from.string());
                }
                return true;
            }
            if (!in.eof()) {
                line += '\n';
            }
            state.n_lines++;
            state.read_bytes += line.size();
            if (line.find(contains) != std::string::npos) {
                state.n_kept++;
                state.written_bytes += line.size();
                out << line;
            }
        }
        return false;
    }

    fw_status finish()
    {
        out.close();
        if (!out) {
            throw failure(FW_E_IO, "cannot write " + to.string());
        }
        const auto *artifact =
            static_cast<const fw_artifact *>(host->service(host, FW_ARTIFACT_ID));
        return artifact->field(host, "lines_kept", std::to_string(state.n_kept).c_str());
    }

    /* All that a fresh instance needs to go on where this one is. */
    struct {
        std::uint64_t n_lines, n_kept, read_bytes, written_bytes;
    } state{};

    const fw_host *host;
    std::string contains;
    std::filesystem::path from, to;
    std::ifstream in;
    std::ofstream out;
    std::uint64_t total_bytes = 0;
};

const fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_FILE, .name = "in", .doc = "The text, in lines"),
};
const fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_MAY_BE_EMPTY, .name = "out",
            .file = "plugin_name.txt", .doc = "The lines that are kept"),
};
const fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_STRING, .name = "contains", .default_value = "",
             .doc = "What a line must contain to be kept"),
};
const char *const services[] = {FW_ARTIFACT_ID};

const fw_stage stage = {
    .struct_size = sizeof stage,
    .caps = FW_CAP_CHECKPOINT,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(services),
    .name = "plugin_name",
    .doc = "Keeps the lines of a text that contain a word",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .services_required = services,
    .create = callbacks<keep_lines>::create,
    .step = callbacks<keep_lines>::step,
    .save = callbacks<keep_lines>::save,
    .restore = callbacks<keep_lines>::restore,
    .destroy = callbacks<keep_lines>::destroy,
};

const fw_stage *const stages[] = {&stage};

} // namespace

FW_PLUGIN("org.example.plugin_name", "0.1.0", "MIT",
          .doc = "Keeps the lines of a text that contain a word", .stages = stages,
          .n_stages = FW_COUNT(stages));
