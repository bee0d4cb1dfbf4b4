#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Which rows of a small crawl make its snapshot, chosen with pandas and nothing of this project.

    tests/reference/snapshot_reference.py DIR

writes into DIR the crawl, snapshot_crawl/{a,b,c}.csv, and what the stage `snapshot` must make of
it, snapshot_golden.csv. Both are committed; tests/plugins/test_snapshot_reference.c compares.
The crawl has late, equal, missing and unreadable times, offsets and missing keys.
Needs Debian's python3-pandas.
"""

import datetime
import pathlib
import random
import re
import sys

import pandas

COLUMNS = ["platform_name", "offer_id", "crawled_date_day", "crawled_date", "processed_datetime",
           "amount", "is_funded", "note"]
UTC = datetime.timezone.utc
START = datetime.datetime(2024, 2, 26, tzinfo=UTC)


def moment_text(dice, moment):
    """One of the ways in which a crawler writes the same instant."""
    style = dice.randrange(5)
    if style == 0:
        return moment.strftime("%Y-%m-%d %H:%M:%S")
    if style == 1:
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    hours = dice.choice([-8, -5, 1, 2, 9])
    local = moment.astimezone(datetime.timezone(datetime.timedelta(hours=hours)))
    if style == 2:
        return local.strftime("%Y-%m-%d %H:%M:%S") + f"{hours:+03d}:00"
    if style == 3:
        return local.strftime("%Y-%m-%dT%H:%M:%S") + f"{hours:+03d}00"
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f") + "+00:00"


def make_row(dice, i):
    day = START + datetime.timedelta(days=dice.randrange(6))
    crawled = day + datetime.timedelta(hours=dice.randrange(24), minutes=dice.randrange(4))
    # Few distinct times, so that many rows are equal in one or both.
    processed = day + datetime.timedelta(hours=dice.choice([3, 3, 9, 9, 30]))
    day_text = day.strftime("%Y-%m-%d")
    if dice.random() < 0.1:
        day_text = day.strftime("%Y-%m-%d 00:00:00+00:00")
    return {
        "platform_name": dice.choice(["", "Birch", "Birch", "Über Fund", "Zed|Co"])
        if dice.random() < 0.2 else "Birch",
        "offer_id": "" if dice.random() < 0.03 else f"o{dice.randrange(12)}",
        "crawled_date_day": dice.choice(["", "xx", "2024-02-30"]) if dice.random() < 0.05 else day_text,
        "crawled_date": "" if dice.random() < 0.1 else moment_text(dice, crawled),
        "processed_datetime": dice.choice(["", "", "soon"]) if dice.random() < 0.2
        else moment_text(dice, processed),
        "amount": dice.choice(["", repr(dice.randrange(10**6) / 100)]),
        "is_funded": dice.choice(["", "true", "false"]),
        "note": dice.choice([f"row {i}", f" row, {i} ", f'"{i}"', f"Zeile {i} ü"]),
    }


def instant(text):
    """The instant as naive UTC, or None."""
    match = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:?\d{2})?)?",
                         text.strip())
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    try:
        moment = datetime.datetime.strptime(f"{day} {clock or '00:00:00'}", "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None
    if fraction:
        moment += datetime.timedelta(seconds=float(fraction))
    if zone and zone != "Z":
        offset = datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        moment -= offset if zone[0] == "+" else -offset
    return moment


def choose(frames):
    raw = pandas.concat(
        [frame.assign(file=name, row=range(len(frame))) for name, frame in sorted(frames.items())],
        ignore_index=True)
    raw["snapshot_ts"] = pandas.Series([instant(text) for text in raw["crawled_date_day"]])
    for column in ("processed_datetime", "crawled_date"):
        times = pandas.to_datetime(pandas.Series([instant(text) for text in raw[column]]))
        raw["order_" + column] = times.fillna(pandas.Timestamp.min)
    keyed = raw[(raw["platform_name"] != "") & (raw["offer_id"] != "")]
    kept = keyed[keyed["snapshot_ts"].notna()].copy()
    kept["entity_id"] = kept["platform_name"] + "|" + kept["offer_id"]
    ordered = kept.sort_values(["order_processed_datetime", "order_crawled_date", "file", "row"])
    chosen = ordered.groupby(["entity_id", "snapshot_ts"]).tail(1)
    # Code point order, as bytes in UTF-8 have it.
    return chosen.sort_values(["entity_id", "snapshot_ts"]), len(raw) - len(keyed), len(keyed) - len(kept)


def golden(chosen):
    table = pandas.DataFrame()
    table["entity_id"] = chosen["entity_id"]
    table["snapshot_ts"] = [moment.strftime("%Y-%m-%d %H:%M:%S") for moment in chosen["snapshot_ts"]]
    table["crawled_date_day"] = [moment.strftime("%Y-%m-%d") for moment in chosen["snapshot_ts"]]
    table["is_funded"] = chosen["is_funded"].map({"": "", "true": "1.0", "false": "0.0"})
    table["crawled_date"] = chosen["crawled_date"]
    table["processed_datetime"] = chosen["processed_datetime"]
    table["amount"] = ["" if text == "" else repr(float(text)) for text in chosen["amount"]]
    table["note"] = chosen["note"]
    return table


def main():
    folder = pathlib.Path(sys.argv[1])
    dice = random.Random(20240229)
    (folder / "snapshot_crawl").mkdir(exist_ok=True)
    frames = {}
    for name, rows in (("c.csv", 150), ("a.csv", 250), ("b.csv", 200)):
        frames[name] = pandas.DataFrame([make_row(dice, i) for i in range(rows)], columns=COLUMNS)
        frames[name].to_csv(folder / "snapshot_crawl" / name, index=False)
    chosen, null_keys, bad_times = choose(frames)
    golden(chosen).to_csv(folder / "snapshot_golden.csv", index=False)
    print(f"{len(chosen)} rows, {null_keys} without a key, {bad_times} without a day")


if __name__ == "__main__":
    main()
