/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fw/testkit.h"
#include "test_files.h"

static char *folder;
static struct fake_kit *kit;
static struct fake_task *t;

static int make_task(void **state)
{
    (void)state;
    folder = test_folder_create();
    kit = fake_kit_open(EXEC_SO, NULL);
    t = fake_task_create(kit, "exec");
    return 0;
}

static int drop_task(void **state)
{
    (void)state;
    fake_task_destroy(t);
    fake_kit_close(kit);
    test_folder_remove(folder);
    return 0;
}

static char *in_folder(const char *name)
{
    return test_path(folder, "%s", name);
}

static void output(const char *port, const char *name)
{
    char *path = in_folder(name);
    fake_task_output(t, port, path);
    free(path);
}

static void input(const char *port, const char *name, const char *text)
{
    char *path = in_folder(name);
    test_file_write(folder, name, text);
    fake_task_input(t, port, path, NULL);
    free(path);
}

static void assert_content(const char *name, const char *expected)
{
    char *path = in_folder(name);
    char *text = test_file_read(path, NULL);
    assert_string_equal(text, expected);
    free(text);
    free(path);
}

static void assert_fault(const struct fake_result *r, fw_status status, const char *text)
{
    assert_int_equal(r->status, status);
    assert_null(r->defect);
    if (strstr(r->fault, text) == NULL) {
        fail_msg("'%s' does not say '%s'", r->fault, text);
    }
}

static void runs_a_command_between_ports(void **state)
{
    (void)state;
    input("raw", "raw.txt", "one\n");
    output("copy", "copy.txt");
    fake_task_texts(t, "argv", "cp", "${in.raw}", "${out.copy}", NULL);
    const struct fake_result *r = fake_task_run(t);
    assert_string_equal(r->fault, "");
    assert_int_equal(r->status, FW_OK);
    assert_null(r->defect);
    assert_int_equal(r->items, 1);
    assert_string_equal(r->fields, "{\"exit_code\":0}");
    assert_non_null(strstr(r->log, "info: running: cp "));
    assert_content("copy.txt", "one\n");
}

static void replaces_words_and_keeps_the_rest(void **state)
{
    (void)state;
    output("out", "out.txt");
    fake_task_limits(t)->threads = 3;
    fake_task_limits(t)->memory_bytes = 5000;
    fake_task_limits(t)->partition_factor = 4;
    fake_task_seed(t, 7);
    fake_task_texts(t, "argv", "sh", "-c", "printf '%s\\n' \"$@\" >\"$0\"", "${out.out}",
                    "n=${threads}", "${memory_bytes}:${seed}*${partition_factor}",
                    "$${plain} $x ; `y`", "", NULL);
    const struct fake_result *r = fake_task_run(t);
    assert_string_equal(r->fault, "");
    assert_content("out.txt", "n=3\n5000:7*4\n${plain} $x ; `y`\n\n");
}

static void a_port_of_many_paths_gives_many_words(void **state)
{
    (void)state;
    char *a = in_folder("a");
    char *b = in_folder("b");
    test_file_write(folder, "a", "A");
    test_file_write(folder, "b", "B");
    fake_task_input(t, "parts", a, b, NULL);
    output("out", "out.txt");
    fake_task_texts(t, "argv", "sh", "-c", "o=$1; shift; cat \"$@\" >\"$o\"", "sh", "${out.out}",
                    "${in.parts}", NULL);
    assert_string_equal(fake_task_run(t)->fault, "");
    assert_content("out.txt", "AB");
    free(a);
    free(b);
}

static void many_paths_inside_a_word_are_refused(void **state)
{
    (void)state;
    char *a = in_folder("a");
    test_file_write(folder, "a", "A");
    fake_task_input(t, "parts", a, a, NULL);
    fake_task_texts(t, "argv", "cat", "x=${in.parts}", NULL);
    assert_fault(fake_task_run(t), FW_E_CONFIG, "${in.parts} stands for 2 paths");
    free(a);
}

static void the_environment_is_a_small_fixed_one(void **state)
{
    (void)state;
    setenv("EXEC_TEST_SECRET", "hidden", 1);
    output("out", "out.txt");
    fake_task_limits(t)->threads = 2;
    fake_task_texts(t, "argv", "sh", "-c",
                    "env | grep -v -e ^HOME= -e ^TMPDIR= -e ^PWD= | sort >\"$1\"", "sh",
                    "${out.out}", NULL);
    assert_string_equal(fake_task_run(t)->fault, "");
    char *path = in_folder("out.txt");
    char *text = test_file_read(path, NULL);
    assert_non_null(strstr(text, "LANG=C.UTF-8\nOMP_NUM_THREADS=2\nOPENBLAS_NUM_THREADS=2\n"));
    assert_null(strstr(text, "EXEC_TEST_SECRET"));
    free(text);
    free(path);
}

static void an_unknown_name_in_braces_is_refused(void **state)
{
    (void)state;
    fake_task_texts(t, "argv", "sh", "-c", "echo ${HOME-unset}", NULL);
    assert_fault(fake_task_run(t), FW_E_CONFIG,
                 "${HOME-unset} is unknown, expected in.PORT, out.PORT");
}

