#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""image_metrics.py: metrics of images that a test can make again, by NumPy, SciPy and scikit-image.

Regenerate: python3 tests/reference/image_metrics.py > tests/reference/image_metrics.golden
Needs python3-numpy, python3-scipy, python3-skimage. A line is `height width name values...`.
"""

import numpy as np
from scipy.ndimage import fourier_shift, gaussian_filter
from skimage.metrics import structural_similarity
from skimage.registration import phase_cross_correlation

WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])


def lcg(n, seed):
    values, x = [], seed
    for _ in range(n):
        x = (1664525 * x + 1013904223) % 2**32
        values.append(x / 2**32)
    return np.array(values)


def images(height, width):
    rows, columns = np.mgrid[:height, :width]
    t = 1 + 0.5 * np.cos(2 * np.pi * columns / 17) * np.sin(2 * np.pi * rows / 23) + 0.3 * lcg(height * width, 1).reshape(height, width)
    p = t + 0.4 * (lcg(height * width, 2).reshape(height, width) - 0.5)
    return t, p


def spots(height, width, dy, dx):
    """Periodic and smooth, so that a shift is exact and has one place to be."""
    rows, columns = np.mgrid[:height, :width]
    image = np.zeros((height, width))
    places = lcg(40, 3)
    for y, x in zip(places[:20] * height, places[20:] * width):
        r = (rows - y - dy + height / 2) % height - height / 2
        c = (columns - x - dx + width / 2) % width - width / 2
        image += np.exp(-(r * r + c * c) / 8)
    return image


def ssim_map(a, b, data_range):
    return structural_similarity(a, b, data_range=data_range)


def ms_ssim(a, b, sigma):
    if sigma:
        a, b = gaussian_filter(a, sigma), gaussian_filter(b, sigma)
    data_range = max(np.ptp(a), np.ptp(b))
    value, levels = 1.0, []
    for weight in WEIGHTS:
        if min(a.shape) < 7:
            break
        level = ssim_map(a, b, data_range)
        levels.append(level)
        value *= (1e-4 if level < 0 else level) ** weight
        a, b = a[::2, ::2], b[::2, ::2]
    return [value, *levels]


def contrast(a, b, data_range):
    windows = [np.lib.stride_tricks.sliding_window_view(image, (7, 7)).reshape(-1, 49) for image in (a, b)]
    c2 = (0.03 * data_range) ** 2
    x, y = (w - w.mean(1, keepdims=True) for w in windows)
    return np.mean((2 * (x * y).sum(1) / 48 + c2) / ((x * x).sum(1) / 48 + (y * y).sum(1) / 48 + c2))


def ms_ssim_std(a, b):
    data_range = max(np.ptp(a), np.ptp(b))
    levels = []
    while len(levels) < 5 and min(a.shape) >= 7:
        levels.append(contrast(a, b, data_range))
        last = ssim_map(a, b, data_range)
        h, w = a.shape[0] // 2, a.shape[1] // 2
        a, b = (i[: 2 * h, : 2 * w].reshape(h, 2, w, 2).mean((1, 3)) for i in (a, b))
    levels[-1] = last
    weights = WEIGHTS[: len(levels)] / WEIGHTS[: len(levels)].sum()
    return [np.prod(np.array(levels) ** weights), *levels]


def frc(a, b):
    n = min(a.shape)
    top, left = (a.shape[0] - n) // 2, (a.shape[1] - n) // 2
    a, b = (np.fft.fftshift(np.fft.fft2(i[top : top + n, left : left + n])) for i in (a, b))
    rows, columns = np.mgrid[:n, :n]
    ring = np.round(np.hypot(rows - n // 2, columns - n // 2)).astype(int).ravel()
    cross = a * b.conj()
    total = np.bincount(ring, cross.real.ravel()) + 1j * np.bincount(ring, cross.imag.ravel())
    energy = np.bincount(ring, (abs(a) ** 2).ravel()) * np.bincount(ring, (abs(b) ** 2).ravel())
    return np.abs(total) / np.sqrt(energy)


def crossing(curve, threshold):
    below = np.flatnonzero(curve < threshold)
    if not below.size:
        return len(curve)
    i = below[0]
    return 0 if i == 0 else i - 1 + (threshold - curve[i - 1]) / (curve[i] - curve[i - 1])


def moved(image, shift):
    return np.fft.ifft2(fourier_shift(np.fft.fft2(image), shift)).real


def say(shape, name, values):
    print(*shape, name, *(f"{float(v):.12g}" for v in np.atleast_1d(values)))


for shape in ((7, 9), (16, 16), (33, 20), (64, 64), (177, 346)):
    t, p = images(*shape)
    say(shape, "ssim", ssim_map(t, p, np.ptp(t)))
    say(shape, "ms_ssim_0", ms_ssim(t, p, 0))
    say(shape, "ms_ssim_1", ms_ssim(t, p, 1))
    say(shape, "ms_ssim_std", ms_ssim_std(t, p))
    say(shape, "blur_3", gaussian_filter(t, 3).ravel()[:: max(1, t.size // 7)])
    say(shape, "frc", frc(t, p))
    say(shape, "frc50", crossing(frc(t, p), 0.5))
    say(shape, "move", moved(t, (1.3, -0.74)).ravel()[:: max(1, t.size // 7)])
for shape in ((64, 64), (75, 50), (177, 346)):
    for shift in ((1.3, -0.74), (-2.5, 3.1), (0.0, 0.0)):
        a, b = spots(*shape, 0, 0), spots(*shape, *shift)
        offset = phase_cross_correlation(a.astype("f4"), b.astype("f4"), upsample_factor=50)[0]
        say(shape, f"register_{shift[0]}_{shift[1]}", offset)
