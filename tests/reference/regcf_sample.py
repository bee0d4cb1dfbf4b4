#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The draw behind regcf_raised_labels.csv: 100 filings to evaluate on, then 150 to develop on.

    FWRUN_SHARED=DIR tests/reference/regcf_sample.py          accession number and sample
    FWRUN_SHARED=DIR tests/reference/regcf_sample.py --text   and the text that was read to label it

Drawn without replacement from all C-U filings with a progress update. Exit 77 without the data.
"""

import os
import pathlib
import random
import sys

SEED = 20210630


def read(folder, table):
    for path in sorted(folder.glob(f"*_cf/FORM_C_{table}.tsv")):
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        names = lines[0].split("\t")
        for line in lines[1:]:
            yield dict(zip(names, line.split("\t")))


def main():
    shared = os.environ.get("FWRUN_SHARED", pathlib.Path(__file__).parents[3] / "shared")
    folder = pathlib.Path(shared) / "data" / "edgar_regcf"
    if not folder.is_dir():
        print(f"SKIPPED: {folder} is not there: set FWRUN_SHARED to the folder that holds data/",
              file=sys.stderr)
        return 77
    text = {r["ACCESSION_NUMBER"]: r["PROGRESSUPDATE"] for r in read(folder, "ISSUER_INFORMATION")}
    updates = sorted(
        r["ACCESSION_NUMBER"] for r in read(folder, "SUBMISSION")
        if r["SUBMISSION_TYPE"] == "C-U" and text[r["ACCESSION_NUMBER"]].strip()
    )
    drawn = random.Random(SEED).sample(updates, 250)
    for number, accession in enumerate(drawn):
        row = [accession, "evaluation" if number < 100 else "development"]
        print(",".join(row + [text[accession]] * ("--text" in sys.argv[1:])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
