/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/cli.h"
#include "cli/tool.h"
#include "config/near.h"

const struct fw_verb fw_verbs[] = {
    {"run", "PIPELINE.cfg [STAGE...]", "Runs a pipeline, or only what the named stages need.",
     FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_JSON | FW_CLI_RUN, 1, SIZE_MAX, fw_verb_run},
    {"version", "", "Prints the version.", FW_CLI_JSON, 0, 0, fw_verb_version},
    {"help", "[VERB]", "Explains the verbs.", 0, 0, 1, fw_verb_help},
};
const size_t fw_n_verbs = sizeof fw_verbs / sizeof *fw_verbs;

/* The programs that come with it, for `fwrun help`. */
static const struct {
    const char *name, *summary;
} tools[] = {
    {"plan", "Says what a run would do, and why."},
    {"why", "Says why a stage would run: every difference in its cache key."},
    {"status", "Says what a run is doing: the newest, or that of TARGET."},
    {"wait", "Waits until a run has ended and ends with its exit code."},
    {"stop", "Stops a run at the next step boundary; the same command goes on from there."},
    {"report", "Writes report.html into a run directory: one page, whole in itself."},
    {"verify", "Reads all recorded outputs again and compares digests."},
    {"inspect", "Describes a stage or a plugin without executing it."},
    {"check-plugin", "Proves that a plugin keeps its contract, statically and in child processes."},
    {"bench", "Measures stages, and says with what certainty one became slower."},
    {"swap-test", "Compares another build of a stage's plugin, alone and swapped in mid-stream."},
    {"list", "Lists the plugins that are found, good and bad."},
    {"new-plugin", "Writes a project for a plugin of your own, which works as it is."},
    {"preflight", "Checks what the pipeline's preflight group asks for, as a run does by itself."},
    {"doctor", "Checks what this machine offers and what the pipeline needs."},
    {"exit-codes", "Lists the exit codes and what they mean."},
};

static const struct fw_verb *find_verb(const char *name)
{
    for (size_t i = 0; i < fw_n_verbs; i++) {
        if (strcmp(fw_verbs[i].name, name) == 0) {
            return &fw_verbs[i];
        }
    }
    return NULL;
}

/* Tools and third parties add verbs as programs of their own. Returns only if there is none. */
static void run_external(const char *verb, char **argv)
{
    fw_auto(free) char *name = fw_text("fwrun-%s", verb);
    fw_auto(free) char *path = fw_tool_path(verb);
    fw_verdict_given(true); /* it is the other program's to give */
    if (path) {
        execv(path, argv);
    }
    if (name) {
        execvp(name, argv);
    }
    fw_verdict_given(false);
}

/* No verb has a dot or a slash, so a word with one is a pipeline or a run directory. */
static bool is_target(const char *word)
{
    return strpbrk(word, "./") != NULL;
}

static int unknown_verb(const char *word, struct fw_error *err)
{
    const char *names[32];
    for (size_t i = 0; i < fw_n_verbs; i++) {
        names[i] = fw_verbs[i].name;
    }
    size_t n = fw_n_verbs;
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        names[n++] = tools[i].name;
    }
    const char *near = fw_near(word, names, n);
    fw_error_set(err, FW_EXIT_USAGE,
                 "there is no verb \"%s\" and no program fwrun-%s%s%s%s; see fwrun help", word,
                 word, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return err->code;
}

int fw_verb_help(const struct fw_cli *cli, struct fw_error *err)
{
    if (cli->args.len == 1) {
        const struct fw_verb *verb = find_verb(cli->args.items[0]);
        if (!verb) {
            char *argv[] = {cli->args.items[0], (char[]){"--help"}, NULL};
            run_external(argv[0], argv);
            return unknown_verb(argv[0], err);
        }
        fw_cli_help(verb);
        return 0;
    }
    printf("usage: fwrun PIPELINE.cfg [STAGE...] | fwrun VERB ...\n\n");
    for (size_t i = 0; i < fw_n_verbs; i++) {
        printf("  %-12s %s\n", fw_verbs[i].name, fw_verbs[i].summary);
    }
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        printf("  %-12s %s\n", tools[i].name, tools[i].summary);
    }
    printf("\nfwrun VERB --help explains one. Any other VERB runs the program fwrun-VERB.\n");
    return 0;
}

int main(int argc, char **argv)
{
    struct fw_error err;
    int code = fw_program_begin(argc, argv);
    if (code >= 0) {
        return code;
    }
    if (argc < 2) {
        fw_error_set(&err, FW_EXIT_USAGE,
                     "nothing to do: name a pipeline or a verb; see fwrun help");
        return fw_verdict_fail(&err);
    }
    static char help[] = "help", version[] = "version";
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        argv[1] = help;
    } else if (strcmp(argv[1], "--version") == 0) {
        argv[1] = version;
    }
    const struct fw_verb *verb = find_verb(argv[1]);
    if (verb) {
        return fw_verb_main(verb, argc - 1, argv + 1);
    }
    /* Options first, or a pipeline: the verb is "run". */
    if (argv[1][0] == '-' || is_target(argv[1])) {
        return fw_verb_main(find_verb("run"), argc, argv);
    }
    run_external(argv[1], argv + 1);
    unknown_verb(argv[1], &err);
    return fw_verdict_fail(&err);
}
