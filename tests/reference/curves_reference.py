#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What numpy and scipy make of a recorded run: the golden numbers of tests/plugins/test_callbacks.c.

Writes curves_run.csv, a generated run whose loss is 2 t^-0.35 with noise, and curves_golden.csv.
Nothing of fwrun is used: numpy.polyfit, numpy.hanning, numpy.fft, scipy.stats.

    python3 tests/reference/curves_reference.py
"""

import csv
import pathlib

import numpy as np
from scipy import stats

HERE = pathlib.Path(__file__).parent
EPOCHS, BATCHES = 20, 37


def generate():
    rng = np.random.default_rng(20)
    rows = []
    for i in range(EPOCHS * BATCHES):
        epoch, batch = divmod(i, BATCHES)
        t = (i + 1) / BATCHES
        rate = 0.05 * (1 + np.cos(np.pi * i / (EPOCHS * BATCHES))) + 0.001
        norm = 3 * t**-0.2 * np.exp(rng.normal(0, 0.1))
        quarter = batch + 1 in [k * BATCHES // 4 for k in range(1, 5)]
        rows.append({
            "step": i + 1, "epoch": epoch,
            "train_loss": f"{2 * t**-0.35 * (1 + rng.normal(0, 0.02)):.9f}",
            "val_loss": f"{2.1 * t**-0.33 * (1 + rng.normal(0, 0.01)):.9f}" if quarter else "",
            "grad_norm": f"{norm:.9f}", "lr": f"{rate:.9f}",
            "grad_norm_small": f"{np.sqrt(norm**2 + 640 / 16 * np.exp(rng.normal(0, 0.3))):.9f}",
            "grad_norm_big": f"{np.sqrt(norm**2 + 640 / 128 * np.exp(rng.normal(0, 0.3))):.9f}",
        })
    return rows


def ewma(x, a):
    m, v = x[0], 0.0
    for value in x[1:]:
        d = value - m
        m, v = a * value + (1 - a) * m, a * d * d + (1 - a) * v
    return m, v


def power_law(x, y):
    keep = (x > 0) & (y > 0)
    lx, ly = np.log(x[keep]), np.log(y[keep])
    b, log_a = np.polyfit(lx, ly, 1)
    return b, log_a, stats.pearsonr(lx, ly)[0] ** 2


def tail(x):
    n = len(x)
    p = np.abs(np.fft.rfft((x - x.mean()) * np.hanning(n))) ** 2
    k = np.arange(n // 2 + 1)
    low = p[(10 * k >= n) & (10 * k < 3 * n)].sum()
    return p[10 * k >= 3 * n].sum() / (low + 1e-10), p.sum(), p


def analyse(rows):
    def column(name):
        return np.array([float(r[name]) for r in rows if r[name] != ""])

    step, loss, norm, rate = (column(c) for c in ("step", "train_loss", "grad_norm", "lr"))
    val = column("val_loss")
    val_step = np.array([float(r["step"]) for r in rows if r["val_loss"] != ""])
    means = loss.reshape(EPOCHS, BATCHES).mean(1)
    knee = int(np.argmax(means <= 1.0))
    ends = [0] + [k * BATCHES // 4 for k in range(1, 5)]
    quarter = np.array([[loss[e * BATCHES + a:e * BATCHES + b].mean() for a, b in zip(ends, ends[1:])]
                        for e in range(knee, EPOCHS)]).ravel()
    quarter_step = np.array([[e * BATCHES + b for b in ends[1:]] for e in range(knee, EPOCHS)], float).ravel()
    b, log_a, r2 = power_law(step, loss)
    m, v = ewma(loss, 0.1)
    out = {
        "loss_slope/first_loss": loss[0], "loss_slope/last_loss": loss[-1],
        "loss_slope/last_loss_bits": loss[-1] / np.log(2),
        "loss_slope/alpha_5_15": np.polyfit(np.arange(5, 15), means[5:15], 1)[0],
        "loss_slope/alpha_full": np.polyfit(np.arange(knee, EPOCHS), means[knee:], 1)[0],
        "loss_slope/knee_epoch": knee, "loss_slope/burn_in_loss": means[knee],
        "loss_slope/r_squared": power_law(quarter_step / BATCHES, quarter)[2],
        "loss_slope/r_squared_val": power_law(val_step[val_step > knee * BATCHES] / BATCHES,
                                              val[val_step > knee * BATCHES])[2],
        "loss_slope/power_law_slope": b, "loss_slope/power_law_log_a": log_a,
        "loss_slope/power_law_r2": r2,
        "loss_slope/best_val_loss": val.min(), "loss_slope/best_val_step": val_step[val.argmin()],
        "loss_slope/ewma": m, "loss_slope/ewma_var_unbiased": v * (2 - 0.1) / 2,
        "grad/norm_mean": norm.mean(), "grad/norm_max": norm.max(),
        "grad/norm_ewma": ewma(norm, 0.1)[0], "grad/nonfinite": 0,
    }
    n = 2 * BATCHES
    x, y = step[-n:], loss[-n:]
    b, log_a, r2 = power_law(x, y)
    residual = y - np.exp(log_a) * x**b
    psd_tail, total, p = tail(residual)
    psd_b, _, psd_r2 = power_law(np.arange(n // 2 + 1) / n, p)
    small, big = np.mean(column("grad_norm_small") ** 2), np.mean(column("grad_norm_big") ** 2)
    gradient = (128 * big - 16 * small) / (128 - 16)
    trace = (small - big) / (1 / 16 - 1 / 128)
    out |= {
        "noise/window": n, "noise/residual_mode": 0, "noise/residual_power": np.mean(residual**2),
        "noise/power_law_slope": b, "noise/power_law_r2": r2, "noise/psd_tail": psd_tail,
        "noise/psd_tail_raw": tail(y)[0], "noise/total_power": total, "noise/psd_slope": psd_b,
        "noise/psd_slope_r2": psd_r2, "noise/gradient_variance": ewma(norm, 0.1)[1],
        "noise/gradient_variance_total": trace, "noise/noise_scale": trace / gradient,
    }
    at_val = [i for i, r in enumerate(rows) if r["val_loss"] != ""]
    for name, a, b in (("loss_val", loss[at_val], val), ("loss_norm", loss, norm),
                       ("loss_lr", loss, rate), ("norm_lr", norm, rate)):
        out[f"correlation/{name}_pearson"] = stats.pearsonr(a, b)[0]
        out[f"correlation/{name}_spearman"] = stats.spearmanr(a, b)[0]
    return out


def write(name, header, rows):
    with open(HERE / name, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    run = generate()
    write("curves_run.csv", list(run[0]), [list(r.values()) for r in run])
    write("curves_golden.csv", ["metric", "value"], [[k, repr(float(v))] for k, v in analyse(run).items()])
