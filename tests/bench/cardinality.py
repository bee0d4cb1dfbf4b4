#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""cardinality.py BUILD [--rows N] [--reps N] [--folder DIR]: gate B, `audit_cardinality`, against the same counts in SQL on
the same library, with three scans of the raw table as the reference makes them: one for the years, one for the entity-days
that have a value in a structured column, one for all entity-days. Both then count the core, match it with the texts, and
the index with the features. The tables are those of configs/demo_freeze.cfg over N raw rows of 148 columns.

Commands one after another and round by round, as in daily.py, where the columns are explained.
"""

import argparse
import csv
import json
import os
import subprocess
import sys

import daily as bench

REACHED_AT = 300_000
REACHED = {("audit_cardinality", "three scans in SQL"): 2.9}
TEXTS = ("headline", "title", "description", "description_text", "company_description")
KEYS = ("platform_name", "offer_id", "crawled_date", "crawled_date_day", "processed_datetime", "snapshot_ts", "entity_id")


def output(stage, name):
    return os.path.join(bench.FOLDER, "chain", "demo_freeze", "stages", stage, name)


def generate(root, rows):
    """The chain as far as the gate."""
    if os.path.exists(output("audit_cardinality", "MANIFEST.json")):
        return
    config = os.path.join(root, "configs", "demo_freeze.cfg")
    argv = [os.path.join(bench.BUILD, "fwrun"), config, "audit_cardinality"]
    settings = {
        "stages.crawl.params.rows": rows,
        "stages.filings.params.rows": rows // 10,
        "run_root": os.path.join(bench.FOLDER, "chain"),
        "resources.threads": bench.THREADS,
    }
    for name, value in settings.items():
        argv += ["--set", f"{name}={value}"]
    print(f"generating the chain over {rows} raw rows", flush=True)
    subprocess.run(argv, check=True, stderr=subprocess.DEVNULL)


def gate(memory):
    ports = {
        "raw": output("crawl", "raw"),
        "filings": output("filings", "filings"),
        "core": output("daily", "offers_core_daily"),
        "text": output("offers_text", "offers_text"),
        "index": output("snapshots_index", "snapshots_offer_day.parquet"),
        "edgar": output("edgar_features", "edgar_features"),
    }
    inputs = " ".join(f'{name} = "{path}";' for name, path in ports.items())
    return bench.fwrun("gate", f'gate = {{ use = "audit_cardinality"; in = {{ {inputs} }}; }};', memory)


def plain_columns(raw):
    """Which columns of the raw table can hold a value that is no key, no time, no text and nothing nested."""
    listing = os.path.join(bench.FOLDER, "columns.csv")
    query = f"COPY (SELECT column_name, column_type FROM (DESCRIBE FROM {raw})) TO '{listing}' (FORMAT csv, HEADER false)"
    if not bench.sql(query, bench.GB)["ok"]:
        sys.exit("the columns of the raw table cannot be listed")
    with open(listing) as lines:
        columns = list(csv.reader(lines))
    return [name for name, kind in columns if name not in KEYS + TEXTS and not (kind.endswith("[]") or kind.startswith(("STRUCT", "MAP")))]


def three_scans(memory):
    raw = f"read_parquet('{output('crawl', 'raw')}/platform_name=*/*.parquet', hive_partitioning = true, union_by_name = true)"
    core = f"read_parquet('{output('daily', 'offers_core_daily')}/*.parquet')"
    text = f"read_parquet('{output('offers_text', 'offers_text')}/*.parquet')"
    index = f"read_parquet('{output('snapshots_index', 'snapshots_offer_day.parquet')}')"
    store = f"read_parquet('{output('edgar_features', 'edgar_features')}/**/*.parquet', hive_partitioning = false)"
    filings = f"read_parquet('{output('filings', 'filings')}/**/*.parquet', hive_partitioning = false)"
    pair = "platform_name || '|' || offer_id AS e, TRY_CAST(crawled_date_day AS DATE) AS d"
    some = " OR ".join(f'"{name}" IS NOT NULL' for name in plain_columns(raw))
    of_core, of_text = (f"(SELECT DISTINCT entity_id, crawled_date_day::DATE AS d FROM {table})" for table in (core, text))
    of_index = f"(SELECT DISTINCT cik, crawled_date_day::DATE AS d FROM {index})"
    of_store = f"(SELECT DISTINCT cik, crawled_date_day::DATE AS d, edgar_valid FROM {store})"
    queries = [
        f"SELECT year(TRY_CAST(crawled_date_day AS DATE)), count(*) FROM {raw} GROUP BY 1",
        f"SELECT count(*) FROM (SELECT DISTINCT {pair} FROM {raw} WHERE {some})",
        f"SELECT count(*) FROM (SELECT DISTINCT {pair} FROM {raw})",
        f"SELECT year(crawled_date_day::DATE), count(*), count(DISTINCT entity_id) FROM {core} GROUP BY 1",
        f"SELECT year(crawled_date_day::DATE), count(*), count(DISTINCT entity_id) FROM {text} GROUP BY 1",
        f"SELECT count(*), count(t.d) FROM {of_core} LEFT JOIN {of_text} AS t USING (entity_id, d)",
        f"SELECT count(*), count(t.d), count(DISTINCT cik) FROM {of_index} LEFT JOIN {of_store} AS t USING (cik, d)",
        f"SELECT year(crawled_date_day::DATE), count(*), count(DISTINCT cik) FROM {store} GROUP BY 1",
        f"SELECT year(TRY_CAST(filed_date AS DATE)), count(*) FROM {filings} GROUP BY 1",
    ]
    target = os.path.join(bench.FOLDER, "counts.csv")
    return bench.sql("".join(f"COPY ({query}) TO '{target}';" for query in queries), memory)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--rows", type=int, default=REACHED_AT)
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", help="where inputs and outputs lie; they are kept", default=None)
    args = parser.parse_args()
    bench.BUILD, bench.THREADS = os.path.abspath(args.build), args.threads
    bench.FOLDER = os.path.abspath(args.folder or os.path.join(args.build, f"bench-cardinality-{args.rows}"))
    os.makedirs(bench.FOLDER, exist_ok=True)
    generate(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), args.rows)
    ours, plan = "audit_cardinality", "three scans in SQL"
    results = bench.rounds({ours: lambda: gate("1GB"), plan: lambda: three_scans(int(0.55 * bench.GB))}, args.reps)
    bench.summary(results)
    lines = bench.verdicts(results, [(ours, plan, 1, False)], REACHED if args.rows == REACHED_AT else {})
    with open(os.path.join(bench.FOLDER, "cardinality.jsonl"), "a") as out:
        out.write(json.dumps({"bench": "cardinality", "rows": args.rows, "results": results, "ratios": lines}) + "\n")
    return 8 if any(line["failed"] for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
