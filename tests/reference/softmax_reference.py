#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""softmax_reference.py FOLDER: writes FOLDER/{train,test,golden}.npz: images of four kinds that overlap, and what
scikit-learn's multinomial LogisticRegression(C = 1 / l2) finds in them: golden.npz holds `p` of each test image,
and `loss`, the mean over training images of -ln p plus l2 / (2 n) |weights|^2.

In double precision, until the line search of the Newton solver sees no difference any more, of which scikit-learn
warns. The pixels are rounded to float32 before.
"""

import os
import sys

import numpy
from sklearn.linear_model import LogisticRegression

TRAIN, TEST, SIDE, KINDS = 240, 60, 6, 4
L2 = 10.0


def main(folder):
    rng = numpy.random.default_rng(20240711)
    y = rng.integers(0, KINDS, TRAIN + TEST)
    middle = rng.normal(0, 0.35, (KINDS, SIDE, SIDE))
    x = (middle[y] + rng.normal(0, 1, (TRAIN + TEST, SIDE, SIDE))).astype(numpy.float32)
    model = LogisticRegression(C=1 / L2, solver="newton-cg", tol=1e-10, max_iter=1000, multi_class="multinomial")
    model.fit(x[:TRAIN].reshape(TRAIN, -1).astype(float), y[:TRAIN])
    p = model.predict_proba(x.reshape(len(x), -1).astype(float))
    loss = -numpy.log(p[numpy.arange(TRAIN), y[:TRAIN]]).mean() + L2 / (2 * TRAIN) * (model.coef_**2).sum()
    numpy.savez(os.path.join(folder, "train.npz"), x=x[:TRAIN], y=y[:TRAIN].astype(numpy.uint8))
    numpy.savez(os.path.join(folder, "test.npz"), x=x[TRAIN:], y=y[TRAIN:].astype(numpy.uint8))
    numpy.savez(os.path.join(folder, "golden.npz"), p=p[TRAIN:], loss=numpy.array([loss]))


if __name__ == "__main__":
    main(sys.argv[1])
