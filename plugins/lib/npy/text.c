/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "record.h"

/* UTF-8 of one character; the number of bytes, 0 when it is none. */
static size_t encode(uint32_t c, char *to)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000 && (c < 0xd800 || c > 0xdfff)) {
        to[0] = (char)(0xe0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3f));
        to[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    if (c >= 0x10000 && c < 0x110000) {
        to[0] = (char)(0xf0 | c >> 18);
        to[1] = (char)(0x80 | (c >> 12 & 0x3f));
        to[2] = (char)(0x80 | (c >> 6 & 0x3f));
        to[3] = (char)(0x80 | (c & 0x3f));
        return 4;
    }
    return 0;
}

/* Up to the zeros at the end; one between characters has no place in a C string. Four bytes of
 * UTF-32 are at most four of UTF-8. */
static fw_status decode(const struct fw_npy *npy, const unsigned char *packed, char *to)
{
    size_t n = npy->header.item_bytes / 4;

    while (n > 0 && npz_u32(packed + 4 * (n - 1)) == 0) {
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t c = (uint32_t)npz_u32(packed + 4 * i);
        size_t size = c == 0 ? 0 : encode(c, to);
        if (size == 0) {
            return npz_fault(npy->npz, FW_E_DATA, npy->member->name,
                             "character %zu of a text is %#x, which is none", i, c);
        }
        to += size;
    }
    *to = '\0';
    return FW_OK;
}

fw_status fw_npy_read_text(struct fw_npy *npy, uint64_t at, char **ret_text)
{
    size_t size = npy->header.item_bytes;

    if (npy->header.type != FW_NPY_TEXT || at >= npy->header.n_items) {
        return npz_fault(npy->npz, FW_E_DATA, npy->member->name,
                         "it is no array of texts with one at %llu: %llu items of type %s",
                         (unsigned long long)at, (unsigned long long)npy->header.n_items,
                         npy->header.descr);
    }
    unsigned char *packed = malloc(size);
    char *text = malloc(size + 1);
    fw_status status = packed == NULL || text == NULL
                           ? npz_fault(npy->npz, FW_E_NOMEM, npy->member->name, "out of memory")
                           : npy_stream_read(&npy->stream, npy->items_at + at * size, packed, size);
    if (status == FW_OK) {
        status = decode(npy, packed, text);
    }
    free(packed);
    if (status != FW_OK) {
        free(text);
        return status;
    }
    *ret_text = text;
    return FW_OK;
}

/* The next character of a UTF-8 text. False when the text is not UTF-8. */
static bool next_character(const char **at, uint32_t *ret_c)
{
    const unsigned char *from = (const unsigned char *)*at;
    unsigned more = from[0] < 0x80 ? 0 : from[0] < 0xe0 ? 1 : from[0] < 0xf0 ? 2 : 3;
    uint32_t c = more == 0 ? from[0] : from[0] & (0x3fu >> more);

    if (from[0] >= 0xf8 || (from[0] & 0xc0) == 0x80) {
        return false;
    }
    for (unsigned i = 1; i <= more; i++) {
        if ((from[i] & 0xc0) != 0x80) {
            return false;
        }
        c = c << 6 | (from[i] & 0x3f);
    }
    *at += more + 1;
    *ret_c = c;
    return true;
}

int npy_text_pack(const char *utf8, unsigned char **ret_packed, size_t *ret_n)
{
    unsigned char *packed = calloc(strlen(utf8) + 1, 4);
    uint32_t c;
    size_t n = 0;

    if (packed == NULL) {
        return -ENOMEM;
    }
    for (const char *at = utf8; *at != '\0'; n++) {
        if (!next_character(&at, &c)) {
            free(packed);
            return -EILSEQ;
        }
        npz_put32(packed + 4 * n, c);
    }
    *ret_packed = packed;
    *ret_n = n == 0 ? 1 : n; /* NumPy has no text without room for a character */
    return 0;
}
