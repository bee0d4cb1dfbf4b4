#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""market.py BUILD [--rows N] [--reps N] [--folder DIR]: market_features against numpy and pandas.

All 100 columns of 8,272 days, computed in one run, turn by turn, processor time of one thread: ours by the
library that the stage is made of, theirs by tests/reference/market_reference.py with its windows and averages
done as pandas does them, twice: what pandas has no function for through rolling().apply, as is usual, and by
hand in numpy on all windows at once. Then the stage on N days and on a tenth of them,
in 512 MB: the time of a day must not grow with the series, and the memory must do. A target that is not met is named; red
only where a ratio is half as much again as the one that was reached.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import numpy as np
import pandas as pd

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "reference"))
import market_reference as reference  # noqa: E402

DAYS = 8272
TARGET = 20  # how many times as fast
REACHED = {"pandas": 169, "numpy by hand": 8}
LINEAR = 1.3  # the time of a day, of ten times the days
BUDGET = 512_000_000
WORSE = 1.5


def rolling(values, n):
    return pd.Series(np.asarray(values, float)).rolling(n)


def seeded(values, n, alpha):
    """An average that begins with the mean of the first n values, without a loop."""
    out = np.full(len(values), np.nan)
    at = reference.start(values) + n - 1
    tail = np.array(values[at:], float)
    tail[0] = np.mean(values[at - n + 1 : at + 1])
    out[at:] = pd.Series(tail).ewm(alpha=alpha, adjust=False).mean().to_numpy()
    return out


def windows(values, n):
    """Each day's n newest values as a row; the rows before there are so many, and those with a NaN, are NaN."""
    return np.lib.stride_tricks.sliding_window_view(np.asarray(values, float), n)


def by_row(values, n, function):
    rows = windows(values, n)
    out = np.full(len(values), np.nan)
    out[n - 1 :] = np.where(np.isnan(rows).any(axis=1), np.nan, function(rows))
    return out


def downside(returns, n):
    def all_rows(rows):
        lost, count = np.where(rows < 0, rows, 0), (rows < 0).sum(axis=1)
        middle = lost.sum(axis=1) / count
        spread = np.where(rows < 0, rows - middle[:, None], 0)
        return rows.mean(axis=1) / np.sqrt((spread**2).sum(axis=1) / (count - 1)) * np.sqrt(252)
    return reference.or_else(by_row(returns, n, all_rows), 0)


def expectancy(returns, n):
    def all_rows(rows):
        won, lost = rows > 0, rows < 0
        w = won.mean(axis=1)
        gain = np.where(won, rows, 0).sum(axis=1) / np.maximum(won.sum(axis=1), 1)
        loss = np.where(lost, rows, 0).sum(axis=1) / np.maximum(lost.sum(axis=1), 1)
        return w * gain - (1 - w) * np.abs(loss)
    return by_row(returns, n, all_rows)


def tail_mean(values, n, q):
    def all_rows(rows):
        kept = rows <= np.quantile(rows, q, axis=1)[:, None]
        return np.where(kept, rows, 0).sum(axis=1) / kept.sum(axis=1)
    return by_row(values, n, all_rows)


def aroon(values, extreme):
    return by_row(values, 26, lambda rows: 100 * (25 - extreme(rows[:, ::-1], axis=1)) / 25)


def use_pandas():
    """Windows and averages as pandas has them; the rest through apply."""
    reference.each = lambda v, n, f: rolling(v, n).apply(f, raw=True).to_numpy()
    reference.mean = lambda v, n: rolling(v, n).mean().to_numpy()
    reference.std = lambda v, n, ddof=1: rolling(v, n).std(ddof=ddof).to_numpy()
    reference.top = lambda v, n: rolling(v, n).max().to_numpy()
    reference.bottom = lambda v, n: rolling(v, n).min().to_numpy()
    reference.ema = lambda v, n: seeded(v, n, 2 / (n + 1))
    reference.wilder = lambda v, n: seeded(v, n, 1 / n)


def use_numpy():
    """The rest on all windows at once too."""
    reference.deviation = lambda v, n: by_row(v, n, lambda w: np.abs(w - w.mean(axis=1)[:, None]).mean(axis=1))
    reference.quantile = lambda v, n, q: rolling(v, n).quantile(q).to_numpy()
    reference.rank = lambda v, n, ref: by_row(v, n, lambda w: 100 * (w <= w[:, -1:]).mean(axis=1))
    reference.win_rate = lambda v, n: by_row(v, n, lambda w: (w > 0).mean(axis=1))
    reference.downside, reference.expectancy = downside, expectancy
    reference.tail_mean, reference.aroon = tail_mean, aroon


def make_days():
    reference.DAYS = DAYS + DAYS // 10
    table = reference.series()[:DAYS].copy()
    table["VIX"] = table["VIX"].ffill()
    return reference.Days(table)


def agree(days, slow):
    """Theirs made quick are theirs: a comparison with something else would say nothing."""
    with np.errstate(all="ignore"):
        quick = reference.columns(days, False)
    for name, values in slow.items():
        # Sums that roll leave a rest where a window is flat, and a rank sees it.
        far = np.nanmean(np.abs(values - quick[name]) > 1e-6 * (1 + np.abs(values)))
        assert far < 0.02, (name, far)


