/* SPDX-License-Identifier: MIT */
#include "canonical_json.h"

enum { REPLACEMENT = 0xFFFD };

/* The second byte's range decides what is well-formed (Unicode 15, table 3-7). */
struct lead {
    unsigned n_more;
    unsigned char low;
    unsigned char high;
};

static struct lead classify(unsigned char byte)
{
    if (byte >= 0xC2 && byte <= 0xDF) {
        return (struct lead){1, 0x80, 0xBF};
    }
    if (byte >= 0xE0 && byte <= 0xEF) {
        return (struct lead){2, byte == 0xE0 ? 0xA0 : 0x80, byte == 0xED ? 0x9F : 0xBF};
    }
    if (byte >= 0xF0 && byte <= 0xF4) {
        return (struct lead){3, byte == 0xF0 ? 0x90 : 0x80, byte == 0xF4 ? 0x8F : 0xBF};
    }
    return (struct lead){0, 0, 0};
}

/*
 * One code point at *at, which moves behind it. An ill-formed sequence counts as one U+FFFD for
 * its longest well-formed beginning, as the Unicode standard recommends and Python does.
 */
static uint32_t decode(const unsigned char **at, const unsigned char *end)
{
    unsigned char first = *(*at)++;
    struct lead lead = classify(first);
    uint32_t code = first & (0x3Fu >> lead.n_more);

    if (lead.n_more == 0) {
        return REPLACEMENT;
    }
    for (unsigned i = 0; i < lead.n_more; i++) {
        unsigned char low = i == 0 ? lead.low : 0x80;
        unsigned char high = i == 0 ? lead.high : 0xBF;
        if (*at == end || **at < low || **at > high) {
            return REPLACEMENT;
        }
        code = code << 6 | (*(*at)++ & 0x3Fu);
    }
    return code;
}

static void append_unit(struct fw_text *text, uint32_t unit)
{
    static const char hex[] = "0123456789abcdef";
    const char escape[6] = {
        '\\', 'u', hex[unit >> 12 & 15], hex[unit >> 8 & 15], hex[unit >> 4 & 15], hex[unit & 15]};

    fw_text_append_len(text, escape, sizeof escape);
}

static void append_code(struct fw_text *text, uint32_t code)
{
    if (code < 0x10000) {
        append_unit(text, code);
        return;
    }
    append_unit(text, 0xD800 + ((code - 0x10000) >> 10));
    append_unit(text, 0xDC00 + ((code - 0x10000) & 0x3FF));
}

static const char *short_escape(unsigned char byte)
{
    switch (byte) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    default:
        return NULL;
    }
}

static int is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

void fw_canonical_string(struct fw_text *text, const char *bytes, size_t size)
{
    const unsigned char *at = (const unsigned char *)bytes;
    const unsigned char *end = at + size;

    fw_text_append_len(text, "\"", 1);
    while (at < end) {
        const unsigned char *start = at;
        while (at < end && is_plain(*at)) {
            at++;
        }
        fw_text_append_len(text, (const char *)start, (size_t)(at - start));
        if (at == end) {
            break;
        }
        const char *escape = short_escape(*at);
        if (escape != NULL) {
            fw_text_append_len(text, escape, 2);
            at++;
        } else if (*at < 0x80) {
            append_unit(text, *at++);
        } else {
            append_code(text, decode(&at, end));
        }
    }
    fw_text_append_len(text, "\"", 1);
}
