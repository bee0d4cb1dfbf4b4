/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/rng.h"
#include "tools/bench/stats/stats.h"

/* How often the verdict is right: simulated, always with the same draws. */

enum { N_MAX = 60, TRIALS = 1000, POWER_TRIALS = 100 };

/* What a machine does to times. */
struct noise {
    double sd;   /* of the logarithm */
    double tail; /* how often something gets in between, which takes 20 % on average */
    double drift, drift_memory; /* spread of what changes slowly, and how much of it stays */
    double slope;               /* how much slower everything is at the end */
};

static const struct noise even = {.sd = 0.025};
static const struct noise wide = {.sd = 0.03};
static const struct noise tails = {.sd = 0.02, .tail = 0.08};
static const struct noise drifting = {.sd = 0.02, .drift = 0.05, .drift_memory = 0.97};
static const struct noise warming = {.sd = 0.02, .slope = 0.1};

static double uniform(uint64_t *rng)
{
    return ((double)(fw_rng_next(rng) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *rng)
{
    return sqrt(-2 * log(uniform(rng))) * cos(2 * acos(-1) * uniform(rng));
}

/* Logarithms of times, one after the other. */
static void simulate(const struct noise *noise, uint64_t *rng, double *times, size_t n)
{
    double drift = noise->drift * normal(rng);
    for (size_t i = 0; i < n; i++) {
        const double memory = noise->drift_memory;
        drift = memory * drift + sqrt(1 - memory * memory) * noise->drift * normal(rng);
        times[i] = noise->sd * normal(rng) + drift + noise->slope * (double)i / (double)n;
        if (uniform(rng) < noise->tail) {
            times[i] += log1p(-0.2 * log(uniform(rng)));
        }
    }
}

struct trial {
    double a[N_MAX], b[N_MAX];
    struct fw_stats_two two;
};

/* n of each, in turns A B B A, or first all of A; B is slower by `shift`. */
static void run(const struct noise *noise, bool in_turns, double shift, size_t n, uint64_t *rng,
                struct trial *trial)
{
    double times[2 * N_MAX];
    size_t n_a = 0, n_b = 0;
    simulate(noise, rng, times, 2 * n);
    for (size_t i = 0; i < 2 * n; i++) {
        if (in_turns ? fw_stats_is_b(i) : i >= n) {
            trial->b[n_b++] = times[i] + shift;
        } else {
            trial->a[n_a++] = times[i];
        }
    }
    trial->two = (struct fw_stats_two){
        .a = trial->a, .b = trial->b, .n_a = n_a, .n_b = n_b, .paired = in_turns};
}

static enum fw_stats_verdict judge(const struct fw_stats_two *two)
{
    struct fw_stats_comparison comparison;
    assert_int_equal(fw_stats_compare(two, &comparison, NULL), 0);
    fw_stats_judge(&comparison, FW_STATS_MARGIN);
    return comparison.verdict;
}

/* How many of the trials say that the same is not the same. */
static int count_false(const struct noise *noise, bool in_turns, size_t n, int trials)
{
    uint64_t rng = 1;
    int found = 0;
    for (int i = 0; i < trials; i++) {
        struct trial trial;
        double p;
        run(noise, in_turns, 0, n, &rng, &trial);
        assert_int_equal(fw_stats_mann_whitney(&trial.two, &p, NULL), 0);
        if (p < FW_STATS_ALPHA) { /* without that there is no such verdict: spare the resampling */
            const enum fw_stats_verdict verdict = judge(&trial.two);
            found += verdict == FW_VERDICT_FASTER || verdict == FW_VERDICT_SLOWER;
        }
    }
    return found;
}

static void the_same_against_itself_is_called_different_in_at_most_1_percent(void **state)
{
    (void)state;
    const struct noise *const all[] = {&even, &wide, &tails, &drifting, &warming};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (size_t n = 9; n <= N_MAX; n += 17) {
            const int found = count_false(all[i], true, n, TRIALS);
            if (found > TRIALS / 100) {
                fail_msg("noise %zu, n %zu: %d false verdicts of %d", i, n, found, TRIALS);
            }
        }
    }
}

static void turns_keep_a_drift_from_looking_like_a_change(void **state)
{
    (void)state;
    const struct noise *const all[] = {&warming, &drifting};
    for (size_t i = 0; i < 2; i++) {
        const int one_by_one = count_false(all[i], false, 30, 100);
        if (one_by_one < 10) {
            fail_msg("noise %zu: only %d of 100 are deceived without turns", i, one_by_one);
        }
        assert_true(count_false(all[i], true, 30, TRIALS) <= TRIALS / 100);
    }
}

/* Noise measured first, then the comparison, as the program does it. */
static int count_slower(const struct noise *noise, double shift, size_t n)
{
    uint64_t rng = 2;
    int found = 0;
    for (int i = 0; i < POWER_TRIALS; i++) {
        struct trial trial;
        double alone[N_MAX], ratio;
        simulate(noise, &rng, alone, n);
        assert_int_equal(fw_stats_noise(alone, n, n, &ratio, NULL), 0);
        run(noise, true, shift, n, &rng, &trial);
        found += ratio <= FW_STATS_NOISE_LIMIT * FW_STATS_MARGIN &&
                 judge(&trial.two) == FW_VERDICT_SLOWER;
    }
    return found;
}

static void five_percent_are_found_with_30_in_at_least_95_percent(void **state)
{
    (void)state;
    const struct noise *const all[] = {&even, &wide, &tails, &drifting, &warming};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const int found = count_slower(all[i], log(1.05), 30);
        if (found < POWER_TRIALS * 95 / 100) {
            fail_msg("noise %zu: found in %d of %d", i, found, POWER_TRIALS);
        }
    }
}

