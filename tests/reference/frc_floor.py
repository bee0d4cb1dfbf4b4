#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""frc_floor.py: what the rings without energy of docs/pipelines/compare.md are, by five transforms that agree.

Run: python3 tests/reference/frc_floor.py. Needs python3-numpy, python3-scipy. Nothing reads its output: it is rounding,
and another machine's is another.
"""

import numpy as np
import scipy.fft

ROWS, COLUMNS = np.mgrid[:24, :24].astype(float)
AMPLITUDE = 1 + 0.5 * np.cos(2 * np.pi * COLUMNS / 8) * np.sin(2 * np.pi * ROWS / 12)
PHASE = 0.3 * np.sin(2 * np.pi * ROWS / 6) + 0.02 * COLUMNS
TRUTH = AMPLITUDE * np.exp(1j * PHASE)
ARM = 0.5 * (AMPLITUDE + 0.1 * np.cos(2 * np.pi * ROWS / 4)) * np.exp(1j * (PHASE + 0.1 * np.cos(2 * np.pi * COLUMNS / 6) + 0.4 - 0.01 * ROWS))
MATRIX = np.exp(-2j * np.pi * np.outer(np.arange(20), np.arange(20)) / 20)


def levelled(image):
    z = np.angle(image)[2:22, 2:22]
    y, x = np.mgrid[:20, :20] - 9.5
    return z - (x * z).sum() / (x * x).sum() * x - (y * z).sum() / (y * y).sum() * y - z.mean()


def rings(transform):
    a, b = transform(levelled(TRUTH)), transform(levelled(ARM))
    f = np.fft.fftfreq(20) * 20
    ring = np.round(np.hypot(f[:, None], f)).astype(int)
    for k in range(15):
        m = ring == k
        ea, eb = (abs(a[m]) ** 2).sum(), (abs(b[m]) ** 2).sum()
        yield abs((a[m] * b[m].conj()).sum()) / np.sqrt(ea * eb), ea / (abs(a) ** 2).sum(), eb / (abs(b) ** 2).sum()


for name, transform in (
    ("numpy", np.fft.fft2),
    ("scipy", scipy.fft.fft2),
    ("transposed", lambda z: np.fft.fft2(z.T).T),
    ("inverse", lambda z: np.conj(np.fft.ifft2(z)) * 400),
    ("matrix", lambda z: MATRIX @ z @ MATRIX),
):
    values = list(rings(transform))
    print(name, "rings 9 to 14:", *(f"{v[0]:.6f}" for v in values[9:]))
print("energy of rings 9 to 14, truth:", *(f"{v[1]:.0e}" for v in values[9:]), "arm:", *(f"{v[2]:.0e}" for v in values[9:]))
