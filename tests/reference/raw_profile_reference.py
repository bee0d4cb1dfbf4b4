#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the columns of a small crawl hold, found with pandas and nothing of this project.

    tests/reference/raw_profile_reference.py DIR

reads DIR/snapshot_crawl/{a,b,c}.csv and writes DIR/raw_profile_golden.csv, which is committed;
tests/plugins/test_raw_profile.c compares. Needs Debian's python3-pandas.
"""

import pathlib
import sys

import numpy
import pandas

NUMBERS = ["amount"]


def number_row(name, series):
    values = pandas.to_numeric(series).dropna().to_numpy()
    low, middle, high = numpy.percentile(values, [1, 50, 99])
    return {"column": name, "non_null_rate": len(values) / len(series), "approx_distinct": "",
            "mean": values.mean(), "std": values.std(), "min": values.min(), "max": values.max(),
            "p01": low, "p50": middle, "p99": high, "avg_str_len": "", "first": ""}


def text_row(name, series):
    values = series.dropna()
    counts = sorted(values.value_counts().items(), key=lambda item: (-item[1], item[0].encode()))
    return {"column": name, "non_null_rate": len(values) / len(series),
            "approx_distinct": len(counts), "mean": "", "std": "", "min": "", "max": "", "p01": "",
            "p50": "", "p99": "", "avg_str_len": values.str.len().mean(), "first": counts[0][0]}


def main():
    folder = pathlib.Path(sys.argv[1])
    raw = pandas.concat(
        [pandas.read_csv(folder / "snapshot_crawl" / f"{name}.csv", dtype=str, keep_default_na=False,
                         na_values=[""]) for name in "abc"])
    rows = [number_row(name, raw[name]) if name in NUMBERS else text_row(name, raw[name])
            for name in raw.columns]
    pandas.DataFrame(rows).to_csv(folder / "raw_profile_golden.csv", index=False)


if __name__ == "__main__":
    main()
