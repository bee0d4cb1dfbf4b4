/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "cli/cli.h"
#include "config/near.h"

enum {
    OPT_SET = 256,
    OPT_PLUGIN_DIR,
    OPT_JSON,
    OPT_FORCE,
    OPT_FROM,
    OPT_TO,
    OPT_PLAN,
    OPT_QUIET,
    OPT_TIME_BUDGET,
    OPT_CHECKPOINT,
    OPT_STOP_AFTER,
    OPT_SIGTERM,
    OPT_VS,
    OPT_DETACH,
    OPT_ESTIMATE,
    OPT_WATCH,
    OPT_TIMEOUT,
    OPT_NOW
};

static const struct {
    const char *name;
    const char *value; /* NULL: takes none */
    const char *doc;
    unsigned group; /* 0: every verb */
    int code;
} options[] = {
    {"help", NULL, "what the verb does and takes", 0, 'h'},
    {"json", NULL, "results for programs, on stdout", FW_CLI_JSON, OPT_JSON},
    {"set", "PATH=VALUE", "override a setting; may be repeated", FW_CLI_SET, OPT_SET},
    {"plugin-dir", "DIR", "search plugins there first; may be repeated", FW_CLI_PLUGIN_DIR,
     OPT_PLUGIN_DIR},
    {"plan", NULL, "print the plan and stop", FW_CLI_RUN, OPT_PLAN},
    {"force", "STAGE", "run a stage even if it could be reused; may be repeated", FW_CLI_RUN,
     OPT_FORCE},
    {"from", "STAGE", "begin there, and take what stands before it as it is", FW_CLI_RUN, OPT_FROM},
    {"to", "STAGE", "end there: the same as naming the stage; may be repeated", FW_CLI_RUN, OPT_TO},
    {"quiet", NULL, "no progress, only the plan's summary, warnings and the verdict", FW_CLI_RUN,
     OPT_QUIET},
    {"time-budget", "DURATION", "stop at a step boundary after this, exit 75", FW_CLI_RUN,
     OPT_TIME_BUDGET},
    {"checkpoint-every", "DURATION",
     "save running stages this often (60s), or each N steps: 100steps", FW_CLI_RUN, OPT_CHECKPOINT},
    {"stop-after-steps", "N", "stop each stage that can save after N steps, exit 75", FW_CLI_RUN,
     OPT_STOP_AFTER},
    {"sigterm-exit", "CODE", "what SIGTERM ends with instead of 143", FW_CLI_RUN, OPT_SIGTERM},
    {"detach", NULL, "run in the background; print pid, log and run directory at once", FW_CLI_RUN,
     OPT_DETACH},
    {"watch-plugins", NULL, "take plugins that are built anew at step boundaries", FW_CLI_RUN,
     OPT_WATCH},
    {"watch", NULL, "show it again every second until the run has ended", FW_CLI_WATCH, OPT_WATCH},
    {"timeout", "DURATION", "wait no longer than this", FW_CLI_TIMEOUT, OPT_TIMEOUT},
    {"now", NULL, "kill what runs instead of letting it save", FW_CLI_NOW, OPT_NOW},
    {"estimate", NULL, "what each stage is likely to take, from what was measured before",
     FW_CLI_ESTIMATE, OPT_ESTIMATE},
    {"vs", "RUN_DIR", "compare with the stage of another run directory", FW_CLI_VS, OPT_VS},
};

#define N_OPTIONS (sizeof options / sizeof *options)

static bool applies(const struct fw_verb *verb, size_t option)
{
    return options[option].group == 0 || (verb->options & options[option].group) != 0;
}

void fw_cli_help(const struct fw_verb *verb)
{
    printf("usage: fwrun %s%s%s\n\n%s\n\n", verb->name, verb->usage[0] != '\0' ? " " : "",
           verb->usage, verb->summary);
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (applies(verb, i)) {
            char left[64];
            snprintf(left, sizeof left, "--%s%s%s", options[i].name, options[i].value ? " " : "",
                     options[i].value ? options[i].value : "");
            printf("  %-28s %s\n", left, options[i].doc);
        }
    }
}

static int unknown(const struct fw_verb *verb, const char *word, struct fw_error *err)
{
    const char *names[N_OPTIONS];
    size_t n = 0;
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (applies(verb, i)) {
            names[n++] = options[i].name;
        }
    }
    const char *near = fw_near(word + strspn(word, "-"), names, n);
    return fw_error_set(err, FW_EXIT_USAGE, "%s does not take %s%s%s%s; see fwrun %s --help",
                        verb->name, word, near ? ", did you mean --" : "", near ? near : "",
                        near ? "?" : "", verb->name);
}

static int keep(struct fw_strings *list, const char *text, struct fw_error *err)
{
    return fw_strings_add(list, text) < 0 ? fw_error_oom(err) : 0;
}

static int duration(const char *text, double *ret_seconds, struct fw_error *err)
{
    if (fw_duration_parse(text, ret_seconds, err) < 0) {
        err->code = FW_EXIT_USAGE;
        return -1;
    }
    return 0;
}

