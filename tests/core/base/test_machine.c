/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/machine.h"
#include "test_files.h"

#define GIB (UINT64_C(1) << 30)

static void knows_this_machine(void **state)
{
    (void)state;
    struct fw_machine machine;
    fw_machine_look(&machine);
    assert_true(machine.cpus >= 1 && machine.cpus <= (unsigned)sysconf(_SC_NPROCESSORS_CONF));
    uint64_t physical = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    assert_true(machine.memory_bytes > 0 && machine.memory_bytes <= physical);
    assert_int_equal(strlen(machine.boot_id), 36);
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    assert_string_equal(machine.host, host);
}

static void takes_the_least_limit_of_cgroups_v2(void **state)
{
    (void)state;
    char *root = test_folder_create();
    struct fw_machine machine;
    test_file_write(root, "proc/meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\n");
    test_file_write(root, "proc/vmstat", "nr_free 5\noom_kill 9\n");
    fw_machine_look_under(root, &machine);
    assert_int_equal(machine.memory_bytes, 16 * GIB);
    assert_int_equal(machine.oom_kills, 9);
    test_file_write(root, "proc/self/cgroup", "0::/outer/inner\n");
    test_file_write(root, "sys/fs/cgroup/outer/inner/memory.max", "max\n");
    test_file_write(root, "sys/fs/cgroup/outer/inner/memory.events", "low 0\noom 2\noom_kill 3\n");
    test_file_write(root, "sys/fs/cgroup/outer/memory.max", "4294967296\n");
    test_file_write(root, "sys/fs/cgroup/outer/memory.events", "oom_kill 30\n");
    test_file_write(root, "sys/fs/cgroup/outer/cpu.max", "50000 100000\n");
    fw_machine_look_under(root, &machine);
    assert_int_equal(machine.memory_bytes, 4 * GIB);
    assert_int_equal(machine.oom_kills, 3);
    assert_int_equal(machine.cpus, 1);
    test_folder_remove(root);
}

static void reads_cgroups_v1_through_a_container(void **state)
{
    (void)state;
    char *root = test_folder_create();
    struct fw_machine machine;
    test_file_write(root, "proc/meminfo", "MemTotal:       16777216 kB\n");
    test_file_write(root, "proc/self/cgroup",
                    "9:cpuset:/\n4:memory:/docker/0123\n3:cpu,cpuacct:/\n0::/\n");
    test_file_write(root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n");
    test_file_write(root, "sys/fs/cgroup/memory/memory.oom_control", "under_oom 0\noom_kill 4\n");
    fw_machine_look_under(root, &machine);
    assert_int_equal(machine.memory_bytes, 2 * GIB);
    assert_int_equal(machine.oom_kills, 4);
    test_file_write(root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    fw_machine_look_under(root, &machine);
    assert_int_equal(machine.memory_bytes, 16 * GIB);
    test_folder_remove(root);
}

static void tells_the_time_in_utc(void **state)
{
    (void)state;
    char text[FW_CLOCK_TEXT];
    struct tm parts = {0};
    fw_clock_utc(text);
    assert_int_equal(strlen(text), strlen("2024-05-31T23:59:59.123Z"));
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    assert_non_null(rest);
    assert_int_equal(rest[0], '.');
    assert_int_equal(rest[4], 'Z');
    long long apart = (long long)(time(NULL) - timegm(&parts));
    assert_true(apart >= 0 && apart <= 2);
    int64_t before = fw_clock_ns();
    assert_true(fw_clock_ns() >= before && before > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_this_machine),
        cmocka_unit_test(takes_the_least_limit_of_cgroups_v2),
        cmocka_unit_test(reads_cgroups_v1_through_a_container),
        cmocka_unit_test(tells_the_time_in_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
