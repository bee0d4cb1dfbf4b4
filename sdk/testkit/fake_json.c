/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "fake_internal.h"

/* Whether a text is JSON (RFC 8259). Each function eats what it is named after. */

enum { MAX_DEPTH = 512 };

static bool value(const char **at, int depth);

static void blanks(const char **at)
{
    *at += strspn(*at, " \t\r\n");
}

static bool literal(const char **at, const char *word)
{
    const size_t size = strlen(word);
    if (strncmp(*at, word, size) != 0) {
        return false;
    }
    *at += size;
    return true;
}

static bool digits(const char **at)
{
    const size_t n = strspn(*at, "0123456789");
    *at += n;
    return n > 0;
}

static bool number(const char **at)
{
    literal(at, "-");
    if (!literal(at, "0") && !digits(at)) {
        return false;
    }
    if (literal(at, ".") && !digits(at)) {
        return false;
    }
    if (**at == 'e' || **at == 'E') {
        ++*at;
        *at += **at == '+' || **at == '-';
        return digits(at);
    }
    return true;
}

static bool escape(const char **at)
{
    if (literal(at, "u")) {
        const size_t n = strspn(*at, "0123456789abcdefABCDEF");
        *at += n < 4 ? n : 4;
        return n >= 4;
    }
    if (**at == '\0' || strchr("\"\\/bfnrt", **at) == NULL) {
        return false;
    }
    ++*at;
    return true;
}

static bool string(const char **at)
{
    if (!literal(at, "\"")) {
        return false;
    }
    while (!literal(at, "\"")) {
        if ((unsigned char)**at < 0x20) {
            return false;
        }
        if (*(*at)++ == '\\' && !escape(at)) {
            return false;
        }
    }
    return true;
}

static bool member(const char **at, bool named, int depth)
{
    if (named) {
        blanks(at);
        if (!string(at)) {
            return false;
        }
        blanks(at);
        if (!literal(at, ":")) {
            return false;
        }
    }
    return value(at, depth);
}

static bool members(const char **at, const char *end, int depth)
{
    blanks(at);
    if (literal(at, end)) {
        return true;
    }
    do {
        if (!member(at, *end == '}', depth)) {
            return false;
        }
    } while (literal(at, ","));
    return literal(at, end);
}

static bool value(const char **at, int depth)
{
    blanks(at);
    const bool good =
        depth < MAX_DEPTH && (literal(at, "{")   ? members(at, "}", depth + 1)
                              : literal(at, "[") ? members(at, "]", depth + 1)
                              : **at == '"'      ? string(at)
                                                 : literal(at, "true") || literal(at, "false") ||
                                                  literal(at, "null") || number(at));
    blanks(at);
    return good;
}

bool fake_json_valid(const char *text)
{
    return value(&text, 0) && *text == '\0';
}
