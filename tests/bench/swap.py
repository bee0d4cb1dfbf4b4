#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""swap.py BUILD: what a swap of plugins costs between two steps: the pause, and what a state adds to it.

`fwrun swap-test --at every` swaps two builds of a small stage after each of its steps, in one worker; each swap loads a
generation of its own, hands the state over and closes the generation before. The stage's `save` gives its own memory and its
`restore` copies that once, so all that is above one memcpy is the host's; what the same memcpy takes here is measured beside.
Fails where it cannot run, where a swap leaves something behind, or where the pause is more than four times what was reached.
"""

import argparse
import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time

TARGET_US = 1000  # and the state at 10 GB/s
TARGET_BYTES_PER_US = 10_000
REACHED_US = 250


def swap(build, folder, steps, state):
    """The median pause and the mean of each call, in microseconds."""
    plugins = os.path.join(folder, "plugins")
    os.makedirs(plugins, exist_ok=True)
    builds = os.path.join(build, "tests/fixtures/swap")
    with open(os.path.join(builds, "old.so"), "rb") as source, open(os.path.join(plugins, "t_swap.so"), "wb") as copy:
        copy.write(source.read())
    pipeline = os.path.join(folder, "swap.cfg")
    with open(pipeline, "w") as out:
        out.write(
            'name = "swap"; stages: { s: { use = "t_swap"; params: '
            f"{{ n = {steps}; per_step = 1; state_bytes = {state}L; }}; }}; }};\n"
        )
    argv = [os.path.join(build, "fwrun"), "swap-test", pipeline, "--plugin-dir", plugins, "--json"]
    argv += ["--with", os.path.join(builds, "alt.so"), "--at", "every"]
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"swap: {' '.join(argv)}: exit {done.returncode}: {done.stderr[-2000:]}{done.stdout[-2000:]}")
    return json.loads(done.stdout)["swap"]


def memcpy_us(size):
    """One copy between buffers that have been touched; the best of nine, since it is a limit."""
    source, target = (ctypes.create_string_buffer(b"x" * size, size) for _ in range(2))
    times = []
    for _ in range(9):
        start = time.perf_counter()
        ctypes.memmove(target, source, size)
        times.append((time.perf_counter() - start) * 1e6)
    return min(times)


def row(name, us, target, note=""):
    print(f"{name:44} {us:10.0f} us   aim {target:8.0f} us   {'met' if us <= target else 'NOT MET'}   {note}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--steps", type=int, default=2001)
    parser.add_argument("--state", type=int, default=100_000_000)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="fwrun-swap-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        small = swap(options.build, folder, options.steps, 0)
        large = swap(options.build, folder, 22, options.state)
    pause = small["pause_us"]
    row(f"pause, {small['swaps']} swaps of 24 bytes", pause["median"], TARGET_US, f"of which load {pause['load']:.0f} us")
    calls = large["pause_us"]
    target = TARGET_US + options.state / TARGET_BYTES_PER_US
    copy = memcpy_us(options.state)
    host = calls["load"] + calls["save"]
    row(f"state of {options.state / 1e6:.0f} MB, handed over", host + calls["restore"], target, f"one memcpy here: {copy:.0f} us")
    print(f"  load {calls['load']:.0f}, save {calls['save']:.0f}, restore {calls['restore']:.0f}; the stage's own create {calls['create']:.0f}, destroy {calls['destroy']:.0f} us")
    print(f"  left behind by each of {small['swaps']} swaps: " + ", ".join(f"{k} {v:.2g}" for k, v in small["growth"].items()))
    if pause["median"] > 4 * REACHED_US:
        print(f"swap: a pause of {pause['median']:.0f} us, {REACHED_US} were reached before", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
