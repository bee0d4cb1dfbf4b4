#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""chain.py BUILD [--rows N,N...] [--folder DIR]: the whole freeze on generated tables of N raw offers each, with 3 GB.

Fails where a run does, where a stage needed more than one attempt, or took more than its budget. Shown, by stage: seconds
of processor time and peak memory for every N; the slope between the smallest and the largest N; and from it what the
reference's 112.6 M rows would take, which is an extrapolation. Snapshot's time stands beside that of a bare scan of all
columns in the same run.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
BUDGET = 3_000_000_000
REFERENCE_ROWS = 112_608_525
SAMPLE_ROWS = 10_000_000  # raw_profile reads no more than that, whatever there is

PIPELINE = """
extends = "{source}/configs/demo_freeze.cfg";
name = "chain";
root = "{folder}";
run_root = "{folder}/runs";
resources = {{ threads = {threads}; memory = "3GB"; }};
vars = {{ stamp = "chain"; }};
stages = {{
    crawl = {{ params = {{ rows = {rows}; crawls_per_day = 19.5; }}; }};
    filings = {{ params = {{ rows = {filings}; }}; }};
    scan = {{ use = "sql"; in = {{ raw = "@crawl.raw"; }}; params = {{ query = "SELECT count(COLUMNS(*)) FROM raw"; }}; }};
}};
"""
MADE = ("crawl", "filings")
PEERS = MADE + ("scan",)


def manifests(folder):
    stages = os.path.join(folder, "runs", "chain", "stages")
    found = {}
    for stage in sorted(os.listdir(stages)):
        with open(os.path.join(stages, stage, "MANIFEST.json")) as manifest:
            found[stage] = json.load(manifest)
    return found


def run(build, folder, rows):
    os.makedirs(folder, exist_ok=True)
    config = os.path.join(folder, "chain.cfg")
    with open(config, "w") as out:
        out.write(
            PIPELINE.format(
                source=SOURCE, folder=folder, threads=os.cpu_count(), rows=rows, filings=max(1000, rows * 6 // 100)
            )
        )
    subprocess.run([os.path.join(build, "fwrun"), config], check=True)
    return manifests(folder)


def cpu(manifest):
    return sum(attempt["user_s"] + attempt["system_s"] for attempt in manifest["attempts"])


def show(results):
    sizes = sorted(results)
    print(f"\n{'CPU s, peak MB':22s}" + "".join(f"{rows / 1e6:>14.2f} M" for rows in sizes))
    for stage in results[sizes[0]]:
        cells = (results[rows][stage] for rows in sizes)
        print(f"{stage:22s}" + "".join(f"{cpu(cell):9.1f}{cell['peak_rss_bytes'] / 1e6:7.0f}" for cell in cells))
    for rows in sizes:
        made = results[rows]
        print(f"{rows} rows: a bare scan takes {cpu(made['scan']) / cpu(made['snapshot']):.2f} of the snapshot's CPU")


def extrapolate(results):
    small, large = min(results), max(results)
    total = 0.0
    for stage in results[small]:
        if stage in PEERS:
            continue
        slope = (cpu(results[large][stage]) - cpu(results[small][stage])) / (large - small)
        rows = min(REFERENCE_ROWS, SAMPLE_ROWS) if stage == "raw_profile_offers" else REFERENCE_ROWS
        seconds = cpu(results[large][stage]) + max(0.0, slope) * (rows - large)
        total += seconds
        print(f"{stage:22s}{slope * 1e6:8.2f} CPU s a million rows; extrapolated to 112.6 M: {seconds:8.0f} CPU s")
    print(f"the chain at 112.6 M rows, extrapolated: {total:.0f} CPU s, {total / 60:.0f} minutes of one core")


def faults(results):
    for rows, made in results.items():
        for stage, manifest in made.items():
            if len(manifest["attempts"]) != 1:
                yield f"{rows} rows: {stage} took {len(manifest['attempts'])} attempts"
            if manifest["peak_rss_bytes"] > BUDGET:
                yield f"{rows} rows: {stage} took {manifest['peak_rss_bytes']} bytes of 3 GB"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--rows", default="1000000,10000000")
    parser.add_argument("--folder", help="where to work, nothing is removed; a temporary folder otherwise")
    arguments = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as temporary:
        for rows in (int(part) for part in arguments.rows.split(",")):
            folder = os.path.join(os.path.abspath(arguments.folder or temporary), str(rows))
            results[rows] = run(os.path.abspath(arguments.build), folder, rows)
            if arguments.folder is None:
                shutil.rmtree(folder)
    show(results)
    if len(results) > 1:
        extrapolate(results)
    found = list(faults(results))
    print("\n".join(found) if found else "no stage needed a second attempt or more than its budget")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
