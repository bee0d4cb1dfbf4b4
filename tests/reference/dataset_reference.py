#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dataset_reference.py: writes dataset_golden.txt, which tests/plugins/test_dataset.c reads.

plugins/lib/dataset in other words: the streams are written anew, images are cropped and stretched
by PyTorch (interpolate, bilinear, align_corners=False, antialias=False, which is what torchvision does
with tensors), parts and scales come from NumPy. Needs python3-numpy and python3-torch; lines are
NAME COUNT VALUES.
"""

import math

import numpy as np
import torch
import torch.nn.functional as functional

MASK = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15
SHUFFLE, AUGMENT = 2, 3


def splitmix(seed, j):
    z = (seed + (j + 1) * GAMMA) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


class Stream:
    def __init__(self, seed):
        self.seed, self.j = seed, 0

    def next(self):
        self.j += 1
        return splitmix(self.seed, self.j - 1)

    def uniform(self):
        return (self.next() >> 11) * 2.0**-53

    def below(self, n):
        return ((self.next() >> 32) * n) >> 32


def stream_seed(run_seed, stream, which, item):
    return splitmix(splitmix(splitmix(run_seed, stream), which), item)


def shuffled(items, seed):
    items, stream = list(items), Stream(seed)
    for last in range(len(items) - 1, 0, -1):
        chosen = stream.below(last + 1)
        items[last], items[chosen] = items[chosen], items[last]
    return items


# --- the data of the cases: made alike in the test ---


def images(n, channels, rows, cols):
    i = np.arange(n * channels * rows * cols, dtype=np.int64)
    return ((i * i * 31 + i * 7) % 251).astype(np.uint8).reshape(n, channels, rows, cols)


def classes(n):
    return np.array([(i * i + i // 5) % 4 for i in range(n)])


# --- augmentation ---


def crop_window(stream, scale_min, rows, cols):
    """torchvision.transforms.RandomResizedCrop.get_params, drawing from the stream."""
    low, high = 3 / 4, 4 / 3
    for _ in range(10):
        area = (scale_min + (1 - scale_min) * stream.uniform()) * rows * cols
        ratio = math.exp(math.log(low) + (math.log(high) - math.log(low)) * stream.uniform())
        width, height = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < width <= cols and 0 < height <= rows:
            top = stream.below(rows - height + 1)
            return top, stream.below(cols - width + 1), height, width
    if cols / rows < low:
        width, height = cols, round(cols / low)
    elif cols / rows > high:
        width, height = round(rows * high), rows
    else:
        width, height = cols, rows
    return (rows - height) // 2, (cols - width) // 2, height, width


def augmented(image, seed, crop_scale_min=0, pad=0, flip=0, turn=0):
    x = torch.from_numpy(image).to(torch.float32)[None] / 255
    rows, cols = image.shape[1:]
    stream = Stream(seed)
    if crop_scale_min > 0:
        top, left, height, width = crop_window(stream, crop_scale_min, rows, cols)
        x = x[:, :, top : top + height, left : left + width]
        x = functional.interpolate(x, size=(rows, cols), mode="bilinear", align_corners=False)
    if pad > 0:
        top = stream.below(2 * pad + 1)
        left = stream.below(2 * pad + 1)
        x = functional.pad(x, (pad, pad, pad, pad))[:, :, top : top + rows, left : left + cols]
    flips = stream.uniform() < flip
    turns = stream.uniform() < turn
    if flips:
        x = torch.flip(x, [3])
    if turns:
        x = torch.rot90(x, 2, [2, 3])
    return x[0].numpy().ravel()


def write(file, name, values):
    file.write(f"{name} {len(values)} {' '.join(f'{float(v):.9g}' for v in values)}\n")


def write_augmented(file, name, data, **how):
    for epoch in (0, 3):
        for sample in (0, 5, 11):
            values = augmented(data[sample], stream_seed(42, AUGMENT, epoch, sample), **how)
            write(file, f"{name}-{epoch}-{sample}", values)


# --- parts ---


def parts(labels, seed, val_share, test_share):
    val, test = [], []
    for label in range(labels.max() + 1):
        mixed = shuffled(np.flatnonzero(labels == label), splitmix(seed, label))
        n_val = math.floor(val_share * len(mixed) + 0.5)
        n_test = math.floor(test_share * len(mixed) + 0.5)
        val += mixed[:n_val]
        test += mixed[n_val : n_val + n_test]
    train = sorted(set(range(len(labels))) - set(val) - set(test))
    return train, sorted(val), sorted(test)


# --- gratings ---


def grating(seed, size, n_classes, noise, label):
    stream, spare = Stream(seed), []

    def normal():
        if not spare:
            radius = math.sqrt(-2 * math.log(1 - stream.uniform()))
            angle = 2 * math.pi * stream.uniform()
            spare.extend([radius * math.sin(angle), radius * math.cos(angle)])
        return spare.pop()

    def between(low, high):
        return low + (high - low) * stream.uniform()

    angle = label * math.pi / n_classes + 0.06 * normal()
    frequency, phase = between(0.18, 0.30), between(0, 2 * math.pi)
    amplitudes = [between(0.3, 1) for _ in range(3)]
    row, col = np.mgrid[0:size, 0:size]
    wave = np.sin(2 * np.pi * frequency * (col * math.cos(angle) + row * math.sin(angle)) + phase)
    drawn = np.array([normal() for _ in range(3 * size * size)]).reshape(3, size, size)
    return (np.array(amplitudes)[:, None, None] * wave + noise * drawn).ravel()


def main():
    data, labels = images(120, 3, 6, 9), classes(120)
    train, val, test = parts(labels, 7, 0.1, 0.15)
    with open("dataset_golden.txt", "w", encoding="ascii") as file:
        write_augmented(file, "crop", data, crop_scale_min=0.08, flip=0.5)
        write_augmented(file, "pad", data, pad=2, flip=0.5, turn=0.5)
        # Most windows that are drawn do not fit: several attempts.
        write_augmented(file, "retry", data, crop_scale_min=0.8, flip=0.5)
        # No ratio that is allowed fits an image this narrow: the centre.
        write_augmented(file, "centre", images(24, 1, 2, 40), crop_scale_min=1)
        write(file, "val", val)
        write(file, "test", test)
        for epoch in range(4):
            write(file, f"order-{epoch}", shuffled(train, stream_seed(5, SHUFFLE, epoch, 0)))
        scaled = data[train].astype(np.float64) / 255
        write(file, "means", scaled.mean(axis=(0, 2, 3)))
        write(file, "deviations", scaled.std(axis=(0, 2, 3)))
        write(file, "grating-train-13", grating(splitmix(10, 13), 6, 5, 0.5, 13 % 5))
        write(file, "grating-val-2", grating(splitmix(11, 2), 6, 5, 0.5, 2))


if __name__ == "__main__":
    main()
