#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""multiscale.py BUILD [--rows N] [--reps N] [--folder DIR]: the stage `multiscale` against the reference's plan in SQL on
the same library, over N rows of a daily table of 133 columns and as many of a feature store of 42.

The plan takes the last value of each column of a group in the order of the rows (an ordered aggregate over those that
are there), numbers the stages with a window over each entity, and does so table by table, six times; of the features it
keeps the reference's first 20 columns, the stage all 42. Commands one after another and round by round, as in daily.py,
where the columns are explained.
"""

import argparse
import json
import os
import subprocess
import sys

import daily as bench

REACHED_AT = 1_000_000
REACHED = {("multiscale at 1 GB", "reference at 6 GB"): 1.2}
FEATURES = 9


def inputs(stage):
    return os.path.join(bench.FOLDER, "input", "runs", "input", "stages", stage)


def generate(rows):
    """A daily table as the stage daily leaves it, and a store ordered by day and cik."""
    if os.path.exists(os.path.join(inputs("store"), "MANIFEST.json")):
        return
    root = os.path.join(bench.FOLDER, "input")
    os.makedirs(root, exist_ok=True)
    value = "CASE WHEN hash(c, d // 60, {0}) % 5 > 0 THEN (hash(c, d // 60, {0}) % 1000000) / 8.0 END AS {1}_{0}"
    columns = ", ".join(value.format(i, group) for group in ("last", "mean", "ema") for i in range(FEATURES))
    masks = ", ".join(f"last_{i} IS NULL AS last_{i}_is_missing" for i in range(FEATURES))
    companies = max(20, rows // 175)
    query = (
        f"SELECT *, {masks}, true AS edgar_has_filing, true AS edgar_valid FROM (SELECT lpad((1000000 + c)::VARCHAR, 10, '0') "
        "AS cik, DATE '2022-04-18' + d::INT AS crawled_date_day, TIMESTAMP '2022-04-18' + to_days(d::INT) AS cutoff_ts, "
        f"TIMESTAMP '2022-04-01' + to_days(d::INT // 60 * 60) AS edgar_filed_date, {columns} FROM (SELECT i // {companies} AS d, "
        f"i % {companies} AS c FROM range({rows}) t(i)))"
    )
    with open(os.path.join(root, "input.cfg"), "w") as out:
        out.write(
            f'name = "input";\nrun_root = "runs";\nresources = {{ threads = {bench.THREADS}; memory = "6GB"; }};\n'
            f'stages = {{ daily = {{ use = "synth_offers"; params = {{ shape = "entity_day"; rows = {rows}; }}; }};\n'
            f'store = {{ use = "sql"; params = {{ query = "{query}"; }}; }}; }};\n'
        )
    print(f"generating {rows} rows of the daily table and of the store", flush=True)
    subprocess.run([os.path.join(bench.BUILD, "fwrun"), os.path.join(root, "input.cfg")], check=True, stderr=subprocess.DEVNULL)


def stage(memory):
    ports = f'daily = "{inputs("daily")}/raw"; edgar = "{inputs("store")}/table.parquet";'
    return bench.fwrun("multiscale", f'multiscale = {{ use = "multiscale"; in = {{ {ports} }}; }};', memory)


def reference(memory):
    daily, store = f"read_parquet('{inputs('daily')}/raw/*.parquet')", f"'{inputs('store')}/table.parquet'"
    keys = "entity_id, platform_name, offer_id"
    last = "last({0} ORDER BY {1}) FILTER ({0} IS NOT NULL) AS {0}"
    measures = ", ".join(last.format(name, "snapshot_ts") for name in ("funding_raised_usd", "funding_goal_usd", "investors_count"))
    kept = ["cutoff_ts", "edgar_filed_date"] + [f"{group}_{i}" for group in ("last", "mean") for i in range(FEATURES)]
    features = ", ".join(last.format(name, "crawled_date_day") for name in kept)
    stages = (
        f"SELECT {keys}, snapshot_ts, snapshot_ts::DATE AS snapshot_day, sum((step <> 0)::INT) OVER (PARTITION BY entity_id "
        f"ORDER BY snapshot_ts) AS stage FROM (SELECT {keys}, snapshot_ts, funding_raised_usd - lag(funding_raised_usd) OVER "
        f"(PARTITION BY entity_id ORDER BY snapshot_ts) AS step FROM {daily})"
    )
    tables = [f"SELECT DISTINCT * FROM ({stages})", f"SELECT DISTINCT entity_id, snapshot_day, stage FROM ({stages})"]
    for period in ("week", "month"):
        tables.append(
            f"SELECT {keys}, {measures}, date_trunc('{period}', snapshot_ts) AS period FROM {daily} GROUP BY {keys}, period "
            f"ORDER BY {keys}, period"
        )
        tables.append(
            f"SELECT cik, {features}, date_trunc('{period}', crawled_date_day) AS period, max(crawled_date_day) AS snapshot_ts "
            f"FROM {store} GROUP BY cik, period ORDER BY cik, period"
        )
    target = os.path.join(bench.FOLDER, "reference.parquet")
    return bench.sql("".join(f"COPY ({table}) TO '{target}' (FORMAT parquet);" for table in tables), memory)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--reps", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", help="where inputs and outputs lie; they are kept", default=None)
    args = parser.parse_args()
    bench.BUILD, bench.THREADS = os.path.abspath(args.build), args.threads
    bench.FOLDER = os.path.abspath(args.folder or os.path.join(args.build, f"bench-multiscale-{args.rows}"))
    generate(args.rows)
    ours, plan = "multiscale at 1 GB", "reference at 6 GB"
    results = bench.rounds({ours: lambda: stage("1GB"), plan: lambda: reference(6 * bench.GB)}, args.reps)
    bench.summary(results)
    lines = bench.verdicts(results, [(ours, plan, 3, False)], REACHED if args.rows == REACHED_AT else {})
    with open(os.path.join(bench.FOLDER, "multiscale.jsonl"), "a") as out:
        out.write(json.dumps({"bench": "multiscale", "rows": args.rows, "results": results, "ratios": lines}) + "\n")
    return 8 if any(line["failed"] for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
