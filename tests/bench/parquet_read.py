#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""parquet_read.py BUILD [--rows N] [--rounds R]: one row in twenty of all columns of a generated crawl (147 columns, 16 of
them nested), read by plugins/lib/parquet, beside the engine, which decodes all rows to give any. One thread each, in turns
in one process; the least processor time of the rounds. Shown too: one row in 200, one in two, and all rows.
"""

import argparse
import glob
import os
import subprocess
import sys
import tempfile

PIPELINE = """
name = "crawl";
run_root = "runs";
stages = {{ crawl = {{ use = "synth_offers"; params = {{ rows = {rows}; crawls_per_day = 19.5; }}; }}; }};
"""
TARGET = 0.5
REACHED = 0.18


def generate(build, folder, rows):
    config = os.path.join(folder, "crawl.cfg")
    with open(config, "w") as out:
        out.write(PIPELINE.format(rows=rows))
    subprocess.run([os.path.join(build, "fwrun"), config], check=True, stderr=subprocess.DEVNULL)
    return sorted(glob.glob(os.path.join(folder, "runs/crawl/stages/crawl/raw/*/part-*.parquet")))


def measure(build, files, one_in, rounds):
    command = [os.path.join(build, "tests/bench/parquet_read_run"), os.path.join(build, "plugins/duckdb/duckdb.so")]
    result = subprocess.run([*command, str(one_in), str(rounds), *files], check=True, stdout=subprocess.PIPE, text=True)
    rows, columns, engine, reader = result.stdout.split()
    print(f"{int(rows):>9d} rows of {columns} columns: engine (all rows) {float(engine):.2f} s, reader {float(reader):.2f} s, "
          f"{float(reader) / float(engine):.2f} of it", flush=True)
    return float(reader) / float(engine)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    build = os.path.abspath(arguments.build)
    with tempfile.TemporaryDirectory() as folder:
        files = generate(build, folder, arguments.rows)
        ratio = measure(build, files, 20, arguments.rounds)
        for one_in in (200, 2, 1):
            measure(build, files, one_in, arguments.rounds)
    print(f"one row in twenty: {ratio:.2f} of the engine's time; target {TARGET}: {'met' if ratio <= TARGET else 'NOT MET'}")
    return 0 if ratio <= 1.5 * REACHED or ratio <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
