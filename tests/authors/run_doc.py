#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run_doc.py PAGE: runs the sh blocks of a page one after another in one shell, as a reader would.

The text block behind a sh block holds lines that its output must have, in this order; "..." in a
line stands for anything, a line of "..." for any lines.
"""
import re
import subprocess
import sys

MARK = "@@ block "


def blocks(page):
    """Pairs of commands and expected text, None where nothing is shown."""
    found = []
    for kind, body in re.findall(r"^```(\w+)\n(.*?)^```$", page, re.S | re.M):
        if kind == "sh":
            found.append([body, None])
        elif kind == "text":
            found[-1][1] = body
    return found


def plain(line):
    return re.sub(r"\s+", " ", line.strip())


def pattern(line):
    return re.compile(".*".join(re.escape(part) for part in re.split(r" ?\.\.\. ?", plain(line))))


def missing(expected, output):
    """The first expected line that does not come, or None."""
    lines = iter(plain(line) for line in output.splitlines())
    for want in expected.splitlines():
        if plain(want) not in ("", "...") and not any(pattern(want).fullmatch(line) for line in lines):
            return want
    return None


def main():
    found = blocks(open(sys.argv[1]).read())
    script = "exec 2>&1\nset -e\n" + "".join(
        f'echo "{MARK}{number}"\n{commands}' for number, (commands, _) in enumerate(found)
    )
    run = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, text=True)
    outputs = re.split(rf"^{MARK}\d+\n", run.stdout, flags=re.M)[1:]
    for number, (commands, expected) in enumerate(found):
        if number >= len(outputs):
            break
        want = missing(expected or "", outputs[number])
        if want is not None:
            sys.exit(f"{commands}does not say: {want}\nit says:\n{outputs[number]}")
    if run.returncode != 0:
        sys.exit(f"{found[len(outputs) - 1][0]}ends with {run.returncode}:\n{outputs[-1]}")
    if not found:
        sys.exit(f"{sys.argv[1]}: no commands")
    print(f"{len(found)} blocks")


main()