static void env_and_pass_add_to_the_environment(void **state)
{
    (void)state;
    setenv("EXEC_TEST_SECRET", "${out.out}", 1); /* taken as it is */
    output("out", "out.txt");
    fake_task_texts(t, "env", "GREETING=hello ${threads}", "LANG=C", "EMPTY=", NULL);
    fake_task_texts(t, "pass", "EXEC_TEST_SECRET", NULL);
    fake_task_texts(t, "argv", "sh", "-c",
                    "echo \"$GREETING/$LANG/$${EMPTY-unset}/$EXEC_TEST_SECRET\" >\"$1\"", "sh",
                    "${out.out}", NULL);
    assert_string_equal(fake_task_run(t)->fault, "");
    assert_content("out.txt", "hello 2/C//${out.out}\n");
}

static void a_variable_without_a_value_is_refused(void **state)
{
    (void)state;
    fake_task_texts(t, "argv", "true", NULL);
    fake_task_texts(t, "env", "HOME", NULL);
    const struct fake_result *r = fake_task_run(t);
    assert_fault(r, FW_E_CONFIG, "env: 'HOME' is not of the form NAME=VALUE");
    assert_non_null(strstr(r->fault, "goes into `pass`"));
}

static void a_missing_variable_is_named(void **state)
{
    (void)state;
    fake_task_texts(t, "argv", "true", NULL);
    fake_task_texts(t, "pass", "EXEC_TEST_NOT_SET", NULL);
    assert_fault(fake_task_run(t), FW_E_MISSING, "no variable EXEC_TEST_NOT_SET");
}

static void an_exit_code_is_named_and_recorded(void **state)
{
    (void)state;
    output("out", "out.txt");
    fake_task_texts(t, "argv", "sh", "-c", "exit 3", "${out.out}", NULL);
    const struct fake_result *r = fake_task_run(t);
    assert_fault(r, FW_E_DATA, "sh ended with exit code 3");
    assert_string_equal(r->fields, "{\"exit_code\":3}");
}

static void a_signal_is_named_and_recorded(void **state)
{
    (void)state;
    output("out", "out.txt");
    fake_task_texts(t, "argv", "sh", "-c", "kill -SEGV $$", "${out.out}", NULL);
    const struct fake_result *r = fake_task_run(t);
    assert_fault(r, FW_E_DATA, "sh was killed by signal 11 (Segmentation fault)");
    assert_string_equal(r->fields, "{\"exit_signal\":\"SIGSEGV\"}");
}

static void a_missing_program_is_named(void **state)
{
    (void)state;
    fake_task_texts(t, "argv", "no-such-program-anywhere", NULL);
    const struct fake_result *r = fake_task_run(t);
    assert_fault(r, FW_E_MISSING,
                 "there is no program 'no-such-program-anywhere' in /usr/local/bin:/usr/bin:/bin");
}

static void what_cannot_be_executed_says_why(void **state)
{
    (void)state;
    char *path = in_folder("plain.txt");
    test_file_write(folder, "plain.txt", "no program");
    fake_task_texts(t, "argv", path, NULL);
    assert_fault(fake_task_run(t), FW_E_CONFIG, "plain.txt: Permission denied");
    free(path);
}

static void an_output_that_argv_does_not_name_is_refused(void **state)
{
    (void)state;
    output("report", "report.json");
    fake_task_texts(t, "argv", "true", NULL);
    assert_fault(fake_task_run(t), FW_E_CONFIG, "neither argv nor env has ${out.report}");
}

static void an_output_that_is_not_written_is_refused(void **state)
{
    (void)state;
    output("report", "report.json");
    fake_task_texts(t, "argv", "true", "${out.report}", NULL);
    assert_fault(fake_task_run(t), FW_E_MISSING, "without writing its output 'report'");
}

static void an_unknown_port_is_refused(void **state)
{
    (void)state;
    fake_task_texts(t, "argv", "cat", "${in.raw}", NULL);
    assert_fault(fake_task_run(t), FW_E_CONFIG, "${in.raw}: nothing is plugged into that port");
}

static void the_command_sees_the_final_name(void **state)
{
    (void)state;
    /* As a host that renames when the stage is done would ask for it. */
    output("out", "table.csv");
    fake_task_texts(t, "argv", "sh", "-c", "basename \"$1\" >\"$1\"", "sh", "${out.out}", NULL);
    assert_string_equal(fake_task_run(t)->fault, "");
    assert_content("table.csv", "table.csv\n");
}

static void an_output_may_be_a_folder(void **state)
{
    (void)state;
    output("out", "parts");
    fake_task_texts(t, "argv", "sh", "-c", "mkdir \"$1\" && echo x >\"$1/a\"", "sh", "${out.out}",
                    NULL);
    assert_string_equal(fake_task_run(t)->fault, "");
    assert_content("parts/a", "x\n");
}

static void files_beside_an_output_are_refused(void **state)
{
    (void)state;
    output("out", "out.txt");
    fake_task_texts(t, "argv", "sh", "-c", "echo x | tee \"$1\" >\"$1.bak\"", "sh", "${out.out}",
                    NULL);
    assert_fault(fake_task_run(t), FW_E_DATA, "left other files beside its output 'out'");
}

