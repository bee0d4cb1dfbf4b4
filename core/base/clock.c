/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t fw_clock_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t fw_clock_boot_ns(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

void fw_clock_utc(char ret_text[FW_CLOCK_TEXT])
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t len = strftime(ret_text, FW_CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(ret_text + len, FW_CLOCK_TEXT - len, ".%03dZ", (int)(now.tv_nsec / 1000000));
}
