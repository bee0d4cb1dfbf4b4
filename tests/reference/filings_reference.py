#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Features of filings and the views by week and month, worked out with pandas and nothing of this
project.

    tests/reference/filings_reference.py DIR

writes into DIR a small case, raw.csv, index.csv and daily.csv, and what the stages edgar_features and
multiscale must make of it: features.csv, weekly.csv, monthly.csv, stages.csv, edgar_weekly.csv and
edgar_monthly.csv. All are committed in tests/reference/filings_case/;
tests/plugins/test_filings_reference.c compares.

    tests/reference/filings_reference.py DIR RAW INDEX DAILY

does the same for three other tables (CSV, columns as those of the case) and writes totals.csv, too:
how many values each column has, and their sum. Those of the SEC's filings are committed as
tests/reference/filings_regcf.csv; tests/e2e/regcf/filings.cfg writes their three tables and compares.
Needs Debian's python3-pandas.
"""

import collections
import datetime
import fractions
import pathlib
import random
import sys

import pandas

ALPHA = 0.2
KEYS = ["cik", "filed_date", "acceptance_datetime", "accession_number"]
OFFER = ["entity_id", "platform_name", "offer_id"]
MEASURES = ["funding_raised_usd", "funding_goal_usd", "investors_count"]
NOTHING = {"", "(empty)", "nan", "None", "NaN", "<NA>"}
START = datetime.datetime(2023, 11, 20, tzinfo=datetime.timezone.utc)


def instant(text):
    """UTC, or NaT."""
    return pandas.to_datetime(text, utc=True, errors="coerce") if text else pandas.NaT


def number(text):
    """Python's own rule, for it is the reference's. Infinite values are missing."""
    try:
        value = float(text.strip().replace(",", ""))
    except ValueError:
        return None
    return value if abs(value) != float("inf") and value == value else None


class Figure:
    """What is known of one figure of one company after some of its filings."""

    def __init__(self):
        self.last, self.values, self.ema, self.gap = None, [], None, 0

    def add(self, value):
        self.last = value
        self.gap += 1
        if value is None:
            return
        self.values.append(value)
        weight = (1 - ALPHA) ** self.gap
        self.ema = value if self.ema is None else (weight * self.ema + ALPHA * value) / (weight + ALPHA)
        self.gap = 0

    def mean(self):
        return float(sum(map(fractions.Fraction, self.values)) / len(self.values)) if self.values else None


def known_filings(filings, names):
    """Of each company its filings in order, those that another one of the instant replaces left out."""
    accepted = filings["acceptance_datetime"].map(instant) if "acceptance_datetime" in filings else pandas.NaT
    filings = filings.assign(filed=filings["filed_date"].map(instant), accepted=accepted)
    filings = filings[filings["filed"].notna()]
    filings = filings.sort_values(["cik", "filed", "accepted", "accession_number"], kind="stable", na_position="first")
    filings = filings.drop_duplicates(["cik", "filed"], keep="last")
    known = collections.defaultdict(list)
    for row in filings.to_dict("records"):
        known[row["cik"]].append((row["filed"], [number(row[name]) for name in names]))
    return known


def features(filings, index):
    """Every row anew, from all filings up to its midnight: slow, and plain to see."""
    names = [name for name in filings.columns if name not in KEYS]
    known, rows = known_filings(filings, names), []
    for cik, text in zip(index["cik"], index["crawled_date_day"]):
        day = instant(text)
        if cik.strip() in NOTHING or day is pandas.NaT:
            continue
        day = day.floor("D")
        before = [filing for filing in known[cik] if filing[0] <= day]
        out = {"cik": cik, "crawled_date_day": day.strftime("%Y-%m-%d"),
               "edgar_filed_date": before[-1][0].strftime("%Y-%m-%d %H:%M:%S") if before else None}
        for at, name in enumerate(names):
            figure = Figure()
            for _, values in before:
                figure.add(values[at])
            out.update({f"last_{name}": figure.last, f"mean_{name}": figure.mean(), f"ema_{name}": figure.ema,
                        f"last_{name}_is_missing": figure.last is None if before else None})
        out["edgar_has_filing"] = out["edgar_valid"] = bool(before)
        rows.append(out)
    return pandas.DataFrame(rows).sort_values(["crawled_date_day", "cik"], kind="stable")


def period_start(days, period):
    if period == "week":
        return (days - pandas.to_timedelta(days.dt.weekday, unit="D")).dt.strftime("%Y-%m-%d")
    return days.dt.strftime("%Y-%m-01")


def offers_by(daily, period):
    rows = daily.sort_values("at", kind="stable").assign(snapshot_ts=period_start(daily["at"], period))
    return rows.groupby(OFFER + ["snapshot_ts"])[[m for m in MEASURES if m in rows]].last().reset_index()


def stages(daily):
    rows = daily.sort_values(["entity_id", "at"], kind="stable")
    step = rows.groupby("entity_id")["funding_raised_usd"].diff()
    rows["stage"] = (step.notna() & (step != 0)).groupby(rows["entity_id"]).cumsum().astype(int)
    rows["snapshot_ts"] = rows["at"].dt.strftime("%Y-%m-%d %H:%M:%S")
    return rows[OFFER + ["snapshot_ts", "stage"]]


def features_by(table, period):
    days = pandas.to_datetime(table["crawled_date_day"])
    rows = table.assign(period_start=period_start(days, period)).sort_values(["cik", "crawled_date_day"], kind="stable")
    return rows.groupby(["cik", "period_start"]).tail(1)


def make_case(dice):
    """Companies with gaps, filings of one instant, times with offsets, texts that are no numbers."""
    ciks = [f"{n:010d}" for n in (1, 12, 123, 1877762)] + ["12", "77"]
    filings, index, daily = [], [], []
    for n in range(160):
        moment = START + datetime.timedelta(days=dice.randrange(120))
        filed = dice.choice([moment.strftime("%Y-%m-%d")] * 6 + [moment.strftime("%Y-%m-%dT15:00:00Z"), "unknown", "",
                            (moment + datetime.timedelta(hours=3)).strftime("%Y-%m-%d %H:%M:%S") + "+05:00"])
        accepted = moment + datetime.timedelta(minutes=dice.randrange(3))
        filings.append({"cik": dice.choice(ciks[:-1]), "filed_date": filed,
                        "acceptance_datetime": dice.choice(["", accepted.strftime("%Y-%m-%d %H:%M:%S")]),
                        "accession_number": f"acc-{n:05d}",
                        "a": dice.choice(["", "Indefinite", " 1,250 ", "1e3", "inf", str(dice.randrange(9999) / 8)]),
                        "b": dice.choice(["", "", "$5", "-7.5", "1_000", str(dice.randrange(10**6))])})
    for cik in ciks + ["nan", "", "None"]:
        for _ in range(25):
            moment = START + datetime.timedelta(days=dice.randrange(130))
            index.append({"cik": cik, "crawled_date_day": dice.choice([moment.strftime("%Y-%m-%d")] * 9 + ["no day"])})
    for offer in range(6):
        for day in sorted(dice.sample(range(130), dice.choice([1, 20, 60]))):
            moment = START + datetime.timedelta(days=day)
            daily.append({"entity_id": f"p|{offer}", "platform_name": "p", "offer_id": f"o{offer}",
                          "snapshot_ts": moment.strftime("%Y-%m-%d %H:%M:%S"),
                          "funding_raised_usd": dice.choice(["", "100.5", "100.5", str(day // 20 * 50.25)]),
                          "funding_goal_usd": dice.choice(["", "5000.0"]),
                          "investors_count": dice.choice(["", str(float(day))])})
    for rows in (filings, index, daily):
        dice.shuffle(rows)
    frames = [pandas.DataFrame(rows) for rows in (filings, index, daily)]
    frames[1] = frames[1].drop_duplicates()
    return frames


def totals(name, table, day):
    """Rows of (table, column, values, sum): of the days, and of every number and truth."""
    days = (pandas.to_datetime(table[day]) - pandas.Timestamp(0)).dt.days
    lines = [(name, "rows", len(table), int(days.sum()))]
    for column in table.columns:
        if column.startswith(("last_", "mean_", "ema_", "edgar_has", "edgar_valid", "funding_", "stage")):
            values = table[column].dropna().astype(float)
            lines.append((name, column, len(values), repr(float(sum(map(fractions.Fraction, values))))))
    return lines


def main():
    folder = pathlib.Path(sys.argv[1])
    if len(sys.argv) == 2:
        filings, index, daily = make_case(random.Random(20231120))
        for name, table in (("raw", filings), ("index", index), ("daily", daily)):
            table.to_csv(folder / f"{name}.csv", index=False)
    else:
        filings, index, daily = (pandas.read_csv(path, dtype=str, keep_default_na=False) for path in sys.argv[2:5])
    daily = daily.assign(at=pandas.to_datetime(daily["snapshot_ts"]))
    for measure in MEASURES:
        if measure in daily:
            daily[measure] = daily[measure].map(number).astype(float)
    table = features(filings, index)
    made = {"features": (table, "crawled_date_day"), "stages": (stages(daily), "snapshot_ts")}
    for period in ("week", "month"):
        made[f"{period}ly"] = (offers_by(daily, period), "snapshot_ts")
        made[f"edgar_{period}ly"] = (features_by(table, period), "period_start")
    for name, (rows, _) in made.items():
        rows.to_csv(folder / f"{name}.csv", index=False)
    if len(sys.argv) > 2:
        lines = [line for name, (rows, day) in made.items() for line in totals(name, rows, day)]
        pandas.DataFrame(lines, columns=["name", "column", "n", "total"]).to_csv(folder / "totals.csv", index=False)
    print(f"{len(filings)} filings, {len(table)} rows, {int(table['edgar_has_filing'].sum())} of them with a filing")


if __name__ == "__main__":
    main()