static struct fw_stats_comparison judged(double shift, double half, double p, size_t n)
{
    struct fw_stats_comparison c = {
        .n = n, .shift = shift, .low = shift - half, .high = shift + half, .p = p};
    fw_stats_judge(&c, 0.015);
    return c;
}

static void each_verdict_has_its_place(void **state)
{
    (void)state;
    const double m = log1p(0.015);
    assert_int_equal(judged(0.05, 0.02, 0.001, 9).verdict, FW_VERDICT_SLOWER);
    assert_int_equal(judged(-0.05, 0.02, 0.001, 9).verdict, FW_VERDICT_FASTER);
    assert_int_equal(judged(0.002, 0.01, 0.5, 9).verdict, FW_VERDICT_SAME);
    assert_int_equal(judged(0.002, 0.01, 0.0001, 9).verdict, FW_VERDICT_SAME); /* too little */
    assert_int_equal(judged(m + 0.01, 0.011, 0.0001, 9).verdict, FW_VERDICT_INCONCLUSIVE);
    assert_int_equal(judged(0.05, 0.02, 0.01, 9).verdict, FW_VERDICT_INCONCLUSIVE);
    assert_int_equal(judged(0.05, 0.02, 0.001, 8).verdict, FW_VERDICT_INCONCLUSIVE);
    assert_int_equal(judged(0, INFINITY, 1, 1).verdict, FW_VERDICT_INCONCLUSIVE);
}

static void what_cannot_be_told_says_how_many_are_needed(void **state)
{
    (void)state;
    const double m = log1p(0.015);
    assert_int_equal(judged(m + 0.01, 0.02, 0.0001, 10).needed,
                     40); /* half the width: four times */
    assert_int_equal(judged(0, 2 * m, 0.5, 10).needed, 40);
    assert_int_equal(judged(0.05, 0.02, 0.001, 8).needed, FW_STATS_MIN_N);
    assert_int_equal(judged(m, 0.01, 0.0001, 10).needed, FW_STATS_NEEDED_MAX + 1); /* on the edge */
    assert_int_equal(judged(0.05, 0.02, 0.001, 9).needed, 0);
    const size_t by_p = judged(0.05, 0.02, 0.05, 10).needed; /* (2.576 / 1.96)^2 = 1.73 */
    assert_int_equal(by_p, 18);
}

static void lists_too_short_for_a_word_get_none(void **state)
{
    (void)state;
    const double one[] = {1};
    const struct fw_stats_two two = {.a = one, .b = one, .n_a = 1, .n_b = 1};
    const struct fw_stats_two none = {.a = one, .b = one};
    assert_int_equal(judge(&two), FW_VERDICT_INCONCLUSIVE);
    assert_int_equal(judge(&none), FW_VERDICT_INCONCLUSIVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_against_itself_is_called_different_in_at_most_1_percent),
        cmocka_unit_test(turns_keep_a_drift_from_looking_like_a_change),
        cmocka_unit_test(five_percent_are_found_with_30_in_at_least_95_percent),
        cmocka_unit_test(each_verdict_has_its_place),
        cmocka_unit_test(what_cannot_be_told_says_how_many_are_needed),
        cmocka_unit_test(lists_too_short_for_a_word_get_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
