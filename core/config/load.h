/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CONFIG_LOAD_H
#define FW_CORE_CONFIG_LOAD_H

#include "base/vec.h"
#include "config/diag.h"
#include "config/node.h"

/* Longest chain of `extends`. */
#define FW_CFG_MAX_EXTENDS 16

/*
 * Reads a libconfig file and everything that it builds on, in this order: `@include` (paths are
 * relative to the folder of the file given here or to `extends`), `extends = "base.cfg"` (relative
 * to the file that says so), the overrides of `--set` (PATH=VALUE; the value is a libconfig
 * scalar, list or array, and any other text is a string), and the variables: `${name}` in a string
 * is a member of the group `vars`, `$${` is a plain `${`.
 *
 * 0: `ret_cfg` has what could be read; mistakes in it (wrapped integers, unknown variables, bad
 * overrides) are in `diag` all the same. -1: there is nothing to check, and `diag` says why.
 * `sets` may be NULL. Neither `extends` nor `vars` is removed from the tree.
 */
int fw_cfg_load(const char *path, const struct fw_strings *sets, struct fw_cfg *ret_cfg,
                struct fw_diag *diag);

#endif
