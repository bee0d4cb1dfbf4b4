#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Nets for predictor_weights, and what PyTorch answers in double precision.

  net_reference.py    writes net_cases/NAME/{model.json,weights.npz,answers.npz} beside itself

Needs python3-numpy and python3-torch; the tests read what is committed.
"""
import hashlib
import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

here = pathlib.Path(__file__).resolve().parent
rng = np.random.default_rng(4711)


class Net:
    """Builds a document and its weights, and evaluates it on the way."""

    def __init__(self, x):
        self.values = {"x": torch.tensor(x, dtype=torch.float64)}
        self.weights, self.layers = {}, []

    def weight(self, *shape):
        name = f"w{len(self.weights)}"
        fan = math.prod(shape[1:]) if len(shape) > 1 else 4
        self.weights[name] = (rng.normal(size=shape) / math.sqrt(fan)).astype("f4")
        return name, torch.tensor(self.weights[name], dtype=torch.float64)

    def add(self, op, source, value, **settings):
        name = f"v{len(self.values)}"
        self.values[name] = value
        self.layers.append({"op": op, "in": source, "out": name, **settings})
        return name

    def conv(self, source, channels, k=3, post=None, stride=1, pad=None, bias=True):
        x = self.values[source]
        f, w = self.weight(channels, x.shape[1], k, k)
        settings, b = {"filter": f}, None
        if bias:
            settings["bias"], b = self.weight(channels)
        if stride != 1:
            settings["stride"] = stride
        if pad is not None:
            settings["pad"] = pad
        y = F.conv2d(x, w, b, stride=stride, padding=(k - 1) // 2 if pad is None else pad)
        if post:
            settings["post"], y = post, F.relu(y)
        return self.add("conv2d", source, y, **settings)

    def dense(self, source, n, post=None):
        x = self.values[source].flatten(1)
        name, w = self.weight(x.shape[1], n)
        bias, b = self.weight(n)
        y = x @ w + b
        settings = {"weight": name, "bias": bias}
        if post:
            settings["post"], y = post, F.relu(y)
        return self.add("dense", source, y, **settings)

    def map(self, op, source, function, **settings):
        return self.add(op, source, function(self.values[source]), **settings)

    def write(self, name, outputs, answers):
        folder = here / "net_cases" / name
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / "weights.npz", **self.weights)
        digest = hashlib.sha256((folder / "weights.npz").read_bytes()).hexdigest()
        x = self.values["x"].numpy().astype("f4")
        document = {"format": "fwrun-net/1", "weights": "weights.npz", "sha256": digest,
                    "inputs": [{"name": "x", "shape": list(x.shape[1:])}],
                    "layers": self.layers, "outputs": outputs}
        (folder / "model.json").write_text(json.dumps(document, indent=1) + "\n")
        np.savez(folder / "answers.npz", x=x, **{k: v.numpy() for k, v in answers.items()})


def images(n, channels, side):
    return rng.normal(size=(n, channels, side, side)).astype("f4").astype("f8")


def classifier():
    net = Net(images(5, 1, 12))
    h = net.conv("x", 4, post="relu")
    h = net.add("maxpool", h, F.max_pool2d(net.values[h], 2), size=2)
    h = net.conv(h, 6, k=3, stride=2, pad=0, bias=False)
    h = net.map("gelu", h, F.gelu)
    h = net.add("avgpool", h, F.avg_pool2d(net.values[h], 2), size=2)
    h = net.dense(h, 8, post="relu")
    h = net.dense(h, 3)
    p = net.map("softmax", h, lambda v: F.softmax(v, dim=1))
    net.write("classifier", [p, h], {"p": net.values[p], "logits": net.values[h]})


def u_shape(side=16, gridsize=2, scale=1):
    """The amplitude and phase networks of compare.md 13.1: no skip connections, heads whose last
    four channels make the part outside of the centre."""
    c = gridsize**2
    net = Net(images(3, c, side))
    h = net.map("scale", "x", lambda v: v / 0.494, by=1 / 0.494)
    for filters in (4, 8):
        h = net.conv(h, filters * scale, post="relu")
        h = net.conv(h, filters * scale, post="relu")
        h = net.add("maxpool", h, F.max_pool2d(net.values[h], 2), size=2)

    def decoder(h, last, by):
        for filters in (8, 4 + 4):
            h = net.conv(h, filters * scale, post="relu")
            h = net.conv(h, filters * scale, post="relu")
            if filters == 8 and net.values[h].shape[2] == side // 4:
                h = net.add("upsample", h, F.interpolate(net.values[h], scale_factor=2), size=2)
        channels = net.values[h].shape[1]
        inner = net.add("slice", h, net.values[h][:, : channels - 4], **{"from": 0, "to": channels - 4})
        outer = net.add("slice", h, net.values[h][:, channels - 4:], **{"from": channels - 4, "to": channels})
        inner = net.conv(inner, c)
        inner = net.map(*last[:1], inner, last[1])
        if by != 1:
            inner = net.map("scale", inner, lambda v: by * v, by=by)
        inner = net.add("pad", inner, F.pad(net.values[inner], (side // 4,) * 4), rows=side // 4, cols=side // 4)
        outer = net.add("upsample", outer, F.interpolate(net.values[outer], scale_factor=2), size=2)
        outer = net.conv(outer, c)
        outer = net.map("swish", outer, F.silu)
        return net.add("add", [inner, outer], net.values[inner] + net.values[outer])

    amplitude = decoder(h, ("sigmoid", torch.sigmoid), 1)
    phase = decoder(h, ("tanh", torch.tanh), math.pi)
    both = net.add("concat", [amplitude, phase],
                   torch.cat([net.values[amplitude], net.values[phase]], dim=1))
    ratio = net.add("multiply", [amplitude, phase], net.values[amplitude] * net.values[phase])
    answer = net.values[amplitude] * torch.exp(1j * net.values[phase])
    net.write("u_shape", [{"name": "object", "amplitude": amplitude, "phase": phase}, both, ratio],
              {"object": answer, "both": net.values[both], "ratio": net.values[ratio]})


classifier()
u_shape()
