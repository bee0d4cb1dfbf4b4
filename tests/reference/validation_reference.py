#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""validation_reference.py DIR: what statistical_validation must give, from numpy, scipy and scikit-learn.

Writes into DIR predictions of three tiers, two horizons and two splits, validation_predictions.csv, and each test's
figures, validation_golden.csv; both are committed. One experiment is missing, one lacks rows that another has. Draws and
variances are those of inference_reference.py.
"""

import csv
import os
import sys

import numpy as np
from sklearn import metrics

import inference_reference as one

TIERS, HORIZONS, SPLITS = ("a20", "a50", "a100"), (1, 3), {"val": 160, "test": 120}
REPLICATES, ALPHA, MARGIN, SEED = 300, 0.05, 0.05, 42
MISSING = ("a50", 3)


def predictions():
    rng, tables, first = np.random.default_rng(11), {}, np.datetime64("2020-01-01")
    for split, n in SPLITS.items():
        days, first = first + np.arange(n), first + n
        for horizon in HORIZONS:
            y = (rng.random(n) < 0.25 + 0.1 * horizon).astype(int)
            shared = rng.standard_normal(n)
            for tier, strength in zip(TIERS, (0.9, 0.6, 0.1)):
                p = 1 / (1 + np.exp(-(strength * (2 * y - 1) + 0.7 * shared + 0.5 * rng.standard_normal(n))))
                skip = 7 if tier == "a20" else 0
                if (tier, horizon) != MISSING:
                    tables[tier, horizon, split] = {str(d): (int(t), round(float(q), 3)) for d, t, q in zip(days[skip:], y[skip:], p[skip:])}
    return tables


def fnv(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def spread(values):
    return values.mean(), np.quantile(values, ALPHA / 2), np.quantile(values, 1 - ALPHA / 2), values.std()


def test(a, b, horizon, name):
    days = sorted(set(a) & set(b))
    y = np.array([a[d][0] for d in days])
    scores = [np.array([t[d][1] for d in days]) for t in (a, b)]
    one.KEY = [SEED, fnv(name)]
    values = [[], []]
    for replicate in range(REPLICATES):
        counts = one.counts_of("block" if horizon > 1 else "iid", replicate, y)
        if 0 < counts[y == 1].sum() < counts.sum():
            for k in range(2):
                values[k].append(metrics.roc_auc_score(y, scores[k], sample_weight=counts))
    values = np.array(values)
    difference = values[0] - values[1]
    point = [metrics.roc_auc_score(y, s) for s in scores]
    rarer = min((difference <= 0).sum(), (difference >= 0).sum())
    delong = one.delong(y, *scores)
    row = {"n": len(y), "n_positive": int(y.sum()), "rows_only_a": len(a) - len(y), "rows_only_b": len(b) - len(y)}
    for tag, at, v in (("a", point[0], values[0]), ("b", point[1], values[1]), ("difference", point[0] - point[1], difference)):
        row[tag] = at
        row[tag + "_mean"], row[tag + "_lower"], row[tag + "_upper"], row[tag + "_std"] = spread(v)
    row["bias"] = row["difference_mean"] - row["difference"]
    row["effect_size"] = row["difference"] / row["difference_std"]
    row["detectable"] = (1.959963984540054 + 0.8416212335729143) * row["difference_std"]
    row["block_rows"] = one.BLOCK if horizon > 1 else 0
    row["replicates"], row["replicates_skipped"] = len(difference), REPLICATES - len(difference)
    row["p"] = min(1, 2 * (rarer + 1) / (len(difference) + 1))
    row["delong_std"], row["delong_z"], row["delong_p"] = delong["standard_error"], delong["z"], delong["p"]
    return row


def holm(p):
    order = np.argsort(p, kind="stable")
    out = np.zeros(len(p))
    for rank, i in enumerate(order):
        out[i] = min(1, max((len(p) - k) * p[order[k]] for k in range(rank + 1)))
    return out


def bh(p):
    n, order = len(p), np.argsort(p, kind="stable")
    out = np.zeros(n)
    for rank, i in enumerate(order):
        out[i] = min(min(1, n / (k + 1) * p[order[k]]) for k in range(rank, n))
    return out


def adjust(rows, suffix):
    for name, source, method in (("p_holm", "p", holm), ("p_bh", "p", bh), ("delong_p_holm", "delong_p", holm)):
        for row, value in zip(rows, method([r[source] for r in rows])):
            row[name + suffix] = value


def main():
    folder, tables, rows = sys.argv[1], predictions(), []
    with open(os.path.join(folder, "validation_predictions.csv"), "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["experiment", "split", "date", "y", "p"])
        for (tier, horizon, split), table in tables.items():
            writer.writerows([f"{tier}_h{horizon}", split, day, y, p] for day, (y, p) in table.items())
    for split in SPLITS:
        for a, b in (("a50", "a20"), ("a100", "a50"), ("a100", "a20")):
            for h in HORIZONS:
                if (a, h, split) in tables and (b, h, split) in tables:
                    head = {"tier_a": a, "tier_b": b, "horizon": h, "split": split}
                    rows.append(head | test(tables[a, h, split], tables[b, h, split], h, f"{a}:{b}/h{h}/{split}"))
        of_split = [r for r in rows if r["split"] == split]
        adjust(of_split, "")
        for pair in {(r["tier_a"], r["tier_b"]) for r in of_split}:
            adjust([r for r in of_split if (r["tier_a"], r["tier_b"]) == pair], "_pair")
        for row in of_split:
            row["significant"] = bool(row["p_holm"] < ALPHA)
            inside = -MARGIN < row["difference_lower"] and row["difference_upper"] < MARGIN
            row["verdict"] = "effect" if row["significant"] else "null" if inside else "inconclusive"
    with open(os.path.join(folder, "validation_golden.csv"), "w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
