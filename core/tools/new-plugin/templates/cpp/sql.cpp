/* SPDX-License-Identifier: MIT */
#include "fw/service/sql.h"

#include <string>

#include "fw/service/table.h"
#include "guard.hpp"

/* Counts the rows of a table for each value of a column, in SQL. */

namespace
{

constexpr std::uint32_t step_ms = 200;

/* `text` with each quote doubled, between quotes: '...' for a string, "..." for a name. */
std::string quoted(char quote, const char *text)
{
    std::string result(1, quote);
    for (; *text != '\0'; text++) {
        result.append(*text == quote ? 2 : 1, *text);
    }
    return result + quote;
}

class count_values
{
  public:
    count_values(const fw_host *host, const fw_task *task)
        : host(host), sql(static_cast<const fw_sql *>(host->service(host, FW_SQL_ID))),
          output(fw_task_output(task, "out"))
    {
        /* The table service reads whatever a table may be: Parquet, CSV, Delta, several files. */
        const auto *table = static_cast<const fw_table *>(host->service(host, FW_TABLE_ID));
        const char *column = fw_task_value(task, "column")->text;
        ArrowArrayStream rows;
        check(table->read(host, fw_task_input(task, "in"), &column, 1, &rows));
        check(sql->open(host, &session.it));
        session.sql = sql;
        check(sql->attach(session.it, "input", &rows));
        statement = "COPY (SELECT " + quoted('"', column) +
                    ", count(*) AS n_rows FROM input GROUP BY ALL ORDER BY ALL) TO " +
                    quoted('\'', output->path) + " (FORMAT parquet)";
    }

    fw_status step(fw_step &ret)
    {
        if (session.job == nullptr) {
            check(sql->begin(session.it, statement.c_str(), &session.job));
        }
        double fraction = -1;
        const fw_status status = sql->advance(session.job, step_ms, &fraction);
        check(status);
        ret.done = ++n_steps;
        ret.total =
            fraction > 0 ? static_cast<std::uint64_t>(static_cast<double>(n_steps) / fraction) : 0;
        return status == FW_OK ? finish(ret) : status;
    }

  private:
    fw_status finish(fw_step &ret)
    {
        sql->finish(session.job);
        session.job = nullptr;
        ret.items = sql->rows_changed(session.it);
        const auto *artifact =
            static_cast<const fw_artifact *>(host->service(host, FW_ARTIFACT_ID));
        return artifact->rows(host, output->port, ret.items);
    }

    /* Ends with the stage, whatever it was doing. */
    struct open_session {
        const fw_sql *sql = nullptr;
        fw_sql_session *it = nullptr;
        fw_sql_job *job = nullptr;

        open_session() = default;
        open_session(const open_session &) = delete;
        ~open_session()
        {
            if (sql != nullptr) {
                sql->finish(job);
                sql->close(it);
            }
        }
    };

    const fw_host *host;
    const fw_sql *sql;
    const fw_output *output;
    open_session session;
    std::string statement;
    std::uint64_t n_steps = 0;
};

const fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "in", .doc = "The rows"),
};
const fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "out", .file = "plugin_name.parquet",
            .doc = "Each value with its number of rows, n_rows"),
};
const fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_STRING, .name = "column", .default_value = "name",
             .doc = "The column whose values are counted"),
};
const char *const services[] = {FW_SQL_ID, FW_TABLE_ID, FW_ARTIFACT_ID};

const fw_stage stage = {
    .struct_size = sizeof stage,
    .caps = FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(services),
    .name = "plugin_name",
    .doc = "Counts the rows for each value of a column",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .services_required = services,
    .create = callbacks<count_values>::create,
    .step = callbacks<count_values>::step,
    .destroy = callbacks<count_values>::destroy,
};

const fw_stage *const stages[] = {&stage};

} // namespace

FW_PLUGIN("org.example.plugin_name", "0.1.0", "MIT",
          .doc = "Counts the rows for each value of a column", .stages = stages,
          .n_stages = FW_COUNT(stages));
