#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""authors.py BUILD [--folder DIR] [--reps N]: what an author of plugins waits for.

`inspect` where 50 plugins lie, those of BUILD among them, for the first time and again; a worker's start, that is an attempt's time without that
of its steps, with and without the SQL service. The median, the least (what a busy machine cannot hide), the ratio to
`fwrun version`, and the targets of docs/benchmarks.md. Fails where something cannot run, or where the least is more
than twice the ratio that was reached when REACHED was written down.
"""

import argparse
import glob
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

from engine import Failed, timed, write

# Ratio of the least to that of `fwrun version` in the same run.
REACHED = {
    "inspect, 50 plugins, first": 10,
    "inspect, 50 plugins, again": 8,
    "worker start": 2,
    "worker start, with SQL": 50,
}

PLUGINS = 50


class Bench:
    def __init__(self, options, folder):
        self.folder, self.reps = folder, options.reps
        self.build = os.path.abspath(options.build)
        self.root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        self.program = os.path.join(self.build, "fwrun")
        self.failed = []
        self.start = min(timed([self.program, "version"], folder)[0] for _ in range(5 * self.reps))

    def show(self, row, times, target):
        least, median = min(times), statistics.median(times)
        ratio = least / self.start
        if ratio > 2 * REACHED[row]:
            self.failed.append(f"{row}: {ratio:.1f} times `fwrun version`, {REACHED[row]:g} were reached")
        met = "met" if median <= target else "NOT MET"
        print(f"{row:<28} {median:7.2f} ms  target {target:g} ms: {met:<8} least {least:7.2f} ms, ratio {ratio:5.1f}")
        sys.stdout.flush()

    def make_plugins(self):
        with open(os.path.join(self.root, "tests", "bench", "engine_noop.c")) as source:
            code = source.read()
        includes = [os.path.join(self.root, "sdk", "include"), os.path.join(self.root, "tests", "fixtures")]
        made = os.path.join(self.folder, "made")
        os.makedirs(made)
        here = glob.glob(os.path.join(self.build, "plugins", "*", "*.so"))
        for i in range(PLUGINS - len(here)):
            own = re.sub(r'FW_PLUGIN\("[^"]*"', f'FW_PLUGIN("org.fwrun.bench.p{i}"', code)
            write(os.path.join(made, "p.c"), own.replace('"bench_noop"', f'"p{i}"'))
            command = ["cc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-Wl,-z,now"]
            command += [f"-I{path}" for path in includes]
            subprocess.run([*command, "-o", os.path.join(made, f"p{i}.so"), os.path.join(made, "p.c")], check=True)
        return made

    def inspect(self):
        made = self.make_plugins()
        first, again = [], []
        for rep in range(self.reps):
            fresh = os.path.join(self.folder, f"plugins{rep}")
            shutil.copytree(made, fresh)
            command = [self.program, "inspect", "p0", "--plugin-dir", fresh]
            first.append(timed(command, self.folder)[0])
            again.append(timed(command, self.folder)[0])
        self.show("inspect, 50 plugins, first", first, 100)
        self.show("inspect, 50 plugins, again", again, 5)

    def worker(self, row, stage, target):
        write(os.path.join(self.folder, "bench.cfg"), f'name = "bench"; stages: {{ s: {stage}; }};\n')
        plugins = os.path.join(self.build, "tests", "bench")
        times = []
        for _ in range(self.reps):
            shutil.rmtree(os.path.join(self.folder, "runs"), ignore_errors=True)
            timed([self.program, "bench.cfg", "--plugin-dir", plugins, "--quiet"], self.folder)
            with open(os.path.join(self.folder, "runs", "bench", "stages", "s", "MANIFEST.json")) as text:
                manifest = json.load(text)
            times.append(manifest["attempts"][0]["elapsed_s"] * 1e3 - manifest["step_us"]["total"] / 1e3)
        self.show(row, times, target)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--folder", default="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    parser.add_argument("--reps", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fwrun-authors-", dir=options.folder) as folder:
        bench = Bench(options, folder)
        print(f"in {folder}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, medians of {options.reps}; "
              f"`fwrun version` {bench.start:.2f} ms")
        try:
            bench.inspect()
            bench.worker("worker start", '{ use = "bench_noop"; }', 5)
            bench.worker("worker start, with SQL", '{ use = "sql"; params: { query = "SELECT 1 AS one"; }; }', 60)
        except (Failed, subprocess.CalledProcessError) as failure:
            print(f"authors: {failure}", file=sys.stderr)
            return 1
        finally:
            os.chdir("/")
        for line in bench.failed:
            print(f"authors: {line}", file=sys.stderr)
        return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
