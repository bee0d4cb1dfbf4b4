/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/path.h"
#include "cli/print.h"
#include "holding.h"
#include "swap_test.h"

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void print_value(const char *name, const cJSON *value)
{
    if (cJSON_IsString(value)) {
        printf("    %-4s %s\n", name, value->valuestring);
    } else {
        printf("    %-4s NULL\n", name);
    }
}

static void print_difference(const cJSON *difference)
{
    const char *file = fw_json_text(difference, "file"), *note = fw_json_text(difference, "note");
    printf("  differs in output %s%s%s: ", fw_json_text(difference, "port"),
           *file != '\0' ? ", file " : "", file);
    if (!member(difference, "column")) {
        printf("%s", fw_json_text(difference, "text"));
        if (member(difference, "line")) {
            printf(", line %.0f", fw_json_number(difference, "line"));
        }
        printf("%s%s\n", *note != '\0' ? "; " : "", note);
        return;
    }
    printf("row %.0f, column %s\n", fw_json_number(difference, "row"),
           fw_json_text(difference, "column"));
    print_value("old", member(difference, "old"));
    print_value("new", member(difference, "new"));
}

static void print_swap(const cJSON *swap)
{
    const cJSON *pause = member(swap, "pause_us"), *growth = member(swap, "growth");
    char state[32];
    fw_print_bytes((uint64_t)fw_json_number(swap, "state_bytes"), state);
    printf("  pause       median %.0f us, longest %.0f us, of which load %.0f, save %.0f, create "
           "%.0f, restore %.0f, destroy %.0f us on average; state %s\n",
           fw_json_number(pause, "median"), fw_json_number(pause, "longest"),
           fw_json_number(pause, "load"), fw_json_number(pause, "save"),
           fw_json_number(pause, "create"), fw_json_number(pause, "restore"),
           fw_json_number(pause, "destroy"), state);
    printf("  left behind by each of %.0f swaps:", fw_json_number(swap, "swaps"));
    for (int i = 0; i < FW_HELD_KINDS; i++) {
        const char *name = fw_held_name((enum fw_held)i);
        printf("%s %s %.2g", i > 0 ? "," : "", name, fw_json_number(growth, name));
    }
    if (fw_json_number(swap, "waited") > 0) {
        printf("; up to %.0f generations waited for arrays that others held",
               fw_json_number(swap, "waited"));
    }
    printf("%s\n", cJSON_IsTrue(member(swap, "unloads"))
                       ? ""
                       : "; its code stays mapped, so a live swap replaces the worker");
}

static void print_run(const cJSON *verdict, const char *name, const char *label)
{
    if (member(verdict, name)) {
        printf("  %-11s %s\n", label, fw_json_text(verdict, name));
    }
}

static void print_text(const cJSON *verdict)
{
    const cJSON *old = member(verdict, "old"), *next = member(verdict, "new");
    const cJSON *swap = member(verdict, "swap");
    printf("%s: %.12s %s\n", fw_json_text(verdict, "stage"), fw_json_text(old, "digest"),
           fw_json_text(old, "path"));
    printf("%*s  %.12s %s\n", (int)strlen(fw_json_text(verdict, "stage")), "",
           fw_json_text(next, "digest"), fw_json_text(next, "path"));
    if (strcmp(fw_json_text(old, "digest"), fw_json_text(next, "digest")) == 0) {
        printf("  both files hold the same code\n");
    }
    print_run(verdict, "alone", "new");
    print_run(verdict, "swapped", "old -> new");
    if (swap) {
        printf("  swapped     %.0f times in %.0f steps\n", fw_json_number(swap, "swaps"),
               fw_json_number(verdict, "steps"));
        print_swap(swap);
    }
    if (member(verdict, "note")) {
        printf("  note        %s\n", fw_json_text(verdict, "note"));
    }
    if (member(verdict, "difference")) {
        print_difference(member(verdict, "difference"));
    }
    if (member(verdict, "why")) {
        printf("  %s\n", fw_json_text(verdict, "why"));
    }
    printf("%s\n", fw_json_text(verdict, "verdict"));
}

int fw_swap_print(const cJSON *verdict, bool json, struct fw_error *err)
{
    const char *word = fw_json_text(verdict, "verdict");
    if (json) {
        const int code = fw_print_json(verdict, err);
        if (code != 0) {
            return code;
        }
    } else {
        print_text(verdict);
    }
    if (strcmp(word, "EQUAL") == 0) {
        return 0;
    }
    fw_error_set(err, FW_EXIT_CHECK, "swap-test of stage \"%s\": %s",
                 fw_json_text(verdict, "stage"), word);
    return err->code;
}
