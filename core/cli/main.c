/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/facts.h"
#include "config/near.h"
#include "run/worker.h"

const struct fw_verb fw_verbs[] = {
    {"run", "PIPELINE.cfg [STAGE...]", "Runs a pipeline, or only what the named stages need.",
     FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_JSON | FW_CLI_RUN, 1, SIZE_MAX, fw_verb_run},
    {"plan", "TARGET [STAGE...]", "Says what a run would do, and why.",
     FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_JSON, 1, SIZE_MAX, fw_verb_plan},
    {"why", "TARGET STAGE", "Says why a stage would run: every difference in its cache key.",
     FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_JSON | FW_CLI_VS, 2, 2, fw_verb_why},
    {"verify", "TARGET [STAGE...]", "Reads all recorded outputs again and compares digests.",
     FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_JSON, 1, SIZE_MAX, fw_verb_verify},
    {"doctor", "[TARGET]", "Checks what this machine offers and what the pipeline needs.",
     FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_JSON, 0, 1, fw_verb_doctor},
    {"exit-codes", "", "Lists the exit codes and what they mean.", FW_CLI_JSON, 0, 0,
     fw_verb_exit_codes},
    {"version", "", "Prints the version.", FW_CLI_JSON, 0, 0, fw_verb_version},
    {"help", "[VERB]", "Explains the verbs.", 0, 0, 1, fw_verb_help},
};
const size_t fw_n_verbs = sizeof fw_verbs / sizeof *fw_verbs;

/* A program that ends without having said how would look as if it had done nothing. */
static bool verdict_given;

static void guard_verdict(void)
{
    if (!verdict_given) {
        static const char text[] = "fwrun: ended without a verdict\n";
        if (write(STDERR_FILENO, text, sizeof text - 1) < 0) {
            _exit(FW_EXIT_FAILED);
        }
        _exit(FW_EXIT_FAILED);
    }
}

static const struct fw_verb *find_verb(const char *name)
{
    for (size_t i = 0; i < fw_n_verbs; i++) {
        if (strcmp(fw_verbs[i].name, name) == 0) {
            return &fw_verbs[i];
        }
    }
    return NULL;
}

int fw_verb_help(const struct fw_cli *cli, struct fw_error *err)
{
    if (cli->args.len == 1) {
        const struct fw_verb *verb = find_verb(cli->args.items[0]);
        if (!verb) {
            return fw_error_set(err, FW_EXIT_USAGE, "there is no verb \"%s\"; see fwrun help",
                                cli->args.items[0]),
                   FW_EXIT_USAGE;
        }
        fw_cli_help(verb);
        return 0;
    }
    printf("usage: fwrun PIPELINE.cfg [STAGE...] | fwrun VERB ...\n\n");
    for (size_t i = 0; i < fw_n_verbs; i++) {
        printf("  %-12s %s\n", fw_verbs[i].name, fw_verbs[i].summary);
    }
    printf("\nfwrun VERB --help explains one. Any other VERB runs the program fwrun-VERB.\n");
    return 0;
}

/* Tools and third parties add verbs as programs of their own. Returns only if there is none. */
static void run_external(const char *verb, char **argv)
{
    fw_auto(free) char *name = fw_text("fwrun-%s", verb);
    fw_auto(free) char *path = fw_text("%s/fwrun-%s", FWRUN_TOOLS_DIR, verb);
    verdict_given = true; /* it is the other program's to give */
    if (path) {
        execv(path, argv);
    }
    if (name) {
        execvp(name, argv);
    }
    verdict_given = false;
}

/* No verb has a dot or a slash, so a word with one is a pipeline or a run directory. */
static bool is_target(const char *word)
{
    return strpbrk(word, "./") != NULL;
}

static int fail(const struct fw_error *err)
{
    fprintf(stderr, "fwrun: %s (exit %d)\n", err->text, err->code);
    verdict_given = true;
    return err->code;
}

static int unknown_verb(const char *word)
{
    const char *names[16];
    struct fw_error err;
    for (size_t i = 0; i < fw_n_verbs && i < 16; i++) {
        names[i] = fw_verbs[i].name;
    }
    const char *near = fw_near(word, names, fw_n_verbs);
    fw_error_set(&err, FW_EXIT_USAGE,
                 "there is no verb \"%s\" and no program fwrun-%s%s%s%s; see fwrun help", word,
                 word, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return fail(&err);
}

static int run_verb(const struct fw_verb *verb, int argc, char **argv)
{
    struct fw_cli cli;
    struct fw_error err = {0};
    int rc = fw_cli_parse(verb, argc, argv, &cli, &err);
    if (rc == 1) {
        fw_cli_help(verb);
        fw_cli_finish(&cli);
        verdict_given = true;
        return fflush(stdout) == 0 ? 0 : FW_EXIT_FAILED;
    }
    int code = rc < 0 ? err.code : verb->run(&cli, &err);
    fw_cli_finish(&cli);
    if (code != 0) {
        err.code = code;
        return fail(&err);
    }
    verdict_given = true;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fw_error_set(&err, FW_EXIT_FAILED, "cannot write the result to stdout: %s",
                     strerror(errno));
        return fail(&err);
    }
    return 0;
}

/* `fwrun --worker PARENT`: the hidden side of a run, its task comes on descriptor 3. */
static int worker_main(const char *parent)
{
    struct fw_error err;
    verdict_given = true; /* what it has to say goes through its channel */
    if (fw_proc_die_with_parent((pid_t)strtol(parent, NULL, 10), &err) < 0) {
        return FW_EXIT_FAILED;
    }
    /* What the stage starts must not hold the channel. */
    if (fcntl(3, F_SETFD, FD_CLOEXEC) < 0) {
        return FW_EXIT_FAILED;
    }
    return fw_worker_run(3, true) < 0 ? FW_EXIT_FAILED : 0;
}

int main(int argc, char **argv)
{
    setvbuf(stderr, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    atexit(guard_verdict);
    if (argc == 3 && strcmp(argv[1], "--worker") == 0) {
        return worker_main(argv[2]);
    }
    if (argc < 2) {
        struct fw_error err;
        fw_error_set(&err, FW_EXIT_USAGE,
                     "nothing to do: name a pipeline or a verb; see fwrun help");
        return fail(&err);
    }
    static char help[] = "help", version[] = "version";
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        argv[1] = help;
    } else if (strcmp(argv[1], "--version") == 0) {
        argv[1] = version;
    }
    const struct fw_verb *verb = find_verb(argv[1]);
    if (verb) {
        return run_verb(verb, argc - 1, argv + 1);
    }
    /* Options first, or a pipeline: the verb is "run". */
    if (argv[1][0] == '-' || is_target(argv[1])) {
        return run_verb(find_verb("run"), argc, argv);
    }
    run_external(argv[1], argv + 1);
    return unknown_verb(argv[1]);
}
