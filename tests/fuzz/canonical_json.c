/* SPDX-License-Identifier: MIT */
#include "canonical_json/canonical_json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static void check_double(double value)
{
    struct fw_text text = {0};
    fw_canonical_double(&text, value);
    double again = strtod(fw_text_get(&text), NULL);
    FUZZ_CHECK(isnan(value) ? strcmp(fw_text_get(&text), "NaN") == 0 : again == value);
    FUZZ_CHECK(text.size <= 24);
    fw_text_finish(&text);
}

/* A decimal is the integer with a point in it. */
static void check_decimal(uint64_t upper, uint64_t lower, unsigned scale)
{
    struct fw_text whole = {0}, scaled = {0};
    fw_canonical_int128(&whole, upper, lower);
    fw_canonical_decimal(&scaled, upper, lower, scale);
    char *digits = strdup(fw_text_get(&scaled)), *point = strchr(digits, '.');
    FUZZ_CHECK((point != NULL) == (scale > 0));
    if (point != NULL) {
        FUZZ_CHECK(strlen(point + 1) == scale);
        memmove(point, point + 1, strlen(point));
    }
    char *start = digits + (*digits == '-');
    size_t zeros = strspn(start, "0");
    zeros -= start[zeros] == '\0';
    const char *expected = fw_text_get(&whole);
    FUZZ_CHECK(strcmp(start + zeros, expected + (*expected == '-')) == 0);
    FUZZ_CHECK((*digits == '-') == (*expected == '-'));
    free(digits);
    fw_text_finish(&whole);
    fw_text_finish(&scaled);
}

static void check_times(int64_t seconds, int32_t days)
{
    struct fw_text text = {0}, date = {0};
    fw_canonical_date(&date, days);
    fw_canonical_timestamp(&text, (int64_t)days * 86400, 0);
    FUZZ_CHECK(strncmp(fw_text_get(&text), fw_text_get(&date), strcspn(fw_text_get(&date), " ")) ==
               0);
    fw_text_clear(&text);
    fw_canonical_timestamp(&text, seconds, 123456000);
    FUZZ_CHECK(strstr(fw_text_get(&text), ".123456") != NULL);
    fw_text_clear(&text);
    fw_canonical_offset(&text, days % 86400);
    FUZZ_CHECK(text.size >= 6);
    fw_text_finish(&text);
    fw_text_finish(&date);
}

/* Plain ASCII that a JSON parser takes; what it understood has the same canonical form. */
static void check_string(const uint8_t *data, size_t size)
{
    struct fw_text text = {0}, again = {0};
    fw_canonical_string(&text, (const char *)data, size);
    FUZZ_CHECK(!text.failed && text.size >= 2);
    for (size_t i = 0; i < text.size; i++) {
        FUZZ_CHECK(text.data[i] >= 0x20 && text.data[i] < 0x7f);
    }
    cJSON *json = cJSON_Parse(text.data);
    FUZZ_CHECK(cJSON_IsString(json));
    if (memchr(data, '\0', size) == NULL) { /* at which a C string ends */
        fw_canonical_string(&again, json->valuestring, strlen(json->valuestring));
        FUZZ_CHECK(strcmp(text.data, again.data) == 0);
    }
    cJSON_Delete(json);
    fw_text_finish(&text);
    fw_text_finish(&again);
}

/* Input: up to 16 bytes that are read as numbers, and all of it as a text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t words[2] = {0};
    double value;
    if (size == 0) {
        return 0;
    }
    memcpy(words, data, size < sizeof words ? size : sizeof words);
    memcpy(&value, words, sizeof value);
    check_double(value);
    check_double((double)words[0] / 1000);
    check_decimal(words[1], words[0], (unsigned)(words[0] % 39));
    check_times((int64_t)words[0], (int32_t)words[1]);
    check_string(data, size);
    return 0;
}