/* The options that are a flag. */
static bool *flag(struct fw_cli *cli, int code)
{
    bool *const flags[] = {
        [OPT_JSON - OPT_SET] = &cli->json,        [OPT_PLAN - OPT_SET] = &cli->plan_only,
        [OPT_QUIET - OPT_SET] = &cli->quiet,      [OPT_DETACH - OPT_SET] = &cli->detach,
        [OPT_WATCH - OPT_SET] = &cli->watch,      [OPT_NOW - OPT_SET] = &cli->now,
        [OPT_ESTIMATE - OPT_SET] = &cli->estimate};
    size_t at = (size_t)(code - OPT_SET);
    return at < sizeof flags / sizeof *flags ? flags[at] : NULL;
}

static int take(struct fw_cli *cli, int code, const char *value, struct fw_error *err)
{
    int64_t number;
    char *end;
    if (flag(cli, code)) {
        *flag(cli, code) = true;
        return 0;
    }
    switch (code) {
    case OPT_SET:
        return keep(&cli->sets, value, err);
    case OPT_PLUGIN_DIR:
        return keep(&cli->plugin_dirs, value, err);
    case OPT_FORCE:
        return keep(&cli->force, value, err);
    case OPT_TO:
        return keep(&cli->to, value, err);
    case OPT_FROM:
        cli->from = value;
        return 0;
    case OPT_VS:
        cli->vs = value;
        return 0;
    case OPT_TIMEOUT:
        return duration(value, &cli->timeout_s, err);
    case OPT_TIME_BUDGET:
        return duration(value, &cli->time_budget_s, err) < 0 ? -1
               : cli->time_budget_s > 0
                   ? 0
                   : fw_error_set(
                         err, FW_EXIT_USAGE,
                         "--time-budget %s: expected more than no time; leave it out to run "
                         "without a limit",
                         value);
    case OPT_CHECKPOINT:
        cli->checkpoint_every_steps = strtoull(value, &end, 10);
        if (cli->checkpoint_every_steps > 0 && strcmp(end, "steps") == 0) {
            cli->checkpoint_every_s = 0;
            return 0;
        }
        cli->checkpoint_every_steps = 0;
        return duration(value, &cli->checkpoint_every_s, err);
    case OPT_STOP_AFTER:
        return fw_number_parse_u64(value, &cli->stop_after_steps)
                   ? 0
                   : fw_error_set(err, FW_EXIT_USAGE,
                                  "--stop-after-steps %s: expected a number of steps", value);
    default:
        if (!fw_number_parse_i64(value, &number) || number < 1 || number > 255) {
            return fw_error_set(err, FW_EXIT_USAGE,
                                "--sigterm-exit %s: expected an exit code from 1 to 255", value);
        }
        cli->sigterm_code = (int)number;
        return 0;
    }
}

static int check_count(const struct fw_verb *verb, const struct fw_cli *cli, struct fw_error *err)
{
    return cli->args.len < verb->min_args || cli->args.len > verb->max_args
               ? fw_error_set(err, FW_EXIT_USAGE, "usage: fwrun %s%s%s", verb->name,
                              verb->usage[0] != '\0' ? " " : "", verb->usage)
               : 0;
}

int fw_cli_parse(const struct fw_verb *verb, int argc, char **argv, struct fw_cli *ret_cli,
                 struct fw_error *err)
{
    struct option table[N_OPTIONS + 1] = {0};
    size_t n = 0;
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (applies(verb, i)) {
            table[n++] =
                (struct option){.name = options[i].name,
                                .has_arg = options[i].value ? required_argument : no_argument,
                                .val = options[i].code};
        }
    }
    *ret_cli = (struct fw_cli){.argv = argv, .checkpoint_every_s = 60, .timeout_s = -1};
    opterr = 0;
    optind = 1;
    for (int code; (code = getopt_long(argc, argv, ":h", table, NULL)) != -1;) {
        if (code == 'h') {
            return 1;
        }
        if (code == ':') {
            return fw_error_set(err, FW_EXIT_USAGE, "%s needs a value; see fwrun %s --help",
                                argv[optind - 1], verb->name);
        }
        if (code == '?') {
            return unknown(verb, argv[optind - 1], err);
        }
        if (take(ret_cli, code, optarg, err) < 0) {
            return -1;
        }
    }
    for (int i = optind; i < argc; i++) {
        if (keep(&ret_cli->args, argv[i], err) < 0) {
            return -1;
        }
    }
    FW_TRY(check_count(verb, ret_cli, err));
    for (size_t i = 0; i < ret_cli->to.len; i++) {
        FW_TRY(keep(&ret_cli->args, ret_cli->to.items[i], err));
    }
    return 0;
}

void fw_cli_finish(struct fw_cli *cli)
{
    fw_strings_finish(&cli->args);
    fw_strings_finish(&cli->sets);
    fw_strings_finish(&cli->plugin_dirs);
    fw_strings_finish(&cli->force);
    fw_strings_finish(&cli->to);
}
