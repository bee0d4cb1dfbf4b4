#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Counts of the Regulation Crowdfunding filings, computed with pandas and nothing of this project.

    FWRUN_SHARED=DIR tests/reference/regcf_counts.py > tests/reference/regcf_counts.json

DIR holds data/edgar_regcf/<quarter>_cf/FORM_C_*.tsv. The committed output is what
tests/reference/regcf_counts.sql must find in the rows of configs/sql/regcf_offers.sql.
Needs Debian's python3-pandas. Exit 77 without the data.
"""

import csv
import json
import os
import pathlib
import sys

import pandas

FORMS = ["C", "C/A", "C-U"]


def read(folder, table):
    files = sorted(folder.glob(f"*_cf/FORM_C_{table}.tsv"))
    parts = [
        pandas.read_csv(f, sep="\t", dtype=str, quoting=csv.QUOTE_NONE, keep_default_na=False)
        for f in files
    ]
    return pandas.concat(parts, ignore_index=True)


def platform_names(rows):
    """CIK of the intermediary -> the spelling of its name in most filings, ties by code point."""
    spelled = rows.groupby(["COMMISSIONCIK", "COMPANYNAME"]).size().reset_index(name="filings")
    spelled = spelled.sort_values(["COMMISSIONCIK", "filings", "COMPANYNAME"],
                                  ascending=[True, False, True])
    return spelled.drop_duplicates("COMMISSIONCIK").set_index("COMMISSIONCIK")["COMPANYNAME"]


def count(folder):
    submission = read(folder, "SUBMISSION")
    rows = submission[submission["SUBMISSION_TYPE"].isin(FORMS)]
    for table in ["DISCLOSURE", "ISSUER_INFORMATION"]:
        rows = rows.merge(read(folder, table), on="ACCESSION_NUMBER", validate="one_to_one")

    platform = rows["COMMISSIONCIK"].map(platform_names(rows))
    day = pandas.to_datetime(rows["FILING_DATE"], format="%Y%m%d").dt.strftime("%Y-%m-%d")
    key = pandas.DataFrame({"platform": platform, "offer": rows["FILE_NUMBER"], "day": day})
    goal = pandas.to_numeric(rows["OFFERINGAMOUNT"]).dropna()
    filings = rows["SUBMISSION_TYPE"].value_counts()

    counts = {"all_filings": len(submission), "rows": len(rows)}
    counts.update({f"filings_{form}": int(filings[form]) for form in FORMS})
    counts.update({
        "platforms": int(platform.nunique()),
        "offers": int(key["offer"].nunique()),
        "platform_offers": len(key[["platform", "offer"]].drop_duplicates()),
        "days": int(day.nunique()),
        "platform_offer_days": len(key.drop_duplicates()),
        "first_day": day.min(),
        "last_day": day.max(),
        "goals": len(goal),
        "goal_sum_cents": int((goal * 100).round().astype("int64").sum()),
        "progress_updates": int((rows["PROGRESSUPDATE"].str.strip() != "").sum()),
    })
    return counts


def main():
    shared = os.environ.get("FWRUN_SHARED", pathlib.Path(__file__).parents[3] / "shared")
    folder = pathlib.Path(shared) / "data" / "edgar_regcf"
    if not folder.is_dir():
        print(f"SKIPPED: {folder} is not there: set FWRUN_SHARED to the folder that holds data/",
              file=sys.stderr)
        return 77
    json.dump(count(folder), sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
