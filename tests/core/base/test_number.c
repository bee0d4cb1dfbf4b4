/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/rng.h"
#include "comma_locale.h"
#include "test_files.h"

static void expect_text(double value, const char *expected)
{
    char text[FW_NUMBER_TEXT];
    fw_number_text(value, text);
    assert_string_equal(text, expected);
}

static void writes_the_shortest_text(void **state)
{
    (void)state;
    expect_text(0, "0");
    expect_text(-0.0, "-0");
    expect_text(0.1, "0.1");
    expect_text(0.1 + 0.2, "0.30000000000000004");
    expect_text(1e15, "1000000000000000");
    expect_text(1e16, "1e+16");
    expect_text(123456789012345, "123456789012345");
    expect_text(5e-324, "5e-324");
    expect_text(DBL_MAX, "1.7976931348623157e+308");
    expect_text(-2.5, "-2.5");
}

static void reads_back_what_it_wrote(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = fw_rng_next(&seed);
        double value, again;
        char text[FW_NUMBER_TEXT];
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) {
            fw_number_text(value, text);
            assert_true(fw_number_parse(text, &again));
            assert_memory_equal(&value, &again, sizeof value);
        }
    }
}

static void reads_only_whole_finite_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    " 1",  "1 ",    "1e",  "nan", "inf",
                                      "0x1", "1,5", "1e999", "--1", ".",   "1.5s"};
    double value = 7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(fw_number_parse(bad[i], &value));
    }
    assert_true(value == 7);
    assert_true(fw_number_parse("-1.5e3", &value) && value == -1500);
}

static void reads_integers_exactly(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "-", "+", " 1", "1 ", "1.0", "0x", "0xg", "9223372036854775808"};
    int64_t value = 7;
    uint64_t natural = 7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(fw_number_parse_i64(bad[i], &value));
    }
    assert_int_equal(value, 7);
    assert_true(fw_number_parse_i64("-9223372036854775808", &value) && value == INT64_MIN);
    assert_true(fw_number_parse_i64("010", &value) && value == 10);
    assert_true(fw_number_parse_i64("-0x1F", &value) && value == -31);
    assert_true(fw_number_parse_u64("18446744073709551615", &natural) && natural == UINT64_MAX);
    assert_false(fw_number_parse_u64("18446744073709551616", &natural));
    assert_false(fw_number_parse_u64("-1", &natural));
}

static void expect_size(const char *text, uint64_t expected)
{
    uint64_t bytes = 0;
    struct fw_error err = {0};
    if (fw_size_parse(text, 1000, &bytes, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(bytes, expected);
}

static void knows_sizes(void **state)
{
    (void)state;
    expect_size("4096", 4096);
    expect_size("1kB", 1000);
    expect_size("64KiB", 65536);
    expect_size("8GB", 8000000000);
    expect_size("1.5 GiB", 1610612736);
    expect_size("2tb", 2000000000000);
    expect_size("60%", 600);
    expect_size("12.5%", 125);
    expect_size("9007199254740991", 9007199254740991);
}

static void refuses_other_sizes_with_the_units(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      "8G",   "-1",    "1e3",    "GB",
                                      "8 GBs", "101%", "20TB%", "1..5MB", "18446744073709551616",
                                      "0x10",  "nan"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t bytes = 7;
        struct fw_error err = {0};
        assert_int_equal(fw_size_parse(bad[i], 1000, &bytes, &err), -1);
        assert_int_equal(err.code, FW_EXIT_CONFIG);
        assert_non_null(strstr(err.text, "GiB"));
        assert_int_equal(bytes, 7);
    }
}

static void knows_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } cases[] = {{"30", 30},   {"30s", 30},    {"20m", 1200}, {"1h30m", 5400}, {"2d", 172800},
                 {"0.5", 0.5}, {"1.5h", 5400}, {"1m30s", 90}, {"250ms", 0.25}, {"1s500ms", 1.5}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double seconds = -1;
        assert_int_equal(fw_duration_parse(cases[i].text, &seconds, NULL), 0);
        assert_true(fabs(seconds - cases[i].seconds) < 1e-9);
    }
}

static void refuses_other_durations(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "s",   "30m1h", "1m1m", "5x",
                                      "1h30", "-1s", "1hm",   "inf",  "9999999999999d"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double seconds = 7;
        struct fw_error err = {0};
        assert_int_equal(fw_duration_parse(bad[i], &seconds, &err), -1);
        assert_non_null(strstr(err.text, "1h30m"));
        assert_true(seconds == 7);
    }
}

static void does_not_ask_the_locale(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    bool entered = comma_locale_enter(folder);
    test_folder_remove(folder);
    if (!entered) {
        skip();
    }
    double value = 0;
    expect_text(0.5, "0.5");
    assert_true(fw_number_parse("1.5", &value) && value == 1.5);
    expect_size("1.5kB", 1500);
    setlocale(LC_ALL, "C");
}

static void draws_the_published_splitmix64_numbers(void **state)
{
    (void)state;
    uint64_t seed = 1234567;
    assert_true(fw_rng_next(&seed) == UINT64_C(6457827717110365317));
    assert_true(fw_rng_next(&seed) == UINT64_C(3203168211198807973));
    assert_true(fw_rng_next(&seed) == UINT64_C(9817491932198370423));
}

static void seeds_depend_on_key_and_ordinal_alone(void **state)
{
    (void)state;
    assert_true(fw_rng_seed("ab", 1) == fw_rng_seed("ab", 1));
    assert_true(fw_rng_seed("ab", 1) != fw_rng_seed("ab", 2));
    assert_true(fw_rng_seed("ab", 1) != fw_rng_seed("ac", 1));
    /* Neighbours must not lie on one stream. */
    uint64_t stream = fw_rng_seed("ab", 0);
    assert_true(fw_rng_next(&stream) != fw_rng_seed("ab", 1));
}

/* A value that fills the message must not push out what was expected. */
static void says_what_was_expected_of_a_long_text(void **state)
{
    (void)state;
    struct fw_error err;
    uint64_t bytes;
    double seconds;
    char text[4000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(fw_duration_parse(text, &seconds, &err), -1);
    assert_non_null(strstr(err.text, "expected"));
    assert_int_equal(fw_size_parse(text, 1 << 30, &bytes, &err), -1);
    assert_non_null(strstr(err.text, "expected"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_was_expected_of_a_long_text),
        cmocka_unit_test(writes_the_shortest_text),
        cmocka_unit_test(reads_back_what_it_wrote),
        cmocka_unit_test(reads_only_whole_finite_numbers),
        cmocka_unit_test(reads_integers_exactly),
        cmocka_unit_test(knows_sizes),
        cmocka_unit_test(refuses_other_sizes_with_the_units),
        cmocka_unit_test(knows_durations),
        cmocka_unit_test(refuses_other_durations),
        cmocka_unit_test(does_not_ask_the_locale),
        cmocka_unit_test(draws_the_published_splitmix64_numbers),
        cmocka_unit_test(seeds_depend_on_key_and_ordinal_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
