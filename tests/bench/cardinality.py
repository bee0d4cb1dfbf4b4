#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""cardinality.py BUILD [--rows N] [--reps N] [--folder DIR]: gate B, `audit_cardinality`, against SQL on the same library
that scans the raw table three times, as the reference does: once for the years, once for the entity-days that have a value in
a structured column, once for all entity-days. The tables are those of configs/demo_freeze.cfg over N raw rows of 148 columns.

"three scans" finds every number that the stage's report has, and both are compared, number by number: what differs ends the
benchmark. "three bare scans" leaves out what the gate needs besides counts: rows without key or day, duplicates, what only
one side of a match has, and why a pair is missing.

Commands one after another and round by round, as in daily.py, where the columns are explained.
"""

import argparse
import csv
import functools
import json
import os
import subprocess
import sys
import urllib.parse

import daily as bench

REACHED_AT = 300_000
REACHED = {("audit_cardinality", "three scans in SQL"): 0.9, ("audit_cardinality", "three bare scans in SQL"): 1.2}
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


def active_files(folder):
    """Of a Delta table: the newest checkpoint and the commits after it."""
    log = os.path.join(folder, "_delta_log")
    checkpoints = sorted(name for name in os.listdir(log) if name.endswith(".checkpoint.parquet"))
    active = set()
    if checkpoints:
        listing = os.path.join(bench.FOLDER, "checkpoint.csv")
        query = f"SELECT add.path FROM read_parquet('{log}/{checkpoints[-1]}') WHERE add IS NOT NULL"
        bench.sql(f"COPY ({query}) TO '{listing}' (HEADER false)", bench.GB)
        with open(listing) as lines:
            active = {path for path, in csv.reader(lines)}
    for name in sorted(name for name in os.listdir(log) if name.endswith(".json") and name > (checkpoints or [""])[-1]):
        with open(os.path.join(log, name)) as commit:
            for action in map(json.loads, commit):
                active |= {action["add"]["path"]} if "add" in action else set()
                active -= {action["remove"]["path"]} if "remove" in action else set()
    return "[" + ", ".join(f"'{folder}/{urllib.parse.unquote(path)}'" for path in sorted(active)) + "]"


@functools.cache
def tables():
    return {
        "raw": f"read_parquet({active_files(output('crawl', 'raw'))}, hive_partitioning = true, union_by_name = true)",
        "core": f"read_parquet('{output('daily', 'offers_core_daily')}/*.parquet')",
        "text": f"read_parquet('{output('offers_text', 'offers_text')}/*.parquet')",
        "index": f"read_parquet('{output('snapshots_index', 'snapshots_offer_day.parquet')}')",
        "edgar": f"read_parquet('{output('edgar_features', 'edgar_features')}/**/*.parquet', hive_partitioning = false)",
        "filings": f"read_parquet({active_files(output('filings', 'filings'))}, hive_partitioning = false)",
    }


def some_value(raw):
    return " OR ".join(f'"{name}" IS NOT NULL' for name in plain_columns(raw))


def bare_scans(memory):
    table = tables()
    pair = "platform_name || '|' || offer_id AS e, TRY_CAST(crawled_date_day AS DATE) AS d"
    of_core, of_text = (f"(SELECT DISTINCT entity_id, crawled_date_day::DATE AS d FROM {table[name]})" for name in ("core", "text"))
    of_index = f"(SELECT DISTINCT cik, crawled_date_day::DATE AS d FROM {table['index']})"
    of_store = f"(SELECT DISTINCT cik, crawled_date_day::DATE AS d, edgar_valid FROM {table['edgar']})"
    queries = [
        f"SELECT year(TRY_CAST(crawled_date_day AS DATE)), count(*) FROM {table['raw']} GROUP BY 1",
        f"SELECT count(*) FROM (SELECT DISTINCT {pair} FROM {table['raw']} WHERE {some_value(table['raw'])})",
        f"SELECT count(*) FROM (SELECT DISTINCT {pair} FROM {table['raw']})",
        f"SELECT year(crawled_date_day::DATE), count(*), count(DISTINCT entity_id) FROM {table['core']} GROUP BY 1",
        f"SELECT year(crawled_date_day::DATE), count(*), count(DISTINCT entity_id) FROM {table['text']} GROUP BY 1",
        f"SELECT count(*), count(t.d) FROM {of_core} LEFT JOIN {of_text} AS t USING (entity_id, d)",
        f"SELECT count(*), count(t.d), count(DISTINCT cik) FROM {of_index} LEFT JOIN {of_store} AS t USING (cik, d)",
        f"SELECT year(crawled_date_day::DATE), count(*), count(DISTINCT cik) FROM {table['edgar']} GROUP BY 1",
        f"SELECT year(TRY_CAST(filed_date AS DATE)), count(*) FROM {table['filings']} GROUP BY 1",
    ]
    target = os.path.join(bench.FOLDER, "counts.csv")
    return bench.sql("".join(f"COPY ({query}) TO '{target}';" for query in queries), memory)


def years(name, day, table):
    return f"SELECT '{name}_' || coalesce(year({day})::VARCHAR, 'no_day'), count(*) FROM {table} GROUP BY ALL"


def facts(name, key, day, table):
    """Distinct pairs of a table and what is asked of them, kept for the matches."""
    return (
        f"CREATE TABLE {name} AS SELECT {key} AS k, {day} AS d, bool_or(valid) AS valid, count(*) AS n FROM (SELECT *, "
        f"{'edgar_valid' if name == 'edgar' else 'true'} AS valid FROM {table}) WHERE k IS NOT NULL AND d IS NOT NULL GROUP BY ALL",
        f"SELECT unnest(['{name}_rows', '{name}_pairs', '{name}_keys', '{name}_valid']), unnest([sum(n)::BIGINT, count(*), "
        f"count(DISTINCT k), count(*) FILTER (valid)]) FROM {name}",
    )


def match(a, b):
    return (
        f"SELECT unnest(['{a}_in_{b}', '{a}_not_in_{b}', '{b}_not_in_{a}']), unnest([count(*) FILTER (a.n > 0 AND b.n > 0), "
        f"count(*) FILTER (b.n IS NULL), count(*) FILTER (a.n IS NULL)]) FROM {a} AS a FULL JOIN {b} AS b ON a.k = b.k AND a.d = b.d"
    )


def three_scans(memory):
    """Every number of the report; those of the raw table with a scan each for years, for a value, for all."""
    table = tables()
    entity, day = "nullif(platform_name, '__HIVE_DEFAULT_PARTITION__') || '|' || offer_id", "TRY_CAST(crawled_date_day AS DATE)"
    create, queries = [], [
        f"SELECT unnest(['year_raw_' || coalesce(year({day})::VARCHAR, 'no_day'), 'raw_no_key']), unnest([count(*), "
        f"count(*) FILTER ({entity} IS NULL)]) FROM {table['raw']} GROUP BY year({day})",
        f"SELECT 'raw_signal', count(*) FROM (SELECT DISTINCT {entity} AS e, {day} AS d FROM {table['raw']} WHERE "
        f"({some_value(table['raw'])}) AND e IS NOT NULL AND d IS NOT NULL)",
        years("year_filings", "TRY_CAST(filed_date AS TIMESTAMPTZ)::DATE", table["filings"]),
    ]
    for name, key, its_day in (
        ("raw", entity, day),
        ("core", "entity_id", "crawled_date_day::DATE"),
        ("text", "entity_id", "crawled_date_day::DATE"),
        ("index", "cik", "crawled_date_day::DATE"),
        ("edgar", "cik", "crawled_date_day::DATE"),
    ):
        make, query = facts(f"of_{name}" if name == "index" else name, key, its_day, table[name])
        create.append(make)
        queries.append(query)
        if name in ("core", "text", "edgar"):
            queries.append(years(f"year_{name}", its_day, table[name]))
    queries += [match("core", "text"), match("of_index", "edgar")]
    queries.append(
        "SELECT CASE WHEN k.k IS NULL THEN 'gap_cik_not_in_edgar_store' ELSE 'gap_date_mismatch' END, count(*) FROM of_index AS i ANTI "
        "JOIN edgar AS e ON i.k = e.k AND i.d = e.d LEFT JOIN (SELECT DISTINCT k FROM edgar) AS k ON i.k = k.k GROUP BY 1"
    )
    targets = [os.path.join(bench.FOLDER, f"facts-{i}.csv") for i in range(len(queries))]
    script = "".join(f"{make};" for make in create)
    script += "".join(f"COPY ({query}) TO '{target}' (HEADER false);" for query, target in zip(queries, targets))
    return bench.sql(script, memory)


def found():
    """What three_scans wrote."""
    numbers = {}
    for name in os.listdir(bench.FOLDER):
        if name.startswith("facts-"):
            with open(os.path.join(bench.FOLDER, name)) as rows:
                for key, value in csv.reader(rows):
                    numbers[key] = numbers.get(key, 0) + int(value)
    return numbers


def reported():
    """The same out of the stage's report."""
    with open(os.path.join(bench.FOLDER, "runs", "gate", "stages", "gate", "raw_cardinality_coverage.json")) as file:
        report = json.load(file)
    raw, filings, core = report["raw_offers"], report["raw_edgar"], report["offers_core_full_daily"]
    text, store, match = report["offers_text_full"], report["edgar_store_full_daily"], report["snapshots_to_edgar_coverage"]
    numbers = {
        "raw_no_key": raw["rows_without_key"],
        "raw_signal": report["raw_structured_signal_entity_day_count"],
        "raw_pairs": report["raw_entity_day_total"],
        "raw_rows": raw["row_count_total"] - raw["rows_without_key"] - raw["rows_without_day"],
        "core_rows": core["row_count"],
        "core_pairs": core["n_unique_entity_day"],
        "core_keys": core["n_unique_entity_id"],
        "text_rows": text["row_count"],
        "text_pairs": text["n_unique_entity_day"],
        "text_keys": text["n_unique_entity_id"],
        "edgar_rows": store["row_count"],
        "edgar_keys": match["edgar_unique_cik"],
        "edgar_valid": match["pairs_with_valid_filing"],
        "of_index_pairs": match["snapshots_pairs_total"],
        "of_index_keys": match["snapshots_unique_cik"],
        "core_in_text": report["text_coverage"]["matched_pairs"],
        "of_index_in_edgar": match["snapshots_pairs_matched"],
        "of_index_not_in_edgar": match["snapshots_pairs_total"] - match["snapshots_pairs_matched"],
        **{f"gap_{reason}": n for reason, n in match["gap_reason_counts"].items()},
    }
    for name, part in (("raw", raw), ("filings", filings), ("core", core), ("text", text), ("edgar", store)):
        numbers.update({f"year_{name}_{year}": n for year, n in part["row_count_by_year"].items()})
    return numbers


def compare():
    theirs, ours = found(), reported()
    different = [f"{name}: {n} in the report, {theirs.get(name)} in SQL" for name, n in sorted(ours.items()) if theirs.get(name) != n]
    if different:
        sys.exit("the stage and the SQL do not agree:\n  " + "\n  ".join(different))
    print(f"{len(ours)} numbers of the report are those of the SQL")


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
    ours, plan, bare = "audit_cardinality", "three scans in SQL", "three bare scans in SQL"
    engine = int(0.55 * bench.GB)
    results = bench.rounds({ours: lambda: gate("1GB"), plan: lambda: three_scans(engine), bare: lambda: bare_scans(engine)}, args.reps)
    compare()
    bench.summary(results)
    lines = bench.verdicts(results, [(ours, plan, 1, False), (ours, bare, 1, False)], REACHED if args.rows == REACHED_AT else {})
    with open(os.path.join(bench.FOLDER, "cardinality.jsonl"), "a") as out:
        out.write(json.dumps({"bench": "cardinality", "rows": args.rows, "results": results, "ratios": lines}) + "\n")
    return 8 if any(line["failed"] for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
