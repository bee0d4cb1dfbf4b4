#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sweep.py BUILD [--rows N] [--thresholds N] [--reps N] [--folder DIR]: threshold_sweep beside numpy and scikit-learn.

The same predictions for all: numpy's loop, a pass over the rows for each threshold (p >= t, then true and false
positives); scikit-learn's precision_recall_curve, that is every distinct p; plugins/lib/scores for both, and the whole
stage under fwrun, which reads the predictions from Parquet, checks keys and writes tables and plots. Arrays are in
memory for the first three. Wall and processor seconds; the least of the repetitions, whose results must be equal.
Targets that are not met are named; a ratio less than two thirds of the one that was reached fails.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
    from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score
except ImportError:
    sys.exit("sweep: needs python3-numpy and python3-sklearn")

# Processor seconds of the peer by ours: what a busy machine changes least.
REACHED = {"numpy's loop": 90, "precision_recall_curve": 8}

# A number that looks random, the same in SQL and in numpy: all of it is exact.
MIX = "((xor({0}, {0} >> 15)) * 2146121773) % 4294967296"


def mixed(i, start):
    x = (i * 2654435761 + start) % 4294967296
    x = ((x ^ (x >> 15)) * 2146121773) % 4294967296
    return (x ^ (x >> 13)) / 4294967296.0


def arrays(n):
    i = np.arange(n, dtype=np.uint64)
    p = mixed(i, np.uint64(1))
    p = p * p
    return p, (mixed(i, np.uint64(12345)) < p).astype(np.uint8)


def mixed_sql(start):
    x = f"((i * 2654435761 + {start}) % 4294967296)"
    y = f"({MIX.format(x)})"
    return f"(xor({y}, {y} >> 13)::DOUBLE / 4294967296.0)"


def query(n):
    return (f"SELECT ''bench'' AS experiment, ''val'' AS split, i AS id, ({mixed_sql(12345)} < u * u)::INTEGER AS y, "
            f"u * u AS p FROM (SELECT i, {mixed_sql(1)} AS u FROM range({n}) r(i))").replace("''", "'")


def timed(work):
    start, cpu = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - start, time.process_time() - cpu, result


def usual_loop(p, y, thresholds):
    """As such loops are written: a mask for each cell of the matrix."""
    tp_sum, f1_sum = 0, 0.0
    for k in range(thresholds):
        said = p >= k / thresholds
        tp = np.sum(said & (y == 1))
        fp = np.sum(said & (y == 0))
        fn = np.sum(~said & (y == 1))
        tp_sum += int(tp)
        f1_sum += 2 * tp / (2 * tp + fp + fn)
    return tp_sum, f1_sum


def lean_loop(p, y, thresholds):
    """As little as a pass over the rows can be."""
    positive = y.astype(bool)
    n_positive = int(positive.sum())
    tp_sum, f1_sum = 0, 0.0
    for k in range(thresholds):
        said = p >= k / thresholds
        tp = np.count_nonzero(said & positive)
        tp_sum += tp
        f1_sum += 2 * tp / (np.count_nonzero(said) + n_positive)
    return tp_sum, f1_sum


def pipeline(folder, build, text):
    with open(os.path.join(folder, "p.cfg"), "w", encoding="ascii") as out:
        out.write(text)
    shutil.rmtree(os.path.join(folder, "runs"), ignore_errors=True)
    done = subprocess.run([os.path.join(build, "fwrun"), "p.cfg", "--quiet"], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"sweep: fwrun: exit {done.returncode}: {done.stderr[-2000:]}")


def stage(folder, build, more):
    pipeline(folder, build, 'name = "p"; stages: { s: { use = "threshold_sweep"; in: { predictions = "p.parquet"; }; '
             f'params: {{ grid = "0:0.999:0.001"; report_on = ""; {more} }}; }}; }};\n')
    with open(os.path.join(folder, "runs/p/stages/s/MANIFEST.json"), encoding="utf-8") as text:
        attempt = json.load(text)["attempts"][0]
    return attempt["elapsed_s"], attempt["user_s"] + attempt["system_s"]


