#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Cases for compare_models, and what they are worth by scikit-learn.

  compare_reference.py    writes compare_cases/* and compare_golden.csv beside itself

Needs python3-numpy and python3-sklearn; the tests read what is committed.
"""
import pathlib

import numpy as np
from sklearn import metrics

here = pathlib.Path(__file__).resolve().parent
cases = here / "compare_cases"
cases.mkdir(exist_ok=True)
rng = np.random.default_rng(20240817)
lines = ["case,arm,metric,value"]


def golden(case, arm, **values):
    lines.extend(f"{case},{arm},{name},{value:.15g}" for name, value in values.items())


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def areas(y, p):
    """Means over the classes that are there: those of one that is absent are not defined."""
    there = np.unique(y)
    if len(there) == p.shape[1]:
        return {"auc_ovr": metrics.roc_auc_score(y, p, multi_class="ovr", average="macro"),
                "auc_ovr_weighted": metrics.roc_auc_score(y, p, multi_class="ovr", average="weighted"),
                "auc_ovo": metrics.roc_auc_score(y, p, multi_class="ovo", average="macro")}
    rest = [metrics.roc_auc_score(y == k, p[:, k]) for k in there]
    pairs = [metrics.roc_auc_score(y[(y == a) | (y == b)] == a, p[(y == a) | (y == b), a])
             for a in there for b in there if a != b]
    return {"auc_ovr": np.mean(rest), "auc_ovr_weighted": np.average(rest, weights=np.bincount(y)[there]),
            "auc_ovo": np.mean(pairs)}


def golden_classes(case, arm, y, p):
    golden(case + "_classes", arm, **{str(k): metrics.roc_auc_score(y == k, p[:, k]) for k in np.unique(y)})


def of_two(case, arm, y, p):
    golden(case, arm, accuracy=metrics.accuracy_score(y, p >= 0.5),
           log_loss=metrics.log_loss(y, p), brier=metrics.brier_score_loss(y, p),
           auc=metrics.roc_auc_score(y, p))


n = 300
y = rng.integers(0, 2, n)
x = rng.normal(size=(n, 3)).astype("f4")
np.savez(cases / "two.npz", x=x, y=y)
logit = rng.normal(size=n) + 1.2 * y - 0.6
p = np.round(1 / (1 + np.exp(-logit)), 2)  # ties
two = np.stack([np.zeros(n), logit], axis=1).astype("f4")
np.savez(cases / "two_p.npz", p=p)
np.savez(cases / "two_logits.npz", z=two)
of_two("two", "p", y, p)
of_two("two", "logits", y, softmax(two.astype("f8"))[:, 1])

y = rng.integers(0, 5, n)
z = (rng.normal(size=(n, 5)) + 1.5 * np.eye(5)[y]).astype("f4")
q = softmax(rng.normal(size=(n, 5)) + np.eye(5)[y])
np.savez(cases / "five.npz", x=x, y=y)
np.savez(cases / "five_logits.npz", z=z)
np.savez(cases / "five_p.npz", p=q)
for arm, p in (("logits", softmax(z.astype("f8"))), ("p", q)):
    golden("five", arm, accuracy=metrics.accuracy_score(y, p.argmax(axis=1)),
           log_loss=metrics.log_loss(y, p, labels=range(5)),
           brier=np.mean(np.sum((p - np.eye(5)[y]) ** 2, axis=1)), **areas(y, p))
    golden_classes("five", arm, y, p)

t = rng.normal(size=(n, 2))
np.savez(cases / "numbers.npz", x=x, y=t)
for arm, noise in (("near", 0.1), ("far", 0.3)):
    a = t + noise * rng.normal(size=(n, 2))
    np.savez(cases / f"numbers_{arm}.npz", a=a)
    golden("numbers", arm, mae=metrics.mean_absolute_error(t, a),
           rmse=np.sqrt(metrics.mean_squared_error(t, a)),
           r2=metrics.r2_score(t, a, multioutput="variance_weighted"))

# Four classes, of which the third has no sample; ties within and between classes.
y = rng.choice([0, 1, 3], n, p=[0.6, 0.3, 0.1])
p = np.round(softmax(rng.normal(size=(n, 4)) + np.eye(4)[y]), 1) + 0.05
p /= p.sum(axis=1, keepdims=True)
np.savez(cases / "absent.npz", x=x, y=y)
np.savez(cases / "absent_p.npz", p=p)
golden("absent", "p", accuracy=metrics.accuracy_score(y, p.argmax(axis=1)),
       log_loss=metrics.log_loss(y, p, labels=range(4)),
       brier=np.mean(np.sum((p - np.eye(4)[y]) ** 2, axis=1)), **areas(y, p))
golden_classes("absent", "p", y, p)

# A table: rows that are no samples among them, keys that are not in order, classes by name. The arm "rows"
# has its answers by the rows that are samples, the others are joined by the key.
names = ["cat", "dog", "eel"]
every = 200
key = rng.permutation(every)
split = np.where(rng.random(every) < 0.7, "test", "train")
y = rng.integers(0, 3, every)
x = np.round(rng.normal(size=(every, 3)), 6)
t = np.round(rng.normal(size=(every, 2)), 6)
p = softmax(rng.normal(size=(every, 3)) + 0.8 * np.eye(3)[y])
q = softmax(rng.normal(size=(every, 3)) + 1.6 * np.eye(3)[y])
one = np.round(1 / (1 + np.exp(-rng.normal(size=every) - (y == 1))), 3)
a = t + 0.2 * rng.normal(size=(every, 2))
test = np.flatnonzero(split == "test")
rows = ["id,split,x0,x1,x2,name,y,two,t0,t1"]
for i in range(every):
    rows.append(f"{key[i]},{split[i]},{x[i, 0]},{x[i, 1]},{x[i, 2]},{names[y[i]]},{y[i]},{int(y[i] == 1)},"
                f"{t[i, 0]},{t[i, 1]}")
(cases / "table.csv").write_text("\n".join(rows) + "\n")
rows = ["experiment,split,id,y,p_0,p_1,p_2"]
for i in rng.permutation(every):
    rows.append(f"given,{split[i]},{key[i]},{names[y[i]]},{float(p[i, 0])!r},{float(p[i, 1])!r},{float(p[i, 2])!r}")
(cases / "table_given.csv").write_text("\n".join(rows) + "\n")
rows = ["experiment,split,id,y,p"]
for i in rng.permutation(every):
    rows += [f"given,{split[i]},{key[i]},{int(y[i] == 1)},{one[i]}", f"other,{split[i]},{key[i]},{int(y[i] == 1)},0.5"]
(cases / "table_two.csv").write_text("\n".join(rows) + "\n")
rows = ["id,p_0,p_1"]
for i in rng.permutation(test):
    rows.append(f"{key[i]},{float(a[i, 0])!r},{float(a[i, 1])!r}")
(cases / "table_numbers.csv").write_text("\n".join(rows) + "\n")
np.savez(cases / "table_rows.npz", q=q[test])
for arm, r in (("given", p[test]), ("rows", q[test])):
    golden("table", arm, accuracy=metrics.accuracy_score(y[test], r.argmax(axis=1)),
           log_loss=metrics.log_loss(y[test], r, labels=range(3)),
           brier=np.mean(np.sum((r - np.eye(3)[y[test]]) ** 2, axis=1)), **areas(y[test], r))
    golden_classes("table", arm, y[test], r)
of_two("table_two", "given", y[test] == 1, one[test])
golden("table_numbers", "given", mae=metrics.mean_absolute_error(t[test], a[test]),
       rmse=np.sqrt(metrics.mean_squared_error(t[test], a[test])),
       r2=metrics.r2_score(t[test], a[test], multioutput="variance_weighted"))

(here / "compare_golden.csv").write_text("\n".join(lines) + "\n")
