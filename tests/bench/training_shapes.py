#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""training_shapes.py BUILD [--threads N] [--rounds N] [--only PART]: the operations of a training step, one by one, against PyTorch.

ResNet-18 of 32 x 32 images and PatchTST (d 64, 9 tokens, ff 256, 4 layers), batch 128, float32: every shape that
tests/bench/training_shapes_run.c lists, forward, data and filter of convolutions (PyTorch: oneDNN), norms, ReLU, sums,
pools, the update, products. Rounds of ours and PyTorch's alternate. Compared is processor time over the threads, best of
all: it changes least while others use the machine; seconds of a quiet machine are beside it. The last lines are the
sums over a step, each shape as often as the step has it.
"""

import argparse
import json
import subprocess
import sys
import time

AIM = 1.0
# Our share of PyTorch's processor time, over a step, when this was written down.
REACHED = {"resnet": 0.49, "patchtst": 0.8}
WORSE = 1.5


def ours(build, threads, only):
    command = [f"{build}/tests/bench/training_shapes_run", f"{build}/plugins/kernels_cpu/kernels_cpu.so"]
    text = subprocess.run([*command, str(threads), "5", only], check=True, stdout=subprocess.PIPE, text=True).stdout
    found = {}
    for line in text.splitlines():
        name, times, wall, cpu, work, unit = line.split()
        found[name] = {"times": int(times), "wall": float(wall), "cpu": float(cpu), "work": float(work), "unit": unit}
    return found


def best(call):
    wall = cpu = float("inf")
    for _ in range(6):
        begin, used = time.perf_counter(), time.process_time()
        call()
        wall, cpu = min(wall, time.perf_counter() - begin), min(cpu, time.process_time() - used)
    return {"wall": wall, "cpu": cpu}


def conv(torch, shape, direction):
    inputs, outputs, side, kernel, stride = map(int, shape)
    pad = kernel // 2
    x, w = torch.randn(128, inputs, side, side), torch.randn(outputs, inputs, kernel, kernel)
    y = torch.nn.functional.conv2d(x, w, stride=stride, padding=pad)
    if direction == "forward":
        return lambda: torch.nn.functional.conv2d(x, w, stride=stride, padding=pad)
    wanted = [direction == "data", direction == "filter", False]
    return lambda: torch.ops.aten.convolution_backward(
        y, x, w, None, [stride] * 2, [pad] * 2, [1, 1], False, [0, 0], 1, wanted)


def norm(torch, channels, side, direction):
    x, g = torch.randn(128, channels, side, side), torch.ones(channels)
    running = torch.zeros(channels), torch.ones(channels)
    y, mean, scale = torch.ops.aten.native_batch_norm(x, g, g, *running, True, 0.1, 1e-5)
    if direction == "forward":
        return lambda: torch.ops.aten.native_batch_norm(x, g, g, *running, True, 0.1, 1e-5)
    return lambda: torch.ops.aten.native_batch_norm_backward(y, x, g, *running, mean, scale, True, 1e-5, [True] * 3)


def elementwise(torch, kind, channels, side):
    x, y = torch.randn(128, channels, side, side), torch.randn(128, channels, side, side)
    if kind == "add":
        return lambda: x.add_(y)
    if kind == "relu":
        return lambda: torch.relu_(x)
    return lambda: torch.ops.aten.threshold_backward(y, x, 0)


def gemm(torch, m, n, k, turned, count):
    a = torch.randn(count, *((k, m) if turned[0] == "1" else (m, k)))
    b = torch.randn(count, *((n, k) if turned[1] == "1" else (k, n)))
    a = a.transpose(1, 2) if turned[0] == "1" else a
    b = b.transpose(1, 2) if turned[1] == "1" else b
    if count == 1:
        a, b = a[0], b[0]
    return lambda: torch.matmul(a, b)


def call_of(torch, name):
    kind, *rest = name.split("_")
    if kind == "conv":
        return conv(torch, rest[:5], rest[5])
    if kind == "norm":
        return norm(torch, int(rest[0]), int(rest[1]), rest[2])
    if kind in ("add", "relu", "gate"):
        return elementwise(torch, kind, int(rest[0]), int(rest[1]))
    if kind == "gemm":
        return gemm(torch, *map(int, rest[:3]), rest[3], int(rest[4]))
    if kind == "pool":
        x = torch.randn(128, 512, 4, 4)
        y = torch.randn(128, 512, 1, 1)
        return (lambda: x.mean([2, 3])) if rest[0] == "forward" else (lambda: (y / 16).expand(128, 512, 4, 4).contiguous())
    w = torch.zeros(11173962, requires_grad=True)
    w.grad = torch.ones(11173962)
    step = torch.optim.SGD([w], lr=0.1, momentum=0.9, weight_decay=1e-3)
    step.step()
    return step.step


def peers(names, threads):
    """Runs in a process of its own: prints NAME -> times as JSON."""
    import torch

    torch.set_num_threads(threads)
    found = {}
    for name in names:
        with torch.set_grad_enabled(name.startswith("update")):
            found[name] = best(call_of(torch, name))
    print(json.dumps(found))


def run_peers(names, threads):
    command = [sys.executable, __file__, "--peers", json.dumps(names), "--threads", str(threads), "-"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit("training_shapes: the peer needs python3-torch")
    return json.loads(done.stdout)


def keep_best(into, found):
    for name, case in found.items():
        old = into.setdefault(name, dict(case))
        old["wall"], old["cpu"] = min(old["wall"], case["wall"]), min(old["cpu"], case["cpu"])


def report(mine, other, threads):
    print("| case | in a step | ours | ms | PyTorch ms | share of its processor time | of its time |\n|---|---|---|---|---|---|---|")
    sums = {}
    for name, case in mine.items():
        its, cpu = other[name], case["cpu"] / threads
        net = "patchtst" if name.startswith("gemm") else "resnet"
        total = sums.setdefault(net, {"cpu": [0, 0], "wall": [0, 0]})
        for kind in ("cpu", "wall"):
            total[kind][0] += case[kind] * case["times"]
            total[kind][1] += its[kind] * case["times"]
        print(f"| {name} | {case['times']} | {case['work'] / cpu * 1e-9:.1f} G{case['unit']}/s | {cpu * 1e3:.2f}"
              f" | {its['cpu'] / threads * 1e3:.2f} | {case['cpu'] / its['cpu']:.2f} | {case['wall'] / its['wall']:.2f} |")
    bad = []
    for net, total in sums.items():
        ratio = total["cpu"][0] / total["cpu"][1]
        print(f"| **{net}**, a step of these | | | {total['cpu'][0] / threads * 1e3:.1f} | {total['cpu'][1] / threads * 1e3:.1f}"
              f" | {ratio:.2f} | {total['wall'][0] / total['wall'][1]:.2f} |")
        if ratio > AIM:
            bad.append(f"{net}: {ratio:.2f} of PyTorch's processor time, the aim is {AIM}")
        if ratio > REACHED[net] * WORSE:
            bad.append(f"FAILED {net}: {ratio:.2f}, {REACHED[net]} was reached before")
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", default="")
    parser.add_argument("--peers", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peers:
        peers(json.loads(args.peers), args.threads)
        return 0
    mine, other = {}, {}
    for _ in range(args.rounds):
        keep_best(mine, ours(args.build, args.threads, args.only))
        keep_best(other, run_peers(list(mine), args.threads))
    bad = report(mine, other, args.threads)
    for line in bad:
        print(f"target not met: {line}")
    return any(line.startswith("FAILED") for line in bad)


if __name__ == "__main__":
    sys.exit(main())
