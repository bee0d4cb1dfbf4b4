/* SPDX-License-Identifier: MIT */
#include "cli/console.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/print.h"
#include "cli/tool.h"
#include "fw/service/log.h"

void fw_console_init(struct fw_console *console, bool json, bool quiet)
{
    *console =
        (struct fw_console){.json = json, .quiet = quiet, .bars = -1, .start_ns = fw_clock_ns()};
}

/* What hangs is not waited for: this run is over. */
static void close_bars(struct fw_console *console)
{
    if (console->bars >= 0) {
        shutdown(console->bars, SHUT_WR);
        poll(&(struct pollfd){.fd = console->bars, .events = POLLIN}, 1, 1000);
        close(console->bars);
        fputs(FW_CONSOLE_ERASE, stderr);
        console->bars = -1;
    }
}

void fw_console_open(struct fw_console *console, const char *run_dir)
{
    int ends[2];
    if (isatty(STDERR_FILENO) == 1 && !console->quiet && !console->json &&
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) {
        int rc = fw_tool_run("bars", run_dir, ends[1], STDERR_FILENO, NULL);
        close(ends[1]);
        if (rc < 0) {
            close(ends[0]);
        } else {
            console->bars = ends[0];
        }
    }
}

static void stamp(struct fw_console *console)
{
    double seconds = (double)(fw_clock_ns() - console->start_ns) / 1e9;
    fprintf(stderr, "%s[%02d:%04.1f] ", console->bars < 0 ? "" : FW_CONSOLE_ERASE,
            (int)seconds / 60, seconds - 60 * ((int)seconds / 60));
}

static void print_start(struct fw_console *console, const cJSON *event)
{
    char memory[32];
    fw_print_bytes((uint64_t)fw_json_number(event, "memory_bytes"), memory);
    stamp(console);
    fprintf(stderr, "%s: start, %.0f thread%s, %s", fw_json_text(event, "stage"),
            fw_json_number(event, "threads"), fw_json_number(event, "threads") > 1 ? "s" : "",
            memory);
    if (fw_json_number(event, "attempt") > 1) {
        fprintf(stderr, ", attempt %.0f on a lower rung%s", fw_json_number(event, "attempt"),
                cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(event, "recalled"))
                    ? ", which it had reached before"
                    : "");
    }
    fputc('\n', stderr);
}

/* "12 of 30 parts (40 %), about 3.2 s left", as far as it is known. */
static void print_progress(const cJSON *step, double elapsed)
{
    double done = fw_json_number(step, "done"), total = fw_json_number(step, "total");
    char left[32];
    if (total > 0) {
        fprintf(stderr, "%.0f of %.0f %s (%.0f %%)", done, total, fw_json_text(step, "unit"),
                100 * done / total);
    } else {
        fprintf(stderr, "%.0f %s", done, fw_json_text(step, "unit"));
    }
    if (elapsed > 0 && total > 0 && done > 0 && done < total) {
        fw_print_seconds(elapsed * (total - done) / done, left);
        fprintf(stderr, ", about %s left", left);
    }
}

static void print_heartbeat(struct fw_console *console, const cJSON *event)
{
    const cJSON *step = cJSON_GetObjectItemCaseSensitive(event, "step");
    double elapsed = fw_json_number(event, "elapsed_s");
    char seconds[32], memory[32];
    fw_print_seconds(elapsed, seconds);
    fw_print_bytes((uint64_t)fw_json_number(event, "memory_bytes"), memory);
    stamp(console);
    fprintf(stderr, "%s: running for %s, ", fw_json_text(event, "stage"), seconds);
    if (step) {
        print_progress(step, elapsed);
        fputs(", ", stderr);
    }
    fprintf(stderr, "peak %s\n", memory);
}

static void print_outputs(const cJSON *event)
{
    const cJSON *output;
    const char *separator = ": ";
    cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(event, "outputs"))
    {
        char bytes[32];
        fw_print_bytes((uint64_t)fw_json_number(output, "bytes"), bytes);
        fprintf(stderr, "%s%s ", separator, fw_json_text(output, "port"));
        if (cJSON_HasObjectItem(output, "rows")) {
            fprintf(stderr, "%.0f rows, ", fw_json_number(output, "rows"));
        }
        fputs(bytes, stderr);
        separator = "; ";
    }
}

