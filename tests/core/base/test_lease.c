/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/lease.h"
#include "base/proc.h"
#include "test_files.h"

static int enter(void **state)
{
    *state = test_folder_create();
    return 0;
}

static int leave(void **state)
{
    test_folder_remove(*state);
    return 0;
}

static int n_entries(const char *folder)
{
    DIR *dir = opendir(folder);
    int n = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        n += entry->d_name[0] != '.';
    }
    closedir(dir);
    return n;
}

/* What this process would write, with one thing replaced. */
static void forge(const char *path, const char *find, const char *replacement)
{
    struct fw_lease lease = {0};
    assert_int_equal(fw_lease_take(&lease, path, NULL, NULL), 0);
    char *text = test_file_read(path, NULL);
    assert_int_equal(fw_lease_drop(&lease, NULL), 0);
    char *found = strstr(text, find);
    assert_non_null(found);
    size_t end = strcspn(found, " ,\n");
    FILE *out = fopen(path, "w");
    fprintf(out, "%.*s%s%s", (int)(found - text), text, replacement, found + end);
    fclose(out);
    free(text);
}

static void is_held_until_it_is_given_back(void **state)
{
    char *path = test_path(*state, "lease");
    struct fw_lease lease = {0}, second = {0};
    struct fw_lease_holder holder;
    enum fw_lease_state seen;
    struct fw_str note = {0};
    struct fw_error err = {0};
    assert_int_equal(fw_lease_inspect(path, &seen, &holder, NULL), 0);
    assert_int_equal(seen, FW_LEASE_FREE);
    assert_int_equal(fw_lease_take(&lease, path, &note, &err), 0);
    assert_int_equal(note.len, 0);
    assert_int_equal(n_entries(*state), 1);
    assert_int_equal(fw_lease_inspect(path, &seen, &holder, NULL), 0);
    assert_int_equal(seen, FW_LEASE_HELD);
    assert_int_equal(holder.pid, getpid());
    assert_true(holder.start_time == fw_proc_start_time(getpid()));
    assert_int_equal(fw_lease_take(&second, path, &note, &err), -1);
    assert_int_equal(err.code, FW_EXIT_REFUSED);
    char who[40];
    snprintf(who, sizeof who, "process %d", (int)getpid());
    assert_non_null(strstr(err.text, who));
    assert_int_equal(fw_lease_drop(&second, &err), 0);
    assert_int_equal(fw_lease_beat(&lease, &err), 0);
    assert_int_equal(fw_lease_drop(&lease, &err), 0);
    assert_int_equal(n_entries(*state), 0);
    free(path);
}

