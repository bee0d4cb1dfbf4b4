# SPDX-License-Identifier: MIT
"""Computes the freeze of the SEC filings with pandas alone and compares it with the one that the
stages made: python3 regcf_freeze.py FILINGS CSV

FILINGS has the quarters' FORM_C_*.tsv, CSV the tables that tests/e2e/regcf/freeze.cfg writes.
Prints one line per table; ends with 1 at the first that differs, naming row and column.
"""
import csv
import glob
import os
import sys

import numpy
import pandas

FIGURES = {
    "employees_count": "CURRENTEMPLOYEES",
    "total_assets_recent_usd": "TOTALASSETMOSTRECENTFISCALYEAR",
    "total_assets_prior_usd": "TOTALASSETPRIORFISCALYEAR",
    "cash_recent_usd": "CASHEQUIMOSTRECENTFISCALYEAR",
    "cash_prior_usd": "CASHEQUIPRIORFISCALYEAR",
    "receivables_recent_usd": "ACTRECEIVEDRECENTFISCALYEAR",
    "receivables_prior_usd": "ACTRECEIVEDPRIORFISCALYEAR",
    "short_term_debt_recent_usd": "SHORTTERMDEBTMRECENTFISCALYEAR",
    "short_term_debt_prior_usd": "SHORTTERMDEBTPRIORFISCALYEAR",
    "long_term_debt_recent_usd": "LONGTERMDEBTRECENTFISCALYEAR",
    "long_term_debt_prior_usd": "LONGTERMDEBTPRIORFISCALYEAR",
    "revenue_recent_usd": "REVENUEMOSTRECENTFISCALYEAR",
    "revenue_prior_usd": "REVENUEPRIORFISCALYEAR",
    "cost_of_goods_recent_usd": "COSTGOODSSOLDRECENTFISCALYEAR",
    "cost_of_goods_prior_usd": "COSTGOODSSOLDPRIORFISCALYEAR",
    "taxes_paid_recent_usd": "TAXPAIDMOSTRECENTFISCALYEAR",
    "taxes_paid_prior_usd": "TAXPAIDPRIORFISCALYEAR",
    "net_income_recent_usd": "NETINCOMEMOSTRECENTFISCALYEAR",
    "net_income_prior_usd": "NETINCOMEPRIORFISCALYEAR",
}
MEASURES = ["funding_raised_usd", "funding_goal_usd"]


def read_tsv(folder, table):
    files = sorted(glob.glob(os.path.join(folder, "*_cf", f"FORM_C_{table}.tsv")))
    assert files, f"no FORM_C_{table}.tsv below {folder}"
    return pandas.concat(
        [pandas.read_csv(f, sep="\t", dtype=str, quoting=csv.QUOTE_NONE, keep_default_na=False)
         for f in files], ignore_index=True)


def read_filings(folder):
    """One row per cik and day: the last filing of the day, its figures in cents."""
    rows = read_tsv(folder, "SUBMISSION").merge(read_tsv(folder, "DISCLOSURE"), on="ACCESSION_NUMBER")
    rows = rows[rows.SUBMISSION_TYPE.isin(["C", "C/A", "C-AR"])]
    out = pandas.DataFrame({"cik": rows.CIK.str.zfill(10),
                            "filed": pandas.to_datetime(rows.FILING_DATE, format="%Y%m%d"),
                            "accession": rows.ACCESSION_NUMBER})
    for name, column in FIGURES.items():
        value = pandas.to_numeric(rows[column], errors="coerce").replace([numpy.inf, -numpy.inf], numpy.nan)
        out[name] = value.round(0 if name == "employees_count" else 2)
    out = out.sort_values(["cik", "filed", "accession"])
    return out.drop_duplicates(["cik", "filed"], keep="last")


def running(filings):
    """What is known of each cik from each filing on."""
    parts = [filings[["cik", "filed"]]]
    by_cik = filings.groupby("cik", sort=False)
    for name in FIGURES:
        last = filings[name]
        mean = by_cik[name].expanding().mean().droplevel(0)
        ema = by_cik[name].ewm(alpha=0.2, adjust=False, ignore_na=False).mean().droplevel(0)
        parts.append(pandas.DataFrame({f"last_{name}": last, f"mean_{name}": mean, f"ema_{name}": ema}))
    return pandas.concat(parts, axis=1)


def as_of(pairs, known):
    """For each cik and day the newest filing up to the midnight of that day."""
    return pandas.merge_asof(pairs.sort_values("day"), known.sort_values("filed"), left_on="day",
                             right_on="filed", by="cik", allow_exact_matches=True)


