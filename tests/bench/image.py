#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""image.py BUILD [--reps N] [--threads N]: metrics, registration, stitching and npz reading beside NumPy's.

The same arrays in the same run, one after the other and round by round; ratios are of one round's times by the
clock and their median is given, and that of the processor's times beside it: on a machine that others use these
say more. The peers run as they come, on as many threads as they take by themselves. The results are compared
too. A target that is not met is said so; the benchmark fails where a ratio is below two thirds of the one that
was reached when REACHED was written down, where results differ, or where ours cannot run. Needs python3-numpy, python3-scipy, python3-skimage.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
    from scipy.ndimage import gaussian_filter
    from skimage.metrics import structural_similarity
    from skimage.registration import phase_cross_correlation
except ImportError as missing:
    sys.exit(f"image.py: {missing}; apt-get install python3-numpy python3-scipy python3-skimage")

# name: how many times as fast as the peer it must be, and how many times it was on two cores with others at work.
TARGETS = {
    "ssim 512": 5,
    "ssim 2048": 5,
    "ms_ssim 512": 5,
    "ms_ssim 2048": 5,
    "frc 512": 5,
    "frc 2048": 5,
    "register 512": 5,
    "register 2048": 5,
    "stitch": 10,
    "read": 0.8,
}
REACHED = {
    "ssim 512": 10,
    "ssim 2048": 20,
    "ms_ssim 512": 6,
    "ms_ssim 2048": 10,
    "frc 512": 6,
    "frc 2048": 9,
    "register 512": 6,
    "register 2048": 5.5,
    "stitch": 500,
    "read": 0.9,
}
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
CROP, PATCH, GROUPS = 20, 32, 5088
PLAIN_PATCHES = 100
CALLS = 5


def images(side):
    rng = np.random.default_rng(side)
    spectrum = np.fft.rfft2(rng.random((side, side)))
    spectrum *= np.exp(-np.hypot(*np.meshgrid(np.fft.rfftfreq(side), np.fft.fftfreq(side))) * 20)
    t = np.fft.irfft2(spectrum)
    t = (t - t.min()) / np.ptp(t)
    phase = np.exp(-2j * np.pi * (1.3 * np.fft.fftfreq(side)[:, None] - 0.74 * np.fft.rfftfreq(side)))
    return t, np.fft.irfft2(np.fft.rfft2(t) * phase) + 0.01 * rng.standard_normal((side, side))


def ssim(t, p):
    return structural_similarity(t, p, data_range=1)


def ms_ssim(t, p):
    t, p = gaussian_filter(t, 1), gaussian_filter(p, 1)
    data_range, value = max(np.ptp(t), np.ptp(p)), 1.0
    for weight in WEIGHTS:
        level = structural_similarity(t, p, data_range=data_range)
        value *= max(level, 1e-4) ** weight
        t, p = t[::2, ::2], p[::2, ::2]
    return value


