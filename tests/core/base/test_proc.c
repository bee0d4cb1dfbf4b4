/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "test_files.h"

#define MIB (UINT64_C(1) << 20)

static void nap(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* Waits up to ten seconds for a condition that another process brings about. */
#define WAIT_FOR(condition)                                                                        \
    for (int64_t end = fw_clock_ns() + INT64_C(10000000000); !(condition);) {                      \
        assert_true(fw_clock_ns() < end);                                                          \
        nap(2);                                                                                    \
    }

static pid_t start(const char *script, const struct fw_proc_fd *fds, size_t n_fds)
{
    pid_t pid = 0;
    struct fw_error err = {0};
    char sh[] = "sh", c[] = "-c", *copy = strdup(script);
    char *argv[] = {sh, c, copy, NULL};
    struct fw_proc_spec spec = {.path = "sh", .argv = argv, .fds = fds, .n_fds = n_fds};
    if (fw_proc_spawn(&spec, &pid, &err) < 0) {
        fail_msg("%s", err.text);
    }
    free(copy);
    return pid;
}

static struct fw_proc_result reap(pid_t pid)
{
    struct fw_proc_result result = {0};
    assert_int_equal(fw_proc_reap(pid, true, &result, NULL), 1);
    return result;
}

static void tells_how_a_child_ended(void **state)
{
    (void)state;
    struct fw_proc_result result = reap(start("exit 7", NULL, 0));
    assert_int_equal(result.exit_code, 7);
    assert_int_equal(result.signal, 0);
    assert_true(result.peak_rss_bytes > 100000);
    result = reap(start("kill -SEGV $$", NULL, 0));
    assert_int_equal(result.exit_code, -1);
    assert_int_equal(result.signal, SIGSEGV);
    pid_t pid = start("sleep 30", NULL, 0);
    assert_int_equal(fw_proc_reap(pid, false, &result, NULL), 0);
    assert_int_not_equal(fw_proc_start_time(pid), 0);
    kill(-pid, SIGKILL);
    WAIT_FOR(fw_proc_start_time(pid) == 0); /* a zombie counts as gone */
    assert_int_equal(reap(pid).signal, SIGKILL);
    struct fw_error err = {0};
    assert_int_equal(fw_proc_reap(pid, true, &result, &err), -1);
    assert_non_null(strstr(err.text, "No child"));
}

static void gives_a_child_its_own_group_and_clean_signals(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    void (*old)(int) = signal(SIGPIPE, SIG_IGN);
    pid_t pid = start("exec grep -E 'SigBlk|SigIgn|NSpgid' /proc/self/status",
                      &(struct fw_proc_fd){ends[1], 1}, 1);
    signal(SIGPIPE, old);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    FILE *out = fdopen(ends[0], "r");
    unsigned long long mask = 1, ignored = 1;
    int group = 0;
    assert_int_equal(fscanf(out, "NSpgid: %d SigBlk: %llx SigIgn: %llx", &group, &mask, &ignored),
                     3);
    fclose(out);
    assert_true(mask == 0);
    assert_true((ignored & 0x7fffffff) == 0); /* 32 and 33 belong to the C library */
    assert_int_equal(group, pid);
    assert_int_equal(reap(pid).exit_code, 0);
}

static void passes_just_the_listed_descriptors(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    test_file_write(folder, "three", "3");
    test_file_write(folder, "four", "4");
    char *three = test_path(folder, "three");
    char *four = test_path(folder, "four");
    /* Each is where the other has to go, and one more is open that nobody asked for. */
    assert_true(dup2(open(four, O_RDONLY), 53) == 53);
    assert_true(dup2(open(three, O_RDONLY), 54) == 54);
    assert_true(dup2(53, 60) == 60);
    struct fw_proc_fd fds[] = {{53, 54}, {54, 53}};
    pid_t pid = start("[ \"$(cat /dev/fd/53)$(cat /dev/fd/54)\" = 34 ] && "
                      "[ ! -e /dev/fd/60 ]",
                      fds, 2);
    int code = reap(pid).exit_code;
    for (int fd = 53; fd <= 60; fd++) {
        close(fd);
    }
    free(three);
    free(four);
    test_folder_remove(folder);
    assert_int_equal(code, 0);
}

static void starts_in_a_folder_with_an_environment(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    char sh[] = "sh", c[] = "-c", colour[] = "COLOUR=red";
    char script[] = "[ \"$COLOUR\" = red ] && [ -z \"$HOME\" ] && : >here";
    char *argv[] = {sh, c, script, NULL};
    char *env[] = {colour, NULL};
    struct fw_proc_spec spec = {.path = "/bin/sh", .argv = argv, .env = env, .folder = folder};
    pid_t pid = 0;
    assert_int_equal(fw_proc_spawn(&spec, &pid, NULL), 0);
    assert_int_equal(reap(pid).exit_code, 0);
    char *here = test_path(folder, "here");
    assert_int_equal(access(here, F_OK), 0);
    free(here);
    test_folder_remove(folder);
}

static void says_why_a_program_cannot_start(void **state)
{
    (void)state;
    char name[] = "nope";
    char *argv[] = {name, NULL};
    struct fw_proc_spec spec = {.path = "/nope/program", .argv = argv};
    struct fw_error err = {0};
    pid_t pid = 7;
    assert_int_equal(fw_proc_spawn(&spec, &pid, &err), -1);
    assert_string_equal(err.text, "cannot start /nope/program in .: No such file or directory");
    assert_int_equal(pid, 7);
    spec.path = "/bin/true";
    spec.folder = "/nope";
    assert_int_equal(fw_proc_spawn(&spec, &pid, &err), -1);
    assert_non_null(strstr(err.text, "in /nope"));
    spec.folder = NULL;
    spec.fds = &(struct fw_proc_fd){999, 3};
    spec.n_fds = 1;
    assert_int_equal(fw_proc_spawn(&spec, &pid, &err), -1);
    assert_non_null(strstr(err.text, "Bad file descriptor"));
}

/* A child that ends by itself even when the test fails before it can end it. */
static pid_t fork_bounded(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
    }
    return pid;
}

