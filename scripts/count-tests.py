# SPDX-License-Identifier: MIT
"""Counts the claims of a `meson test` run, from its log: count-tests.py STATUS TESTLOG.json...

A program that speaks TAP counts by its lines; any other counts as one.
"""
import json
import re
import sys

PLAN = re.compile(r"^1\.\.\d+$", re.M)
CLAIM = re.compile(r"^(not )?ok\b[^#]*(?:#\s*(skip)\b[ :]*(.*))?", re.I)
EVIDENCE_LINES = 30
BAD = {"FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS"}


def last_line(text):
    return (text.strip().splitlines() or [""])[-1]


def count_tap(output, errors):
    """(passed, failed, skip reasons) of TAP output; ERRORS is what stderr got meanwhile."""
    passed, failed, skipped, said = 0, 0, [], ""
    for line in output.splitlines():
        claim = CLAIM.match(line)
        if not claim:
            said = "" if PLAN.match(line) else line.strip()
            continue
        negated, skip, reason = claim.groups()
        if skip and negated:  # cmocka: the name stands here, the reason was printed before it
            skipped.append(f"{reason}: {said or last_line(errors) or 'no reason given'}")
        elif skip:
            skipped.append(reason or "no reason given")
        elif negated:
            failed += 1
        else:
            passed += 1
        said = ""
    return passed, failed, skipped


def count(test):
    """(passed, failed, skip reasons) of one test program."""
    output = test.get("stdout", "")
    if PLAN.search(output):
        passed, failed, skipped = count_tap(output, test.get("stderr", ""))
        if test["result"] in BAD and not failed:
            failed = 1  # it died, hung, or broke off after its last line
        return passed, failed, skipped
    if test["result"] in BAD:
        return 0, 1, []
    if test["result"] == "SKIP":
        return 0, 0, [last_line(output) or "no reason given"]
    return 1, 0, []


def evidence(test):
    """What a failed test said of it: the failed claims of TAP with their comments, else its last words."""
    lines = f"{test.get('stdout', '')}\n{test.get('stderr', '')}".splitlines()
    shown, failing = [], False
    for line in lines:
        if CLAIM.match(line):
            failing = line.startswith("not ")
        if failing:
            shown.append(line)
    return (shown or [line for line in lines if line.strip()])[-EVIDENCE_LINES:]


def main():
    status = int(sys.argv[1])
    passed = failed = skipped = 0
    for path in sys.argv[2:]:
        try:
            with open(path, encoding="utf-8") as log:
                tests = [json.loads(line) for line in log]
        except FileNotFoundError:
            continue
        for test in tests:
            ok, bad, reasons = count(test)
            passed, failed, skipped = passed + ok, failed + bad, skipped + len(reasons)
            if bad:
                print(f"FAILED  {test['name']}: {bad} ({test['result'].lower()})")
                print("".join(f"    {line}\n" for line in evidence(test)), end="")
            for reason in reasons:
                print(f"SKIPPED {test['name']}: {reason}")
    if status != 0 and failed == 0:
        print(f"meson test ended with {status} though no test failed: the build broke, see above")
        failed = 1
    if passed + failed == 0:
        print("no test ran")
        failed = 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


sys.exit(main())
