#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Which rows of a small crawl make its table of texts, chosen with pandas.

    tests/reference/offers_text_reference.py DIR

reads DIR/snapshot_crawl/{a,b,c}.csv and writes DIR/offers_text_golden.csv, which is committed;
tests/plugins/test_offers_text.c compares. The text is the column crawled_date, which some
rows lack and which hardly two rows share. Keys and times are read as snapshot_reference.py reads them.
Needs Debian's python3-pandas.
"""

import pathlib
import sys

import pandas

from snapshot_reference import instant


def main():
    folder = pathlib.Path(sys.argv[1])
    raw = pandas.concat(
        [pandas.read_csv(folder / "snapshot_crawl" / f"{name}.csv", dtype=str, keep_default_na=False)
         .reset_index().rename(columns={"index": "row"}).assign(file=name) for name in "abc"],
        ignore_index=True)
    raw["instant"] = pandas.Series([instant(text) for text in raw["crawled_date_day"]])
    for column in ("processed_datetime", "crawled_date"):
        times = pandas.to_datetime(pandas.Series([instant(text) for text in raw[column]]))
        raw["order_" + column] = times.fillna(pandas.Timestamp.min)
    keyed = raw[(raw["platform_name"] != "") & (raw["offer_id"] != "") & raw["instant"].notna()].copy()
    with_text = keyed[keyed["crawled_date"] != ""].copy()
    with_text["entity_id"] = with_text["platform_name"] + "|" + with_text["offer_id"]
    with_text["day"] = pandas.to_datetime(with_text["instant"]).dt.strftime("%Y-%m-%d")
    ordered = with_text.sort_values(["order_processed_datetime", "order_crawled_date", "file", "row"])
    chosen = ordered.groupby(["entity_id", "day"]).tail(1).sort_values(["entity_id", "day"])
    chosen[["entity_id", "day", "crawled_date"]].to_csv(
        folder / "offers_text_golden.csv", index=False)
    print(f"{len(chosen)} rows, {len(keyed) - len(with_text)} without a text")


if __name__ == "__main__":
    main()