static void print_end(struct fw_console *console, const cJSON *event)
{
    const char *state = fw_json_text(event, "state");
    stamp(console);
    fprintf(stderr, "%s: %s", fw_json_text(event, "stage"), state);
    if (strcmp(state, "executed") == 0) {
        char seconds[32], peak[32];
        fw_print_seconds(fw_json_number(event, "elapsed_s"), seconds);
        fw_print_bytes((uint64_t)fw_json_number(event, "peak_rss_bytes"), peak);
        fprintf(stderr, " in %s, peak %s", seconds, peak);
    }
    if (fw_json_text(event, "message")[0] != '\0') {
        fprintf(stderr, ": %s", fw_json_text(event, "message"));
    }
    print_outputs(event);
    fputc('\n', stderr);
}

static void print_log(struct fw_console *console, const cJSON *event)
{
    uint32_t level = (uint32_t)fw_json_number(event, "level");
    console->n_warnings += level >= FW_LOG_WARNING;
    if (level >= (console->quiet ? FW_LOG_WARNING : FW_LOG_INFO)) {
        stamp(console);
        fprintf(stderr, "%s: %s%s\n", fw_json_text(event, "stage"),
                level == FW_LOG_WARNING ? "warning: "
                : level == FW_LOG_ERROR ? "error: "
                                        : "",
                fw_json_text(event, "text"));
    }
}

/* Only what another rung may follow; of any other end the stage's own line says the same. */
static void print_attempt(struct fw_console *console, const cJSON *event)
{
    const char *outcome = fw_json_text(event, "outcome");
    if (strcmp(outcome, "out_of_memory") == 0 || strcmp(outcome, "over_memory") == 0) {
        stamp(console);
        fprintf(stderr, "%s: attempt %.0f: %s\n", fw_json_text(event, "stage"),
                fw_json_number(event, "attempt"), fw_json_text(event, "message"));
    }
}

static void print_stall(struct fw_console *console, const cJSON *event)
{
    char silent[32];
    fw_print_seconds(fw_json_number(event, "silent_s"), silent);
    stamp(console);
    fprintf(stderr, "%s: no sign of progress for %s (stall_s): it is told to stop\n",
            fw_json_text(event, "stage"), silent);
}

static void print_stop(struct fw_console *console, const cJSON *event)
{
    stamp(console);
    fprintf(stderr, "stopping%s: %s\n",
            cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(event, "at_once")) ? " at once"
                                                                             : " at the next step",
            fw_json_text(event, "reason"));
}

static void print_summary(struct fw_console *console, const cJSON *event)
{
    const cJSON *counts = cJSON_GetObjectItemCaseSensitive(event, "stages");
    const cJSON *count;
    char seconds[32];
    fw_print_seconds(fw_json_number(event, "elapsed_s"), seconds);
    close_bars(console);
    fprintf(stderr, "%s after %s:", fw_json_text(event, "state"), seconds);
    const char *separator = " ";
    cJSON_ArrayForEach(count, counts)
    {
        bool always =
            strcmp(count->string, "stopped") != 0 && strcmp(count->string, "left_out") != 0;
        if (always || count->valuedouble > 0) {
            fprintf(stderr, "%s%.0f %s", separator, count->valuedouble, count->string);
            separator = ", ";
        }
    }
    if (console->n_warnings > 0) {
        fprintf(stderr, ", %d warning%s", console->n_warnings, console->n_warnings > 1 ? "s" : "");
    }
    fprintf(stderr, " (exit %.0f)\n", fw_json_number(event, "exit_code"));
}

static void print_restart(struct fw_console *console, const cJSON *event)
{
    stamp(console);
    fprintf(stderr, "%s: begins anew: %s\n", fw_json_text(event, "stage"),
            fw_json_text(event, "text"));
}

static void print_gate(struct fw_console *console, const cJSON *event)
{
    const cJSON *verdict = cJSON_GetObjectItemCaseSensitive(event, "verdict");
    stamp(console);
    fprintf(stderr, "%s: gate %s: %s: %s\n", fw_json_text(event, "stage"),
            fw_json_text(event, "name"),
            cJSON_IsTrue(verdict)    ? "true"
            : cJSON_IsFalse(verdict) ? "false"
                                     : "undecided",
            fw_json_text(event, "reason"));
}

