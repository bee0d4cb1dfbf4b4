/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_JSON_H
#define FW_CORE_BASE_JSON_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/fs.h"

/*
 * What cJSON lacks: positions in errors, exact 64-bit integers, one canonical text per document.
 * cJSON keeps numbers as doubles, so an integer beyond 2^53 lives as a raw node that holds its
 * digits; the parser, the adders and the getters here all agree on that.
 */

/* `name` stands for the text in errors. Errors are FW_EXIT_STATE, with line and column. */
int fw_json_parse(const char *text, size_t len, const char *name, cJSON **ret_json,
                  struct fw_error *err);
int fw_json_read(const char *path, cJSON **ret_json, struct fw_error *err);

/* Indented, replaced at once (fw_fs_write). */
int fw_json_write(const char *path, const cJSON *json, enum fw_durability durability,
                  struct fw_error *err);

/*
 * Texts of a document, the caller's to free; numbers are the shortest that read back the same. A
 * number that is not finite has no text and is refused, by fw_json_write too. The canonical text
 * has no blanks and its keys sorted by bytes; a key that occurs twice is refused.
 */
int fw_json_canonical(const cJSON *json, char **ret_text, struct fw_error *err);

/* One line with the members in their own order, for event streams. */
int fw_json_line(const cJSON *json, char **ret_text, struct fw_error *err);

/* A member to be. Texts that are NULL are left out. */
struct fw_json_member {
    const char *name;
    enum { FW_JSON_IS_TEXT, FW_JSON_IS_REAL, FW_JSON_IS_BOOL, FW_JSON_IS_I64, FW_JSON_IS_U64 } type;
    union {
        const char *text;
        double real;
        bool truth;
        int64_t i64;
        uint64_t u64;
    };
};
#define FW_JSON_TEXT(n, v) ((struct fw_json_member){(n), FW_JSON_IS_TEXT, {.text = (v)}})
#define FW_JSON_REAL(n, v) ((struct fw_json_member){(n), FW_JSON_IS_REAL, {.real = (v)}})
#define FW_JSON_BOOL(n, v) ((struct fw_json_member){(n), FW_JSON_IS_BOOL, {.truth = (v)}})
#define FW_JSON_I64(n, v)  ((struct fw_json_member){(n), FW_JSON_IS_I64, {.i64 = (v)}})
#define FW_JSON_U64(n, v)  ((struct fw_json_member){(n), FW_JSON_IS_U64, {.u64 = (v)}})

/* Adds the members in their order, up to one without a name. False, with some of them added, when
 * out of memory or without an object. */
bool fw_json_set_all(cJSON *object, const struct fw_json_member *members);
#define fw_json_set(object, ...)                                                                   \
    fw_json_set_all(object, (const struct fw_json_member[]){__VA_ARGS__, {0}})

/* Takes `item` in any case; NULL after a failed allocation is a failure too. */
bool fw_json_add(cJSON *object, const char *name, cJSON *item);

/* A new object at the end of an array, which owns it; NULL when out of memory or without array. */
cJSON *fw_json_append(cJSON *array);

/* Exact at any size. The new node, owned by `object`, or NULL when out of memory. */
cJSON *fw_json_add_i64(cJSON *object, const char *name, int64_t value);
cJSON *fw_json_add_u64(cJSON *object, const char *name, uint64_t value);

/*
 * The member `name` of an object in the wanted type. A missing member or one of another type is
 * an error of class FW_EXIT_STATE that names it, what it holds and what was expected. Strings,
 * objects and arrays are borrowed.
 */
int fw_json_get_string(const cJSON *object, const char *name, const char **ret_text,
                       struct fw_error *err);
int fw_json_get_i64(const cJSON *object, const char *name, int64_t *ret_value,
                    struct fw_error *err);
int fw_json_get_u64(const cJSON *object, const char *name, uint64_t *ret_value,
                    struct fw_error *err);
int fw_json_get_double(const cJSON *object, const char *name, double *ret_value,
                       struct fw_error *err);
int fw_json_get_object(const cJSON *object, const char *name, const cJSON **ret_object,
                       struct fw_error *err);
int fw_json_get_array(const cJSON *object, const char *name, const cJSON **ret_array,
                      struct fw_error *err);

/* For showing: the member as a text, "" where it is none; as a number, 0 where it is none. */
const char *fw_json_text(const cJSON *object, const char *name);
double fw_json_number(const cJSON *object, const char *name);

static inline void fw_cleanup_json(cJSON **json)
{
    cJSON_Delete(*json);
}

#endif
