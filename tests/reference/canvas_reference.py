#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""canvas_reference.py: arms laid on the box of a scan in four ways, and measured, by NumPy, SciPy and scikit-image.

Regenerate: python3 tests/reference/canvas_reference.py > tests/reference/canvas_golden.csv
Needs python3-numpy, python3-scipy, python3-skimage. The test makes the same scan again (test_compare_canvas.c).
"""

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

SIDE, N, CROP, IMAGES, CHOSEN, SEED, TRIM = 64, 16, 8, 60, 25, 3, 2
SOLVED, ORIGIN = (36, 38), (18.25, 16.5)
WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]


def lcg(n, x):
    values = np.empty(n)
    for i in range(n):
        x = (1664525 * x + 1013904223) % 2**32
        values[i] = x / 2**32
    return values


def field(x, y):
    return (1 + 0.4 * np.sin(x / 3) * np.cos(y / 4)) * np.exp(1j * (0.5 * np.sin(x / 6) + 0.3 * np.cos(y / 5)))


class Pcg32:
    """XSH-RR 64/32, as published."""

    def __init__(self, seed, stream):
        self.state, self.increment = 0, (stream << 1 | 1) % 2**64
        self.next()
        self.state = (self.state + seed) % 2**64
        self.next()

    def next(self):
        old = self.state
        self.state = (old * 6364136223846793005 + self.increment) % 2**64
        shifted, turn = ((old >> 18 ^ old) >> 27) % 2**32, old >> 59
        return (shifted >> turn | shifted << (-turn % 32)) % 2**32

    def below(self, limit):
        while (number := self.next()) < 2**32 % limit:
            pass
        return number % limit


def choose(k, n, seed):
    rng, numbers = Pcg32(seed, 0), list(range(n))
    for i in range(k):
        other = i + rng.below(n - i)
        numbers[i], numbers[other] = numbers[other], numbers[i]
    return sorted(numbers[:k])


def moved(image, shift):
    """Down and right, through the spectrum."""
    down, right = (np.exp(-2j * np.pi * s * np.fft.fftfreq(n)) for s, n in zip(shift, image.shape))
    return np.fft.ifft2(np.fft.fft2(image) * down[:, None] * right)


def stitch(patches, x, y, whole):
    """Each patch on a canvas of its own, moved there bilinearly; the canvas' middle is (x, y)."""
    cx, cy = x.mean(), y.mean()
    dx, dy = (np.float32(x - cx).astype(float), np.float32(y - cy).astype(float))
    pad = int(np.ceil(max(abs(dx).max(), abs(dy).max())))
    pad += pad % 2
    if whole:
        cx, cy, pad = np.round(cx), np.round(cy), pad + 2
        dx, dy = (np.float32(x - cx).astype(float), np.float32(y - cy).astype(float))
    side = CROP + 2 * pad
    total, weight = np.zeros((side, side), complex), np.zeros((side, side))
    first = N // 2 - CROP // 2
    for patch, right, down in zip(patches, dx, dy):
        for what, to in ((patch[first : first + CROP, first : first + CROP], total), (np.ones((CROP, CROP)), weight)):
            r, c = int(np.floor(down)), int(np.floor(right))
            fr, fc = down - r, right - c
            for i, a in ((0, 1 - fr), (1, fr)):
                for k, b in ((0, 1 - fc), (1, fc)):
                    top, left = pad + r + i, pad + c + k
                    piece = a * b * what
                    rows = slice(max(top, 0), min(top + CROP, side))
                    columns = slice(max(left, 0), min(left + CROP, side))
                    to[rows, columns] += piece[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return (total / (1e-9 + weight)).astype("c8").astype("c16"), weight > 0, (cy, cx)


def cut(image, top, left, height, width, outside=0):
    rows, columns = np.mgrid[top : top + height, left : left + width]
    inside = (rows >= 0) & (rows < image.shape[0]) & (columns >= 0) & (columns < image.shape[1])
    return np.where(inside, image[rows % image.shape[0], columns % image.shape[1]], outside)


def box_of(x, y):
    half = CROP // 2
    top, bottom = max(0, int(y.min()) - half), min(SIDE, int(y.max()) + half)
    left, right = max(0, int(x.min()) - half), min(SIDE, int(x.max()) + half)
    return top, left, bottom - top, right - left


def largest(mask):
    """By trying all tops and bottoms; of equal ones the one that ends first."""
    best, area = (0, 0, 0, 0), 0
    for bottom in range(1, mask.shape[0] + 1):
        for top in range(bottom - 1, -1, -1):
            run = 0
            for column, full in enumerate(np.append(mask[top:bottom].all(0), False)):
                if not full and run * (bottom - top) > area:
                    best, area = (top, column - run, bottom - top, run), run * (bottom - top)
                run = run + 1 if full else 0
    return best


def ssim(a, b, data_range):
    return structural_similarity(a, b, data_range=data_range)


def ms_ssim(a, b, sigma):
    if sigma:
        a, b = gaussian_filter(a, sigma), gaussian_filter(b, sigma)
    data_range, value = max(np.ptp(a), np.ptp(b)), 1.0
    for weight in WEIGHTS:
        if min(a.shape) < 7:
            break
        value *= max(ssim(a, b, data_range), 1e-4) ** weight
        a, b = a[::2, ::2], b[::2, ::2]
    return value


def frc50(a, b):
    n = min(a.shape)
    top, left = (a.shape[0] - n) // 2, (a.shape[1] - n) // 2
    a, b = (np.fft.fftshift(np.fft.fft2(i[top : top + n, left : left + n])) for i in (a, b))
    rows, columns = np.mgrid[:n, :n]
    ring = np.round(np.hypot(rows - n // 2, columns - n // 2)).astype(int).ravel()
    cross = a * b.conj()
    total = np.bincount(ring, cross.real.ravel()) + 1j * np.bincount(ring, cross.imag.ravel())
    ea, eb = (np.bincount(ring, (abs(i) ** 2).ravel()) for i in (a, b))
    curve = np.where((ea > 1e-12 * ea.sum()) & (eb > 1e-12 * eb.sum()), abs(total) / np.sqrt(ea * eb), np.nan)
    below = np.flatnonzero(curve < 0.5)
    if not below.size:
        return len(curve)
    i = below[0]
    return 0 if i == 0 else i - 1 + (0.5 - curve[i - 1]) / (curve[i] - curve[i - 1])


def plane_removed(phase, mask):
    rows, columns = np.mgrid[: phase.shape[0], : phase.shape[1]]
    basis = np.stack([columns, rows, np.ones_like(rows)], -1).astype(float)
    return phase - basis @ np.linalg.lstsq(basis[mask], phase[mask], rcond=None)[0]


def errors(t, p, mask):
    return [np.mean(abs(t - p)[mask]), np.mean(((t - p) ** 2)[mask])]


def measure(truth, arm, mask):
    top, left, height, width = largest(mask)
    window = np.s_[top : top + height, left : left + width]
    t, p = abs(truth), abs(arm)
    p = p * t[mask].mean() / p[mask].mean()
    values = errors(t, p, mask) + [ssim(t[window], p[window], np.ptp(t[window])), ms_ssim(t[window], p[window], 1), frc50(t[window], p[window])]
    t, p = plane_removed(np.angle(truth), mask), plane_removed(np.angle(arm), mask)
    values += errors(t, p, mask)
    ts, ps = ((i[window] + np.pi) / (2 * np.pi) for i in (t, p))
    return (height, width), values + [ssim(ts, ps, 1), ms_ssim(ts, ps, 0), frc50(t[window], p[window])]


def lay(canvas, covered, middle, box):
    """By positions: cut at the next whole pixel, after moving by what is left."""
    corner = np.array(box[:2]) + canvas.shape[0] // 2 - np.array(middle)
    first = np.round(corner).astype(int)
    if abs(corner - first).max() > 1e-9:
        canvas = moved(canvas, -(corner - first))
    return cut(canvas, *first, *box[2:]), cut(covered, *first, *box[2:], False)


def lay_given(solved, box):
    corner = np.array(box[:2]) - np.array(ORIGIN)
    first = np.round(corner).astype(int)
    covered = np.zeros(solved.shape, bool)
    covered[2:-2, 2:-2] = True
    return cut(moved(solved, -(corner - first)), *first, *box[2:]), cut(covered, *first, *box[2:], False)


def about_middle(image, box):
    first = [int((have - want) / 2) for have, want in zip(image.shape, box[2:])]  # towards zero
    return cut(image, *first, *box[2:]), np.ones(box[2:], bool)


def compare(fixed, legacy):
    top, left, height, width = box_of(*(all_places if fixed else places))
    canvas, covered, middle = stitch(patches[chosen], *places, whole=not legacy)
    if legacy and not fixed:
        sizes = [(height, width), canvas.shape, solved.shape]
        small = [min(size[axis] for size in sizes) for axis in (0, 1)]
        top, left, height, width = top + (height - small[0]) // 2, left + (width - small[1]) // 2, *small
    box = (top, left, height, width)
    if legacy:
        arms = [about_middle(canvas, box), about_middle(solved, box)]
    else:
        arms = [lay(canvas, covered, middle, box), lay_given(solved, box)]
    inner = np.s_[TRIM:-TRIM, TRIM:-TRIM]
    truth, mask = cut(thing, *box)[inner], (arms[0][1] & arms[1][1])[inner]
    for name, (pixels, own) in zip(("net", "solved"), arms):
        window, values = measure(truth, pixels[inner], mask)
        print(int(fixed), int(legacy), name, *truth.shape, mask.sum(), *window, *(f"{v:.9f}" for v in values), sep=",")


u = lcg(2 * IMAGES, 7)
all_places = 18 + 28 * u[::2] ** 2, 20 + 24 * u[1::2]
noise = lcg(IMAGES * N * N, 8).reshape(IMAGES, N, N)
rows, columns = np.mgrid[:N, :N]
patches = np.stack([0.8 * field(x + columns - N // 2, y + rows - N // 2) for x, y in zip(*all_places)])
patches = (patches * (1 + 0.1 * (noise - 0.5))).astype("c8").astype("c16")
rows, columns = np.mgrid[:SIDE, :SIDE]
thing = field(columns.astype(float), rows.astype(float))
rows, columns = np.mgrid[: SOLVED[0], : SOLVED[1]]
solved = 0.5 * field(columns + ORIGIN[1], rows + ORIGIN[0]) * np.exp(0.2j)
chosen = choose(CHOSEN, IMAGES, SEED)
places = all_places[0][chosen], all_places[1][chosen]
names = ("mae", "mse", "ssim", "ms_ssim", "frc50")
print("fixed,legacy,model,height,width,compared,window_height,window_width", *(f"{n}_{k}" for k in ("amplitude", "phase") for n in names), sep=",")
for fixed in (False, True):
    for legacy in (False, True):
        compare(fixed, legacy)
