/* SPDX-License-Identifier: MIT */
#ifndef SYNTH_TEMPLATE_H
#define SYNTH_TEMPLATE_H

#include <stdint.h>

#include "sql/text.h"

/** Appends SQL in which every # stands for `number`. */
void synth_template(struct fw_text *text, const char *form, uint64_t number);

#endif