static void print_line(struct fw_console *console, const cJSON *event)
{
    fw_auto(free) char *line = cJSON_PrintUnformatted(event);
    printf("%s\n", line ? line : "{}");
    if (fflush(stdout) != 0) {
        console->lost = errno;
        stamp(console);
        fprintf(stderr, "warning: cannot write events to stdout: %s\n", strerror(console->lost));
    }
}

void fw_console_event(void *arg, const cJSON *event)
{
    static const struct {
        const char *type;
        void (*print)(struct fw_console *, const cJSON *);
        bool loud; /* shown with --quiet too */
    } printers[] = {
        {"stage_start", print_start, false},
        {"heartbeat", print_heartbeat, true},
        {"log", print_log, true},
        {"attempt_end", print_attempt, true},
        {"stage_end", print_end, false},
        {"stalled", print_stall, true},
        {"stopping", print_stop, true},
        {"restart", print_restart, true},
        {"gate", print_gate, false},
        {"run_end", print_summary, true},
    };
    struct fw_console *console = arg;
    const char *type = fw_json_text(event, "type");
    console->n_started += strcmp(type, "stage_start") == 0;
    if (console->json && console->lost == 0) {
        print_line(console, event);
    }
    for (size_t i = 0; i < sizeof printers / sizeof *printers; i++) {
        if (strcmp(printers[i].type, type) == 0 && (printers[i].loud || !console->quiet)) {
            printers[i].print(console, event);
        }
    }
}

/* "port = @stage.port", "port = path and 3 more" */
static void print_plan_input(const struct fw_plan *plan, const struct fw_plan_input *input,
                             FILE *out)
{
    const struct fw_plan_source *first = input->items;
    if (first->path) {
        fprintf(out, "%s = %s", input->port, first->path);
    } else {
        const struct fw_plan_stage *from = &plan->stages[first->stage];
        fprintf(out, "%s = @%s.%s", input->port, from->spec->name,
                from->outputs.items[first->output].port);
    }
    if (input->len > 1) {
        fprintf(out, " and %zu more", input->len - 1);
    }
}

/* Where its code, its inputs and its outputs are: what one needs before letting it run. Outputs in
 * the run directory, which stands above, are shown relative to it. */
static void print_plan_places(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                              int indent, FILE *out)
{
    size_t run_len = strlen(plan->run_dir);
    fprintf(out, "%*splugin %s\n", indent, "", stage->plugin->path);
    for (size_t i = 0; i < stage->inputs.len; i++) {
        if (stage->inputs.items[i].len > 0) {
            fprintf(out, "%*sin     ", indent, "");
            print_plan_input(plan, &stage->inputs.items[i], out);
            fputc('\n', out);
        }
    }
    for (size_t i = 0; i < stage->outputs.len; i++) {
        const char *path = stage->outputs.items[i].path;
        bool inside = strncmp(path, plan->run_dir, run_len) == 0 && path[run_len] == '/';
        fprintf(out, "%*sout    %s = %s\n", indent, "", stage->outputs.items[i].port,
                inside ? path + run_len + 1 : path);
    }
}

void fw_console_plan(const struct fw_plan *plan, FILE *out)
{
    static const char *const verbs[] = {[FW_PLAN_RUN] = "run",
                                        [FW_PLAN_REUSE] = "reuse",
                                        [FW_PLAN_WAITING] = "run",
                                        [FW_PLAN_LEFT_OUT] = "leave"};
    int width = 5;
    for (size_t i = 0; i < plan->n_stages; i++) {
        int len = (int)strlen(plan->stages[i].spec->name);
        width = len > width ? len : width;
    }
    fprintf(out, "run directory %s\n", plan->run_dir);
    for (size_t i = 0; i < plan->n_stages; i++) {
        const struct fw_plan_stage *stage = &plan->stages[plan->order[i]];
        fprintf(out, "  %-*s  %-6s %s %s (ABI %d.%d)%s%s\n", width, stage->spec->name,
                verbs[stage->state], stage->spec->use, stage->plugin->plugin->version,
                stage->plugin->plugin->abi_major, stage->plugin->plugin->abi_minor,
                stage->reason ? ": " : "", stage->reason ? stage->reason : "");
        if (stage->state == FW_PLAN_RUN || stage->state == FW_PLAN_WAITING) {
            print_plan_places(plan, stage, width + 4, out);
        }
    }
}
