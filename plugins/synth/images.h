/* SPDX-License-Identifier: MIT */
#ifndef SYNTH_IMAGES_H
#define SYNTH_IMAGES_H

#include <stdint.h>

#include <fw/stage.h>

/* Grey images of ten kinds of shapes, each drawn from a hash of the seed and its number alone. */
enum { SYNTH_IMAGE_SIDE = 28, SYNTH_IMAGE_KINDS = 10 };

uint8_t synth_image_kind(uint64_t seed, uint64_t number);

/* `noise`: how far a pixel is off at most, 1 being the whole range. */
void synth_image_draw(uint64_t seed, uint64_t number, double noise,
                      uint8_t pixels[SYNTH_IMAGE_SIDE * SYNTH_IMAGE_SIDE]);

extern const struct fw_stage synth_images;

#endif
