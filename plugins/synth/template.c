/* SPDX-License-Identifier: MIT */
#include "template.h"

#include <inttypes.h>
#include <string.h>

void synth_template(struct fw_text *text, const char *form, uint64_t number)
{
    for (;;) {
        size_t n = strcspn(form, "#");
        fw_text_append_len(text, form, n);
        if (form[n] == '\0') {
            return;
        }
        fw_text_appendf(text, "%" PRIu64, number);
        form += n + 1;
    }
}
