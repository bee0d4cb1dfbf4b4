/* SPDX-License-Identifier: MIT */
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <new>
#include <string>
#include <vector>

#include "fw/sdk.h"

/*
 * The most frequent words of a text, as JSON. What matters in C++: no exception crosses the
 * boundary, so each callback has a catch of its own; and what is static must not need code to be
 * built, so there is no <iostream> and no global object.
 */

namespace
{

constexpr int lines_per_step = 20000;

class top_words
{
  public:
    top_words(const fw_host *host, const fw_task *task)
        : host(host), from(fw_task_input(task, "text")->paths[0]),
          to(fw_task_output(task, "words")->path),
          n_words(static_cast<std::size_t>(fw_task_value(task, "n")->integer)), in(from)
    {
        if (!in) {
            throw std::filesystem::filesystem_error(
                "cannot be read", from, std::error_code(errno, std::generic_category()));
        }
    }

    fw_status step(fw_step &ret)
    {
        std::string line;
        bool more = true;
        for (int i = 0; i < lines_per_step && more; i++) {
            more = static_cast<bool>(std::getline(in, line));
            if (more) {
                n_lines++;
                count(line);
            }
        }
        if (!more) {
            write();
        }
        ret.done = ret.items = n_lines;
        ret.unit = "lines";
        return more ? FW_MORE : FW_OK;
    }

    const fw_host *const host;

  private:
    void count(const std::string &line)
    {
        std::string word;
        for (const char c : line + ' ') {
            if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
                word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            } else if (!word.empty()) {
                counts[word]++;
                word.clear();
            }
        }
    }

    /* Ties go by name, so the bytes depend on the text alone. */
    void write() const
    {
        std::vector<std::pair<std::string, std::uint64_t>> words(counts.begin(), counts.end());
        std::stable_sort(words.begin(), words.end(),
                         [](const auto &a, const auto &b) { return a.second > b.second; });
        words.resize(std::min(words.size(), n_words));
        std::ofstream out(to);
        const char *separator = "{";
        for (const auto &[word, n] : words) {
            out << separator << "\n  \"" << word << "\": " << n;
            separator = ",";
        }
        out << (words.empty() ? "{}\n" : "\n}\n");
        out.close();
        if (!out) {
            throw std::filesystem::filesystem_error("cannot be written", to, std::error_code());
        }
    }

    std::filesystem::path from, to;
    std::size_t n_words;
    std::ifstream in;
    std::map<std::string, std::uint64_t> counts;
    std::uint64_t n_lines = 0;
};

/* To be called where an exception has been caught: what it is as a fault. */
fw_status fail_caught(const fw_host *host) noexcept
{
    try {
        throw;
    } catch (const std::bad_alloc &) {
        return FW_FAIL(host, FW_E_NOMEM, .what = "out of memory");
    } catch (const std::filesystem::filesystem_error &e) {
        return FW_FAIL(host, FW_E_IO, .what = e.what(), .where = e.path1().c_str());
    } catch (const std::exception &e) {
        return FW_FAIL(host, FW_E_INTERNAL, .what = e.what());
    } catch (...) {
        return FW_FAIL(host, FW_E_INTERNAL, .what = "an exception of unknown type");
    }
}

fw_status create(const fw_host *host, const fw_task *task, void **ret_self) noexcept
try {
    *ret_self = new top_words(host, task);
    return FW_OK;
} catch (...) {
    return fail_caught(host);
}

fw_status step(void *opaque, fw_step *ret) noexcept
{
    auto *self = static_cast<top_words *>(opaque);
    try {
        return self->step(*ret);
    } catch (...) {
        return fail_caught(self->host);
    }
}

void destroy(void *self) noexcept
{
    delete static_cast<top_words *>(self);
}

const fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_FILE, .name = "text", .doc = "A text"),
};
const fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "words", .file = "words.json",
            .doc = "The words with their numbers, the most frequent first"),
};
const fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_INT, .name = "n", .default_value = "10", .min = "1", .unit = "words",
             .doc = "How many words"),
};

const fw_stage stage = {
    .struct_size = sizeof stage,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .name = "top_words",
    .doc = "Counts the words of a text",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .create = create,
    .step = step,
    .destroy = destroy,
};

const fw_stage *const stages[] = {&stage};

} // namespace

FW_PLUGIN("org.example.top_words", "0.1.0", "MIT", .doc = "Counts the words of a text",
          .stages = stages, .n_stages = FW_COUNT(stages));
