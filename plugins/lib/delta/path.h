/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_DELTA_PATH_H
#define FW_LIB_DELTA_PATH_H

/** Why a path of the log cannot be used. */
enum fw_delta_path_result {
    FW_DELTA_PATH_OK,
    FW_DELTA_PATH_NOMEM,
    FW_DELTA_PATH_ESCAPE, /**< "%" without two hex digits, or %00 */
    FW_DELTA_PATH_SCHEME, /**< not on this machine's file system */
    FW_DELTA_PATH_OUTSIDE /**< relative, and leaves the table's folder; or names the folder */
};

/**
 * Makes an absolute, normal path of the URL-encoded `text`, which is relative to the absolute
 * folder `root`, absolute, or a file: URI. Two texts for one file give the same path. The disk is
 * not looked at. *ret_path is the caller's to free.
 */
enum fw_delta_path_result fw_delta_path(const char *root, const char *text, char **ret_path);

#endif