def theirs(days):
    begin = time.process_time()
    with np.errstate(all="ignore"):
        columns = reference.columns(days, False)
    assert len(columns) == 100
    return time.process_time() - begin


def ours(build, path, reps):
    said = subprocess.run(
        [os.path.join(build, "tests", "bench", "market_columns"), path, str(reps)],
        check=True, stdout=subprocess.PIPE, text=True,
    ).stdout
    return [float(line.split()[0]) for line in said.splitlines()]


def compare(build, folder, reps):
    days = make_days()
    path = os.path.join(folder, "days.bin")
    number = (days.days - pd.Timestamp("1970-01-01")).days.to_numpy(float)
    np.column_stack([number, days.o, days.h, days.l, days.c, days.v, days.vix]).tofile(path)
    with np.errstate(all="ignore"):
        slow = reference.columns(days, False)
    mine = [statistics.median(ours(build, path, 5)) for _ in range(reps)]
    print(f"100 columns of {len(number)} days: ours {statistics.median(mine) * 1e3:.1f} ms")
    results = []
    for name, use, times in (("pandas", use_pandas, 1), ("numpy by hand", use_numpy, reps)):
        use()
        agree(days, slow)
        ratios = [theirs(days) / statistics.median(ours(build, path, 5)) for _ in range(times)]
        ratio = statistics.median(ratios)
        met = ratio >= TARGET
        print(f"{name}: {ratio:.0f} [{min(ratios):.0f}, {max(ratios):.0f}] times as long; target {TARGET}: "
              f"{'met' if met else 'NOT MET'}")
        results.append({"days": len(number), "against": name, "ours": mine, "ratios": ratios, "met": met,
                        "failed": ratio * WORSE < REACHED[name]})
    return results


WALK = """SELECT DATE '1000-01-01' + i::INTEGER AS "Date", 100 + p AS "Open", 102.5 + p + q AS "High",
98.25 + p - q AS "Low", 100 + p + q * (1 - 2 * (i % 2)) AS "Close", 1000000 + (i * 7919) % 10007 AS "Volume",
15 + q AS "Vix" FROM (SELECT i, ((i * 31 + 17) % 997) / 100.0 AS p, ((i * 53) % 101) / 100.0 AS q FROM
range({rows}) r(i))"""


def stage(build, folder, rows):
    """One run of the stage alone; its input is made by another one."""
    shutil.rmtree(os.path.join(folder, "runs"), ignore_errors=True)
    config = os.path.join(folder, "market.cfg")
    query = WALK.format(rows=rows).replace('"', '\\"').replace("\n", " ")
    with open(config, "w") as out:
        out.write(
            'name = "market"; run_root = "runs"; resources = { threads = 2; memory = "512MB"; }; stages = {'
            f' walk = {{ use = "sql"; params = {{ query = "{query}"; }}; }};'
            ' features = { use = "market_features"; in = { prices = "@walk.table"; vix = "@walk.table"; };'
            ' params = { vix_column = "Vix"; }; }; };\n'
        )
    subprocess.run([os.path.join(build, "fwrun"), config], check=True, stderr=subprocess.DEVNULL)
    with open(os.path.join(folder, "runs", "market", "stages", "features", "MANIFEST.json")) as manifest:
        facts = json.load(manifest)
    shutil.rmtree(os.path.join(folder, "runs"))
    return {"rows": rows, "seconds": facts["elapsed_s"], "peak": facts["peak_rss_bytes"],
            "longest_step": facts["step_us"]["longest"] / 1e6}


def scale(build, folder, rows):
    small, large = stage(build, folder, rows // 10), stage(build, folder, rows)
    slower = (large["seconds"] / large["rows"]) / (small["seconds"] / small["rows"])
    for run in (small, large):
        print(f"{run['rows']} days: {run['seconds']:.1f} s, peak {run['peak'] / 2**20:.0f} MiB, "
              f"longest step {run['longest_step']:.2f} s")
    print(f"a day of ten times as many: {slower:.2f} of the time; target <= {LINEAR}: "
          f"{'met' if slower <= LINEAR else 'NOT MET'}")
    bounded = large["peak"] <= BUDGET
    print(f"its memory: {large['peak'] / 2**20:.0f} MiB of {BUDGET / 2**20:.0f}: {'met' if bounded else 'NOT MET'}")
    return {"days": rows, "small": small, "large": large, "slower": slower, "met": bounded and slower <= LINEAR,
            "failed": slower > WORSE * LINEAR or not bounded}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--rows", type=int, default=1_000_000, help="0: leave the large series out; 10000000 take 8 GB of disk")
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--folder", default=None)
    args = parser.parse_args()
    build = os.path.abspath(args.build)
    folder = os.path.abspath(args.folder or os.path.join(build, "bench-market"))
    os.makedirs(folder, exist_ok=True)
    results = compare(build, folder, args.reps)
    if args.rows:
        results.append(scale(build, folder, args.rows))
    with open(os.path.join(folder, "market.jsonl"), "a") as out:
        out.write(json.dumps({"bench": "market", "results": results}) + "\n")
    return 8 if any(result["failed"] for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
