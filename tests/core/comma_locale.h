/* SPDX-License-Identifier: MIT */
#ifndef COMMA_LOCALE_H
#define COMMA_LOCALE_H

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Makes a locale with a decimal comma in `folder` and switches LC_NUMERIC to it; false, with the
 * reason printed, where the system has no sources of locales. Undo with setlocale(LC_ALL, "C"). */
static inline bool comma_locale_enter(const char *folder)
{
    char command[512];
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' 2>/dev/null",
             folder);
    int status = system(command);
    setenv("LOCPATH", folder, 1);
    if (status != 0 || !setlocale(LC_NUMERIC, "de_DE.UTF-8")) {
        printf("# skipped: localedef cannot make de_DE.UTF-8; install the package locales\n");
        return false;
    }
    return true;
}

#endif