def make_daily(offers):
    offers = offers.dropna(subset=["platform_name", "offer_id"])
    offers = offers.assign(entity_id=offers.platform_name + "|" + offers.offer_id)
    daily = (offers.sort_values(["entity_id", "day", "processed_datetime"], kind="stable")
             .drop_duplicates(["entity_id", "day"], keep="last"))
    before = daily.groupby("entity_id").funding_raised_usd.shift()
    daily["delta_funding_raised"] = daily.funding_raised_usd - before
    daily["pct_change"] = (daily.delta_funding_raised / before).where(before != 0)
    daily["count_snapshots_per_day"] = 1
    return daily


def make_periods(daily, frequency):
    period = daily.day.dt.to_period(frequency).dt.start_time
    grouped = daily.groupby([daily.entity_id, period.rename("start")], sort=True)
    return grouped[MEASURES].last().reset_index()  # last() passes missing values over


def make_stages(daily):
    raised = daily.groupby("entity_id").funding_raised_usd
    step = daily.funding_raised_usd - raised.shift()
    changed = (step.notna() & (step != 0)).astype(int)
    return daily.assign(stage=changed.groupby(daily.entity_id).cumsum())


def compare(name, ours, theirs, keys, columns):
    ours = ours.sort_values(keys).reset_index(drop=True)
    theirs = theirs.sort_values(keys).reset_index(drop=True)
    if len(ours) != len(theirs):
        sys.exit(f"{name}: {len(theirs)} rows, pandas makes {len(ours)}")
    for key in keys:
        differs = numpy.flatnonzero(ours[key].astype(str).values != theirs[key].astype(str).values)
        if len(differs):
            row = differs[0]
            sys.exit(f"{name}: row {row}: {key} is {theirs[key][row]}, pandas has {ours[key][row]}")
    for column in columns:
        a, b = ours[column].astype(float).values, theirs[column].astype(float).values
        differs = numpy.flatnonzero(~numpy.isclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True))
        if len(differs):
            row = differs[0]
            where = ", ".join(str(ours[key][row]) for key in keys)
            sys.exit(f"{name}: {where}: {column} is {b[row]}, pandas has {a[row]}")
    assert not theirs.duplicated(keys).any(), f"{name}: rows of the same key"
    values = int(theirs[columns].notna().values.sum())
    print(f"{name}: {len(theirs)} rows, {values} values agree")


def main(filings_folder, folder):
    def read(name, *times):
        table = pandas.read_csv(os.path.join(folder, name + ".csv"), dtype={"cik": str})
        for column in times:
            table[column] = pandas.to_datetime(table[column]).dt.tz_localize(None)
        return table

    offers = read("offers", "processed_datetime")
    offers["day"] = pandas.to_datetime(offers.crawled_date_day)
    daily = make_daily(offers)
    theirs = read("daily")
    theirs["day"] = pandas.to_datetime(theirs.crawled_date_day)
    compare("daily", daily, theirs, ["entity_id", "day", "cik"],
            ["count_snapshots_per_day", "funding_raised_usd", "delta_funding_raised", "pct_change"])

    latest = daily.drop_duplicates("entity_id", keep="last").rename(columns={"day": "static_snapshot_ts"})
    compare("static", latest, read("static", "static_snapshot_ts"),
            ["entity_id", "cik", "static_snapshot_ts"], [])

    pairs = daily[["cik", "day"]].drop_duplicates()
    features = as_of(pairs, running(read_filings(filings_folder)))
    columns = [f"{kind}_{name}" for kind in ("last", "mean", "ema") for name in FIGURES]
    theirs = read("features", "edgar_filed_date")
    theirs["day"] = pandas.to_datetime(theirs.crawled_date_day)
    theirs["filed"] = theirs.edgar_filed_date
    compare("features", features, theirs, ["cik", "day", "filed"], columns)
    assert (theirs.edgar_has_filing == theirs.filed.notna()).all()

    for name, frequency in (("weekly", "W-SUN"), ("monthly", "M")):
        periods = read("offers_" + name, "snapshot_ts").rename(columns={"snapshot_ts": "start"})
        compare("offers_" + name, make_periods(daily, frequency), periods, ["entity_id", "start"],
                [m for m in MEASURES if m in periods])
        start = features.day.dt.to_period(frequency).dt.start_time
        last = (features.assign(period_start=start).sort_values("day")
                .drop_duplicates(["cik", "period_start"], keep="last"))
        theirs = read("edgar_" + name, "period_start", "snapshot_ts").rename(columns={"snapshot_ts": "day"})
        compare("edgar_" + name, last, theirs, ["cik", "period_start", "day"], columns)

    stages = make_stages(daily)
    theirs = read("day_to_stage")
    theirs["day"] = pandas.to_datetime(theirs.snapshot_day)
    compare("day_to_stage", stages, theirs, ["entity_id", "day"], ["stage"])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