def frc(t, p):
    n = len(t)
    a, b = np.fft.fftshift(np.fft.fft2(t)), np.fft.fftshift(np.fft.fft2(p))
    y, x = np.ogrid[: n, : n]
    ring = np.round(np.hypot(x - n // 2, y - n // 2)).astype(int).ravel()
    cross = np.bincount(ring, (a * b.conj()).real.ravel())
    energy = np.bincount(ring, (np.abs(a) ** 2).ravel()) * np.bincount(ring, (np.abs(b) ** 2).ravel())
    return (np.abs(cross) / np.sqrt(energy)).sum()


def register(t, p):
    dy, dx = phase_cross_correlation(t.astype("f4"), p.astype("f4"), upsample_factor=50)[0]
    return dy * 1000 + dx


def scan():
    rng = np.random.default_rng(1)
    positions = rng.random((GROUPS * 4, 2)) * 400
    patches = rng.random((GROUPS * 4, PATCH, PATCH, 2), dtype="f4").view("c8")[..., 0]
    return patches, positions


def translate(canvas, dy, dx):
    """The whole canvas moved by bilinear sampling: what a patch costs when its footprint is not used."""
    y, x = int(np.floor(dy)), int(np.floor(dx))
    fy, fx = dy - y, dx - x
    moved = np.roll(canvas, (y, x), (0, 1))
    down = np.roll(moved, 1, 0)
    moved = (1 - fy) * moved + fy * down
    return (1 - fx) * moved + fx * np.roll(moved, 1, 1)


def stitch(patches, positions):
    """A few patches; the time of all is as many times as long. Weights of these only: not compared."""
    ways = (positions - positions.mean(0)).astype("f4")
    pad = int(np.ceil(np.abs(ways).max()))
    pad += pad % 2
    side, skip = CROP + 2 * pad, (PATCH - CROP) // 2
    total, weight = np.zeros((side, side), "c16"), np.zeros((side, side))
    for patch, (dx, dy) in zip(patches[:PLAIN_PATCHES], ways):
        canvas, ones = np.zeros((side, side), "c8"), np.zeros((side, side))
        canvas[pad : pad + CROP, pad : pad + CROP] = patch[skip : skip + CROP, skip : skip + CROP]
        ones[pad : pad + CROP, pad : pad + CROP] = 1
        total += translate(canvas, dy, dx)
        weight += translate(ones, dy, dx)
    return None


def ours(operation, path, reps):
    """Seconds by the clock and of the processor, the least of each; what came out."""
    said = subprocess.run(
        [RUNNER, operation, path, str(ARGS.threads), str(reps)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.split()
    times = [float(word) for word in said[:-1]]
    return min(times[::2]), min(times[1::2]), float(said[-1])


def processor():
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def timed(call, reps):
    """The same of a call."""
    clock, spent, value = [], [], None
    for _ in range(reps):
        start, before = time.perf_counter(), processor()
        value = call()
        clock.append(time.perf_counter() - start)
        spent.append(processor() - before)
    return min(clock), min(spent), value


def rounds(name, operation, path, peer, scale=1.0):
    """The shortest of CALLS calls each, round by round: seconds (the peer's, ours) by the clock and of the processor."""
    clock, spent = [], []
    for _ in range(ARGS.reps):
        theirs, theirs_spent, expected = timed(peer, CALLS)
        mine, mine_spent, value = ours(operation, path, CALLS)
        if expected is not None and not np.isclose(value, expected, rtol=1e-5, atol=1e-9):
            sys.exit(f"image.py: {name} gives {value}, the peer {expected}")
        clock.append((theirs * scale, mine))
        spent.append((theirs_spent * scale, mine_spent))
    return clock, spent


def verdict(name, pairs):
    clock, spent = pairs
    ratios = [theirs / mine for theirs, mine in clock]
    ratio = statistics.median(ratios)
    theirs, mine = (statistics.median(pair[i] for pair in clock) for i in (0, 1))
    theirs_spent, mine_spent = (statistics.median(pair[i] for pair in spent) for i in (0, 1))
    spent_ratio = statistics.median(theirs / mine for theirs, mine in spent)
    print(
        f"{name:14s} {mine * 1e3:8.2f} ms {theirs * 1e3:9.2f} ms {ratio:7.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        f"  processor {mine_spent * 1e3:8.2f} ms {theirs_spent * 1e3:9.2f} ms {spent_ratio:7.2f}"
        f"  target {TARGETS[name]:g}{'' if ratio >= TARGETS[name] else '  NOT MET'}",
        flush=True,
    )
    return ratio >= REACHED.get(name, 0) / 1.5


def cat(path):
    subprocess.run(["cat", path], check=True, stdout=subprocess.DEVNULL)


def main(folder):
    good = True
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'':14s} {'ours':>11s} {'the peer':>12s} {'times':>7s}")
    for side in (512, 2048):
        t, p = images(side)
        path = os.path.join(folder, f"{side}.npz")
        np.savez(path, t=t, p=p)
        for peer in (ssim, ms_ssim, frc, register):
            name = f"{peer.__name__} {side}"
            good &= verdict(name, rounds(name, peer.__name__, path, lambda: peer(t, p)))
    path = os.path.join(folder, "scan.npz")
    patches, positions = scan()
    np.savez(path, patches=patches, positions=positions)
    pairs = rounds("stitch", "stitch", path, lambda: stitch(patches, positions), len(patches) / PLAIN_PATCHES)
    good &= verdict("stitch", pairs)
    path = os.path.join(folder, "stack.npz")
    np.savez(path, stack=np.zeros((5088, 128, 128), "f4"))
    cat(path)
    good &= verdict("read", rounds("read", "read", path, lambda: cat(path)))
    return good


parser = argparse.ArgumentParser()
parser.add_argument("build")
parser.add_argument("--reps", type=int, default=5)
parser.add_argument("--threads", type=int, default=os.cpu_count())
ARGS = parser.parse_args()
RUNNER = os.path.join(ARGS.build, "tests", "bench", "image_run")
FOLDER = tempfile.mkdtemp(prefix="fwrun-bench-image-")
try:
    sys.exit(0 if main(FOLDER) else 1)
finally:
    shutil.rmtree(FOLDER)
