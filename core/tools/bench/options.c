/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <getopt.h>
#include <string.h>

#include "base/number.h"
#include "config/near.h"
#include "stats/stats.h"

const char fw_bench_usage[] =
    "usage: fwrun bench TARGET [--stage S] [--reps N] [--vs FILE | --vs-plugin OLD.so] [--cold]\n"
    "       fwrun bench --compare RUN_A RUN_B [--stage S]\n"
    "\n"
    "Measures stages over the inputs that a run has made, and says whether one became slower.\n"
    "\n"
    "  --stage S                    only this one; else each of the pipeline\n"
    "  --reps N                     repetitions (default 15; a verdict needs 9)\n"
    "  --vs FILE                    compare with this earlier result\n"
    "  --vs-plugin OLD.so           compare with this build of the plugin, in turns\n"
    "  --compare                    compare the step times that two runs have recorded\n"
    "  --margin PERCENT             a change of less than this does not matter (default 1.5)\n"
    "  --cpu                        compare processor time, for machines on which others work too\n"
    "  --cold                       take the inputs out of the page cache before each repetition\n"
    "  --set PATH=VALUE             override a setting; may be repeated\n"
    "  --plugin-dir DIR             search plugins there first; may be repeated\n"
    "  --json                       results for programs, on stdout\n"
    "  --help                       what the verb does and takes\n"
    "\n"
    "Exit 0: SAME or FASTER, or nothing was compared; 8: SLOWER; 9: INCONCLUSIVE.\n";

static int take_number(const char *text, struct fw_bench_options *options, struct fw_error *err)
{
    uint64_t reps;
    if (!fw_number_parse_u64(text, &reps) || reps < 1 || reps > FW_BENCH_REPS_MAX) {
        return fw_error_set(err, FW_EXIT_USAGE,
                            "--reps %s: expected a number of repetitions from 1 to %d", text,
                            FW_BENCH_REPS_MAX);
    }
    options->reps = (size_t)reps;
    return 0;
}

static int take_margin(const char *text, struct fw_bench_options *options, struct fw_error *err)
{
    char digits[FW_NUMBER_TEXT];
    const size_t len = strcspn(text, "%");
    double percent;
    bool good = len < sizeof digits && (text[len] == '\0' || text[len + 1] == '\0');
    if (good) {
        memcpy(digits, text, len);
        digits[len] = '\0';
    }
    if (!good || !fw_number_parse(digits, &percent) || percent <= 0 || percent > 100) {
        return fw_error_set(err, FW_EXIT_USAGE,
                            "--margin %s: expected a percentage above 0 and up to 100, for "
                            "example 2",
                            text);
    }
    options->margin = percent / 100;
    return 0;
}

static int take(struct fw_bench_options *options, int code, const char *value, struct fw_error *err)
{
    switch (code) {
    case 's':
        options->stage = value;
        return 0;
    case 'r':
        return take_number(value, options, err);
    case 'v':
        options->vs = value;
        return 0;
    case 'o':
        options->vs_plugin = value;
        return 0;
    case 'm':
        return take_margin(value, options, err);
    case 'c':
        options->cold = true;
        return 0;
    case 'u':
        options->cpu = true;
        return 0;
    case 'a':
        options->compare = true;
        return 0;
    case 'x':
        return fw_strings_add(&options->cli.sets, value) < 0 ? fw_error_oom(err) : 0;
    case 'p':
        return fw_strings_add(&options->cli.plugin_dirs, value) < 0 ? fw_error_oom(err) : 0;
    case 'j':
        options->cli.json = true;
        return 0;
    default:
        options->help = true;
        return 0;
    }
}

static const struct option table[] = {{"stage", required_argument, NULL, 's'},
                                      {"reps", required_argument, NULL, 'r'},
                                      {"vs", required_argument, NULL, 'v'},
                                      {"vs-plugin", required_argument, NULL, 'o'},
                                      {"margin", required_argument, NULL, 'm'},
                                      {"cold", no_argument, NULL, 'c'},
                                      {"cpu", no_argument, NULL, 'u'},
                                      {"compare", no_argument, NULL, 'a'},
                                      {"set", required_argument, NULL, 'x'},
                                      {"plugin-dir", required_argument, NULL, 'p'},
                                      {"json", no_argument, NULL, 'j'},
                                      {"help", no_argument, NULL, 'h'},
                                      {0}};

enum { N_OPTIONS = sizeof table / sizeof *table - 1 };

static int unknown(const char *word, struct fw_error *err)
{
    const char *names[N_OPTIONS];
    for (size_t i = 0; i < N_OPTIONS; i++) {
        names[i] = table[i].name;
    }
    const char *near = fw_near(word + strspn(word, "-"), names, N_OPTIONS);
    return fw_error_set(err, FW_EXIT_USAGE, "bench does not take %s%s%s%s; see fwrun bench --help",
                        word, near ? ", did you mean --" : "", near ? near : "", near ? "?" : "");
}

/* Options that say different things about what is to be compared with what. */
static int check(const struct fw_bench_options *options, struct fw_error *err)
{
    const size_t n = options->cli.args.len;
    if (options->help) {
        return 0;
    }
    if (options->vs && options->vs_plugin) {
        return fw_error_set(err, FW_EXIT_USAGE,
                            "--vs %s and --vs-plugin %s: one comparison at a time", options->vs,
                            options->vs_plugin);
    }
    if (options->compare && (options->vs || options->vs_plugin || options->cold || options->cpu)) {
        return fw_error_set(err, FW_EXIT_USAGE,
                            "--compare reads what two runs have recorded and measures nothing: "
                            "it takes no --vs, --vs-plugin, --cold or --cpu");
    }
    if (n != (options->compare ? 2 : 1)) {
        return fw_error_set(err, FW_EXIT_USAGE,
                            options->compare
                                ? "--compare takes two run directories; see fwrun bench --help"
                                : "bench takes one pipeline or run directory; see fwrun bench "
                                  "--help");
    }
    return 0;
}

int fw_bench_options_parse(int argc, char **argv, struct fw_bench_options *ret_options,
                           struct fw_error *err)
{
    *ret_options = (struct fw_bench_options){.reps = FW_BENCH_REPS, .margin = FW_STATS_MARGIN};
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, ":h", table, NULL)) != -1;) {
        const char *word = argv[optind - 1];
        if (code == ':') {
            return fw_error_set(err, FW_EXIT_USAGE, "%s needs a value; see fwrun bench --help",
                                word);
        }
        if (code == '?') {
            return unknown(word, err);
        }
        FW_TRY(take(ret_options, code, optarg, err));
    }
    for (int i = optind; i < argc; i++) {
        if (fw_strings_add(&ret_options->cli.args, argv[i]) < 0) {
            return fw_error_oom(err);
        }
    }
    return check(ret_options, err);
}

void fw_bench_options_finish(struct fw_bench_options *options)
{
    fw_strings_finish(&options->cli.args);
    fw_strings_finish(&options->cli.sets);
    fw_strings_finish(&options->cli.plugin_dirs);
}
