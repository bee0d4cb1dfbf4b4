/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"
#include "cli/cli.h"
#include "run/worker.h"

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

void fw_verdict_given(bool given)
{
    verdict_given = given;
}

int fw_verdict_fail(const struct fw_error *err)
{
    fprintf(stderr, "fwrun: %s (exit %d)\n", err->text, err->code);
    verdict_given = true;
    return err->code;
}

int fw_verb_main(const struct fw_verb *verb, int argc, char **argv)
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
        return fw_verdict_fail(&err);
    }
    verdict_given = true;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fw_error_set(&err, FW_EXIT_FAILED, "cannot write the result to stdout: %s",
                     strerror(errno));
        return fw_verdict_fail(&err);
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
    /* What the stage starts must not hold the channel, and is this process's to end. */
    if (fcntl(3, F_SETFD, FD_CLOEXEC) < 0 || fw_proc_adopt_orphans(&err) < 0) {
        return FW_EXIT_FAILED;
    }
    return fw_worker_run(3, NULL) < 0 ? FW_EXIT_FAILED : 0;
}

/* A crash of the program itself; where stages run in it, theirs. The signal then takes its course.
 */
static void tell_crash(int signal)
{
    static char text[] =
        "fwrun: crashed with signal 00; if a stage has isolate = \"none\", isolate = \"process\" "
        "says whether it is to blame; the same command goes on\n";
    char *digits = strstr(text, "00");
    digits[0] = (char)('0' + signal / 10);
    digits[1] = (char)('0' + signal % 10);
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) {
        _exit(FW_EXIT_SIGNAL + signal);
    }
    raise(signal);
}

static void catch_crashes(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    const struct sigaction action = {.sa_handler = tell_crash, .sa_flags = SA_RESETHAND};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction present;
        if (sigaction(signals[i], NULL, &present) == 0 && present.sa_handler == SIG_DFL) {
            sigaction(signals[i], &action, NULL); /* a sanitizer's own handler knows more */
        }
    }
}

/* A missing standard stream must not become the number of the next file that is opened, which
 * would then get what was meant for the stream. */
static bool keep_standard_streams(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        /* Not for writing: what is printed to a closed stdout is lost, and that is an error. */
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0) {
            return false;
        }
    }
    return true;
}

int fw_program_begin(int argc, char **argv)
{
    if (!keep_standard_streams()) {
        return FW_EXIT_FAILED;
    }
    setvbuf(stderr, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    atexit(guard_verdict);
    if (argc == 3 && strcmp(argv[1], "--worker") == 0) {
        return worker_main(argv[2]);
    }
    catch_crashes();
    return -1;
}

int fw_tool_main(const struct fw_verb *verb, int argc, char **argv)
{
    int code = fw_program_begin(argc, argv);
    return code >= 0 ? code : fw_verb_main(verb, argc, argv);
}
