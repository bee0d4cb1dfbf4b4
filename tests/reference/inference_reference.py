#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""inference_reference.py > inference_golden.json: what plugins/lib/inference must give, from numpy, scipy and scikit-learn.

The generator is numpy's Philox; the draws from it are written again here, row by row, and each replicate's metric is
scikit-learn's with the rows' counts as weights. DeLong's variances are those of the definition, over all pairs of rows.
Holm and Benjamini-Hochberg are the formulas of the papers. `moments` are of 20,000 replicates that another generator
(PCG64) drew.
"""

import itertools
import json
import math
import sys
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics

KEY = [42, 0x1F2E3D4C5B6A7988]
N_ROWS, BLOCK = 97, 10


def table():
    """Two models, correlated, with ties within and across the classes."""
    rng = np.random.default_rng(8)
    y = (rng.random(N_ROWS) < 0.3).astype(int)
    a = np.round(np.clip(0.3 + 0.25 * y + 0.2 * rng.standard_normal(N_ROWS), 0, 1), 2)
    b = np.round(np.clip(0.5 * a + 0.25 + 0.1 * rng.standard_normal(N_ROWS), 0, 1), 1)
    return y, a, b


class Draws:
    def __init__(self, replicate):
        self.raw = np.random.Philox(counter=[0, replicate, 0, 0], key=np.array(KEY, dtype=np.uint64)).random_raw(4096)
        self.at = 0

    def below(self, n):
        """Endless: numbers below n, up to four from one draw."""
        at_once = max(k for k in (1, 2, 3, 4) if n**k <= 2**60)
        while True:
            word, some = int(self.raw[self.at]), []
            self.at += 1
            for _ in range(at_once):
                some.append(word * n >> 64)
                word = word * n % 2**64
            if word >= 2**64 % n**at_once:
                yield from some


def counts_of(kind, replicate, y):
    draws, counts = Draws(replicate), np.zeros(len(y), dtype=int)
    if kind == "iid":
        for row in itertools.islice(draws.below(len(y)), len(y)):
            counts[row] += 1
    elif kind == "stratified":
        for label in (1, 0):
            rows = np.flatnonzero(y == label)
            for row in itertools.islice(draws.below(len(rows)), len(rows)):
                counts[rows[row]] += 1
    else:
        for at, start in zip(range(0, len(y), BLOCK), draws.below(len(y))):
            for i in range(min(BLOCK, len(y) - at)):
                counts[(start + i) % len(y)] += 1
    return counts


METRICS = {
    "auc": lambda y, p, w: metrics.roc_auc_score(y, p, sample_weight=w),
    "average_precision": lambda y, p, w: metrics.average_precision_score(y, p, sample_weight=w),
    "brier": lambda y, p, w: metrics.brier_score_loss(y, p, sample_weight=w),
    "log_loss": lambda y, p, w: metrics.log_loss(y, p, sample_weight=w),
}


def replicates(y, a, b):
    lines = []
    for kind in ("iid", "stratified", "block"):
        for name, metric in METRICS.items():
            for replicate in (0, 1, 2, 1_000_003):
                counts = counts_of(kind, replicate, y)
                values = [float(metric(y, p, counts)) for p in (a, b)]
                lines.append({"kind": kind, "metric": name, "replicate": replicate, "values": values})
    return lines


def delong(y, a, b):
    """The definition, over all pairs."""
    kernel = lambda p: (lambda d: (d > 0) + 0.5 * (d == 0))(p[y == 1][:, None] - p[y == 0][None, :])
    v10 = np.stack([kernel(p).mean(axis=1) for p in (a, b)])
    v01 = np.stack([kernel(p).mean(axis=0) for p in (a, b)])
    s = np.cov(v10) / v10.shape[1] + np.cov(v01) / v01.shape[1]
    auc = v10.mean(axis=1)
    error = math.sqrt(s[0, 0] + s[1, 1] - 2 * s[0, 1])
    z = (auc[0] - auc[1]) / error
    return {
        "auc": auc.tolist(),
        "variance": [s[0, 0], s[1, 1]],
        "covariance": s[0, 1],
        "standard_error": error,
        "z": z,
        "p": 2 * stats.norm.sf(abs(z)),
    }


def families():
    p = [0.01, 0.04, 0.03, 0.005, 0.5, 0.03, 0.9, 0.0001]
    n, order = len(p), np.argsort(p, kind="stable")
    holm, bh = np.zeros(n), np.zeros(n)
    for rank, i in enumerate(order):
        holm[i] = min(1, max((n - k) * p[order[k]] for k in range(rank + 1)))
        bh[i] = min(min(1, n / (k + 1) * p[order[k]]) for k in range(rank, n))
    return {"p": p, "holm": holm.tolist(), "benjamini_hochberg": bh.tolist()}


def moments(y, a, b):
    rng, n = np.random.default_rng(1234), len(y)
    lines = {}
    for kind in ("iid", "stratified", "block"):
        values = []
        while len(values) < 20000:
            if kind == "iid":
                rows = rng.integers(0, n, n)
            elif kind == "stratified":
                rows = np.concatenate([rng.choice(np.flatnonzero(y == c), int((y == c).sum())) for c in (0, 1)])
            else:
                starts = rng.integers(0, n, -(-n // BLOCK))
                rows = (starts[:, None] + np.arange(BLOCK)[None, :]).ravel()[:n] % n
            ranks = [stats.rankdata(p[rows]) for p in (a, b)]
            ones, m = y[rows] == 1, int(y[rows].sum())
            if 0 < m < n:
                auc = [(r[ones].sum() - m * (m + 1) / 2) / (m * (n - m)) for r in ranks]
                values.append(auc[0] - auc[1])
        values = np.array(values)
        lines[kind] = {
            "mean": values.mean(),
            "std": values.std(),
            "lower": np.quantile(values, 0.025),
            "upper": np.quantile(values, 0.975),
        }
    return lines


def main():
    warnings.simplefilter("ignore")
    y, a, b = table()
    raw = [int(x) for x in np.random.Philox(counter=[0, 7, 0, 0], key=np.array(KEY, dtype=np.uint64)).random_raw(8)]
    z = [0.0, 0.5, 1.96, -3.3, 8.0]
    q = [0.5, 0.8, 0.975, 1e-6, 0.9999]
    golden = {
        "key": [str(k) for k in KEY],
        "philox": [str(x) for x in raw],
        "rows": [[int(y[i]), float(a[i]), float(b[i])] for i in range(len(y))],
        "block": BLOCK,
        "metrics": {name: [float(metric(y, p, None)) for p in (a, b)] for name, metric in METRICS.items()},
        "replicates": replicates(y, a, b),
        "delong": delong(y, a, b),
        "family": families(),
        "normal": {"z": z, "two_sided": [2 * stats.norm.sf(abs(x)) for x in z], "q": q, "quantile": stats.norm.ppf(q).tolist()},
        "moments": moments(y, a, b),
    }
    json.dump(golden, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
