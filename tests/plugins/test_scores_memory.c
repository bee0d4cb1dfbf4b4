/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "failing_alloc.h"
#include "scores/scores.h"

/* Enough for a deal by all threads, whose counts are an allocation of their own. */
enum { N = 100000, LAST = N - 1 };

static double p[N];
static uint8_t y[N];
static uint32_t order[N];

static bool all(struct fw_score_summary *ret_summary)
{
    struct fw_scores scores;

    if (!fw_scores_init(&scores, p, y, N, 2)) {
        return false;
    }
    bool done = fw_scores_summary(&scores, 2, ret_summary) && fw_scores_order(p, N, order);
    fw_scores_finish(&scores);
    return done;
}

/* Each allocation fails in turn: a failure is said, or made good. Leaks are for the sanitizers. */
static void memory_that_runs_out_is_said_or_made_good(void **state)
{
    struct fw_score_summary summary, wanted;
    unsigned n = 0, n_failed = 0;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        p[i] = (double)(i * 7919 % N) / N;
        y[i] = i % 3 == 0;
    }
    assert_true(all(&wanted));
    do {
        failing_alloc_at(++n);
        if (all(&summary)) {
            assert_memory_equal(&summary, &wanted, sizeof summary);
            assert_true(p[order[0]] == 0 && p[order[LAST]] == (double)LAST / N);
        } else {
            n_failed++;
        }
    } while (failing_alloc_struck());
    failing_alloc_at(0);
    assert_true(n_failed >= 5);
    assert_true(n_failed < n - 1); /* the sort goes on alone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_that_runs_out_is_said_or_made_good),
    };

    return cmocka_run_group_tests_name("scores memory", tests, NULL, NULL);
}
