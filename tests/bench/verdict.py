#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""verdict.py BUILD [--pairs N] [--injected N] [--folder DIR] [--cpu]: whether `fwrun bench` is right on this machine.

A build of a stage is compared with a copy of itself N times (A/A): FASTER and SLOWER are false there, and more than 1 % of
them fails. Then with a build that takes 5 % longer, 30 repetitions on a side: SLOWER is right, FASTER fails, and finding
less than 95 % is named. On a machine that is too noisy nothing is compared, which is counted apart: INCONCLUSIVE is
never wrong, and never what one wanted.
"""

import argparse
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile

PIPELINE = 'name = "p"; stages: { s: { use = "t_spin"; params: { steps = 10; us = 2000; }; }; };\n'


def compare(build, folder, old, reps, more):
    """The verdict on what lies in folder/plugins against the file `old`, and the noise, in percent."""
    argv = [os.path.join(build, "fwrun"), "bench", "p.cfg", "--plugin-dir", "plugins", "--vs-plugin", old]
    done = subprocess.run(argv + ["--reps", str(reps), "--json"] + more, cwd=folder, capture_output=True, text=True)
    if done.returncode not in (0, 8, 9):
        sys.exit(f"{' '.join(argv)}: exit {done.returncode}: {done.stderr[-2000:]}")
    stage = json.loads(done.stdout)["stages"][0]
    verdict = stage["comparison"]["verdict"]
    return ("TOO NOISY" if stage["comparison"]["n"] == 0 else verdict), 100 * stage["noise"]


def count(what, build, folder, old, reps, times, more):
    seen, noises = collections.Counter(), []
    for _ in range(times):
        verdict, noise = compare(build, folder, old, reps, more)
        seen[verdict] += 1
        noises.append(noise)
    noises.sort()
    print(f"{what}, {reps} repetitions on a side, {times} times: " + ", ".join(f"{n} {v}" for v, n in seen.most_common()))
    print(f"  noise: median {noises[times // 2]:.1f} %, least {noises[0]:.1f} %, most {noises[-1]:.1f} %")
    return seen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--injected", type=int, default=20)
    parser.add_argument("--folder")
    parser.add_argument("--cpu", action="store_true", help="by processor time")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    more = ["--cpu"] if options.cpu else []
    fixtures = os.path.join(build, "tests/fixtures/bench")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        os.mkdir(os.path.join(folder, "plugins"))
        with open(os.path.join(folder, "p.cfg"), "w") as out:
            out.write(PIPELINE)
        here = os.path.join(folder, "plugins/t_spin.so")
        shutil.copy(os.path.join(fixtures, "even.so"), here)
        shutil.copy(here, os.path.join(folder, "same.so"))
        same = count("the same against itself", build, folder, "same.so", 9, options.pairs, more)
        shutil.copy(os.path.join(fixtures, "slower.so"), here)
        slower = count("5 % slower", build, folder, "same.so", 30, options.injected, more)
    judged = options.injected - slower["TOO NOISY"]
    if slower["SLOWER"] < 0.95 * judged:
        print(f"target not met: 5 % found in {slower['SLOWER']} of {judged}, 95 % aimed at")
    if same["FASTER"] + same["SLOWER"] > options.pairs / 100 or slower["FASTER"] > 0:
        sys.exit("a verdict was wrong")


if __name__ == "__main__":
    main()
