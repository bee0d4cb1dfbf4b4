#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns a Keras model into model.json and weights.npz, for the predictor "weights".

  export-predictor.py MODEL FOLDER

MODEL is a .keras archive (config.json and model.weights.h5), or an .h5 file with the configuration in its attributes.
Nothing in it is executed: only JSON and arrays are read, so custom layers, Lambda layers and pickles are refused by name.
Needs python3-h5py and python3-numpy.
"""
import hashlib
import io
import json
import pathlib
import sys
import zipfile

import h5py
import numpy as np


def die(text):
    sys.exit(f"export-predictor: error: {text}")


def read_archive(path):
    """The configuration, and a function that gives the arrays of a layer by its name."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if "config.json" not in names or "model.weights.h5" not in names:
            die(f"{path}: no config.json and model.weights.h5 in it: {', '.join(names)}")
        config = json.loads(archive.read("config.json"))
        weights = h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r")
    groups = weights["layers"] if "layers" in weights else weights["_layer_checkpoint_dependencies"]
    kinds = {}

    def arrays(layer):
        # Groups are named by kind and number, in the order of the layers of that kind.
        name = layer["config"]["name"]
        if name in groups:
            group = groups[name]
        else:
            kind = snake(layer["class_name"])
            number = kinds.get(kind, 0)
            kinds[kind] = number + 1
            group = groups[kind if number == 0 else f"{kind}_{number}"]
        variables = group["vars"]
        return [np.array(variables[str(i)]) for i in range(len(variables))]

    return config, arrays


def read_h5(path):
    file = h5py.File(path, "r")
    if "model_config" not in file.attrs:
        die(f"{path}: no model_config in its attributes: these are weights alone")
    text = file.attrs["model_config"]
    config = json.loads(text if isinstance(text, str) else text.decode())

    def arrays(layer):
        group = file["model_weights"][layer["config"]["name"]]
        names = [n if isinstance(n, str) else n.decode() for n in group.attrs["weight_names"]]
        return [np.array(group[n]) for n in names]

    return config, arrays


def snake(name):
    return "".join("_" + c.lower() if c.isupper() and i and not name[i - 1].isupper() else c.lower()
                   for i, c in enumerate(name))


def inbound(layer):
    """Names of the layers that a layer reads, in either of the two ways that they are written."""
    nodes = layer.get("inbound_nodes", [])
    if not nodes:
        return []
    if len(nodes) > 1:
        die(f"layer {layer['config']['name']} is used {len(nodes)} times; give each use a layer of its own")

    def walk(item):
        if isinstance(item, dict):
            history = item.get("config", {}).get("keras_history") if item.get("class_name") == "__keras_tensor__" else None
            if history:
                yield history[0]
            else:
                for value in item.values():
                    yield from walk(value)
        elif isinstance(item, list):
            if len(item) >= 3 and isinstance(item[0], str) and isinstance(item[1], int):
                yield item[0]
            else:
                for value in item:
                    yield from walk(value)

    node = nodes[0]
    return list(walk(node.get("args", node) if isinstance(node, dict) else node))


def layers_of(config):
    """All layers with what they read, whether the model is a chain or a graph, and the outputs."""
    layers = config["config"]["layers"]
    if config["class_name"] == "Sequential":
        chain, before = [], None
        for layer in layers:
            chain.append((layer, [before] if before else []))
            before = layer["config"]["name"]
        if chain and chain[0][0]["class_name"] != "InputLayer":
            shape = chain[0][0]["config"].get("batch_input_shape") or config["config"].get("build_input_shape")
            first = {"class_name": "InputLayer", "config": {"name": "input", "batch_input_shape": shape}}
            chain = [(first, []), (chain[0][0], ["input"])] + chain[1:]
        return chain, [before]
    outputs = config["config"]["output_layers"]
    outputs = [outputs] if outputs and isinstance(outputs[0], str) else outputs
    return [(layer, inbound(layer)) for layer in layers], [item[0] for item in outputs]