def show(what, wall, cpu, note=""):
    print(f"{what:<52} {wall:8.3f} s wall {cpu:8.3f} s processor{note}")
    sys.stdout.flush()


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder, self.build = options, folder, os.path.abspath(options.build)
        self.p, self.y = arrays(options.rows)
        self.ratios = []
        self.is_whole = options.rows >= 10_000_000 and options.thresholds >= 1000  # what was reached was reached there
        self.p.tofile(os.path.join(folder, "p"))
        self.y.tofile(os.path.join(folder, "y"))
        argv = [os.path.join(self.build, "tests/bench/sweep_run"), "p", "y", str(options.threads), str(options.thresholds)]
        runs = [json.loads(subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=True).stdout)
                for _ in range(options.reps)]
        self.ours = {key: min(run[key] for run in runs) for key in runs[0]}

    def against(self, name, wall, cpu, ours, target):
        self.ratios.append((name, wall / self.ours[ours + "_s"], cpu / self.ours[ours + "_cpu_s"], target))

    def loops(self):
        for name, loop, target in (("numpy's loop", usual_loop, 50), ("numpy's leanest loop", lean_loop, None)):
            wall, cpu, (tp, f1) = timed(lambda: loop(self.p, self.y, self.options.thresholds))
            if tp != self.ours["tp"] or abs(f1 - self.ours["f1"]) > 1e-9 * f1:
                sys.exit(f"sweep: numpy counts {tp} and {f1}, the library {self.ours['tp']} and {self.ours['f1']}")
            show(f"{name}, a pass a threshold", wall, cpu)
            self.against(name, wall, cpu, "sweep", target)
        show("plugins/lib/scores, the same", self.ours["sweep_s"], self.ours["sweep_cpu_s"])

    def curve(self):
        times = [timed(lambda: precision_recall_curve(self.y, self.p)) for _ in range(self.options.reps)]
        wall, cpu, n = min(t[0] for t in times), min(t[1] for t in times), len(times[0][2][2])
        if n != self.ours["n_curve"]:
            sys.exit(f"sweep: scikit-learn has {n} thresholds, the library {self.ours['n_curve']}")
        show("scikit-learn, precision_recall_curve", wall, cpu)
        show("plugins/lib/scores, the same", self.ours["curve_s"], self.ours["curve_cpu_s"])
        self.against("precision_recall_curve", wall, cpu, "curve", 10)

    def summary(self):
        wall, cpu, (auc, ap) = timed(lambda: (roc_auc_score(self.y, self.p), average_precision_score(self.y, self.p)))
        if abs(auc - self.ours["auc"]) > 1e-9 or abs(ap - self.ours["ap"]) > 1e-9:
            sys.exit(f"sweep: scikit-learn says {auc} and {ap}, the library {self.ours['auc']} and {self.ours['ap']}")
        show("scikit-learn, AUC and average precision", wall, cpu)
        show("plugins/lib/scores, these, Brier and log loss", self.ours["summary_s"], self.ours["summary_cpu_s"])

    def stage(self):
        pipeline(self.folder, self.build, 'name = "p"; stages: { s: { use = "sql"; params: { query = "'
                 + query(self.options.rows) + '"; }; out: { table = "p.parquet"; }; }; };\n')
        for note, more in (("", ""), (", keys not looked at", 'key_column = "";')):
            times = [stage(self.folder, self.build, more) for _ in range(self.options.reps)]
            show(f"the stage, reading and writing{note}", min(t[0] for t in times), min(t[1] for t in times))

    def verdict(self):
        failed = False
        for name, ratio, by_cpu, target in self.ratios:
            said = "" if target is None else f", target {target}: {'met' if ratio >= target else 'NOT MET'}"
            print(f"{name}: {ratio:.1f} times (processor {by_cpu:.1f}){said}")
            if self.is_whole and by_cpu < REACHED.get(name, 0) / 1.5:
                print(f"sweep: {name}: {by_cpu:.1f} by processor time, {REACHED[name]} were reached", file=sys.stderr)
                failed = True
        return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--thresholds", type=int, default=1000)
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fwrun-sweep-", dir=options.folder) as folder:
        print(f"{options.rows:,} predictions, {options.thresholds} thresholds, {options.threads} threads, load "
              f"{os.getloadavg()[0]:.1f}, the least of {options.reps}")
        bench = Bench(options, folder)
        bench.loops()
        bench.curve()
        bench.summary()
        bench.stage()
        return bench.verdict()


if __name__ == "__main__":
    sys.exit(main())
