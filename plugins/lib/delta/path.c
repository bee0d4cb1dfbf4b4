/* SPDX-License-Identifier: MIT */
#include "delta/path.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; in++) {
        if (*in == '%') {
            int high = hex(in[1]);
            int low = high < 0 ? -1 : hex(in[2]);
            if (low < 0 || high + low == 0) {
                return false;
            }
            *out++ = (char)(high * 16 + low);
            in += 2;
        } else {
            *out++ = *in;
        }
    }
    *out = '\0';
    return true;
}

/* Resolves ".", ".." and "//" below the first `keep` bytes; false when ".." would leave them. */
static bool normalise(char *path, size_t keep)
{
    char *out = path + keep;
    bool last = false;
    for (const char *in = out; !last;) {
        size_t size = strcspn(in, "/");
        last = in[size] == '\0'; /* the slash written below may take the terminator's place */
        if (size == 2 && strncmp(in, "..", 2) == 0) {
            if (out == path + keep) {
                return false;
            }
            do {
                out--;
            } while (out > path + keep && out[-1] != '/');
        } else if (size > 0 && !(size == 1 && *in == '.')) {
            memmove(out, in, size);
            out += size;
            *out++ = '/';
        }
        in += size + 1;
    }
    if (out == path + keep) {
        return false;
    }
    out[-1] = '\0';
    return true;
}

/* Length of "scheme:" when a slash follows it; 0 otherwise. Encoded colons are not meant. */
static size_t scheme_size(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    return n > 0 && text[n] == ':' && text[n + 1] == '/' ? n + 1 : 0;
}

/* The path part of a file URI, or NULL when it is on another machine or of another scheme. */
static const char *uri_path(const char *text, size_t scheme)
{
    if (scheme != 5 || strncasecmp(text, "file:", 5) != 0) {
        return NULL;
    }
    text += scheme;
    if (strncmp(text, "//", 2) != 0) {
        return text;
    }
    text += 2;
    if (strncmp(text, "localhost/", 10) == 0) {
        text += 9;
    }
    return *text == '/' ? text : NULL;
}

enum fw_delta_path_result fw_delta_path(const char *root, const char *text, char **ret_path)
{
    size_t scheme = scheme_size(text);
    const char *rest = scheme > 0 ? uri_path(text, scheme) : text;
    if (rest == NULL) {
        return FW_DELTA_PATH_SCHEME;
    }
    bool absolute = *rest == '/';
    char *path = NULL;
    char *decoded = strdup(rest);
    if (decoded == NULL) {
        return FW_DELTA_PATH_NOMEM;
    }
    if (!decode(decoded)) {
        free(decoded);
        return FW_DELTA_PATH_ESCAPE;
    }
    int n = asprintf(&path, "%s/%s", absolute ? "" : root, decoded);
    free(decoded);
    if (n < 0) {
        return FW_DELTA_PATH_NOMEM;
    }
    if (!normalise(path, absolute ? 1 : strlen(root) + 1)) {
        free(path);
        return FW_DELTA_PATH_OUTSIDE;
    }
    *ret_path = path;
    return FW_DELTA_PATH_OK;
}