static void is_taken_over(const char *folder, const char *find, const char *replacement)
{
    char *path = test_path(folder, "lease");
    struct fw_lease lease = {0};
    struct fw_str note = {0};
    struct fw_error err = {0};
    forge(path, find, replacement);
    if (fw_lease_take(&lease, path, &note, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_non_null(strstr(note.text, "took over"));
    fw_str_finish(&note);
    assert_int_equal(n_entries(folder), 1);
    assert_int_equal(fw_lease_beat(&lease, NULL), 0);
    assert_int_equal(fw_lease_drop(&lease, NULL), 0);
    free(path);
}

static void is_taken_over_from_another_boot(void **state)
{
    is_taken_over(*state, "boot=", "boot=00000000-0000-0000-0000-000000000000");
}

static void is_taken_over_when_the_pid_is_gone(void **state)
{
    pid_t gone = fork();
    if (gone == 0) {
        _exit(0);
    }
    waitpid(gone, NULL, 0);
    char pid[40];
    snprintf(pid, sizeof pid, "pid=%d", (int)gone);
    is_taken_over(*state, "pid=", pid);
}

static void is_taken_over_when_the_pid_is_someone_else_now(void **state)
{
    is_taken_over(*state, "start=", "start=1");
}

static void is_taken_over_when_power_loss_has_emptied_it(void **state)
{
    char *path = test_path(*state, "lease");
    test_file_write(*state, "lease", "");
    struct fw_lease lease = {0};
    struct fw_str note = {0};
    assert_int_equal(fw_lease_take(&lease, path, &note, NULL), 0);
    assert_non_null(strstr(note.text, "damaged (by a loss of power?) and held by nobody"));
    assert_null(strstr(note.text, "process"));
    fw_str_finish(&note);
    assert_int_equal(fw_lease_drop(&lease, NULL), 0);
    free(path);
}

/* What no process of ours has written is damage, whatever it would mean if it were true. */
static void is_taken_over_when_it_makes_no_sense(void **state)
{
    is_taken_over(*state, "token=", "token=../../elsewhere");
    is_taken_over(*state, "pid=", "pid=2147483648");
    is_taken_over(*state, "pid=", "pid=4294967297");
    is_taken_over(*state, "pid=", "pid=0");
}

static void is_not_held_by_a_process_that_never_was(void **state)
{
    char *path = test_path(*state, "lease"), *card;
    struct fw_lease_holder holder;
    enum fw_lease_state seen;
    forge(path, "pid=", "pid=2147483647");
    card = test_file_read(path, NULL);
    strcpy(strstr(card, "start="), "start=0\n");
    test_file_write(*state, "lease", card);
    assert_int_equal(fw_lease_inspect(path, &seen, &holder, NULL), 0);
    assert_int_equal(seen, FW_LEASE_STALE);
    free(card);
    free(path);
}

static void of_another_host_is_respected_while_it_beats(void **state)
{
    char *path = test_path(*state, "lease");
    struct fw_lease lease = {0};
    struct fw_error err = {0};
    forge(path, "host=", "host=elsewhere");
    assert_int_equal(fw_lease_take(&lease, path, NULL, &err), -1);
    assert_int_equal(err.code, FW_EXIT_REFUSED);
    assert_non_null(strstr(err.text, "elsewhere"));
    struct timespec old[2] = {{.tv_sec = time(NULL) - FW_LEASE_REMOTE_LIMIT_S - 5}};
    old[1] = old[0];
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    assert_int_equal(fw_lease_take(&lease, path, NULL, &err), 0);
    assert_int_equal(fw_lease_drop(&lease, NULL), 0);
    forge(path, "space=", "space=1");
    assert_int_equal(fw_lease_take(&lease, path, NULL, &err), -1);
    assert_int_equal(err.code, FW_EXIT_REFUSED);
    free(path);
}

static void heartbeat_notices_a_loss(void **state)
{
    char *path = test_path(*state, "lease");
    struct fw_lease lease = {0};
    struct fw_error err = {0};
    assert_int_equal(fw_lease_take(&lease, path, NULL, NULL), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(fw_lease_beat(&lease, &err), -1);
    assert_int_equal(err.code, FW_EXIT_REFUSED);
    assert_non_null(strstr(err.text, "was removed or damaged"));
    struct fw_lease other = {0};
    assert_int_equal(fw_lease_take(&other, path, NULL, NULL), 0);
    assert_int_equal(fw_lease_beat(&lease, &err), -1);
    assert_int_equal(err.code, FW_EXIT_REFUSED);
    assert_non_null(strstr(err.text, "was lost to process"));
    assert_int_equal(fw_lease_drop(&lease, NULL), 0);
    assert_int_equal(fw_lease_beat(&other, NULL), 0);
    assert_int_equal(fw_lease_drop(&other, NULL), 0);
    free(path);
}

/* One of many that want the same stale lease: counts itself in, looks around, counts itself out. */
static int contend(const char *path, int *holders)
{
    struct fw_lease lease = {0};
    struct fw_error err = {0};
    if (fw_lease_take(&lease, path, NULL, &err) < 0) {
        return err.code == FW_EXIT_REFUSED ? 1 : 2;
    }
    int alone = __atomic_add_fetch(holders, 1, __ATOMIC_SEQ_CST) == 1;
    nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
    alone = alone && fw_lease_beat(&lease, NULL) == 0;
    __atomic_sub_fetch(holders, 1, __ATOMIC_SEQ_CST);
    free(lease.path); /* not dropped, so that the next process finds it stale */
    return alone ? 0 : 3;
}

static void has_one_holder_when_many_take_over_at_once(void **state)
{
    enum { ROUNDS = 20, PROCESSES = 12 };
    char *path = test_path(*state, "lease");
    int *holders =
        mmap(NULL, sizeof *holders, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    forge(path, "start=", "start=1");
    int won = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < PROCESSES; i++) {
            if (fork() == 0) {
                _exit(contend(path, holders));
            }
        }
        for (int i = 0; i < PROCESSES; i++) {
            int status = 0;
            assert_true(wait(&status) > 0);
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
            won += WEXITSTATUS(status) == 0;
        }
    }
    assert_true(won >= ROUNDS);
    assert_int_equal(n_entries(*state), 1);
    munmap(holders, sizeof *holders);
    free(path);
}

static void survives_takers_that_are_killed_while_taking(void **state)
{
    enum { ROUNDS = 60 };
    char *path = test_path(*state, "lease");
    forge(path, "start=", "start=1");
    for (int round = 0; round < ROUNDS; round++) {
        pid_t taker = fork();
        if (taker == 0) {
            for (;;) {
                struct fw_lease lease = {0};
                if (fw_lease_take(&lease, path, NULL, NULL) == 0) {
                    fw_lease_drop(&lease, NULL);
                    forge(path, "start=", "start=1");
                }
            }
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000 + round * 37000}, NULL);
        kill(taker, SIGKILL);
        waitpid(taker, NULL, 0);
        struct fw_lease lease = {0};
        struct fw_error err = {0};
        if (fw_lease_take(&lease, path, NULL, &err) < 0) {
            fail_msg("%s", err.text);
        }
        assert_int_equal(fw_lease_drop(&lease, NULL), 0);
        forge(path, "start=", "start=1");
    }
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_held_until_it_is_given_back, enter, leave),
        cmocka_unit_test_setup_teardown(is_taken_over_from_another_boot, enter, leave),
        cmocka_unit_test_setup_teardown(is_taken_over_when_the_pid_is_gone, enter, leave),
        cmocka_unit_test_setup_teardown(is_taken_over_when_the_pid_is_someone_else_now, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(is_taken_over_when_power_loss_has_emptied_it, enter, leave),
        cmocka_unit_test_setup_teardown(is_taken_over_when_it_makes_no_sense, enter, leave),
        cmocka_unit_test_setup_teardown(is_not_held_by_a_process_that_never_was, enter, leave),
        cmocka_unit_test_setup_teardown(of_another_host_is_respected_while_it_beats, enter, leave),
        cmocka_unit_test_setup_teardown(heartbeat_notices_a_loss, enter, leave),
        cmocka_unit_test_setup_teardown(has_one_holder_when_many_take_over_at_once, enter, leave),
        cmocka_unit_test_setup_teardown(survives_takers_that_are_killed_while_taking, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
