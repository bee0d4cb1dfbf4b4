#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""npy_cases.py FOLDER GOLDEN: writes small archives with NumPy, and what they hold as text.

Regenerate: python3 tests/reference/npy_cases.py tests/reference/npy_cases tests/reference/npy_cases.golden
A line is `file array type fortran shape values...`; a complex number is two values, a text is quoted in hex.
"""

import io
import struct
import sys
import zipfile
import zlib

import numpy as np

rng = np.random.default_rng(7)


def stack(dtype):
    values = rng.integers(0, 200, (4, 3, 5))
    if np.dtype(dtype).kind == "c":
        return (values / 8 - 1j * values[::-1] / 4).astype(dtype)
    return (values / 4 if np.dtype(dtype).kind == "f" else values % 100).astype(dtype)


def arrays():
    named = {f"stack_{np.dtype(t).name}": stack(t) for t in ("f4", "f8", "c8", "c16", "i2", "i4", "i8", "u2", "u4", "u8")}
    named["signed"] = np.array([-128, -1, 0, 127], "i1")
    named["bytes"] = np.arange(7, dtype="u1")
    named["flags"] = np.array([[True, False], [False, True]])
    named["fortran"] = np.asfortranarray(stack("f4"))
    named["fortran_1"] = np.asfortranarray(np.arange(4.0))
    named["scalar"] = np.float64(2.5)
    named["count"] = np.int64(-(2**40))
    named["none"] = np.zeros((0, 3), "f4")
    named["no_width"] = np.zeros((3, 0), "f4")
    named["text"] = np.array('{"name": "\u03c6 \U0001f600"}')
    named["texts"] = np.array(["a", "", "\u00e9t\u00e9"])
    named["big"] = np.arange(3, dtype=">f4")
    named["records"] = np.zeros(2, [("x", "<f4"), ("y", "<i8", (2,))])
    named["objects"] = np.array([{"a": 1}, None], dtype=object)
    return named


def shape_of(array):
    return "x".join(map(str, array.shape)) or "-"


def values_of(array):
    if array.dtype.kind == "U":
        return [text.encode().hex() or "-" for text in array.ravel()]
    if array.dtype.kind == "c":
        return [repr(float(part)) for value in array.ravel() for part in (value.real, value.imag)]
    if array.dtype.kind == "b":
        return [str(int(value)) for value in array.ravel()]
    return [repr(value) for value in array.ravel().tolist()]


def line(file, name, array):
    if array.dtype.kind in "OV" or array.dtype.byteorder == ">":
        return f"{file} {name} refused - -"
    kind = "text" if array.dtype.kind == "U" else array.dtype.name
    fortran = int(array.flags.f_contiguous and not array.flags.c_contiguous)
    return " ".join([file, name, kind, str(fortran), shape_of(array), *values_of(array)])


def zip64(path, array):
    """An archive whose directory says everything in its ZIP64 fields, as one above 4 GiB does."""
    body = io.BytesIO()
    np.lib.format.write_array(body, array)
    body = body.getvalue()
    name, crc, all_ones = b"wide.npy", zlib.crc32(body), 0xFFFFFFFF
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0, 0, 0, 33, crc, all_ones, all_ones, len(name), 20)
    local += name + struct.pack("<HHQQ", 1, 16, len(body), len(body)) + body
    entry = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 45, 45, 0, 0, 0, 33, crc, all_ones, all_ones, len(name), 38, 0, 0, 0, 0, all_ones)
    entry += name + struct.pack("<HHHxx", 0x7075, 6, 0) + b"xxxx"[:2] + struct.pack("<HHQQQ", 1, 24, len(body), len(body), 0)
    end64 = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1, 1, len(entry), len(local))
    locator = struct.pack("<IIQI", 0x07064B50, 0, len(local) + len(entry), 1)
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, all_ones, all_ones, 7) + b"comment"
    with open(path, "wb") as out:
        out.write(local + entry + end64 + locator + end)
    assert np.array_equal(np.load(path)["wide"], array)


def main(folder, golden):
    named = arrays()
    lines = []
    np.savez(f"{folder}/stored.npz", **named)
    np.savez_compressed(f"{folder}/deflated.npz", **named)
    for file in ("stored.npz", "deflated.npz"):
        lines += [line(file, name, np.asanyarray(array)) for name, array in named.items()]
    for version in (1, 2, 3):
        array = stack("f4")[:version]
        with open(f"{folder}/v{version}.npy", "wb") as out:
            np.lib.format.write_array(out, array, version=(version, 0))
        lines.append(line(f"v{version}.npy", "-", array))
    with zipfile.ZipFile(f"{folder}/mixed.npz", "w") as mixed:  # other members, a folder
        mixed.writestr(zipfile.ZipInfo("_metadata.json"), "{}")
        mixed.writestr(zipfile.ZipInfo("folder/"), "")
        inner = io.BytesIO()
        np.save(inner, np.arange(3))
        mixed.writestr(zipfile.ZipInfo("folder/inner.npy"), inner.getvalue(), zipfile.ZIP_DEFLATED)
    lines.append(line("mixed.npz", "folder/inner", np.arange(3)))
    wide = stack("i4")
    zip64(f"{folder}/zip64.npz", wide)
    lines.append(line("zip64.npz", "wide", wide))
    with open(golden, "w") as out:
        out.write("\n".join(lines) + "\n")


main(*sys.argv[1:])
