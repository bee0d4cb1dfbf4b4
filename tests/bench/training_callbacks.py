#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""training_callbacks.py BUILD [--pairs N]: what watching costs.

The toy with all monitors and without any, pairs in turn, each begun by the other: processor time of the run, the median
of the pairs and the interval that their order gives it; then the share by the callbacks' own clocks. ResNet-18 of 32 x
32 images, twelve steps twice: with four ends of quarters and an event of curvature and noise, and with twelve ends of
quarters. From the two: what a step, a quarter and an event take, and so what all monitors take of a step at their default
cadences in epochs of 391 batches. A target that is not met is named; red only where a share is half as much again as
the one that was reached.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AIM = {"toy": 0.15, "ResNet-18": 0.05}
REACHED = {"toy": 0.13, "ResNet-18": 0.04}
WORSE = 1.5
STEPS, MANY, FEW = 12, 12, 4
EVERY_STEPS, EVERY_EPOCHS, BATCHES = 500, 2, 391

RESNET = """name = "p";
stages: {{ train: {{ use = "train"; params: {{
    source = "gratings"; size = 32; n_train = {n}; n_val = 16; epochs = {epochs}; batch_size = 128; validate = "epoch"; save_top_k = 0;
    restore_best = false; seed = 0; callbacks = ["loss_slope", "grad", "noise", "curvature", "sink"];
    callback_options = ["noise.every_epochs={noise}", "curvature.every_n_steps={curvature}"]; callback_overhead = 0.0;
}}; }}; }};
"""


def run(build, config, folder, *more):
    """Processor seconds of the run."""
    command = [os.path.join(build, "fwrun"), config, "--set", f"run_root={folder}", "--force", "train", *more]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def facts_of(folder, name):
    with open(os.path.join(folder, name, "stages/train/run/machine.json")) as file:
        return json.load(file)


def by_order(values):
    """An interval of at least 90 % for the median, where there are five or more; otherwise all of them."""
    values = sorted(values)
    cut = {5: 0, 6: 0, 7: 0, 8: 1, 9: 1}.get(len(values), max(0, int(len(values) / 2 - 0.83 * len(values) ** 0.5) - 1))
    return values[cut], values[-1 - cut]


def toy(build, folder, pairs):
    config, shares, clocks = os.path.join(REPOSITORY, "configs/training_toy.cfg"), [], []
    without = ["--set", "stages.train.params.callbacks=[]", "--set", "stages.train.params.callback_options=[]"]
    for i in range(pairs):
        cpu = {}
        for watched in (True, False) if i % 2 == 0 else (False, True):
            cpu[watched] = run(build, config, folder, "--to", "train", *([] if watched else without))
            if watched:
                facts = facts_of(folder, "training_toy")
                clocks.append(facts["callback_seconds"] / (facts["fit_seconds"] - facts["callback_seconds"]))
        shares.append(cpu[True] / cpu[False] - 1)
        print(f"  toy: {cpu[True]:.1f} s watched, {cpu[False]:.1f} s alone: {100 * shares[-1]:.1f} %, by its clock "
              f"{100 * clocks[-1]:.1f} %", flush=True)
    low, high = by_order(shares)
    print(f"  toy: median {100 * statistics.median(shares):.1f} % [{100 * low:.1f}, {100 * high:.1f}], by its clocks "
          f"{100 * statistics.median(clocks):.1f} %")
    return statistics.median(shares)


def resnet_of(build, folder, quarters):
    epochs = quarters // 4
    events = {"noise": 1, "curvature": STEPS} if quarters == FEW else {"noise": 100, "curvature": 1000}
    config = os.path.join(folder, "p.cfg")
    with open(config, "w") as file:
        file.write(RESNET.format(n=128 * STEPS // epochs, epochs=epochs, **events))
    run(build, config, folder)
    return facts_of(folder, "p")


def resnet(build, folder):
    few, many = resnet_of(build, folder, FEW), resnet_of(build, folder, MANY)
    step = min(facts["steps_processor_seconds"] for facts in (few, many)) / STEPS
    cost, spent = {}, few["callbacks_processor_seconds"]
    for name in ("loss_slope", "grad", "sink"):
        one, other = spent[name], many["callbacks_processor_seconds"][name]
        quarter = max(0, (other - one) / (MANY - FEW))
        cost[name] = max(0, one - FEW * quarter) / STEPS + 4 * quarter / BATCHES
    cost["noise"] = spent["noise"] / (EVERY_EPOCHS * BATCHES)
    cost["curvature"] = spent["curvature"] / EVERY_STEPS
    print(f"  ResNet-18: a step takes {step:.2f} s of processor time; of it, at the usual cadences:")
    for name, seconds in cost.items():
        print(f"    {name:12} {1000 * seconds:8.2f} ms  {100 * seconds / step:5.2f} %")
    print(f"    an event of curvature: {spent['curvature']:.1f} s of processor time, {few['callbacks_seconds']['curvature']:.1f} s")
    return sum(cost.values()) / step


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--pairs", type=int, default=5)
    args = parser.parse_args()
    build, failed, shares = os.path.abspath(args.build), False, {}
    with tempfile.TemporaryDirectory() as folder:
        if args.pairs > 0:
            shares["toy"] = toy(build, folder, args.pairs)
        shares["ResNet-18"] = resnet(build, folder)
    for name, share in shares.items():
        verdict = "met" if share < AIM[name] else "NOT MET"
        print(f"{name}: callbacks take {100 * share:.1f} % more; target below {100 * AIM[name]:.0f} %: {verdict}")
        failed = failed or share > WORSE * REACHED[name]
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
