/* SPDX-License-Identifier: MIT */
#include "holding.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/fs.h"

/* With fewer, a third is no more than one moment. */
enum { FEWEST = 8 };

/* So much more in all is an allocator's, which takes another arena or block once in a while. */
enum { NOISE = 4 };

const char *fw_held_name(enum fw_held kind)
{
    static const char *const names[] = {"mappings", "descriptors", "threads", "rss_bytes"};
    return names[kind];
}

static int64_t count_entries(const char *folder)
{
    int64_t n = 0;
    fw_auto(closedir) DIR *dir = opendir(folder);
    while (dir && readdir(dir)) {
        n++;
    }
    return n;
}

static int64_t count_lines(const char *path)
{
    char buffer[4096];
    int64_t n = 0;
    ssize_t got = 0;
    fw_auto(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (got = read(fd, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            n += buffer[i] == '\n';
        }
    }
    return n;
}

static int64_t private_bytes(void)
{
    char text[128];
    long long size, resident, shared;
    return fw_fs_peek("/proc/self/statm", text, sizeof text) &&
                   sscanf(text, "%lld %lld %lld", &size, &resident, &shared) == 3
               ? (resident - shared) * sysconf(_SC_PAGESIZE)
               : 0;
}

struct fw_holding fw_holding_now(void)
{
    return (struct fw_holding){.held = {[FW_HELD_MAPPINGS] = count_lines("/proc/self/maps"),
                                        [FW_HELD_DESCRIPTORS] = count_entries("/proc/self/fd"),
                                        [FW_HELD_THREADS] = count_entries("/proc/self/task"),
                                        [FW_HELD_RSS] = private_bytes()}};
}

uint64_t fw_mapped_inode(const void *at)
{
    char line[512];
    const uintptr_t address = (uintptr_t)at;
    fw_auto(fclose) FILE *file = fopen("/proc/self/maps", "re");
    while (file && fgets(line, sizeof line, file)) {
        char *rest = line;
        const uintptr_t from = strtoull(rest, &rest, 16), to = strtoull(rest + 1, &rest, 16);
        if (address >= from && address < to) {
            unsigned long long inode = 0;
            return sscanf(rest, " %*s %*s %*s %llu", &inode) == 1 ? inode : 0;
        }
    }
    return 0;
}

void fw_holdings_note(struct fw_holdings *holdings)
{
    if (holdings->stride == 0) {
        holdings->stride = 1;
    }
    if (holdings->seen++ % holdings->stride != 0) {
        return;
    }
    if (holdings->n == FW_HOLDINGS) {
        for (uint32_t i = 0; i < FW_HOLDINGS / 2; i++) {
            holdings->items[i] = holdings->items[2 * i];
        }
        holdings->n = FW_HOLDINGS / 2;
        holdings->stride *= 2;
        if ((holdings->seen - 1) % holdings->stride != 0) {
            return;
        }
    }
    holdings->items[holdings->n++] = fw_holding_now();
}

double fw_holdings_growth(const struct fw_holdings *holdings, enum fw_held kind)
{
    const uint32_t warm = holdings->n / 4, rest = holdings->n - warm, third = rest / 3;
    const struct fw_holding *items = holdings->items + warm;
    if (rest < FEWEST) {
        return 0;
    }
    int64_t most = items[0].held[kind], least = items[rest - 1].held[kind];
    for (uint32_t i = 0; i < third; i++) {
        const int64_t early = items[i].held[kind], late = items[rest - 1 - i].held[kind];
        most = early > most ? early : most;
        least = late < least ? late : least;
    }
    const int64_t rise = items[rest - 1].held[kind] - items[0].held[kind];
    return least <= most || rise <= NOISE
               ? 0
               : (double)rise / ((double)(rest - 1) * (double)holdings->stride);
}
