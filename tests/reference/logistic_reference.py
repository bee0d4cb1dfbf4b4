#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""logistic_reference.py FOLDER: writes logistic_features.csv, logistic_samples.csv and, computed from
them by scikit-learn, logistic_golden.csv: what the stage logistic_regression must predict.

Standardised by the training rows (StandardScaler), LogisticRegression(C = 1 / l2) with its Newton
solver, converged as far as doubles go. One column is constant in training, one the double of another.
"""

import os
import sys

import numpy
import pandas
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

ROWS, TRAIN, VAL = 260, 160, 50
L2 = {"weak": 0.5, "strong": 40.0}
COLUMNS = ["level", "noise", "tiny", "still", "twice", "whole"]


def make(folder):
    rng = numpy.random.default_rng(20240117)
    days = pandas.bdate_range("2019-01-01", periods=ROWS)
    level = numpy.cumsum(rng.normal(0.5, 3, ROWS)) + 300
    noise = rng.normal(0, 1, ROWS)
    features = pandas.DataFrame(
        {
            "Date": days.strftime("%Y-%m-%d"),
            "Close": numpy.round(level, 2),
            "level": numpy.round(level, 3),
            "noise": numpy.round(noise, 6),
            "tiny": numpy.round(rng.normal(0, 1, ROWS), 5) * 1e-7,
            "still": numpy.where(numpy.arange(ROWS) < TRAIN, 0.1, 7.0),
            "twice": 2 * numpy.round(noise, 6),
            "whole": rng.integers(0, 9, ROWS),
        }
    )
    samples = []
    for horizon in (1, 5):
        z = 0.02 * (level - 300) + 0.8 * noise - 1 + 0.3 * horizon
        y = (rng.uniform(size=ROWS) < 1 / (1 + numpy.exp(-z))).astype(int)
        split = numpy.array(["train"] * TRAIN + ["val"] * VAL + ["test"] * (ROWS - TRAIN - VAL))
        samples.append(pandas.DataFrame({"horizon": horizon, "Date": features["Date"], "y": y, "split": split}))
    features.to_csv(os.path.join(folder, "logistic_features.csv"), index=False)
    pandas.concat(samples).to_csv(os.path.join(folder, "logistic_samples.csv"), index=False)


def predict(folder):
    features = pandas.read_csv(os.path.join(folder, "logistic_features.csv"))
    samples = pandas.read_csv(os.path.join(folder, "logistic_samples.csv"))
    out = []
    for name, l2 in L2.items():
        for horizon, group in samples.groupby("horizon"):
            rows = group.merge(features, on="Date")
            train = rows["split"] == "train"
            scaler = StandardScaler().fit(rows.loc[train, COLUMNS])
            x = scaler.transform(rows[COLUMNS])
            # A column that does not vary in training says nothing, also where it does later.
            x[:, numpy.ptp(rows.loc[train, COLUMNS].to_numpy(), axis=0) == 0] = 0
            model = LogisticRegression(C=1 / l2, solver="newton-cholesky", tol=1e-13, max_iter=1000)
            model.fit(x[train], rows.loc[train, "y"])
            rows["p"] = model.predict_proba(x)[:, 1]
            rows["experiment"] = f"{name}_h{horizon}"
            out.append(rows[["experiment", "split", "Date", "y", "p"]])
    pandas.concat(out).to_csv(os.path.join(folder, "logistic_golden.csv"), index=False, float_format="%.17g")


if __name__ == "__main__":
    make(sys.argv[1])
    predict(sys.argv[1])
