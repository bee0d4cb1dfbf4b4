#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bench_stats.py: the statistics of fwrun bench as numpy and scipy give them, for tests/core/tools/test_bench_stats.c.

/usr/bin/python3 tests/reference/bench_stats.py > tests/reference/bench_stats.golden     (Debian: python3-scipy)

A line each: the kind of case; n_a n_b; the values of a, of b; what is expected. Values are written so that they read back
the same. Bootstrap intervals are those of 50,000 resamples: the 2,000 of the program come near them, not onto them.
"""

import numpy
from scipy.stats import mannwhitneyu

rng = numpy.random.default_rng(20260101)


def text(values):
    return " ".join(float(value).hex() for value in values)


def case(kind, a, b, *expected):
    print(kind, len(a), len(b), text(a), text(b), text(expected))


def shift(a, b):
    return numpy.median(b[:, None] - a[None, :])


def interval(a, b, paired):
    n = 50_000
    shifts = numpy.empty(n)
    for i in range(n):
        at = rng.integers(len(a), size=len(a))
        shifts[i] = shift(a[at], b[at] if paired else b[rng.integers(len(b), size=len(b))])
    return numpy.quantile(shifts, [0.025, 0.975])


def adjust(p):
    """Benjamini and Hochberg, as scipy's false_discovery_control has it, which Debian's scipy is too old for."""
    order = numpy.argsort(p)
    scaled = p[order] * len(p) / numpy.arange(1, len(p) + 1)
    result = numpy.empty(len(p))
    result[order] = numpy.minimum(1, numpy.minimum.accumulate(scaled[::-1])[::-1])
    return result


def two(n_a, n_b, change=0.03, sd=0.025):
    return rng.normal(0, sd, n_a), rng.normal(change, sd, n_b)


for p in (0, 0.05, 0.25, 0.5, 0.95, 1):
    for n in (1, 2, 9, 10):
        values = rng.normal(0, 1, n)
        case("quantile", values, [p], numpy.quantile(values, p))

for n_a, n_b in ((1, 1), (2, 3), (9, 9), (9, 12), (25, 25), (40, 31), (300, 200)):
    a, b = two(n_a, n_b)
    case("shift", a, b, shift(a, b))
    method = "exact" if max(n_a, n_b) <= 25 else "asymptotic"
    case("rank", a, b, mannwhitneyu(a, b, alternative="two-sided", method=method).pvalue)
for n_a, n_b in ((5, 5), (9, 9), (30, 20)):  # ties
    a, b = rng.integers(0, 4, n_a).astype(float), rng.integers(1, 5, n_b).astype(float)
    case("shift", a, b, shift(a, b))
    case("rank", a, b, mannwhitneyu(a, b, alternative="two-sided", method="asymptotic").pvalue)
case("rank", [1.0] * 9, [1.0] * 9, 1.0)

for n in (20, 30, 50):  # with fewer the shifts are few, and quantiles jump
    a, b = two(n, n)
    case("interval", a, b, *interval(a, b, False))
    drift = numpy.cumsum(rng.normal(0, 0.03, n))
    case("pairs", a + drift, b + drift, *interval(a + drift, b + drift, True))

for n in (1, 2, 7):
    p = rng.uniform(0, 0.2, n)
    case("adjust", p, [], *adjust(p))
