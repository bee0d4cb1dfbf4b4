/* SPDX-License-Identifier: MIT */
#include "plugin/fixture_path.h"

#include <stdio.h>
#include <stdlib.h>

static const char *format(const char *name, const char *ending)
{
    static char paths[8][1024];
    static unsigned next;
    char *path = paths[next++ % 8];
    const char *folder = getenv("FWRUN_FIXTURES");
    if (folder == NULL) {
        fputs("FWRUN_FIXTURES is not set: run this through `meson test`\n", stderr);
        abort();
    }
    snprintf(path, sizeof paths[0], "%s/%s%s", folder, name, ending);
    return path;
}

const char *fixture_path(const char *name)
{
    return format(name, ".so");
}

const char *fixture_folder(const char *name)
{
    return format(name, "");
}
