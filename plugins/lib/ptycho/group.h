/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PTYCHO_GROUP_H
#define FW_LIB_PTYCHO_GROUP_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

/*
 * Which diffraction images make up a sample, by their scan positions. Random choices are PCG32's
 * (XSH-RR, O'Neill 2014), one stream per choice, so that they depend on the seed and on the index
 * of what they are made for, never on an order or a thread. Functions return 0, -ENOMEM, or -EINVAL
 * for numbers that cannot work.
 */

struct fw_pcg32 {
    uint64_t state, increment;
};

void fw_pcg32_init(struct fw_pcg32 *rng, uint64_t seed, uint64_t stream);
uint32_t fw_pcg32_next(struct fw_pcg32 *rng);

/** A number below `limit`, each as likely as another; limit is at least 1. */
uint32_t fw_pcg32_below(struct fw_pcg32 *rng, uint32_t limit);

/** k of the numbers below n, each once, ascending. -EINVAL when k > n. */
int fw_scan_select(uint32_t k, uint32_t n, uint64_t seed, uint32_t *ret_chosen);

/** Positions in object pixels. */
struct fw_scan {
    const double *x, *y;
    uint32_t n;
};

struct fw_grouping {
    uint32_t n_groups;     /**< 0, or more than there are positions and not oversampled: as many */
    uint32_t per_group;    /**< C; 1: each image by itself */
    uint32_t n_neighbours; /**< K, at least C */
    bool is_oversampled;   /**< there may be more groups than positions */
    uint64_t seed;
};

struct fw_groups {
    uint32_t n, per_group;
    uint32_t *members; /**< [group][C], numbers of images */
    double *offsets;   /**< [group][2]: the mean x and y */
    double *relative;  /**< [group][2][C]: the offset minus each member's x, then y */
};

/**
 * A group per position, or per position of a random choice (ascending): C of the K positions that
 * are nearest to it, itself not among them, in the order in which they were drawn. The nearer
 * first, of equally near ones the lower number. Where there are only C positions it is among
 * them. Oversampled, the positions take turns: group number r · n + i is another choice of position
 * i's, never one that it has had. -EINVAL when it has no more, or more than FW_GROUPS_A_POSITION.
 */
enum { FW_GROUPS_A_POSITION = 1000 };
int fw_groups_init(struct fw_groups *ret_groups, const struct fw_scan *scan,
                   const struct fw_grouping *how);
void fw_groups_finish(struct fw_groups *groups);

/** The K nearest others of one position, nearest first; how many there are. */
struct fw_neighbours;
int fw_neighbours_create(const struct fw_scan *scan, struct fw_neighbours **ret_neighbours);
void fw_neighbours_destroy(struct fw_neighbours *neighbours);
uint32_t fw_neighbours_of(const struct fw_neighbours *neighbours, uint32_t at, uint32_t k,
                          uint32_t *ret_nearest, double *scratch);

/** Sum of squares, in a fixed order in double precision. */
double fw_scan_power(const float *image, size_t n_pixels);

/** Kahan's sum of images' powers. */
struct fw_scan_mean {
    double sum, lost;
    uint64_t n;
};
void fw_scan_mean_add(struct fw_scan_mean *mean, double power);

/** What diffraction of n_side² pixels is multiplied by: sqrt((n_side / 2)² / mean power). */
double fw_scan_scale(const struct fw_scan_mean *mean, uint32_t n_side);

#endif
