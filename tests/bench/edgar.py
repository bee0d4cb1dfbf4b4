#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""edgar.py BUILD [--rows N] [--reps N] [--folder DIR]: the stage `edgar_features` at a budget of 1 GB against the
reference's plan in SQL on the same library, N rows of the index and 0.6 N filings, one in twenty of a company in it.

The plan parses every filing, keeps one per company and date, works out means with windows and joins as of each day, as the
reference does; its result has the stage's columns, order and files: by day and cik, one file a year. SQL has no window for
the moving average over gaps: the reference's recursion is a fold over the list of values so far. Shown beside it are what
an author could do who may leave something out or change the plan: only companies of the index from the start; a closed form
out of cumulative products, good where histories are short; files by year in no order; no moving averages at all. Commands
one after another and round by round, as in daily.py, where the columns are explained.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys

import daily as bench

FEATURES = {
    "total_offering_amount": "offeringSalesAmounts.totalOfferingAmount",
    "total_amount_sold": "offeringSalesAmounts.totalAmountSold",
    "total_remaining": "offeringSalesAmounts.totalRemaining",
    "number_non_accredited_investors": "investors.numberNonAccreditedInvestors",
    "total_number_already_invested": "investors.totalNumberAlreadyInvested",
    "minimum_investment_accepted": "minimumInvestmentAccepted",
    "sales_commissions": "salesCommissionsFindersFees.salesCommissions.dollarAmount",
    "finders_fees": "salesCommissionsFindersFees.findersFees.dollarAmount",
    "gross_proceeds_used": "useOfProceeds.grossProceedsUsed.dollarAmount",
}
REACHED_AT = 1_000_000
REACHED = {("edgar_features at 1 GB", "reference"): 0.13}
DAYS = 175  # of a company in the index, as in the reference's


def stages():
    return os.path.join(bench.FOLDER, "input", "runs", "input", "stages")


def generate(rows):
    if os.path.exists(os.path.join(stages(), "filings", "MANIFEST.json")):
        return
    root = os.path.join(bench.FOLDER, "input")
    os.makedirs(root, exist_ok=True)
    query = (
        "SELECT lpad((1000000 + c)::VARCHAR, 10, '0') AS cik, day AS snapshot_ts, strftime(day, '%Y-%m-%d') AS "
        "crawled_date_day FROM (SELECT i // {0} AS c, TIMESTAMP '2022-04-18' + to_days((hash(i // {0}) % 1000 + "
        "i % {0})::INT) AS day FROM range({1}) t(i)) ORDER BY cik, snapshot_ts".format(DAYS, rows)
    )
    with open(os.path.join(root, "input.cfg"), "w") as out:
        out.write(
            f'name = "input";\nrun_root = "runs";\nresources = {{ threads = {bench.THREADS}; memory = "6GB"; }};\n'
            f'stages = {{ index = {{ use = "sql"; params = {{ query = "{query}"; }}; }};\n'
            f'filings = {{ use = "synth_filings"; in = {{ offers = "@index.table"; }}; params = {{ rows = {rows * 6 // 10}; '
            f"own_percent = 5; others = {max(1000, rows // 5)}; days = 1500; }}; }}; }};\n"
        )
    print(f"generating {rows} rows of the index and their filings", flush=True)
    subprocess.run([os.path.join(bench.BUILD, "fwrun"), os.path.join(root, "input.cfg")], check=True, stderr=subprocess.DEVNULL)


def stage(memory):
    ports = f'filings = "{stages()}/filings/filings"; index = "{stages()}/index/table.parquet";'
    return bench.fwrun("edgar_features", f'edgar_features = {{ use = "edgar_features"; in = {{ {ports} }}; }};', memory)


def fold(n):
    """The recursion over a window's list."""
    step = (
        "CASE WHEN b.y IS NULL THEN {'y': a.y, 'w': a.w * 0.8} WHEN a.y IS NULL THEN {'y': b.y, 'w': 1.0::DOUBLE} "
        "ELSE {'y': (a.w * 0.8 * a.y + 0.2 * b.y) / (a.w * 0.8 + 0.2), 'w': 1.0::DOUBLE} END"
    )
    emas = ", ".join(
        f"list_reduce(list({{'y': x{i}, 'w': 1.0::DOUBLE}}) OVER (PARTITION BY cik ORDER BY filed), lambda a, b: {step}).y "
        f"AS ema{i}" for i in range(n)
    )
    return f"run AS (SELECT *, {emas} FROM means)"


def closed_form(n):
    """y[k] = c[k] (sum of r x / c), with r = a / (w + a), w = 0.8^gap and c the product of 1 - r."""
    order = "(PARTITION BY cik ORDER BY filed)"
    gaps = ", ".join(
        f"coalesce(0.2 / (pow(0.8, p - max(CASE WHEN x{i} IS NOT NULL THEN p END) OVER (PARTITION BY cik ORDER BY filed ROWS "
        f"BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) + 0.2), 1) AS r{i}" for i in range(n)
    )
    products = ", ".join(
        f"exp(sum(CASE WHEN r{i} < 1 AND x{i} IS NOT NULL THEN ln(1 - r{i}) END) OVER {order}) AS c{i}" for i in range(n)
    )
    emas = ", ".join(f"coalesce(c{i}, 1) * sum(r{i} * x{i} / coalesce(c{i}, 1)) OVER {order} AS ema{i}" for i in range(n))
    helpers = ", ".join(f"r{i}, c{i}" for i in range(n))
    return f"""positions AS (SELECT *, row_number() OVER {order} AS p FROM means), gaps AS (SELECT *, {gaps} FROM positions),
        products AS (SELECT *, {products} FROM gaps), run AS (SELECT * EXCLUDE (p, {helpers}), {emas} FROM products)"""


