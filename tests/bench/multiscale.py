#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""multiscale.py BUILD [--rows N] [--reps N] [--folder DIR]: the stage `multiscale` against plans in SQL on the same
library, over N rows of a daily table of 133 columns and as many of a feature store of 42.

Every plan writes the same six tables with the same columns. The reference's takes of each measure and of each feature the
last value that is there, table by table; it is written twice, as the reference has it (an ordered aggregate over the values
that are there) and as somebody would who knows the engine (arg_max, which passes over NULL). A third plan follows the
stage's own rule for features, the last row of a period: the days that win, then their rows. Commands one after another and
round by round, as in daily.py, where the columns are explained. What the stage made is compared with that plan's rows.
"""

import argparse
import json
import os
import subprocess
import sys

import daily as bench

REACHED_AT = 1_000_000
OURS, ORDERED, QUICK, SAME = "multiscale at 1 GB", "reference, ordered aggregates", "reference, arg_max", "the stage's rule in SQL"
REACHED = {(OURS, ORDERED): 0.33, (OURS, QUICK): 0.47, (OURS, SAME): 0.84}
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


def weeks_and_months(table, keys, time, columns, last):
    """Of each column the last value that is there, by week and by month."""
    values = ", ".join(last.format(name, time) for name in columns)
    for period in ("week", "month"):
        yield (
            f"SELECT {keys}, {values}, date_trunc('{period}', {time}) AS period, max({time}) AS last_day FROM {table} "
            f"GROUP BY {keys}, period ORDER BY {keys}, period"
        )


def last_rows(store, columns):
    """Of each period the row of its last day."""
    for period in ("week", "month"):
        yield (
            f"SELECT cik, date_trunc('{period}', crawled_date_day) AS period, crawled_date_day AS last_day, {', '.join(columns)} "
            f"FROM {store} SEMI JOIN (SELECT cik, max(crawled_date_day) AS crawled_date_day FROM {store} GROUP BY cik, "
            f"date_trunc('{period}', crawled_date_day)) USING (cik, crawled_date_day) ORDER BY cik, period"
        )


ORDERED_LAST = "last({0} ORDER BY {1}) FILTER ({0} IS NOT NULL) AS {0}"
QUICK_LAST = "arg_max({0}, {1}) AS {0}"


def plan(memory, last, rule):
    daily, store = f"read_parquet('{inputs('daily')}/raw/*.parquet')", f"'{inputs('store')}/table.parquet'"
    keys = "entity_id, platform_name, offer_id"
    measures = ("funding_raised_usd", "funding_goal_usd", "investors_count")
    features = ["cutoff_ts", "edgar_filed_date"] + [f"{group}_{i}" for group in ("last", "mean", "ema") for i in range(FEATURES)]
    features += [f"last_{i}_is_missing" for i in range(FEATURES)] + ["edgar_has_filing", "edgar_valid"]
    tables = [
        f"SELECT DISTINCT {keys}, snapshot_ts, snapshot_ts::DATE AS snapshot_day, coalesce(sum((step <> 0)::INT) OVER (PARTITION BY "
        f"entity_id ORDER BY snapshot_ts), 0) AS stage FROM (SELECT {keys}, snapshot_ts, funding_raised_usd - "
        f"lag(funding_raised_usd) OVER (PARTITION BY entity_id ORDER BY snapshot_ts) AS step FROM {daily})",
        f"SELECT DISTINCT entity_id, snapshot_day, stage FROM '{bench.FOLDER}/reference-0.parquet'",
        *weeks_and_months(daily, keys, "snapshot_ts", measures, last),
        *(last_rows(store, features) if rule else weeks_and_months(store, "cik", "crawled_date_day", features, last)),
    ]
    copies = (f"COPY ({table}) TO '{bench.FOLDER}/reference-{i}.parquet' (FORMAT parquet);" for i, table in enumerate(tables))
    return bench.sql("".join(copies), memory)


def count_other_rows():
    """Rows of the last plan, the stage's rule, that the stage does not have, of both kinds of tables that it makes."""
    made = os.path.join(bench.FOLDER, "runs", "multiscale", "stages", "multiscale")
    measures = "entity_id, platform_name, offer_id, funding_raised_usd, funding_goal_usd, investors_count"
    features = ", ".join(f"{group}_{i}" for group in ("last", "mean", "ema") for i in range(FEATURES))
    stages = "entity_id, platform_name, offer_id, snapshot_ts, snapshot_day, stage"
    pairs = [("stage_table", stages, stages), ("day_to_stage", "entity_id, snapshot_day, stage", "entity_id, snapshot_day, stage")]
    pairs += [(f"offers_{name}", measures + ", snapshot_ts", measures + ", period::TIMESTAMP") for name in ("weekly", "monthly")]
    pairs += [
        (f"edgar_{name}", f"cik, period_start, snapshot_ts, {features}", f"cik, period::TIMESTAMP, last_day::TIMESTAMP, {features}")
        for name in ("weekly", "monthly")
    ]
    differences = " + ".join(
        f"(SELECT count(*) FROM (SELECT {theirs} FROM '{bench.FOLDER}/reference-{i}.parquet' EXCEPT ALL SELECT {ours} FROM "
        f"'{made}/{name}.parquet')) + abs((SELECT count(*) FROM '{bench.FOLDER}/reference-{i}.parquet') - (SELECT count(*) FROM "
        f"'{made}/{name}.parquet'))" for i, (name, ours, theirs) in enumerate(pairs)
    )
    target = os.path.join(bench.FOLDER, "differences.csv")
    result = bench.sql(f"COPY (SELECT {differences}) TO '{target}' (HEADER false)", 6 * bench.GB)
    if not result["ok"]:
        sys.exit(result["said"])
    with open(target) as counted:
        return int(counted.read())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--reps", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", help="where inputs and outputs lie; they are kept", default=None)
    parser.add_argument("--peers", type=int, default=None, help="so many of the plans in SQL, the first of them; all")
    args = parser.parse_args()
    bench.BUILD, bench.THREADS = os.path.abspath(args.build), args.threads
    bench.FOLDER = os.path.abspath(args.folder or os.path.join(args.build, f"bench-multiscale-{args.rows}"))
    generate(args.rows)
    cases = {
        OURS: lambda: stage("1GB"),
        ORDERED: lambda: plan(6 * bench.GB, ORDERED_LAST, False),
        QUICK: lambda: plan(6 * bench.GB, QUICK_LAST, False),
        SAME: lambda: plan(6 * bench.GB, QUICK_LAST, True),
    }
    results = bench.rounds(bench.first_peers(cases, args.peers), args.reps)
    bench.summary(results)
    targets = [(OURS, ORDERED, 3, False), (OURS, QUICK, 3, False), (OURS, SAME, 3, False)]
    lines = bench.verdicts(results, targets, REACHED if args.rows == REACHED_AT else {})
    others = count_other_rows()
    print(f"rows that are not those of the stage's rule in SQL: {others}")
    with open(os.path.join(bench.FOLDER, "multiscale.jsonl"), "a") as out:
        out.write(json.dumps({"bench": "multiscale", "rows": args.rows, "results": results, "ratios": lines}) + "\n")
    return 8 if others > 0 or any(line["failed"] for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