/* Takes this much memory and sleeps. */
static void hold_memory(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    for (;;) {
        assert_true(memory != MAP_FAILED);
        pause();
    }
}

static void sums_memory_over_descendants_in_other_groups(void **state)
{
    (void)state;
    pid_t worker = fork_bounded();
    if (worker == 0) {
        setpgid(0, 0);
        if (fork_bounded() == 0) {
            setpgid(0, 0);
            hold_memory(32 * MIB);
        }
        hold_memory(16 * MIB);
    }
    WAIT_FOR(fw_proc_tree_memory(worker) >= 48 * MIB);
    assert_true(fw_proc_tree_memory(worker) < 80 * MIB);
    fw_proc_tree_kill(worker, SIGKILL);
    reap(worker);
    assert_int_equal(fw_proc_tree_memory(worker), 0);
}

static void kills_the_whole_tree(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t worker = fork_bounded();
    if (worker == 0) {
        setpgid(0, 0);
        close(ends[0]);
        if (fork_bounded() == 0) {
            setpgid(0, 0);
            assert_int_equal(write(ends[1], "x", 1), 1);
            for (;;) {
                pause();
            }
        }
        for (;;) {
            pause();
        }
    }
    close(ends[1]);
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 1);
    fw_proc_tree_kill(worker, SIGKILL);
    reap(worker);
    /* The pipe ends when the last process that could write to it has. */
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

static void finds_orphans_that_were_adopted(void **state)
{
    (void)state;
    pid_t worker = fork_bounded();
    if (worker == 0) {
        fw_proc_adopt_orphans(NULL);
        if (fork_bounded() == 0) {
            if (fork_bounded() == 0) {
                hold_memory(32 * MIB);
            }
            _exit(0);
        }
        hold_memory(1);
    }
    WAIT_FOR(fw_proc_tree_memory(worker) >= 32 * MIB);
    fw_proc_tree_kill(worker, SIGKILL);
    reap(worker);
}

/* Starts a process that leaves its group and session and loses its parent, and says its pid. */
static void let_go(int out)
{
    if (fork_bounded() == 0) {
        setsid();
        if (fork_bounded() == 0) {
            pid_t self = getpid();
            assert_int_equal(write(out, &self, sizeof self), sizeof self);
            hold_memory(1);
        }
        _exit(0);
    }
}

static bool is_this(const void *arg, pid_t pid)
{
    return *(const pid_t *)arg == pid;
}

static void kills_what_outlived_its_tree_and_spares_what_is_known(void **state)
{
    (void)state;
    int ends[2];
    pid_t runaway = 0;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fw_proc_adopt_orphans(NULL), 0);
    pid_t other = fork_bounded();
    if (other == 0) {
        hold_memory(1);
    }
    pid_t worker = fork_bounded();
    if (worker == 0) {
        let_go(ends[1]);
        hold_memory(1);
    }
    assert_int_equal(read(ends[0], &runaway, sizeof runaway), sizeof runaway);
    kill(worker, SIGKILL);
    reap(worker);
    assert_int_not_equal(fw_proc_start_time(runaway), 0);
    WAIT_FOR(fw_proc_kill_strays(is_this, &other) == 0);
    assert_int_equal(fw_proc_start_time(runaway), 0);
    assert_int_not_equal(fw_proc_start_time(other), 0);
    assert_int_equal(fw_proc_kill_strays(NULL, NULL), 1);
    assert_int_equal(fw_proc_start_time(other), 0);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
    close(ends[0]);
    close(ends[1]);
}

static void dies_with_its_parent(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t parent = fork_bounded();
    if (parent == 0) {
        close(ends[0]);
        pid_t self = getpid();
        if (fork_bounded() == 0) {
            char ok = fw_proc_die_with_parent(self, NULL) == 0 ? 'y' : 'n';
            assert_int_equal(write(ends[1], &ok, 1), 1);
            for (;;) {
                pause();
            }
        }
        for (;;) {
            pause();
        }
    }
    close(ends[1]);
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    kill(parent, SIGKILL);
    reap(parent);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

static void notices_a_parent_that_has_gone(void **state)
{
    (void)state;
    pid_t child = fork_bounded();
    if (child == 0) {
        struct fw_error err = {0};
        _exit(fw_proc_die_with_parent(getppid() + 1, &err) < 0 && strstr(err.text, "has ended")
                  ? 0
                  : 1);
    }
    assert_int_equal(reap(child).exit_code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_how_a_child_ended),
        cmocka_unit_test(gives_a_child_its_own_group_and_clean_signals),
        cmocka_unit_test(passes_just_the_listed_descriptors),
        cmocka_unit_test(starts_in_a_folder_with_an_environment),
        cmocka_unit_test(says_why_a_program_cannot_start),
        cmocka_unit_test(sums_memory_over_descendants_in_other_groups),
        cmocka_unit_test(kills_the_whole_tree),
        cmocka_unit_test(finds_orphans_that_were_adopted),
        cmocka_unit_test(kills_what_outlived_its_tree_and_spares_what_is_known),
        cmocka_unit_test(dies_with_its_parent),
        cmocka_unit_test(notices_a_parent_that_has_gone),
    };
    const char *preloaded = getenv("LD_PRELOAD");
    if (preloaded && strstr(preloaded, "vgpreload")) {
        printf("1..0 # SKIP valgrind makes vfork a fork, and its own memory the child's\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
