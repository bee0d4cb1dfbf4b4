/* SPDX-License-Identifier: MIT */
#include "trip.h"

#include <stdarg.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "file/file.h"
#include "sql/fault.h"
#include "sql/text.h"

fw_status compare_trip(struct compare_trip *trip, const char *reason, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(trip->text, sizeof trip->text, format, args);
    va_end(args);
    trip->reason = reason;
    return COMPARE_TRIPPED;
}

fw_status compare_trip_note(const struct compare_trip *trip, const struct fw_host *host,
                            const char *folder)
{
    char stamp[32];
    struct fw_text path = {0}, text = {0};
    struct tm utc;
    const time_t now = time(NULL);
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    if (mkdir(folder, 0777) < 0 && errno != EEXIST) {
        return FW_FAIL(host, FW_E_IO, .what = strerror(errno), .where = folder);
    }
    fw_text_appendf(&path, "%s/blocked_%s_%s.md", folder, stamp, trip->reason);
    fw_text_appendf(&text,
                    "# Blocked: %s\n\n%s\n\nNothing was compared. Mend the model or its "
                    "input and run the same command again.\n",
                    trip->reason, trip->text);
    fw_status status = path.failed || text.failed
                           ? fw_fault_nomem(host)
                           : fw_file_write(host, path.data, text.data, text.size);
    fw_text_finish(&path);
    fw_text_finish(&text);
    return status;
}