class Export:
    """Layers one after another; Keras has channels last, the nets of fwrun have them first."""

    ACTIVATIONS = {"relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh", "swish": "swish", "silu": "swish",
                   "gelu": "gelu", "softmax": "softmax", "exponential": "exp"}

    def __init__(self):
        self.inputs, self.layers, self.weights = [], [], {}
        self.shape, self.alias = {}, {}
        self.flat = {}  # vectors that were images, and of what shape

    def add(self, name, op, source, **settings):
        self.layers.append({"op": op, "in": source, "out": name, **settings})

    def refuse(self, layer, why):
        die(f"layer {layer['config'].get('name')} ({layer['class_name']}): {why}")

    def activate(self, layer, name, source):
        """A layer of its own for the activation, where there is one; gives the last layer's name."""
        kind = layer["config"].get("activation", "linear")
        kind = kind if isinstance(kind, str) else kind.get("config", {}).get("name", "?")
        if kind == "linear":
            self.alias[name] = source
        elif kind in self.ACTIVATIONS:
            self.add(name, self.ACTIVATIONS[kind], source)
        else:
            self.refuse(layer, f"the activation {kind} is not known")

    def InputLayer(self, layer, _sources, _arrays):
        config = layer["config"]
        shape = config.get("batch_input_shape") or config.get("batch_shape")
        if not shape or any(n is None for n in shape[1:]) or len(shape) not in (2, 4):
            self.refuse(layer, f"its shape is {shape}, expected [null, numbers] or [null, rows, columns, channels]")
        size = shape[1:]
        self.shape[config["name"]] = tuple(size)
        self.inputs.append({"name": config["name"], "shape": size if len(size) == 1 else [size[2], size[0], size[1]]})

    def Conv2D(self, layer, sources, arrays):
        config, name = layer["config"], layer["config"]["name"]
        kernel = arrays[0]
        strides, rows, cols = config["strides"], *self.shape[sources[0]][:2]
        if config.get("data_format") == "channels_first" or tuple(config.get("dilation_rate", (1, 1))) != (1, 1) or \
                config.get("groups", 1) != 1 or strides[0] != strides[1]:
            self.refuse(layer, "channels first, dilation, groups and unequal strides are not handled")
        if config["padding"] == "same" and (strides[0] != 1 or kernel.shape[0] % 2 == 0 or kernel.shape[0] != kernel.shape[1]):
            self.refuse(layer, "padding \"same\" is handled for square filters of odd size and stride 1")
        pad = (kernel.shape[0] - 1) // 2 if config["padding"] == "same" else 0
        self.weights[f"{name}/filter"] = kernel.transpose(3, 2, 0, 1).astype("f4")
        settings = {"filter": f"{name}/filter", "pad": pad}
        if strides[0] != 1:
            settings["stride"] = strides[0]
        if config["use_bias"]:
            self.weights[f"{name}/bias"] = arrays[1].astype("f4")
            settings["bias"] = f"{name}/bias"
        self.add(f"{name}/linear", "conv2d", self.of(sources[0]), **settings)
        self.activate(layer, name, f"{name}/linear")
        self.shape[name] = ((rows + 2 * pad - kernel.shape[0]) // strides[0] + 1,
                            (cols + 2 * pad - kernel.shape[1]) // strides[0] + 1, kernel.shape[3])

    def Dense(self, layer, sources, arrays):
        name, kernel = layer["config"]["name"], arrays[0]
        if len(self.shape[sources[0]]) != 1:
            self.refuse(layer, "it reads an image; put a Flatten before it")
        before = self.flat.get(sources[0])
        if before:
            # Keras flattens row by row with the channels inside; here channels are outermost.
            rows, cols, channels = before
            kernel = kernel.reshape(rows, cols, channels, -1).transpose(2, 0, 1, 3).reshape(rows * cols * channels, -1)
        self.weights[f"{name}/weight"] = np.ascontiguousarray(kernel).astype("f4")
        settings = {"weight": f"{name}/weight"}
        if layer["config"]["use_bias"]:
            self.weights[f"{name}/bias"] = arrays[1].astype("f4")
            settings["bias"] = f"{name}/bias"
        self.add(f"{name}/linear", "dense", self.of(sources[0]), **settings)
        self.activate(layer, name, f"{name}/linear")
        self.shape[name] = (kernel.shape[1],)

    def Flatten(self, layer, sources, _arrays):
        name, shape = layer["config"]["name"], self.shape[sources[0]]
        if len(shape) == 3:
            self.flat[name] = shape
        self.shape[name] = (int(np.prod(shape)),)
        self.alias[name] = self.of(sources[0])

    def pool(self, layer, sources, op):
        config, name = layer["config"], layer["config"]["name"]
        size, strides = tuple(config["pool_size"]), tuple(config["strides"] or config["pool_size"])
        if size[0] != size[1] or strides != size or config["padding"] != "valid":
            self.refuse(layer, "windows are square, side by side, without padding")
        self.add(name, op, self.of(sources[0]), size=size[0])
        rows, cols, channels = self.shape[sources[0]]
        self.shape[name] = (rows // size[0], cols // size[0], channels)

    def MaxPooling2D(self, layer, sources, _arrays):
        self.pool(layer, sources, "maxpool")

    def AveragePooling2D(self, layer, sources, _arrays):
        self.pool(layer, sources, "avgpool")

    def UpSampling2D(self, layer, sources, _arrays):
        config, name = layer["config"], layer["config"]["name"]
        size = tuple(config["size"])
        if size[0] != size[1] or config.get("interpolation", "nearest") != "nearest":
            self.refuse(layer, "square and nearest is what there is")
        self.add(name, "upsample", self.of(sources[0]), size=size[0])
        rows, cols, channels = self.shape[sources[0]]
        self.shape[name] = (rows * size[0], cols * size[0], channels)

    def alike(self, name, source):
        """What comes out has the shape of what went in."""
        self.shape[name] = self.shape[source]
        if source in self.flat:
            self.flat[name] = self.flat[source]

    def Activation(self, layer, sources, _arrays):
        self.activate(layer, layer["config"]["name"], self.of(sources[0]))
        self.alike(layer["config"]["name"], sources[0])

    def ReLU(self, layer, sources, _arrays):
        config = layer["config"]
        if config.get("max_value") is not None or config.get("negative_slope", 0) or config.get("threshold", 0):
            self.refuse(layer, "a plain ReLU is what there is")
        self.add(config["name"], "relu", self.of(sources[0]))
        self.alike(config["name"], sources[0])

    def Softmax(self, layer, sources, _arrays):
        name = layer["config"]["name"]
        self.add(name, "softmax", self.of(sources[0]))
        self.alike(name, sources[0])

    def Dropout(self, layer, sources, _arrays):
        name = layer["config"]["name"]
        self.alias[name] = self.of(sources[0])
        self.alike(name, sources[0])

    def Concatenate(self, layer, sources, _arrays):
        name = layer["config"]["name"]
        shapes = [self.shape[s] for s in sources]
        if any(len(s) != 3 for s in shapes) or layer["config"].get("axis", -1) not in (-1, 3):
            self.refuse(layer, "images are put together along their channels")
        self.add(name, "concat", [self.of(s) for s in sources])
        self.shape[name] = (*shapes[0][:2], sum(s[2] for s in shapes))

    def Add(self, layer, sources, _arrays):
        name, sum_ = layer["config"]["name"], self.of(sources[0])
        for i, source in enumerate(sources[1:], 1):
            out = name if i == len(sources) - 1 else f"{name}/{i}"
            self.add(out, "add", [sum_, self.of(source)])
            sum_ = out
        self.alike(name, sources[0])

    def ZeroPadding2D(self, layer, sources, _arrays):
        name, padding = layer["config"]["name"], layer["config"]["padding"]
        (top, bottom), (left, right) = padding
        if top != bottom or left != right:
            self.refuse(layer, "as many zeros on either side is what there is")
        self.add(name, "pad", self.of(sources[0]), rows=top, cols=left)
        rows, cols, channels = self.shape[sources[0]]
        self.shape[name] = (rows + 2 * top, cols + 2 * left, channels)

    def of(self, name):
        while name in self.alias:
            name = self.alias[name]
        return name


def export(path, folder):
    config, arrays = read_archive(path) if zipfile.is_zipfile(path) else read_h5(path)
    layers, outputs = layers_of(config)
    net = Export()
    weighted = {"Conv2D", "Dense"}
    for layer, sources in layers:
        handler = getattr(net, layer["class_name"], None)
        if handler is None or not layer["class_name"][0].isupper():
            net.refuse(layer, "this kind of layer is not handled")
        handler(layer, sources, arrays(layer) if layer["class_name"] in weighted else [])
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "weights.npz", **net.weights)
    document = {"format": "fwrun-net/1", "name": config["config"].get("name", ""), "weights": "weights.npz",
                "sha256": hashlib.sha256((folder / "weights.npz").read_bytes()).hexdigest(),
                "inputs": net.inputs, "layers": net.layers, "outputs": [net.of(o) for o in outputs]}
    (folder / "model.json").write_text(json.dumps(document, indent=1) + "\n")
    print(f"{folder}/model.json: {len(net.layers)} layers, {sum(w.size for w in net.weights.values())} weights")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    export(*sys.argv[1:])
