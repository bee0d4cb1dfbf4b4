#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""patchtst_reference.py: PatchTST, perceptrons and logistic regression as PyTorch's own modules have them, in float64.

/usr/bin/python3 tests/reference/patchtst_reference.py > tests/reference/patchtst.golden     (Debian: python3-torch)

A line each: the case, what, which tensor or number, value. Weights and inputs are formulas, so that the test needs no file
of them: weight i of all is scale * sin(1.3 i + 0.7), but number j of a normalisation's gamma 1 + 0.1 sin(j + 1), of its
beta 0.1 cos(j + 1); direction v_i = cos(0.9 i + 0.1); input k is sin(0.37 k + 0.2 (k mod 7)); label b is 1 where
b mod 3 is not 1. Gradients and Hessian-vector products come from autograd, and from autograd once more.
"""

import torch
from torch import nn

ADAM_STEPS = 6


class RevIn(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        mean = x.mean(1, keepdim=True)
        deviation = x.std(1, keepdim=True, unbiased=True) + 1e-5
        return (x - mean) / deviation * self.gamma + self.beta


class PatchTst(nn.Module):
    def __init__(self, channels, context, patch, stride, d, layers, heads, ff):
        super().__init__()
        self.patch, self.stride = patch, stride
        self.n = (context - patch) // stride + 1
        self.revin = RevIn(channels)
        self.project = nn.Linear(patch * channels, d)
        self.position = nn.Parameter(torch.zeros(self.n + 10, d))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(d, heads, ff, dropout=0, activation="gelu", batch_first=True, norm_first=True)
            for _ in range(layers))
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(self.n * d, 1)

    def forward(self, x):
        x = self.revin(x)
        starts = range(0, self.n * self.stride, self.stride)
        tokens = torch.stack([x[:, s:s + self.patch].flatten(1) for s in starts], 1)
        tokens = self.project(tokens) + self.position[:self.n]
        for layer in self.layers:
            tokens = layer(tokens)
        return self.head(self.norm(tokens).flatten(1)).squeeze(1)

    def ordered(self):
        """(name, tensor) in the order of layers, as the flat array has them."""
        yield from self.revin.named_parameters("revin")
        yield from self.project.named_parameters("patch")
        yield "position.table", self.position
        for i, layer in enumerate(self.layers):
            attention = layer.self_attn
            yield from affine(f"layer{i}.norm1", layer.norm1)
            yield f"layer{i}.qkv.weight", attention.in_proj_weight
            yield f"layer{i}.qkv.bias", attention.in_proj_bias
            yield from attention.out_proj.named_parameters(f"layer{i}.out")
            yield from affine(f"layer{i}.norm2", layer.norm2)
            yield from layer.linear1.named_parameters(f"layer{i}.ff1")
            yield from layer.linear2.named_parameters(f"layer{i}.ff2")
        yield from affine("norm", self.norm)
        yield from self.head.named_parameters("head")


def affine(name, norm):
    return [(f"{name}.gamma", norm.weight), (f"{name}.beta", norm.bias)]


class Mlp(nn.Module):
    def __init__(self, sizes, activation):
        super().__init__()
        self.linear = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.activation = activation

    def forward(self, x):
        for i, linear in enumerate(self.linear):
            x = linear(x if i == 0 else self.activation(x))
        return x.squeeze(1)

    def ordered(self):
        for i, linear in enumerate(self.linear):
            last = i == len(self.linear) - 1
            yield from linear.named_parameters("head" if last else f"hidden{i}")


def fill(tensors, scale):
    first = 0
    with torch.no_grad():
        for name, tensor in tensors:
            i = torch.arange(first, first + tensor.numel(), dtype=torch.float64)
            j = i - first + 1
            if name.endswith("gamma"):
                values = 1 + 0.1 * torch.sin(j)
            elif name.endswith("beta"):
                values = 0.1 * torch.cos(j)
            else:
                values = scale * torch.sin(1.3 * i + 0.7)
            tensor.copy_(values.view_as(tensor))
            first += tensor.numel()
    return first


def adam(case, net, x, labels):
    optimiser = torch.optim.Adam(net.parameters(), lr=0.001, weight_decay=0.01)
    for step in range(ADAM_STEPS):
        optimiser.zero_grad()
        value = nn.functional.binary_cross_entropy(torch.sigmoid(net(x)), labels)
        value.backward()
        optimiser.step()
        print(case, "adam", step, repr(value.item()))


def run(case, net, shape, scale):
    tensors = list(net.ordered())
    assert {id(t) for _, t in tensors} == {id(p) for p in net.parameters()}
    n = fill(tensors, scale)
    k = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    x = torch.sin(0.37 * k + 0.2 * (k % 7)).view(shape)
    labels = torch.tensor([float(b % 3 != 1) for b in range(shape[0])])

    print(case, "parameters", "all", n)
    logits = net(x)
    for b, logit in enumerate(logits):
        print(case, "logit", b, repr(logit.item()))
    loss = nn.functional.binary_cross_entropy(torch.sigmoid(logits), labels)  # probabilities, logs clamped at -100
    print(case, "loss", "mean", repr(loss.item()))
    parameters = [tensor for _, tensor in tensors]
    gradient = torch.autograd.grad(loss, parameters, create_graph=True)
    flat = torch.cat([g.flatten() for g in gradient])
    v = torch.cos(0.9 * torch.arange(n, dtype=torch.float64) + 0.1)
    product = torch.autograd.grad((flat * v).sum(), parameters, allow_unused=True)
    product = [h if h is not None else torch.zeros_like(p) for h, p in zip(product, parameters)]
    print(case, "gv", "all", repr((flat * v).sum().item()))
    print(case, "vhv", "all", repr((torch.cat([h.flatten() for h in product]) * v).sum().item()))
    for what, arrays in (("g", gradient), ("h", product)):
        for (name, _), array in zip(tensors, arrays):
            array = array.detach().flatten()
            print(case, f"{what}norm", name, repr(array.norm().item()))
            print(case, f"{what}mid", name, repr(array[len(array) // 2].item()))
            print(case, f"{what}last", name, repr(array[-1].item()))
    adam(case, net, x, labels)


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    run("small", PatchTst(3, 16, 8, 4, d=8, layers=2, heads=2, ff=16), (5, 16, 3), 0.5)
    run("s1_2m", PatchTst(25, 80, 16, 8, d=64, layers=4, heads=4, ff=256), (4, 80, 25), 0.1)
    run("mlp_gelu", Mlp([7, 6, 5, 1], nn.functional.gelu), (6, 7), 0.5)
    run("mlp_relu", Mlp([7, 6, 5, 1], nn.functional.relu), (6, 7), 0.5)
    run("logistic", Mlp([7, 1], None), (6, 7), 0.5)


if __name__ == "__main__":
    main()
