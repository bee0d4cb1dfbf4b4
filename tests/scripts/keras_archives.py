#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""keras_archives.py FOLDER: two small models as Keras writes them, and what they answer, by numpy, channels last.

Writes chain.h5 (configuration in the attributes), graph.keras (an archive), odd.h5 (with a Lambda layer), and set.npz: x, chain, graph.
"""
import io
import json
import pathlib
import sys
import zipfile

import h5py
import numpy as np

folder = pathlib.Path(sys.argv[1])
rng = np.random.default_rng(5)


def weights(*shape):
    return (rng.normal(size=shape) / 3).astype("f4")


def relu(x):
    return np.maximum(x, 0)


def conv(x, kernel, bias, same=True):
    pad = (kernel.shape[0] - 1) // 2 if same else 0
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    rows, cols = x.shape[1] - kernel.shape[0] + 1, x.shape[2] - kernel.shape[1] + 1
    out = np.zeros((len(x), rows, cols, kernel.shape[3]))
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            out += x[:, i:i + rows, j:j + cols] @ kernel[i, j]
    return out + bias


def pool(x):
    n, rows, cols, c = x.shape
    return x.reshape(n, rows // 2, 2, cols // 2, 2, c).max(axis=(2, 4))


def up(x):
    return x.repeat(2, axis=1).repeat(2, axis=2)


def layer(kind, name, inbound=None, **config):
    item = {"class_name": kind, "config": {"name": name, **config}}
    if inbound is not None:
        item["inbound_nodes"] = [[[source, 0, 0, {}] for source in inbound]] if inbound else []
    return item


def conv_layer(name, filters, activation, inbound=None, padding="same"):
    return layer("Conv2D", name, inbound, filters=filters, padding=padding, strides=[1, 1], activation=activation,
                 use_bias=True, data_format="channels_last", dilation_rate=[1, 1], groups=1)


def write_h5(name, config, arrays):
    with h5py.File(folder / name, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        for layer_name, values in arrays.items():
            group = file.create_group(f"model_weights/{layer_name}")
            names = [f"{layer_name}/{kind}:0" for kind in ("kernel", "bias")]
            group.attrs["weight_names"] = [n.encode() for n in names]
            for n, value in zip(names, values):
                group[n] = value


x = rng.normal(size=(20, 8, 8, 1)).astype("f4")

c1, d1, d2 = (weights(3, 3, 1, 4), weights(4)), (weights(4 * 4 * 4, 6), weights(6)), (weights(6, 3), weights(3))
h = pool(relu(conv(x, *c1)))
h = np.tanh(h.reshape(len(x), -1) @ d1[0] + d1[1])
chain = h @ d2[0] + d2[1]
config = {"class_name": "Sequential", "config": {"name": "chain", "layers": [
    layer("InputLayer", "image", batch_input_shape=[None, 8, 8, 1]),
    conv_layer("first", 4, "relu"),
    layer("MaxPooling2D", "pool", pool_size=[2, 2], strides=[2, 2], padding="valid"),
    layer("Flatten", "flat"), layer("Dropout", "drop", rate=0.5),
    layer("Dense", "hidden", units=6, activation="tanh", use_bias=True),
    layer("Dense", "last", units=3, activation="linear", use_bias=True)]}}
write_h5("chain.h5", config, {"first": c1, "hidden": d1, "last": d2})
config["config"]["layers"].insert(3, layer("Lambda", "own", function="..."))
write_h5("odd.h5", config, {"first": c1, "hidden": d1, "last": d2})

a, b, e = (weights(3, 3, 1, 3), weights(3)), (weights(3, 3, 3, 3), weights(3)), (weights(3, 3, 6, 2), weights(2))
h1 = relu(conv(x, *a))
h2 = up(pool(relu(conv(h1, *b))))
h3 = h1 + h2
graph = 1 / (1 + np.exp(-conv(np.concatenate([h2, h3], axis=3), *e, same=False)))
config = {"class_name": "Functional", "config": {"name": "graph", "layers": [
    layer("InputLayer", "image", [], batch_shape=[None, 8, 8, 1]),
    conv_layer("conv2d", 3, "relu", ["image"]), conv_layer("conv2d_1", 3, "relu", ["conv2d"]),
    layer("MaxPooling2D", "pool", ["conv2d_1"], pool_size=[2, 2], strides=[2, 2], padding="valid"),
    layer("UpSampling2D", "up", ["pool"], size=[2, 2], interpolation="nearest"),
    layer("Add", "sum", ["conv2d", "up"]), layer("Concatenate", "both", ["up", "sum"], axis=-1),
    conv_layer("head", 2, "sigmoid", ["both"], padding="valid")],
    "input_layers": [["image", 0, 0]], "output_layers": [["head", 0, 0]]}}
stored = io.BytesIO()
with h5py.File(stored, "w") as file:
    for group, values in (("conv2d", a), ("conv2d_1", b), ("head", e)):
        for i, value in enumerate(values):
            file[f"layers/{group}/vars/{i}"] = value
with zipfile.ZipFile(folder / "graph.keras", "w") as archive:
    archive.writestr("metadata.json", "{}")
    archive.writestr("config.json", json.dumps(config))
    archive.writestr("model.weights.h5", stored.getvalue())

# The nets of fwrun have channels first.
np.savez(folder / "set.npz", x=x, chain=chain, graph=graph.transpose(0, 3, 1, 2))
