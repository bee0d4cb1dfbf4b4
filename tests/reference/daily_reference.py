#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The daily table of a small snapshot, worked out with pandas and nothing of this project.

    tests/reference/daily_reference.py DIR

writes into DIR the snapshot, daily_snapshot.csv, and what the stage `daily` must make of it with
row_policy last_non_null, daily_golden.csv. Both are committed;
tests/plugins/test_daily_reference.c compares. The snapshot has several rows of a day in any order,
equal and missing times, offsets, missing values, days that are left out, and amounts of zero.
Needs Debian's python3-pandas.
"""

import datetime
import pathlib
import random
import sys

import pandas

UTC = datetime.timezone.utc
START = datetime.datetime(2024, 2, 26, tzinfo=UTC)
COLUMNS = ["entity_id", "platform_name", "offer_id", "cik", "crawled_date_day", "snapshot_ts",
           "processed_datetime", "funding_raised_usd", "investors", "title", "v"]


def moment_text(dice, moment):
    """One of the ways in which a snapshot writes the same instant."""
    if dice.random() < 0.3:
        return moment.strftime("%Y-%m-%d %H:%M:%S.%f") + "+00:00"
    hours = dice.choice([-8, -5, 1, 2, 9])
    local = moment.astimezone(datetime.timezone(datetime.timedelta(hours=hours)))
    return local.strftime("%Y-%m-%dT%H:%M:%S") + f"{hours:+03d}:00"


def make_row(dice, platform, offer, day, v):
    moment = START + datetime.timedelta(days=day, hours=dice.choice([0, 8, 8, 20, 23]))
    # Without a day the instant tells it: that of UTC, whatever the offset.
    has_day = dice.random() < 0.9
    has_instant = not has_day or dice.random() < 0.9
    processed = moment + datetime.timedelta(hours=dice.choice([1, 1, 30]))
    return {
        "entity_id": f"{platform}|{offer}",
        "platform_name": platform,
        "offer_id": f"{offer}",
        "cik": dice.choice(["", f"{offer * 7919:010d}"]),
        "crawled_date_day": moment.strftime("%Y-%m-%d") if has_day else "",
        "snapshot_ts": moment_text(dice, moment) if has_instant else "",
        "processed_datetime": "" if dice.random() < 0.2 else moment_text(dice, processed),
        "funding_raised_usd": dice.choice(["", "0", "0.0", repr(dice.randrange(-10**5, 10**7) / 100),
                                           repr(dice.randrange(10**7) / 100)]),
        "investors": dice.choice(["", str(dice.randrange(500))]),
        "title": dice.choice(["", f"Offer, {v}", f' "{v}" ', f"Angebot {v} ü"]),
        "v": str(v),
    }


def make_snapshot(dice):
    rows = []
    for platform in ("Birch", "Über Fund", "a b"):
        for offer in range(1, 9):
            for day in sorted(dice.sample(range(14), dice.choice([1, 5, 9, 12]))):
                for _ in range(dice.choice([1, 1, 2, 3, 5])):
                    rows.append(make_row(dice, platform, offer, day, len(rows)))
    dice.shuffle(rows)
    return pandas.DataFrame(rows, columns=COLUMNS)


def instants(texts):
    return pandas.to_datetime(texts.replace("", None), utc=True)


def daily(snapshot):
    rows = snapshot.replace("", None)
    named_day, stamp = instants(snapshot["crawled_date_day"]), instants(snapshot["snapshot_ts"])
    rows["day"] = named_day.fillna(stamp).dt.strftime("%Y-%m-%d")
    rows["instant"] = stamp.fillna(named_day)
    rows["processed"] = instants(snapshot["processed_datetime"])
    rows["funding_raised_usd"] = rows["funding_raised_usd"].astype(float)
    # pandas sorts stably, so that the place in the file is the last word.
    rows = rows.sort_values(["instant", "processed"], kind="stable", na_position="first")
    groups = rows.groupby(["entity_id", "day"])
    table = groups.last()
    table["count_snapshots_per_day"] = groups.size()
    table = table.reset_index().sort_values(["entity_id", "day"])
    before = table.groupby("entity_id")["funding_raised_usd"].shift(1)
    table["delta_funding_raised"] = table["funding_raised_usd"] - before
    table["pct_change"] = table["delta_funding_raised"] / before.where(before != 0)
    return table


def main():
    folder = pathlib.Path(sys.argv[1])
    snapshot = make_snapshot(random.Random(20240229))
    snapshot.to_csv(folder / "daily_snapshot.csv", index=False)
    table = daily(snapshot)
    added = ["count_snapshots_per_day", "delta_funding_raised", "pct_change"]
    table[COLUMNS + added].to_csv(folder / "daily_golden.csv", index=False)
    print(f"{len(snapshot)} rows, {len(table)} entity-days, "
          f"{table['pct_change'].notna().sum()} of them with a change")


if __name__ == "__main__":
    main()
