#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Gradients, Hessian products and steps of residual nets as PyTorch computes them in float64.

Usage: resnet_reference.py > resnet_golden.csv

Weights, images and the direction are uniform numbers of SplitMix64, so that nobody has to keep
them: see `noise`. Rows are case,what,name,value; `what` is

    loss                     of the first batch
    gradient, product        norm of a tensor's part, by name
    gradient_at, product_at  its middle element
    step                     the loss of each of five steps of SGD (rate 0.05, momentum 0.9, decay 5e-4)
    kept                     norm of a running mean or variance after them
    frozen                   the loss with running statistics after them
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

CASES = {
    # base, stages, blocks, mult, image side, samples, norm, steps
    "narrow": (64, 4, 2, 0.125, 16, 6, True, 5),
    "plain": (64, 4, 2, 0.125, 16, 6, False, 5),
    "full": (64, 4, 2, 1.0, 32, 2, True, 0),
}


def noise(seed, n):
    """[-1, 1): the upper 53 bits of output i of SplitMix64."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1


class Net:
    def __init__(self, base, stages, blocks, mult, has_norm):
        self.has_norm = has_norm
        self.names, self.parameters, self.kept = [], [], {}
        widths = [max(8, round(base * mult * 2**s)) for s in range(stages)]
        self.blocks = []
        self.conv("stem", 3, widths[0], 3, 1)
        previous = widths[0]
        for s, width in enumerate(widths):
            for b in range(blocks):
                stride = 2 if b == 0 and s > 0 else 1
                prefix = f"{s + 1}.{b}."
                self.conv(prefix + "c1", previous, width, 3, stride)
                self.conv(prefix + "c2", width, width, 3, 1)
                projects = stride != 1 or previous != width
                if projects:
                    self.conv(prefix + "sc", previous, width, 1, stride)
                self.blocks.append((prefix, stride, projects))
                previous = width
        spread = 1 / math.sqrt(previous)
        self.add("fc.weight", (10, previous), spread)
        self.add("fc.bias", (10,), spread)

    def add(self, name, shape, spread, middle=0.0):
        seed = 1000 + len(self.names)
        values = middle + spread * noise(seed, int(np.prod(shape)))
        self.names.append(name)
        self.parameters.append(torch.tensor(values.reshape(shape), requires_grad=True))

    def conv(self, name, n_in, n_out, kernel, stride):
        self.add(name + ".weight", (n_out, n_in, kernel, kernel),
                 math.sqrt(3) * math.sqrt(2 / (kernel * kernel * n_out)))
        if not self.has_norm:
            self.add(name + ".bias", (n_out,), 0.1)
            return
        norm = self.norm_of(name)
        self.add(norm + ".weight", (n_out,), 0.2, 1.0)
        self.add(norm + ".bias", (n_out,), 0.2)
        self.kept[norm + ".running_mean"] = torch.zeros(n_out, dtype=torch.float64)
        self.kept[norm + ".running_var"] = torch.ones(n_out, dtype=torch.float64)

    @staticmethod
    def norm_of(conv):
        if conv == "stem":
            return "stem_norm"
        prefix, part = conv.rsplit(".", 1)
        return prefix + "." + {"c1": "n1", "c2": "n2", "sc": "nsc"}[part]

    def __call__(self, x, training, track):
        at = dict(zip(self.names, self.parameters))

        def conv(name, x, stride, pad):
            x = F.conv2d(x, at[name + ".weight"], at.get(name + ".bias"), stride, pad)
            if not self.has_norm:
                return x
            norm = self.norm_of(name)
            mean, var = self.kept[norm + ".running_mean"], self.kept[norm + ".running_var"]
            if training and not track:
                mean, var = mean.clone(), var.clone()
            return F.batch_norm(x, mean, var, at[norm + ".weight"], at[norm + ".bias"], training,
                                0.1, 1e-5)

        x = F.relu(conv("stem", x, 1, 1))
        for prefix, stride, projects in self.blocks:
            y = conv(prefix + "c2", F.relu(conv(prefix + "c1", x, stride, 1)), 1, 1)
            x = F.relu(y + (conv(prefix + "sc", x, stride, 0) if projects else x))
        return F.linear(x.mean((2, 3)), at["fc.weight"], at["fc.bias"])


def report(case, what, name, value):
    print(f"{case},{what},{name},{float(value):.15g}")


def report_parts(case, what, net, parts):
    for name, part in zip(net.names, parts):
        report(case, what, name, part.norm())
        report(case, what + "_at", name, part.flatten()[part.numel() // 2])


def run(case, base, stages, blocks, mult, side, n, has_norm, n_steps):
    net = Net(base, stages, blocks, mult, has_norm)
    images = torch.tensor(noise(7, n * 3 * side * side).reshape(n, 3, side, side))
    labels = torch.tensor([(3 * i + 1) % 10 for i in range(n)])
    loss = F.cross_entropy(net(images, True, False), labels)
    report(case, "loss", "-", loss)
    gradient = torch.autograd.grad(loss, net.parameters, create_graph=True)
    report_parts(case, "gradient", net, gradient)
    flat = torch.tensor(noise(8, sum(p.numel() for p in net.parameters)))
    slope, at = 0, 0
    for part in gradient:
        slope = slope + (part.flatten() * flat[at:at + part.numel()]).sum()
        at += part.numel()
    report_parts(case, "product", net, torch.autograd.grad(slope, net.parameters))
    optimiser = torch.optim.SGD(net.parameters, 0.05, 0.9, weight_decay=5e-4)
    for i in range(n_steps):
        optimiser.zero_grad()
        loss = F.cross_entropy(net(images, True, True), labels)
        loss.backward()
        optimiser.step()
        report(case, "step", i, loss)
    if n_steps > 0:
        for name, values in net.kept.items():
            report(case, "kept", name, values.norm())
        report(case, "frozen", "-", F.cross_entropy(net(images, False, False), labels))


print("case,what,name,value")
for case, settings in CASES.items():
    run(case, *settings)
