#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""training_callbacks.py BUILD [--pairs N]: what watching costs.

The toy with all monitors and without any, turn by turn: the time of the stage, median of the pairs. Then ResNet-18 of
32 x 32 images for twenty steps with two events of each monitor: from the seconds of each, and of a step, what they take
at their default cadences in epochs of 391 batches. A target that is not met is named; red only where a share is half as
much again as the one that was reached.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AIM = {"toy": 0.15, "ResNet-18": 0.05}
REACHED = {"toy": 0.15, "ResNet-18": 0.05}
WORSE = 1.5
STEPS, EVENTS = 20, 2
EVERY_STEPS, EVERY_EPOCHS, BATCHES = 500, 2, 391

RESNET = """name = "p";
stages: { train: { use = "train"; params: {
    source = "gratings"; size = 32; n_train = 1280; n_val = 128; epochs = 2; batch_size = 128; validate = "epoch"; save_top_k = 0;
    restore_best = false; seed = 0; callbacks = ["loss_slope", "grad", "noise", "curvature", "sink"];
    callback_options = ["noise.every_epochs=1", "curvature.every_n_steps=10"]; callback_overhead = 0.0;
}; }; };
"""


def run(build, config, folder, *more):
    command = [os.path.join(build, "fwrun"), config, "--set", f"run_root={folder}", "--force", "train", *more]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr[-2000:]}")


def stage(folder, name):
    with open(os.path.join(folder, name, "stages/train/MANIFEST.json")) as file:
        return json.load(file)["step_us"]["total"] / 1e6


def toy(build, folder, pairs):
    config, shares = os.path.join(REPOSITORY, "configs/training_toy.cfg"), []
    for _ in range(pairs):
        run(build, config, folder, "--to", "train")
        watched = stage(folder, "training_toy")
        run(build, config, folder, "--to", "train", "--set", "stages.train.params.callbacks=[]", "--set",
            "stages.train.params.callback_options=[]")
        alone = stage(folder, "training_toy")
        shares.append(watched / alone - 1)
        print(f"  toy: {watched:.1f} s watched, {alone:.1f} s alone: {100 * shares[-1]:.1f} %", flush=True)
    return statistics.median(shares)


def resnet(build, folder):
    config = os.path.join(folder, "p.cfg")
    with open(config, "w") as file:
        file.write(RESNET)
    run(build, config, folder)
    with open(os.path.join(folder, "p/stages/train/run/machine.json")) as file:
        facts = json.load(file)
    spent = facts["callbacks_seconds"]
    step = (facts["fit_seconds"] - facts["callback_seconds"]) / STEPS
    cost = {
        "loss_slope": spent["loss_slope"] / STEPS,
        "grad": spent["grad"] / STEPS,
        "noise": spent["noise"] / EVENTS / (EVERY_EPOCHS * BATCHES),
        "curvature": spent["curvature"] / EVENTS / EVERY_STEPS,
        "sink": spent["sink"] / STEPS,
    }
    print(f"  ResNet-18: a step takes {step:.2f} s; of it, at the usual cadences:")
    for name, seconds in cost.items():
        print(f"    {name:12} {1000 * seconds:8.2f} ms  {100 * seconds / step:5.2f} %")
    return sum(cost.values()) / step


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--pairs", type=int, default=3)
    args = parser.parse_args()
    build, failed = os.path.abspath(args.build), False
    with tempfile.TemporaryDirectory() as folder:
        shares = {"toy": toy(build, folder, args.pairs), "ResNet-18": resnet(build, folder)}
    for name, share in shares.items():
        verdict = "met" if share < AIM[name] else "NOT MET"
        print(f"{name}: callbacks take {100 * share:.1f} % more; target below {100 * AIM[name]:.0f} %: {verdict}")
        failed = failed or share > WORSE * REACHED[name]
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