static void starts_in_scratch_with_nothing_on_stdin(void **state)
{
    (void)state;
    output("out", "out.txt");
    fake_task_texts(t, "argv", "sh", "-c",
                    "[ \"$PWD\" = \"$2\" ] && [ \"$HOME\" = \"$2\" ] && cat >stdin && "
                    "wc -c <stdin >\"$1\"",
                    "sh", "${out.out}", "${tmp}", NULL);
    assert_string_equal(fake_task_run(t)->fault, "");
    assert_content("out.txt", "0\n");
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The number that a command wrote to FOLDER/NAME. */
static pid_t pid_in(const char *name)
{
    char *path = in_folder(name);
    char *text = test_file_read(path, NULL);
    const pid_t pid = (pid_t)strtol(text, NULL, 10);
    assert_true(pid > 1);
    free(text);
    free(path);
    return pid;
}

static bool gone_within(pid_t pid, int64_t ms)
{
    for (const int64_t until = now_ms() + ms; now_ms() < until; usleep(5000)) {
        if (kill(pid, 0) != 0) {
            return true;
        }
        /* Killed, and waiting for whoever inherits orphans here to collect it. */
        char path[64];
        char stat[256] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        FILE *file = fopen(path, "r");
        const bool read = file != NULL && fgets(stat, sizeof stat, file) != NULL;
        if (file != NULL) {
            fclose(file);
        }
        if (read && strstr(stat, ") Z ") != NULL) {
            return true;
        }
    }
    return false;
}

static void cancelling_ends_the_whole_group(void **state)
{
    (void)state;
    char *mark = in_folder("pid");
    fake_task_texts(t, "argv", "sh", "-c", "sleep 600 & echo $! >\"$1\"; wait", "sh", mark, NULL);
    fake_task_cancel_after_ms(t, 300);
    const int64_t before = now_ms();
    const struct fake_result *r = fake_task_run(t);
    assert_fault(r, FW_E_CANCELLED, "the command was stopped");
    assert_true(now_ms() - before < 5000);
    assert_true(gone_within(pid_in("pid"), 5000));
    free(mark);
}

static void whoever_ignores_sigterm_is_killed_after_the_grace(void **state)
{
    (void)state;
    char *mark = in_folder("pid");
    fake_task_texts(t, "argv", "sh", "-c",
                    "trap '' TERM; echo $$ >\"$1\"; while :; do sleep 0.05; done", "sh", mark,
                    NULL);
    fake_task_param(t, "grace", "200ms");
    fake_task_cancel_after_ms(t, 200);
    assert_fault(fake_task_run(t), FW_E_CANCELLED, "the command was stopped");
    assert_true(gone_within(pid_in("pid"), 5000));
    free(mark);
}

static void what_a_command_leaves_behind_is_killed(void **state)
{
    (void)state;
    output("out", "out.txt");
    fake_task_texts(t, "argv", "sh", "-c", "sleep 600 & echo $! >\"$1\"", "sh", "${out.out}", NULL);
    assert_string_equal(fake_task_run(t)->fault, "");
    assert_true(gone_within(pid_in("out.txt"), 5000));
}

static void a_long_command_takes_several_steps(void **state)
{
    (void)state;
    output("out", "out.txt");
    fake_task_texts(t, "argv", "sh", "-c", "sleep 1.3; echo x >\"$1\"", "sh", "${out.out}", NULL);
    const struct fake_result *r = fake_task_run(t);
    assert_string_equal(r->fault, "");
    assert_true(r->steps >= 2);
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, make_task, drop_task)
    const struct CMUnitTest tests[] = {
        CLAIM(runs_a_command_between_ports),
        CLAIM(replaces_words_and_keeps_the_rest),
        CLAIM(a_port_of_many_paths_gives_many_words),
        CLAIM(many_paths_inside_a_word_are_refused),
        CLAIM(the_environment_is_a_small_fixed_one),
        CLAIM(an_unknown_name_in_braces_is_refused),
        CLAIM(env_and_pass_add_to_the_environment),
        CLAIM(a_variable_without_a_value_is_refused),
        CLAIM(a_missing_variable_is_named),
        CLAIM(an_exit_code_is_named_and_recorded),
        CLAIM(a_signal_is_named_and_recorded),
        CLAIM(a_missing_program_is_named),
        CLAIM(what_cannot_be_executed_says_why),
        CLAIM(an_output_that_argv_does_not_name_is_refused),
        CLAIM(an_output_that_is_not_written_is_refused),
        CLAIM(an_unknown_port_is_refused),
        CLAIM(the_command_sees_the_final_name),
        CLAIM(an_output_may_be_a_folder),
        CLAIM(files_beside_an_output_are_refused),
        CLAIM(starts_in_scratch_with_nothing_on_stdin),
        CLAIM(cancelling_ends_the_whole_group),
        CLAIM(whoever_ignores_sigterm_is_killed_after_the_grace),
        CLAIM(what_a_command_leaves_behind_is_killed),
        CLAIM(a_long_command_takes_several_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
