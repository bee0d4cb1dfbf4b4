/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

int64_t fw_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
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
