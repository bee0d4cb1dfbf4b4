#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""inference.py BUILD [--reps N] [--threads N] [--loop N]: the paired bootstrap of AUC differences and DeLong's test.

10,000 replicates at 8,000 rows by plugins/lib/inference, against N of the usual loop (draw indexes, then scikit-learn's
roc_auc_score of both models), whose time is scaled to 10,000: it takes a minute otherwise. Turn by turn, processor time of
one thread on each side, which a busy machine changes least; the time with --threads is beside it. The replicates' mean and
standard deviation must agree. Then DeLong's test on 1,000,000 rows. A target that is not met is named; red only where a
figure is half as much again as the one that was reached.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from sklearn.metrics import roc_auc_score

ROWS, REPLICATES, MANY = 8000, 10000, 1_000_000
TARGET, DELONG_SECONDS = 100, 2
REACHED, REACHED_DELONG = 148, 0.3
WORSE = 1.5


def models(n):
    rng = np.random.default_rng(1)
    y = (rng.random(n) < 0.2).astype(np.uint8)
    a = np.clip(0.3 + 0.2 * y + 0.2 * rng.standard_normal(n), 0, 1)
    return y, a, np.clip(a + 0.1 * rng.standard_normal(n), 0, 1)


def write(folder, name, table):
    path = os.path.join(folder, name)
    with open(path, "wb") as out:
        for column in table:
            out.write(column.tobytes())
    return path


def ours(build, *arguments):
    """Processor seconds of the whole process, seconds that it says, mean and deviation."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run([os.path.join(build, "tests/bench/inference_run"), *arguments], check=True, capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall, mean, std = (float(word) for word in out.split())
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall, mean, std


def loop(table, n):
    y, a, b = table
    rng, values, start = np.random.default_rng(2), np.empty(n), time.process_time()
    for i in range(n):
        rows = rng.integers(0, len(y), len(y))
        values[i] = roc_auc_score(y[rows], a[rows]) - roc_auc_score(y[rows], b[rows])
    return time.process_time() - start, values


def check(values, mean, std):
    """Two samples of one distribution, five standard errors."""
    off = abs(values.mean() - mean) / (std / len(values) ** 0.5), abs(values.std() / std - 1) * (2 * len(values)) ** 0.5
    if max(off) > 5:
        sys.exit(f"the replicates are distributed otherwise: {mean} and {std}, the loop's {values.mean()} and {values.std()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--loop", type=int, default=200)
    args = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        table = models(ROWS)
        path, many = write(folder, "rows", table), write(folder, "many", models(MANY))
        one, walls, peers, delong, values = [], [], [], [], []
        for _ in range(args.reps):
            cpu, _, mean, std = ours(args.build, path, "bootstrap", str(REPLICATES), "1")
            one.append(cpu)
            walls.append(ours(args.build, path, "bootstrap", str(REPLICATES), str(args.threads))[1])
            seconds, some = loop(table, args.loop)
            peers.append(seconds * REPLICATES / args.loop)
            values.append(some)
            delong.append(ours(args.build, many, "delong")[0])
        check(values[0], mean, std)
    ratio = statistics.median(peers) / statistics.median(one)
    print(f"{REPLICATES} replicates at {ROWS} rows, one thread: {statistics.median(one):.2f} s of processor time; with {args.threads} threads {statistics.median(walls):.2f} s on the clock")
    print(f"scikit-learn's loop: {statistics.median(peers):.1f} s of processor time, scaled from {args.loop} replicates: {ratio:.0f} times")
    print(f"DeLong's test at {MANY} rows, start and reading included: {statistics.median(delong):.2f} s of processor time")
    if ratio < TARGET:
        print(f"target not met: {ratio:.0f} times, {TARGET} aimed at")
        failed = ratio < REACHED / WORSE
    if statistics.median(delong) > DELONG_SECONDS:
        print(f"target not met: DeLong in {DELONG_SECONDS} s")
    failed = failed or statistics.median(delong) > REACHED_DELONG * WORSE
    return 8 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
