/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "config/near.h"
#include "swap_test.h"

static const char usage[] =
    "usage: fwrun swap-test TARGET --stage STAGE --with NEW.so [--at N|every]\n"
    "\n"
    "Runs a stage with the plugin that the pipeline finds, with NEW.so, and with the one swapped "
    "for\n"
    "the other between two steps, and says EQUAL, DIFFERENT (exit 7: where first) or UNSAFE (exit "
    "7:\n"
    "why), with the pause of a swap and what each leaves behind. Stages before it that are not up "
    "to\n"
    "date are run first; nothing is written where the pipeline's own outputs lie.\n"
    "\n"
    "  --stage STAGE                which stage; may be left out where there is only one\n"
    "  --with NEW.so                the other build of its plugin\n"
    "  --at N|every                 swap after that step, or after every one (default: half-way)\n"
    "  --tolerance R                floating numbers may differ by R of the greater one (default "
    "0;\n"
    "                               1e-9 for a stage that declares FW_DETERMINISM_TOLERANCE)\n"
    "  --timeout DURATION           the longest silence of a stage (default 120s)\n"
    "  --set PATH=VALUE             override a setting; may be repeated\n"
    "  --plugin-dir DIR             search plugins there first; may be repeated\n"
    "  --json                       results for programs, on stdout\n"
    "  --help                       what the verb does and takes\n";

static const struct option options[] = {{"stage", required_argument, NULL, 's'},
                                        {"with", required_argument, NULL, 'w'},
                                        {"at", required_argument, NULL, 'a'},
                                        {"tolerance", required_argument, NULL, 'r'},
                                        {"timeout", required_argument, NULL, 't'},
                                        {"set", required_argument, NULL, 'o'},
                                        {"plugin-dir", required_argument, NULL, 'p'},
                                        {"json", no_argument, NULL, 'j'},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};

void fw_swap_help(void)
{
    fputs(usage, stdout);
}

static int take_at(struct fw_swap_request *request, struct fw_error *err)
{
    request->every = strcmp(optarg, "every") == 0;
    return request->every || (fw_number_parse_u64(optarg, &request->at) && request->at > 0)
               ? 0
               : fw_error_set(err, FW_EXIT_USAGE,
                              "--at %s: expected a number of steps from 1 on, or every", optarg);
}

static int take_tolerance(struct fw_swap_request *request, struct fw_error *err)
{
    return fw_number_parse(optarg, &request->tolerance) && request->tolerance >= 0 &&
                   request->tolerance < 1
               ? 0
               : fw_error_set(err, FW_EXIT_USAGE,
                              "--tolerance %s: expected a number from 0 to below 1, for example "
                              "1e-9",
                              optarg);
}

static int take(struct fw_swap_request *request, int option, struct fw_error *err)
{
    switch (option) {
    case 's':
        request->stage = optarg;
        return 0;
    case 'w':
        request->with = optarg;
        return 0;
    case 'a':
        return take_at(request, err);
    case 'r':
        return take_tolerance(request, err);
    case 't':
        if (fw_duration_parse(optarg, &request->timeout_s, err) < 0) {
            err->code = FW_EXIT_USAGE;
            return -1;
        }
        return 0;
    case 'o':
        return fw_strings_add(&request->cli.sets, optarg) < 0 ? fw_error_oom(err) : 0;
    case 'p':
        return fw_strings_add(&request->cli.plugin_dirs, optarg) < 0 ? fw_error_oom(err) : 0;
    case 'j':
        request->cli.json = true;
        return 0;
    default:
        request->help = true;
        return 0;
    }
}

static int refuse(int code, const char *word, struct fw_error *err)
{
    static const char *const names[] = {"stage", "with",       "at",   "tolerance", "timeout",
                                        "set",   "plugin-dir", "json", "help"};
    if (code == ':') {
        return fw_error_set(err, FW_EXIT_USAGE, "%s needs a value; see fwrun swap-test --help",
                            word);
    }
    const char *near = fw_near(word + strspn(word, "-"), names, sizeof names / sizeof *names);
    return fw_error_set(err, FW_EXIT_USAGE,
                        "swap-test does not take %s%s%s%s; see fwrun swap-test --help", word,
                        near ? ", did you mean --" : "", near ? near : "", near ? "?" : "");
}

int fw_swap_parse(struct fw_swap_request *request, int argc, char **argv, struct fw_error *err)
{
    *request = (struct fw_swap_request){.tolerance = -1, .timeout_s = 120};
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        FW_TRY(code == ':' || code == '?' ? refuse(code, argv[optind - 1], err)
                                          : take(request, code, err));
    }
    if (request->help) {
        return 0;
    }
    if (optind != argc - 1 || !request->with) {
        return fw_error_set(err, FW_EXIT_USAGE, "%s; see fwrun swap-test --help",
                            optind == argc ? "name the pipeline"
                            : optind < argc - 1
                                ? "one pipeline at a time"
                                : "name the other build of the plugin: --with NEW.so");
    }
    return fw_strings_add(&request->cli.args, argv[optind]) < 0 ? fw_error_oom(err) : 0;
}
