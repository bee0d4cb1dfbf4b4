#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The 100 columns of market_features, worked out with numpy and pandas and nothing of this project.

    tests/reference/market_reference.py DIR

writes into DIR a generated series, market_series.csv, and the columns of some of its days,
market_golden.csv, once as they should be and, behind them with _ref, those that the reference gave
otherwise. Both are committed; tests/plugins/test_market_golden.c compares. Each window is looked at
anew and as it is defined, so that no shortcut is shared with what is tested. The series has closes
and bars without a move, days without volume, Mondays without trade, a week without any, and days
without a volatility index. Needs Debian's python3-pandas.
"""

import pathlib
import sys

import numpy as np
import pandas as pd

DAYS = 430
NAN = float("nan")


def series():
    dice = np.random.default_rng(20)
    days = pd.bdate_range("2019-03-01", periods=DAYS + 30)
    keep = dice.random(len(days)) > 0.02
    keep &= ~((days.weekday == 0) & (dice.random(len(days)) < 0.15))
    keep &= ~((days >= "2019-12-23") & (days <= "2019-12-27"))
    days = days[keep][:DAYS]
    n = len(days)
    moves = dice.normal(0.0003, 0.011, n)
    moves[dice.random(n) < 0.04] = 0
    close = np.round(100 * np.exp(np.cumsum(moves)), 2)
    open_ = np.round(np.roll(close, 1) * (1 + dice.normal(0, 0.004, n)), 2)
    open_[0] = 100
    high = np.round(np.maximum(open_, close) * (1 + np.abs(dice.normal(0, 0.005, n))), 2)
    low = np.round(np.minimum(open_, close) * (1 - np.abs(dice.normal(0, 0.005, n))), 2)
    flat = dice.random(n) < 0.02
    for price in (open_, high, low):
        price[flat] = close[flat]
    volume = np.round(np.exp(dice.normal(18, 0.4, n)))
    volume[dice.random(n) < 0.01] = 0
    vix = np.round(20 + np.cumsum(dice.normal(0, 0.4, n)), 2)
    vix[[300, 425, 426, 427, 428, 429]] = NAN
    return pd.DataFrame({"Date": days.strftime("%Y-%m-%d"), "Open": open_, "High": high,
                         "Low": low, "Close": close, "Volume": volume, "VIX": vix})


def each(values, n, function):
    """function of the n newest values of each day; NaN where one of them is."""
    values = np.asarray(values, float)
    out = np.full(len(values), NAN)
    for t in range(n - 1, len(values)):
        window = values[t - n + 1:t + 1]
        if not np.isnan(window).any():
            out[t] = function(window)
    return out


def mean(values, n):
    return each(values, n, np.mean)


def std(values, n, ddof=1):
    return each(values, n, lambda w: 0.0 if np.ptp(w) == 0 else np.std(w, ddof=ddof))


def top(values, n):
    return each(values, n, np.max)


def bottom(values, n):
    return each(values, n, np.min)


def back(values, k):
    return np.concatenate([np.full(k, NAN), np.asarray(values, float)[:-k]])


def diff(values, k):
    return values - back(values, k)


def pct(values, k):
    return 100 * (values / back(values, k) - 1)


def start(values):
    return int(np.argmax(~np.isnan(values)))


def ema(values, n):
    """Seeded with the mean of the first n values."""
    out = np.full(len(values), NAN)
    at = start(values) + n - 1
    out[at] = np.mean(values[at - n + 1:at + 1])
    for t in range(at + 1, len(values)):
        out[t] = out[t - 1] + 2 / (n + 1) * (values[t] - out[t - 1])
    return out


def ewm(values, span):
    return pd.Series(values).ewm(span=span, adjust=False).mean().to_numpy()


def wilder(values, n):
    out = np.full(len(values), NAN)
    at = start(values) + n - 1
    out[at] = np.mean(values[at - n + 1:at + 1])
    for t in range(at + 1, len(values)):
        out[t] = (out[t - 1] * (n - 1) + values[t]) / n
    return out


def dema(values, n):
    first = ema(values, n)
    return 2 * first - ema(first, n)


def or_else(values, other):
    return np.where(np.isfinite(values), values, other)


def ratio(a, b, other=NAN):
    with np.errstate(all="ignore"):
        return or_else(np.asarray(a, float) / np.asarray(b, float), other)


def rsi(close, n=14):
    move = diff(close, 1)
    gain = wilder(np.where(np.isnan(move), NAN, np.maximum(move, 0)), n)
    loss = wilder(np.where(np.isnan(move), NAN, np.maximum(-move, 0)), n)
    return np.where(np.isnan(gain), NAN, ratio(100 * gain, gain + loss, 0))


def stochrsi(close):
    x = rsi(close)
    low, high = bottom(x, 5), top(x, 5)
    out = np.where(np.isnan(low), NAN, ratio(100 * (x - low), high - low, 0))
    out[:20] = NAN
    return out


def macd(close, fast, slow, signal):
    """Both averages seeded on the same day."""
    slow_average = ema(close, slow)
    fast_average = np.full(len(close), NAN)
    fast_average[slow - 1] = np.mean(close[slow - fast:slow])
    for t in range(slow, len(close)):
        fast_average[t] = fast_average[t - 1] + 2 / (fast + 1) * (close[t] - fast_average[t - 1])
    line = fast_average - slow_average
    signal_line = ema(line, signal)
    line[np.isnan(signal_line)] = NAN
    return line, line - signal_line


def stc(close):
    def stochastic(values):
        low, high = bottom(values, 10), top(values, 10)
        return ratio(100 * (values - low), high - low, 50)
    line, _ = macd(close, 23, 50, 10)
    return np.clip(ewm(stochastic(ewm(stochastic(line), 3)), 3), 0, 100)


def true_range(d):
    before = back(d.c, 1)
    out = np.max([d.h - d.l, np.abs(d.h - before), np.abs(d.l - before)], axis=0)
    return out


def dmi(d, n=14):
    up, down = d.h - back(d.h, 1), back(d.l, 1) - d.l
    plus = np.where((up > 0) & (up > down), up, 0)
    minus = np.where((down > 0) & (down > up), down, 0)

    def smooth(values):
        out = np.full(len(values), NAN)
        total = np.sum(values[1:n])
        for t in range(n, len(values)):
            total = total - total / n + values[t]
            out[t] = total
        return out
    span = smooth(true_range(d))
    plus, minus = 100 * smooth(plus) / span, 100 * smooth(minus) / span
    dx = ratio(100 * np.abs(plus - minus), plus + minus)
    adx = np.full(len(dx), NAN)
    adx[2 * n - 1] = np.nansum(dx[n:2 * n]) / n
    for t in range(2 * n, len(dx)):
        adx[t] = adx[t - 1] if np.isnan(dx[t]) else (adx[t - 1] * (n - 1) + dx[t]) / n
    return plus, minus, adx


def supertrend(d, n=10, times=3):
    atr = wilder(true_range(d), n)
    middle = (d.h + d.l) / 2
    upper, lower = middle + times * atr, middle - times * atr
    line, way = np.full(len(atr), NAN), np.full(len(atr), NAN)
    line[n], way[n] = upper[n], -1
    for t in range(n + 1, len(atr)):
        if way[t - 1] == 1:
            q = max(lower[t], line[t - 1])
            line[t], way[t] = (q, 1) if d.c[t] >= q else (upper[t], -1)
        else:
            q = min(upper[t], line[t - 1])
            line[t], way[t] = (q, -1) if d.c[t] <= q else (lower[t], 1)
    return line, way


def days_since(distance, hides):
    sign = np.sign(distance)
    if not hides:
        sign = pd.Series(sign).replace(0, NAN).ffill().to_numpy()
    out, count = np.zeros(len(sign)), 0
    for t in range(len(sign)):
        before = sign[t - 1] if t > 0 else NAN
        crosses = sign[t] != before and sign[t] != 0 and before != 0
        count = 0 if crosses else count + 1
        out[t] = count
    return out


def klinger_signal(d):
    total, span = d.h + d.l + d.c, d.h - d.l
    force = np.zeros(len(total))
    trend, cumulated = -1.0, span[0]
    force[0] = d.v[0] * abs(2 * span[0] / (cumulated or 1) - 1) * trend * 100
    for t in range(1, len(total)):
        now = 1.0 if total[t] > total[t - 1] else -1.0
        cumulated = cumulated + span[t] if now == trend else span[t - 1] + span[t]
        trend = now
        force[t] = d.v[t] * abs(2 * span[t] / (cumulated or 1) - 1) * trend * 100
    return ewm(ewm(force, 34) - ewm(force, 55), 13)


def klinger_histogram(d):
    typical = (d.h + d.l + d.c) / 3
    force = (d.v * (d.h - d.l) * np.sign(diff(typical, 1)))[1:]
    line = ewm(force, 34) - ewm(force, 55)
    distance = line - ewm(line, 13)
    return np.concatenate([[0], ratio(distance, std(distance, 20), 0)])


def deviation(values, n):
    return each(values, n, lambda w: np.mean(np.abs(w - np.mean(w))))


def quantile(values, n, q):
    return each(values, n, lambda w: np.quantile(w, q))


def tail_mean(values, n, q):
    return each(values, n, lambda w: np.mean(w[w <= np.quantile(w, q)]))


def rank(values, n, ref):
    """Which share of the window is not above its last value; the reference: not below."""
    if ref:
        return each(values, n, lambda w: 100 * np.mean(w >= w[-1]))
    return each(values, n, lambda w: 100 * np.mean(w <= w[-1]))


def win_rate(returns, n):
    return each(returns, n, lambda w: np.mean(w > 0))


def downside(returns, n):
    def one(window):
        losses = window[window < 0]
        if len(losses) < 2 or np.ptp(losses) == 0:
            return 0.0
        return np.mean(window) / np.std(losses, ddof=1) * np.sqrt(252)
    return or_else(each(returns, n, one), 0)


def expectancy(returns, n):
    def one(window):
        wins, losses = window[window > 0], window[window < 0]
        w = len(wins) / len(window)
        gain = np.mean(wins) if len(wins) else 0
        loss = np.mean(losses) if len(losses) else 0
        return w * gain - (1 - w) * abs(loss)
    return each(returns, n, one)


def weekly(d, function, mondays_only):
    frame = pd.DataFrame({"close": d.c}, index=d.days)
    monday = frame.index - pd.to_timedelta(frame.index.weekday, unit="D")
    weeks = frame.groupby(monday).last()
    shown = pd.Series(function(weeks["close"].to_numpy()), weeks.index).shift(1)
    if mondays_only:
        return shown.reindex(frame.index).ffill().to_numpy()
    return shown.reindex(frame.index, method="ffill").to_numpy()


def aroon(values, extreme):
    """Bars since the latest of the extremes, as Aroon counts them."""
    return each(values, 26, lambda w: 100 * (25 - extreme(w[::-1])) / 25)


def nearest(values, low, high):
    return np.minimum(np.abs(values - low), np.abs(values - high))


def columns(d, ref):
    o, h, l, c, v, vix = d.o, d.h, d.l, d.c, d.v, d.vix
    typical = (h + l + c) / 3
    sma = {n: mean(c, n) for n in (9, 12, 20, 50, 100, 200)}
    spread = std(c, 20, 0)
    x, (line, histogram) = rsi(c), macd(c, 12, 26, 9)
    fast, slow = ewm(x, 5), ewm(x, 14)
    cycle = stc(c)
    atr = wilder(true_range(d), 14)
    atr_pct, width = 100 * atr / c, 100 * 4 * spread / sma[20]
    plus, minus, adx = dmi(d)
    trend, way = supertrend(d)
    flow = np.where(h > l, ratio((c - l) - (h - c), h - l, 0), 0) * v
    ad = np.cumsum(flow)
    adosc = ewm(ad, 3) - ewm(ad, 10)
    adosc[:9] = NAN
    obv = np.cumsum(np.concatenate([[v[0]], np.sign(np.diff(c)) * v[1:]]))
    r = c / back(c, 1) - 1
    R = 100 * r
    logs = np.log(c / back(c, 1))
    realized = {n: std(logs, n) * np.sqrt(252) * 100 for n in (5, 10, 21)}
    year = np.sqrt(252)
    sharpe = {n: ratio(mean(R, n), std(R, n), 0) * year for n in (20, 60, 252)}
    losses = np.where(np.isnan(R), NAN, np.minimum(R, 0))
    sortino = {n: ratio(mean(R, n), std(losses, n), 0) * year for n in (20, 60)}
    hh, ll = top(h, 14), bottom(l, 14)
    raw = np.where(np.isnan(hh), NAN, ratio(100 * (c - ll), hh - ll, 0))
    k = mean(raw, 3)
    stoch_d = mean(k, 3)
    k[np.isnan(stoch_d)] = NAN
    distance = deviation(typical, 14)
    up, down = np.maximum(diff(h, 1), 0), np.maximum(-diff(l, 1), 0)
    marker = ratio(mean(up, 14), mean(up, 14) + mean(down, 14), 0.5)
    money, sign = typical * v, np.sign(diff(typical, 1))
    gains = mean(np.where(np.isnan(sign), NAN, np.where(sign > 0, money, 0)), 14)
    pains = mean(np.where(np.isnan(sign), NAN, np.where(sign < 0, money, 0)), 14)
    vrp = {n: vix - realized[n] for n in (5, 10, 21)}
    change = diff(obv, 5)
    vpt = np.concatenate([[NAN], np.cumsum((v * r)[1:])])
    log_range, body = np.log(h / l) ** 2, np.log(c / o) ** 2
    hh44, ll44 = top(h, 44), bottom(l, 44)
    return {
        "dema_9": dema(c, 9), "dema_10": dema(c, 10), "sma_12": sma[12], "dema_20": dema(c, 20),
        "dema_25": dema(c, 25), "sma_50": sma[50], "dema_90": dema(c, 90), "sma_100": sma[100],
        "sma_200": sma[200], "rsi_daily": x, "rsi_weekly": weekly(d, rsi, ref),
        "stochrsi_daily": stochrsi(c), "stochrsi_weekly": weekly(d, stochrsi, ref),
        "macd_line": line, "obv": obv, "adosc": adosc, "atr_14": atr, "adx_14": adx,
        "bb_percent_b": ratio(c - (sma[20] - 2 * spread), 4 * spread),
        "vwap_20": ratio(mean(c * v, 20), mean(v, 20)),
        "return_1d": R, "return_5d": pct(c, 5), "return_21d": pct(c, 21), "return_63d": pct(c, 63),
        "return_252d": pct(c, 252), "qqe_fast": fast, "qqe_slow": slow,
        "qqe_fast_slow_spread": fast - slow, "stc_value": cycle, "stc_from_50": cycle - 50,
        "vrp_10d": vrp[10], "vrp_21d": vrp[21],
        "implied_vs_realized_ratio": ratio(vix, realized[21], 1),
        "sharpe_20d": sharpe[20], "sharpe_60d": sharpe[60], "sortino_20d": sortino[20],
        "sortino_60d": sortino[60], "rsi_slope": diff(x, 5), "rsi_extreme_dist": nearest(x, 30, 70),
        "price_pct_from_sma_50": 100 * (c / sma[50] - 1),
        "price_pct_from_sma_200": 100 * (c / sma[200] - 1),
        "sma_50_200_proximity": 100 * (sma[50] / sma[200] - 1), "atr_pct": atr_pct,
        "atr_pct_slope": diff(atr_pct, 5), "bb_width": width,
        "overnight_gap": 100 * (o / back(c, 1) - 1), "open_to_close_pct": 100 * (c / o - 1),
        "volume_ratio_20d": ratio(v, mean(v, 20)), "kvo_signal": klinger_signal(d),
        "macd_histogram": histogram, "return_1d_acceleration": diff(R, 1),
        "return_5d_acceleration": diff(pct(c, 5), 1), "qqe_slope": diff(fast, 5),
        "qqe_extreme_dist": nearest(fast, 20, 80), "stc_slope": diff(cycle, 5),
        "stc_extreme_dist": nearest(cycle, 25, 75), "demarker_value": marker,
        "demarker_from_half": marker - 0.5, "stoch_k_14": k, "stoch_d_14": stoch_d,
        "stoch_extreme_dist": nearest(k, 20, 80),
        "cci_14": np.where(np.isnan(distance), NAN,
                           ratio(typical - mean(typical, 14), 0.015 * distance, 0)),
        "mfi_14": np.where(np.isnan(gains), NAN, ratio(100 * gains, gains + pains, 0)),
        "williams_r_14": np.where(np.isnan(hh), NAN, ratio(-100 * (hh - c), hh - ll, 0)),
        "vrp_5d": vrp[5], "vrp_slope": diff(vrp[5], 1), "sharpe_252d": sharpe[252],
        "sortino_252d": downside(R, 252), "sharpe_slope_20d": diff(sharpe[20], 1),
        "sortino_slope_20d": diff(downside(R, 20), 1), "var_95": quantile(R, 20, 0.05),
        "var_99": quantile(R, 20, 0.01),
        "cvar_95": tail_mean(R, 20, 0.05),
        "sma_9_50_proximity": 100 * (sma[9] / sma[50] - 1), "sma_50_slope": diff(sma[50], 5),
        "sma_200_slope": diff(sma[200], 5),
        "days_since_sma_50_cross": days_since(c - sma[50], ref),
        "days_since_sma_200_cross": days_since(c - sma[200], ref), "ema_12": ema(c, 12),
        "ema_26": ema(c, 26), "atr_pct_percentile_60d": rank(atr_pct, 60, ref),
        "bb_width_percentile_60d": rank(width, 60, ref),
        "parkinson_volatility": 100 * np.sqrt(252 * mean(log_range, 20) / (4 * np.log(2))),
        "garman_klass_volatility": 100 * np.sqrt(252 * np.maximum(
            mean(0.5 * log_range - (2 * np.log(2) - 1) * body, 20), 0)),
        "vol_of_vol": std(std(R, 5) * year, 20), "adx_slope": diff(adx, 5),
        "di_spread": plus - minus,
        "aroon_oscillator": aroon(h, np.argmax) - aroon(l, np.argmin),
        "price_pct_from_supertrend": 100 * (c / trend - 1), "supertrend_direction": way,
        "obv_slope": ratio(change, std(change, 20), 0),
        "volume_price_trend": ratio(vpt, np.abs(mean(vpt, 20)), 0),
        "kvo_histogram": klinger_histogram(d),
        "accumulation_dist": ratio(ad, np.abs(mean(ad, 20)), 0),
        "expectancy_20d": expectancy(R, 20),
        "win_rate_20d": win_rate(R, 20),
        "buying_pressure_ratio": ratio(c - l, h - l, 0.5),
        "fib_range_position": np.where(np.isnan(hh44), NAN, ratio(c - ll44, hh44 - ll44, 0.5)),
        "prior_high_20d_dist": 100 * (c / top(h, 20) - 1),
        "prior_low_20d_dist": 100 * (c / bottom(l, 20) - 1),
    }


class Days:
    """The series as arrays: o, h, l, c, v, vix, and days."""

    def __init__(self, table):
        self.days = pd.DatetimeIndex(pd.to_datetime(table["Date"]))
        for short, name in zip(("o", "h", "l", "c", "v", "vix"), table.columns[1:]):
            setattr(self, short, table[name].to_numpy(float))


def main(folder):
    table = series()
    table.to_csv(folder / "market_series.csv", index=False)
    table = pd.read_csv(folder / "market_series.csv")
    days = Days(table)
    fixed, ref = columns(days, False), columns(days, True)
    assert len(fixed) == 100
    golden = pd.DataFrame(fixed)
    for name, values in ref.items():
        if not np.array_equal(values, fixed[name], equal_nan=True):
            golden[name + "_ref"] = values
    golden.insert(0, "t", range(len(golden)))
    shown = [t for t in range(len(golden)) if t % 12 == 0 or 250 <= t < 256 or t == 300 or t > 422]
    golden.iloc[shown].to_csv(folder / "market_golden.csv", index=False, float_format="%.15g")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
