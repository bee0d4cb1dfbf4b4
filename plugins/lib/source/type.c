/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "source/internal.h"

static const struct {
    const char *sql_type, *type;
} names[] = {
    {"BIGINT", "long"},
    {"INTEGER", "integer"},
    {"SMALLINT", "short"},
    {"TINYINT", "byte"},
    {"UBIGINT", "decimal(20,0)"},
    {"UINTEGER", "long"},
    {"USMALLINT", "integer"},
    {"UTINYINT", "short"},
    {"HUGEINT", "decimal(38,0)"},
    {"UHUGEINT", "decimal(38,0)"},
    {"FLOAT", "float"},
    {"DOUBLE", "double"},
    {"BOOLEAN", "boolean"},
    {"BLOB", "binary"},
    {"DATE", "date"},
    {"TIMESTAMP WITH TIME ZONE", "timestamp"},
    {"TIMESTAMP", "timestamp_ntz"},
    {"TIMESTAMP_S", "timestamp_ntz"},
    {"TIMESTAMP_MS", "timestamp_ntz"},
    {"TIMESTAMP_NS", "timestamp_ntz"},
};

/* Length of the type that begins at `at`: up to a comma or parenthesis outside of its own. */
static size_t type_size(const char *at)
{
    int depth = 0;
    bool quoted = false;
    size_t n = 0;
    for (; at[n] != '\0'; n++) {
        quoted ^= at[n] == '"';
        if (quoted) {
            continue;
        }
        if (depth == 0 && (at[n] == ',' || at[n] == ')')) {
            break;
        }
        depth += (at[n] == '(') - (at[n] == ')');
    }
    return n;
}

static void append_type(struct fw_text *out, const char *at, size_t n);

/* "name TYPE, ..." of a STRUCT; a name may be quoted. */
static void append_members(struct fw_text *out, const char *at)
{
    for (bool first = true; *at != '\0' && *at != ')'; first = false) {
        fw_text_append(out, first ? "" : ",");
        if (*at == '"') {
            for (at++; *at != '\0' && (*at != '"' || at[1] == '"'); at++) {
                at += *at == '"';
                fw_text_append_len(out, at, 1);
            }
            at += *at == '"';
        } else {
            size_t n = strcspn(at, " ");
            fw_text_append_len(out, at, n);
            at += n;
        }
        at += strspn(at, " ");
        size_t n = type_size(at);
        fw_text_append(out, ":");
        append_type(out, at, n);
        at += n;
        at += strspn(at, ", ");
    }
}

static void append_map(struct fw_text *out, const char *at)
{
    size_t key = type_size(at);
    fw_text_append(out, "map<");
    append_type(out, at, key);
    at += key;
    at += strspn(at, ", ");
    fw_text_append(out, ",");
    append_type(out, at, type_size(at));
    fw_text_append(out, ">");
}

static void append_plain(struct fw_text *out, const char *at, size_t n)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i].sql_type) == n && strncmp(names[i].sql_type, at, n) == 0) {
            fw_text_append(out, names[i].type);
            return;
        }
    }
    if (strncmp(at, "DECIMAL(", 8) == 0) {
        fw_text_append(out, "decimal");
        fw_text_append_len(out, at + 7, n - 7);
        return;
    }
    /* TIME, UUID, ENUM and the like have no counterpart; they travel as their text. */
    fw_text_append(out, "string");
}

static void append_type(struct fw_text *out, const char *at, size_t n)
{
    if (n > 0 && at[n - 1] == ']') {
        size_t inner = n - 1;
        while (inner > 0 && isdigit((unsigned char)at[inner - 1])) {
            inner--;
        }
        fw_text_append(out, "array<");
        append_type(out, at, inner > 0 ? inner - 1 : 0);
        fw_text_append(out, ">");
    } else if (strncmp(at, "STRUCT(", 7) == 0) {
        fw_text_append(out, "struct<");
        append_members(out, at + 7);
        fw_text_append(out, ">");
    } else if (strncmp(at, "MAP(", 4) == 0) {
        append_map(out, at + 4);
    } else {
        append_plain(out, at, n);
    }
}

char *fw_source_type(const char *sql_type)
{
    struct fw_text text = {0};
    append_type(&text, sql_type, strlen(sql_type));
    if (text.failed) {
        fw_text_finish(&text);
        return NULL;
    }
    return text.data;
}
