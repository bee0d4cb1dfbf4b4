/* SPDX-License-Identifier: MIT */
#ifndef FW_CHECK_IMAGE_H
#define FW_CHECK_IMAGE_H

#include "finding.h"
#include "plugin/registry.h"

/*
 * What can be said about a plugin's file without running any of it: how it was linked, what it
 * exports, where it looks for libraries, and whether its description can be believed. `entry` was
 * read by the registry. False when there is no sense in loading it.
 */
bool fw_image_check(const struct fw_registry_entry *entry, struct fw_report *report);

#endif
