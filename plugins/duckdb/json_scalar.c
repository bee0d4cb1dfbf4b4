/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "canonical_json/canonical_json.h"
#include "json_write.h"

enum { NANOS = 1000000000 };

static void write_quoted(struct fw_text *text, const char *string)
{
    fw_text_appendf(text, "\"%s\"", string);
}

static void write_string(struct fw_text *text, const duckdb_string_t *value)
{
    duckdb_string_t copy = *value;

    fw_canonical_string(text, duckdb_string_t_data(&copy), duckdb_string_t_length(copy));
}

static void write_date(struct fw_text *text, duckdb_date value)
{
    if (!duckdb_is_finite_date(value)) {
        write_quoted(text, value.days < 0 ? "-infinity" : "infinity");
        return;
    }
    fw_text_append_len(text, "\"", 1);
    fw_canonical_date(text, value.days);
    fw_text_append_len(text, "\"", 1);
}

/* The infinities of every unit are the type's largest value and its negation. */
static void write_timestamp(struct fw_text *text, int64_t value, int64_t per_second,
                            const char *offset)
{
    if (value == INT64_MAX || value == -INT64_MAX) {
        write_quoted(text, value < 0 ? "-infinity" : "infinity");
        return;
    }
    int64_t rest = value % per_second;
    rest = rest < 0 ? rest + per_second : rest;
    fw_text_append_len(text, "\"", 1);
    fw_canonical_timestamp(text, (value - rest) / per_second, rest * (NANOS / per_second));
    fw_text_append(text, offset);
    fw_text_append_len(text, "\"", 1);
}

static void write_time(struct fw_text *text, int64_t nanos)
{
    fw_text_append_len(text, "\"", 1);
    fw_canonical_time(text, nanos);
    fw_text_append_len(text, "\"", 1);
}

static void write_time_tz(struct fw_text *text, duckdb_time_tz value)
{
    duckdb_time_tz_struct parts = duckdb_from_time_tz(value);
    const duckdb_time_struct *time = &parts.time;
    int64_t seconds = ((int64_t)time->hour * 60 + time->min) * 60 + time->sec;

    fw_text_append_len(text, "\"", 1);
    fw_canonical_time(text, seconds * NANOS + (int64_t)time->micros * 1000);
    fw_canonical_offset(text, parts.offset);
    fw_text_append_len(text, "\"", 1);
}

/* "1 year 2 months 3 days 04:05:06": the engine's own text, as intervals are rare. */
static void write_interval(struct fw_text *text, duckdb_interval interval)
{
    duckdb_value value = duckdb_create_interval(interval);
    char *string = duckdb_get_varchar(value);

    if (string == NULL) {
        text->failed = true;
    } else {
        write_quoted(text, string);
    }
    duckdb_free(string);
    duckdb_destroy_value(&value);
}

/* Stored as a signed number with the sign bit flipped, so that UUIDs sort by their text. */
static void write_uuid(struct fw_text *text, duckdb_hugeint value)
{
    uint64_t upper = (uint64_t)value.upper ^ (UINT64_C(1) << 63);

    fw_text_appendf(text,
                    "\"%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%012" PRIx64 "\"",
                    upper >> 32, upper >> 16 & 0xFFFF, upper & 0xFFFF, value.lower >> 48,
                    value.lower & UINT64_C(0xFFFFFFFFFFFF));
}

static duckdb_hugeint read_decimal(duckdb_type stored, const void *data, uint64_t row)
{
    if (stored == DUCKDB_TYPE_HUGEINT) {
        return ((const duckdb_hugeint *)data)[row];
    }
    int64_t value = stored == DUCKDB_TYPE_SMALLINT  ? ((const int16_t *)data)[row]
                    : stored == DUCKDB_TYPE_INTEGER ? ((const int32_t *)data)[row]
                                                    : ((const int64_t *)data)[row];
    return (duckdb_hugeint){.lower = (uint64_t)value, .upper = value < 0 ? -1 : 0};
}

static void write_decimal(struct fw_text *text, const struct json_node *node, const void *data,
                          uint64_t row)
{
    duckdb_hugeint value = read_decimal(node->stored, data, row);

    fw_text_append_len(text, "\"", 1);
    fw_canonical_decimal(text, (uint64_t)value.upper, value.lower, node->scale);
    fw_text_append_len(text, "\"", 1);
}

static void write_enum(struct fw_text *text, const struct json_node *node, const void *data,
                       uint64_t row)
{
    uint64_t code = node->stored == DUCKDB_TYPE_UTINYINT    ? ((const uint8_t *)data)[row]
                    : node->stored == DUCKDB_TYPE_USMALLINT ? ((const uint16_t *)data)[row]
                                                            : ((const uint32_t *)data)[row];

    fw_text_append_len(text, node->labels[code].data, node->labels[code].size);
}

