#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the real predictions that tests sweep over, and what scikit-learn says of them:

    tests/reference/sweep_reference.py [tests/reference]

Data: scikit-learn's copy of the breast cancer table of Wisconsin (UCI, CC BY 4.0), 569 patients.
Two logistic regressions, one on all 30 columns and one on the first two, are fitted on a third of
the rows ("train"), and predict the others ("val", "test"). The second one's predictions are rounded
to two decimals, so that most of them are tied. Needs python3-sklearn.
"""
import json
import os
import sys

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (accuracy_score, average_precision_score, brier_score_loss, confusion_matrix,
                             f1_score, log_loss, precision_recall_curve, precision_score, recall_score,
                             roc_auc_score)
from sklearn.calibration import calibration_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

GRID = [0.50, 0.55, 0.58, 0.60, 0.62, 0.64, 0.66, 0.68, 0.70, 0.72, 0.74, 0.76, 0.78, 0.80]


def predictions():
    table = load_breast_cancer()
    y = 1 - table.target  # 1: malignant
    split = np.array(["train", "val", "test"])[np.arange(len(y)) % 3]
    for name, columns, decimals in (("all_30", 30, 6), ("first_2", 2, 2)):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
        train = split == "train"
        model.fit(table.data[train][:, :columns], y[train])
        p = model.predict_proba(table.data[:, :columns])[:, 1].round(decimals)
        for i in range(len(y)):
            yield name, split[i], i, int(y[i]), float(p[i])


def at_threshold(y, p, threshold):
    said = (p >= threshold).astype(int)
    (tn, fp), (fn, tp) = confusion_matrix(y, said, labels=[0, 1])
    return {"threshold": threshold, "tp": int(tp), "fp": int(fp), "fn": int(fn), "tn": int(tn),
            "precision": precision_score(y, said, zero_division=0), "recall": recall_score(y, said, zero_division=0),
            "f1": f1_score(y, said, zero_division=0), "accuracy": accuracy_score(y, said)}


def figures(y, p):
    precision, recall, thresholds = precision_recall_curve(y, p)
    rate, mean = calibration_curve(y, p, n_bins=10)
    return {"n_samples": len(y), "n_positive": int(y.sum()), "auc": roc_auc_score(y, p),
            "average_precision": average_precision_score(y, p), "brier": brier_score_loss(y, p),
            "log_loss": log_loss(y, p), "rate": rate.tolist(), "mean_p": mean.tolist(),
            "curve": [[t, a, b] for t, a, b in zip(thresholds.tolist(), precision.tolist(), recall.tolist())],
            "sweep": [at_threshold(y, p, t) for t in GRID]}


def main(folder):
    rows = list(predictions())
    with open(os.path.join(folder, "sweep_predictions.csv"), "w", encoding="ascii") as file:
        file.write("experiment,split,id,y,p\n")
        for row in rows:
            file.write(",".join(str(cell) for cell in row) + "\n")
    golden = {}
    for name in ("all_30", "first_2"):
        for split in ("val", "test"):
            some = [row for row in rows if row[0] == name and row[1] == split]
            golden[name + "/" + split] = figures(np.array([r[3] for r in some]), np.array([r[4] for r in some]))
    with open(os.path.join(folder, "sweep_golden.json"), "w", encoding="ascii") as file:
        json.dump(golden, file, indent=1, sort_keys=True)
        file.write("\n")


main(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