def no_averages(n):
    return f"run AS (SELECT *, {', '.join(f'NULL::DOUBLE AS ema{i}' for i in range(n))} FROM means)"


def aligned(averages, own):
    """What is known as of each row of the index: the stage's columns, and the year."""
    number = "nullif(TRY_CAST(replace(trim(submission_offering_data.offeringData.{0}), ',', '') AS DOUBLE), 'nan'::DOUBLE) AS x{1}"
    order = "(PARTITION BY cik ORDER BY filed)"
    names = list(FEATURES)
    figures = ", ".join(number.format(path, i) for i, path in enumerate(FEATURES.values()))
    means = ", ".join(f"avg(x{i}) OVER {order} AS mean{i}, x{i} IS NULL AS missing{i}" for i in range(len(names)))
    forms = (("x{0} AS last_{1}"), ("mean{0} AS mean_{1}"), ("ema{0} AS ema_{1}"), ("missing{0} AS last_{1}_is_missing"))
    columns = ", ".join(form.format(i, name) for form in forms for i, name in enumerate(names))
    index = f"read_parquet('{stages()}/index/table.parquet')"
    return f"""
        WITH raw AS (SELECT cik, CAST(TRY_CAST(filed_date AS TIMESTAMPTZ) AS TIMESTAMP) AS filed, acceptance_datetime,
            accession_number, {figures} FROM read_parquet('{stages()}/filings/filings/part-*.parquet')
            {f"WHERE cik IN (SELECT cik FROM {index})" if own else ""}),
        one AS (SELECT * FROM raw WHERE filed IS NOT NULL QUALIFY row_number() OVER (PARTITION BY cik, filed
            ORDER BY acceptance_datetime DESC NULLS LAST, accession_number DESC) = 1),
        means AS (SELECT * EXCLUDE (acceptance_datetime, accession_number), {means} FROM one),
        {averages(len(names))},
        days AS (SELECT cik, CAST(crawled_date_day AS DATE) AS crawled_date_day, CAST(crawled_date_day AS TIMESTAMP) AS
            cutoff_ts FROM {index})
        SELECT days.cik, crawled_date_day, cutoff_ts, filed AS edgar_filed_date, {columns},
            run.cik IS NOT NULL AS edgar_has_filing, run.cik IS NOT NULL AS edgar_valid, year(cutoff_ts) AS snapshot_year
        FROM days ASOF LEFT JOIN run ON days.cik = run.cik AND cutoff_ts >= filed"""


def reference(averages, memory, own=False):
    """By day and cik, one file a year: a partitioned COPY has a file for each thread, in no order."""
    target = os.path.join(bench.FOLDER, "reference")
    shutil.rmtree(target, ignore_errors=True)
    files = []
    for year in range(2022, 2026):
        os.makedirs(f"{target}/snapshot_year={year}")
        files.append(
            f"COPY (SELECT * EXCLUDE (snapshot_year) FROM aligned WHERE snapshot_year = {year} ORDER BY crawled_date_day, cik) "
            f"TO '{target}/snapshot_year={year}/part-0.parquet' (FORMAT parquet, COMPRESSION zstd)"
        )
    return bench.sql(f"CREATE TEMP TABLE aligned AS {aligned(averages, own)}; {'; '.join(files)}", memory)


def unordered(averages, memory):
    target = os.path.join(bench.FOLDER, "reference")
    shutil.rmtree(target, ignore_errors=True)
    options = "FORMAT parquet, COMPRESSION zstd, PARTITION_BY (snapshot_year)"
    return bench.sql(f"COPY ({aligned(averages, False)}) TO '{target}' ({options})", memory)


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
    bench.FOLDER = os.path.abspath(args.folder or os.path.join(args.build, f"bench-edgar-{args.rows}"))
    generate(args.rows)
    ours, plan = "edgar_features at 1 GB", "reference"
    others = {
        "companies of the index only": lambda: reference(fold, 6 * bench.GB, True),
        "a closed form": lambda: reference(closed_form, 6 * bench.GB),
        "in no order": lambda: unordered(fold, 6 * bench.GB),
        "without averages": lambda: reference(no_averages, 6 * bench.GB),
    }
    cases = {ours: lambda: stage("1GB"), plan: lambda: reference(fold, 6 * bench.GB), **others}
    results = bench.rounds(bench.first_peers(cases, args.peers), args.reps)
    bench.summary(results)
    lines = bench.verdicts(results, [(ours, plan, 5, False)], REACHED if args.rows == REACHED_AT else {})
    for other in others.keys() & results.keys():
        print(f"{ours} / {other}: wall {bench.ratio(results, ours, other)[0]:.2f}, cpu {bench.ratio(results, ours, other, 'cpu')[0]:.2f}")
    peak = max((run["peak"] for run in results[ours] if run["ok"]), default=0)
    print(f"peak: {peak / 1e6:.0f} MB; target <= 1000 MB: {'met' if 0 < peak <= 1e9 else 'NOT MET'}")
    with open(os.path.join(bench.FOLDER, "edgar.jsonl"), "a") as out:
        out.write(json.dumps({"bench": "edgar", "rows": args.rows, "results": results, "ratios": lines}) + "\n")
    return 8 if any(line["failed"] for line in lines) or not 0 < peak <= 1e9 else 0


if __name__ == "__main__":
    sys.exit(main())
