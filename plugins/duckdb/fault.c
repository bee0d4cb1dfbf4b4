/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <stdlib.h>
#include <string.h>

#include "sql/fault.h"
#include "sql/text.h"

/*
 * Only results carry DuckDB's error type; statements and pending results carry the text alone,
 * and the text always begins with the type's name. Names as of 1.4 (ExceptionTypeToString).
 */
static const struct {
    const char *prefix;
    fw_status status;
} classes[] = {
    {"Out of Memory Error", FW_E_NOMEM},
    {"INTERRUPT Error", FW_E_CANCELLED},
    {"IO Error", FW_E_IO},
    {"Conversion Error", FW_E_DATA},
    {"Invalid Input Error", FW_E_DATA},
    {"Out of Range Error", FW_E_DATA},
    {"Constraint Error", FW_E_DATA},
    {"Invalid Error", FW_E_DATA},
    {"Invalid type Error", FW_E_DATA},
    {"Mismatch Type Error", FW_E_DATA},
    {"Divide by Zero Error", FW_E_DATA},
    {"Decimal Error", FW_E_DATA},
    {"Object Size Error", FW_E_DATA},
    {"Serialization Error", FW_E_DATA},
    {"Sequence Error", FW_E_DATA},
    {"Parser Error", FW_E_CONFIG},
    {"Syntax Error", FW_E_CONFIG},
    {"Binder Error", FW_E_CONFIG},
    {"Catalog Error", FW_E_CONFIG},
    {"Settings Error", FW_E_CONFIG},
    {"Expression Error", FW_E_CONFIG},
    {"Invalid Configuration Error", FW_E_CONFIG},
    {"Parameter Not Resolved Error", FW_E_CONFIG},
    {"Parameter Not Allowed Error", FW_E_CONFIG},
    {"Dependency Error", FW_E_CONFIG},
    {"Permission Error", FW_E_CONFIG},
    {"Not implemented Error", FW_E_UNSUPPORTED},
    {"Missing Extension Error", FW_E_UNSUPPORTED},
    {"Extension Autoloading Error", FW_E_UNSUPPORTED},
};

static bool has(const char *message, const char *part)
{
    return strstr(message, part) != NULL;
}

fw_status sql_fault_class(const char *message)
{
    /* Both limits fail as "Out of Memory Error", and a full disk as "IO Error". */
    if (has(message, "max_temp_directory_size") || has(message, "No space left on device") ||
        has(message, "Disk quota exceeded")) {
        return FW_E_NOSPACE;
    }
    if (has(message, "No files found that match the pattern")) {
        return FW_E_MISSING;
    }
    for (size_t i = 0; i < FW_COUNT(classes); i++) {
        if (strncmp(message, classes[i].prefix, strlen(classes[i].prefix)) == 0) {
            return classes[i].status;
        }
    }
    return has(message, "bad_alloc") ? FW_E_NOMEM : FW_E_INTERNAL;
}

static const char *remedy_for(fw_status status)
{
    switch (status) {
    case FW_E_NOMEM:
        return "give the stage more memory or fewer threads (resources)";
    case FW_E_NOSPACE:
        return "give the stage more temporary space (resources.temp), or free the disk";
    default:
        return NULL;
    }
}

/* The engine's sentence without its advice, which speaks of settings that are not the user's. */
static int sentence_size(const char *message)
{
    static const char *const advice[] = {"\nThis limit was set by", "\n\nPossible solutions",
                                         "\n\nPlease try installing", "\n\nInstall it first",
                                         "\n\nStack Trace"};
    const char *end = message + strlen(message);

    for (size_t i = 0; i < FW_COUNT(advice); i++) {
        const char *at = strstr(message, advice[i]);
        end = at != NULL && at < end ? at : end;
    }
    return (int)(end - message);
}

/* 200 bytes at most, and never half a UTF-8 sequence. */
static int beginning_size(const char *statement)
{
    size_t size = strnlen(statement, 200);

    while (size > 0 && ((unsigned char)statement[size] & 0xC0) == 0x80) {
        size--;
    }
    return (int)size;
}

/*
 * Appends "path:line" when the statement says by a comment "file: path" where it comes from; the
 * engine counts lines from the statement's first.
 */
static void append_origin(struct fw_text *where, const char *statement, const char *message)
{
    static const char marker[] = "/* file: ";
    const char *start = strstr(statement, marker);
    const char *end = start != NULL ? strstr(start, " */") : NULL;
    const char *line = strstr(message, "\nLINE ");

    if (end == NULL) {
        return;
    }
    start += strlen(marker);
    fw_text_append_len(where, start, (size_t)(end - start));
    if (line != NULL) {
        fw_text_appendf(where, ":%d", atoi(line + strlen("\nLINE ")));
    }
}

fw_status sql_fault(const struct fw_host *host, const char *message, const char *statement)
{
    const char *text = message == NULL ? "the SQL engine failed and gave no reason" : message;
    fw_status status = message == NULL ? FW_E_INTERNAL : sql_fault_class(message);
    struct fw_text where = {0};

    if (statement != NULL) {
        append_origin(&where, statement, text);
    }
    if (statement == NULL || where.data != NULL) {
        fw_faultf(host, status, where.data, remedy_for(status), "%.*s", sentence_size(text), text);
    } else {
        int size = beginning_size(statement);
        fw_faultf(host, status, NULL, remedy_for(status), "%.*s\nin the statement: %.*s%s",
                  sentence_size(text), text, size, statement, statement[size] == '\0' ? "" : "...");
    }
    fw_text_finish(&where);
    return status;
}