static bool write_number(struct fw_text *text, duckdb_type type, const void *data, uint64_t row)
{
    switch (type) {
    case DUCKDB_TYPE_TINYINT:
        fw_canonical_int64(text, ((const int8_t *)data)[row]);
        return true;
    case DUCKDB_TYPE_SMALLINT:
        fw_canonical_int64(text, ((const int16_t *)data)[row]);
        return true;
    case DUCKDB_TYPE_INTEGER:
        fw_canonical_int64(text, ((const int32_t *)data)[row]);
        return true;
    case DUCKDB_TYPE_BIGINT:
        fw_canonical_int64(text, ((const int64_t *)data)[row]);
        return true;
    case DUCKDB_TYPE_UTINYINT:
        fw_canonical_uint64(text, ((const uint8_t *)data)[row]);
        return true;
    case DUCKDB_TYPE_USMALLINT:
        fw_canonical_uint64(text, ((const uint16_t *)data)[row]);
        return true;
    case DUCKDB_TYPE_UINTEGER:
        fw_canonical_uint64(text, ((const uint32_t *)data)[row]);
        return true;
    case DUCKDB_TYPE_UBIGINT:
        fw_canonical_uint64(text, ((const uint64_t *)data)[row]);
        return true;
    case DUCKDB_TYPE_FLOAT:
        fw_canonical_double(text, ((const float *)data)[row]);
        return true;
    case DUCKDB_TYPE_DOUBLE:
        fw_canonical_double(text, ((const double *)data)[row]);
        return true;
    default:
        return false;
    }
}

static bool write_temporal(struct fw_text *text, duckdb_type type, const void *data, uint64_t row)
{
    switch (type) {
    case DUCKDB_TYPE_DATE:
        write_date(text, ((const duckdb_date *)data)[row]);
        return true;
    case DUCKDB_TYPE_TIME:
        write_time(text, ((const duckdb_time *)data)[row].micros * 1000);
        return true;
    case DUCKDB_TYPE_TIME_NS:
        write_time(text, ((const duckdb_time_ns *)data)[row].nanos);
        return true;
    case DUCKDB_TYPE_TIME_TZ:
        write_time_tz(text, ((const duckdb_time_tz *)data)[row]);
        return true;
    case DUCKDB_TYPE_TIMESTAMP_S:
        write_timestamp(text, ((const int64_t *)data)[row], 1, "");
        return true;
    case DUCKDB_TYPE_TIMESTAMP_MS:
        write_timestamp(text, ((const int64_t *)data)[row], 1000, "");
        return true;
    case DUCKDB_TYPE_TIMESTAMP:
        write_timestamp(text, ((const int64_t *)data)[row], 1000000, "");
        return true;
    case DUCKDB_TYPE_TIMESTAMP_TZ:
        write_timestamp(text, ((const int64_t *)data)[row], 1000000, "+00:00");
        return true;
    case DUCKDB_TYPE_TIMESTAMP_NS:
        write_timestamp(text, ((const int64_t *)data)[row], NANOS, "");
        return true;
    case DUCKDB_TYPE_INTERVAL:
        write_interval(text, ((const duckdb_interval *)data)[row]);
        return true;
    default:
        return false;
    }
}

static void write_other(struct fw_text *text, const struct json_node *node, const void *data,
                        uint64_t row)
{
    const duckdb_hugeint *wide = data;

    switch (node->type) {
    case DUCKDB_TYPE_BOOLEAN:
        fw_text_append(text, ((const bool *)data)[row] ? "true" : "false");
        break;
    case DUCKDB_TYPE_HUGEINT:
        fw_canonical_int128(text, (uint64_t)wide[row].upper, wide[row].lower);
        break;
    case DUCKDB_TYPE_UHUGEINT:
        fw_canonical_uint128(text, (uint64_t)wide[row].upper, wide[row].lower);
        break;
    case DUCKDB_TYPE_UUID:
        write_uuid(text, wide[row]);
        break;
    case DUCKDB_TYPE_DECIMAL:
        write_decimal(text, node, data, row);
        break;
    case DUCKDB_TYPE_ENUM:
        write_enum(text, node, data, row);
        break;
    default:
        /* VARCHAR and BLOB; json_plan.c lets no other type through. */
        write_string(text, (const duckdb_string_t *)data + row);
        break;
    }
}

void json_write_scalar(struct fw_text *text, const struct json_node *node, const void *data,
                       uint64_t row)
{
    if (!write_number(text, node->type, data, row) &&
        !write_temporal(text, node->type, data, row)) {
        write_other(text, node, data, row);
    }
}
