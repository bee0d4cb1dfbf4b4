#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kernels.py BUILD [--threads N] [--rounds N] [--processor]: kernels_cpu against PyTorch (convolution),
OpenBLAS with its best kernels through numpy (matrix products), scipy (transforms) and numpy (maps).

The work of each case is counted from its shape first (tests/kernels/bench.c): flops, or bytes that must
be read and written. Rounds of ours and of the peers alternate; a case's ratio is best time to best
time. With --processor all run on one thread and the time is the processor's, for a machine that others use.
Without a peer its cases are left out, loudly.
"""

import argparse
import json
import os
import subprocess
import sys
import time

# Ours to the peer's time, at most; and what was reached when this was written down.
AIM = {"conv_128_64_64_32_3_1_forward": 1.0, "gemm": 1 / 0.9}
REACHED = {"conv_128_64_64_32_3_1_forward": 0.58, "gemm_1024_1024_1024_0": 1.04}
WORSE = 1.5


def core_type():
    flags = open("/proc/cpuinfo").read()
    return "SkylakeX" if "avx512f" in flags else "Haswell" if "avx2" in flags else "Prescott"


def ours(build, threads, processor):
    command = [f"{build}/tests/kernels/kernels_bench", *(["--processor"] if processor else []),
               f"{build}/plugins/kernels_cpu/kernels_cpu.so"]
    text = subprocess.run([*command, str(threads), "4"], check=True, stdout=subprocess.PIPE, text=True)
    lines = (line.split() for line in text.stdout.splitlines())
    return {name: (float(seconds), float(work), unit) for name, seconds, work, unit in lines}


def best(call, clock):
    times = []
    for _ in range(5):
        begin = clock()
        call()
        times.append(clock() - begin)
    return min(times)


def peers(names, threads, processor):
    """Runs in a process of its own: prints NAME -> [peer, seconds] as JSON."""
    import numpy as np

    clock = time.process_time if processor else time.perf_counter
    found = {}
    try:
        import torch

        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
    except ImportError:
        torch = None
    try:
        import scipy.fft as fft
    except ImportError:
        fft = None
    for name in names:
        kind, *shape = name.split("_")
        if kind == "gemm":
            m, n, k, turned = map(int, shape)
            a, b = np.ones((m, k), "f"), np.ones((n, k) if turned else (k, n), "f")
            out = np.empty((m, n), "f")
            b = b.T if turned else b
            found[name] = ["OpenBLAS", best(lambda: np.matmul(a, b, out=out), clock)]
        elif kind == "conv" and torch:
            b, i, o, side, kernel, stride = map(int, shape[:6])
            x, w = torch.randn(b, i, side, side), torch.randn(o, i, kernel, kernel)
            pad = kernel // 2
            y = torch.nn.functional.conv2d(x, w, stride=stride, padding=pad)
            both = {"data": [True, False, False], "filter": [False, True, False]}.get(shape[6])
            found[name] = ["PyTorch", best(
                (lambda: torch.ops.aten.convolution_backward(
                    y, x, w, None, [stride] * 2, [pad] * 2, [1, 1], False, [0, 0], 1, both))
                if both else lambda: torch.nn.functional.conv2d(x, w, stride=stride, padding=pad), clock)]
        elif kind == "fft" and fft:
            batch, side = map(int, shape)
            x = np.ones((batch, side, side), "F")
            found[name] = ["scipy", best(lambda: fft.fft2(x, workers=threads), clock)]
        elif kind == "add":
            a, b = np.ones(1 << 24, "f"), np.ones(1 << 24, "f")
            out = np.empty_like(a)
            found[name] = ["numpy", best(lambda: np.add(a, b, out=out), clock)]
        elif kind == "gelu" and torch:
            x = torch.randn(1 << 24)
            found[name] = ["PyTorch", best(lambda: torch.nn.functional.gelu(x), clock)]
    print(json.dumps(found))


def run_peers(names, threads, processor):
    env = {**os.environ, "OPENBLAS_CORETYPE": os.environ.get("OPENBLAS_CORETYPE", core_type()),
           "OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, __file__, "--peers", json.dumps(names), "--threads", str(threads), "-"]
    command += ["--processor"] if processor else []
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit("kernels: the peers need python3-numpy (and python3-torch, python3-scipy)")
    return json.loads(done.stdout)


def report(mine, other):
    bad = []
    print("| case | ours | peer | | ours, share of the peer's time |\n|---|---|---|---|---|")
    for name, (seconds, work, unit) in mine.items():
        if name not in other:
            print(f"| {name} | {work / seconds * 1e-9:.1f} G{unit}/s | absent | | |")
            continue
        peer, its = other[name]
        ratio = seconds / its
        print(f"| {name} | {work / seconds * 1e-9:.1f} G{unit}/s | {work / its * 1e-9:.1f} | {peer}"
              f" | {ratio:.2f} |")
        aim = AIM.get(name, AIM.get(name.split("_")[0]))
        if aim and ratio > aim:
            bad.append(f"{name}: {ratio:.2f} of {peer}'s time, the aim is {aim:.2f}")
        if name in REACHED and ratio > REACHED[name] * WORSE:
            bad.append(f"FAILED {name}: {ratio:.2f}, {REACHED[name]} was reached before")
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", help=argparse.SUPPRESS)
    parser.add_argument("--processor", action="store_true", help="time of the processor, on one thread")
    args = parser.parse_args()
    threads = 1 if args.processor else args.threads
    if args.peers:
        peers(json.loads(args.peers), threads, args.processor)
        return 0
    mine, other = {}, {}
    for _ in range(args.rounds):
        for name, case in ours(args.build, threads, args.processor).items():
            mine[name] = min(case, mine.get(name, case))
        for name, case in run_peers(list(mine), threads, args.processor).items():
            other[name] = min(case, other.get(name, case), key=lambda c: c[1])
    bad = report(mine, other)
    for line in bad:
        print(f"target not met: {line}")
    return any(line.startswith("FAILED") for line in bad)


if __name__ == "__main__":
    sys.exit(main())
