#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Cases for compare_models, and what they are worth by scikit-learn.

  compare_reference.py    writes compare_cases/*.npz and compare_golden.csv beside itself

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
           brier=np.mean(np.sum((p - np.eye(5)[y]) ** 2, axis=1)))

t = rng.normal(size=(n, 2))
np.savez(cases / "numbers.npz", x=x, y=t)
for arm, noise in (("near", 0.1), ("far", 0.3)):
    a = t + noise * rng.normal(size=(n, 2))
    np.savez(cases / f"numbers_{arm}.npz", a=a)
    golden("numbers", arm, mae=metrics.mean_absolute_error(t, a),
           rmse=np.sqrt(metrics.mean_squared_error(t, a)))

(here / "compare_golden.csv").write_text("\n".join(lines) + "\n")
