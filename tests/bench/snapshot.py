#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""snapshot.py BUILD [--rows N] [--times T] [--folder DIR]: the stage `snapshot` on two generated crawls, N rows and T N (3 N).

Checked: its memory does not grow with the crawl and stays under the budget of 2 GB, no step takes over two seconds, its
processor time is at most that of a bare scan of all columns divided by 0.7, and the core table is at least four times
smaller than the same rows in the order of a hash, written by the same writer. A target that is just missed is named; it
fails where the figure is half as much again as the target. All of it is one run of one pipeline; figures are the
manifests'.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

# Each stage asks for the whole budget, so that no two run side by side.
PIPELINE = """
name = "snapshot_bench";
run_root = "runs";
resources = {{ threads = {threads}; memory = "2GB"; }};
stages = {{
    crawl_small = {{ use = "synth_offers"; params = {{ rows = {rows}; crawls_per_day = 19.5; }}; {alone} }};
    crawl_large = {{ use = "synth_offers"; params = {{ rows = {large}; crawls_per_day = 19.5; }}; {alone} }};
    scan = {{ use = "sql"; in = {{ raw = "@crawl_small.raw"; }}; {alone}
        params = {{ query = "SELECT count(COLUMNS(*)) FROM raw"; }}; }};
    small = {{ use = "snapshot"; in = {{ raw = "@crawl_small.raw"; }}; {alone} }};
    large = {{ use = "snapshot"; in = {{ raw = "@crawl_large.raw"; }}; {alone} }};
    by_entity = {{ use = "sql"; in = {{ core = "@large.core"; }}; {alone}
        params = {{ query = "SELECT * FROM core ORDER BY entity_id, snapshot_ts"; }}; }};
    by_hash = {{ use = "sql"; in = {{ core = "@large.core"; }}; {alone}
        params = {{ query = "SELECT * FROM core ORDER BY hash(entity_id || snapshot_ts::VARCHAR)"; }}; }};
}};
"""
ALONE = f'resources = {{ threads = {os.cpu_count()}; memory = "2GB"; }};'


def run(build, folder, rows, times):
    config = os.path.join(folder, "snapshot_bench.cfg")
    with open(config, "w") as out:
        out.write(PIPELINE.format(rows=rows, large=times * rows, threads=os.cpu_count(), alone=ALONE))
    subprocess.run([os.path.join(build, "fwrun"), config], check=True)
    stages = os.path.join(folder, "runs", "snapshot_bench", "stages")
    manifests = {}
    for stage in os.listdir(stages):
        with open(os.path.join(stages, stage, "MANIFEST.json")) as manifest:
            manifests[stage] = json.load(manifest)
    return manifests


def cpu(manifest):
    return sum(attempt["user_s"] + attempt["system_s"] for attempt in manifest["attempts"])


def output_bytes(manifest):
    return manifest["outputs"][0]["bytes"]


WORSE = 1.5


def check(claim, share, value, target):
    """`share`: the figure as a multiple of the target; up to 1 it is met."""
    print(f"{claim}: {value}; target {target}: {'met' if share <= 1 else 'NOT MET'}")
    return share <= WORSE


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--folder", help="where to work; a temporary folder otherwise")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        made = run(os.path.abspath(arguments.build), arguments.folder or temporary, arguments.rows, arguments.times)
    print(f"\n{'':12s}{'raw rows':>10s}{'rows':>9s}{'wall s':>8s}{'cpu s':>7s}{'peak MB':>9s}{'steps':>7s}{'longest s':>11s}")
    for stage in ("small", "large"):
        facts = made[stage]
        print(
            f"{stage:12s}{facts['rows_scanned']:10d}{facts['rows_emitted']:9d}{facts['elapsed_s']:8.1f}{cpu(facts):7.1f}"
            f"{facts['peak_rss_bytes'] / 1e6:9.0f}{facts['steps']:7d}{facts['step_us']['longest'] / 1e6:11.2f}"
        )
    scan = made["scan"]
    print(f"{'bare scan':12s}{'':19s}{scan['elapsed_s']:8.1f}{cpu(scan):7.1f}{scan['peak_rss_bytes'] / 1e6:9.0f}")
    wall, speed = scan["elapsed_s"] / made["small"]["elapsed_s"], cpu(scan) / cpu(made["small"])
    small, large = made["small"]["peak_rss_bytes"], made["large"]["peak_rss_bytes"]
    longest = max(made[stage]["step_us"]["longest"] for stage in ("small", "large")) / 1e6
    smaller = output_bytes(made["by_hash"]) / output_bytes(made["by_entity"])
    kept = [
        check(f"peak at {arguments.times} times the rows", large / small / 1.25, f"{large / small:.2f} times", "<= 1.25"),
        check("peak", large / 2e9, f"{large / 1e6:.0f} MB", "<= 2000 MB"),
        check("longest step", longest / 2, f"{longest:.2f} s", "<= 2 s"),
        check("speed beside the bare scan", 0.7 / speed, f"{speed:.2f} (by wall time {wall:.2f})", ">= 0.7"),
        check("smaller in entity order", 4 / smaller, f"{smaller:.1f} times", ">= 4"),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
