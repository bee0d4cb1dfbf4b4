#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The main job on the real filings, checked against what was computed and labelled without it.
load lib.bash

filings() { # skips, loudly, where the filings are not
    filings=${FWRUN_SHARED:-$FWRUN_SOURCE_ROOT/../shared}/data/edgar_regcf
    [ -d "$filings" ] || skip "no filings in $filings; FWRUN_SHARED names the folder that has data/"
    sets=(--set "run_root=$PWD/runs" --set "vars.filings=$filings" --set "vars.checks=$PWD")
}

@test "rules of the rows hold on filings made up for them" {
    fw 0 "$FWRUN_SOURCE_ROOT/tests/e2e/regcf/cases.cfg" --set "run_root=$PWD/runs"
    grep -q 'check: executed' err
}

@test "real filings: the figures are those that pandas counts" {
    filings
    fw 0 "$FWRUN_SOURCE_ROOT/tests/e2e/regcf/checks.cfg" "${sets[@]}" counts
    sort <(tail -n +2 counts.csv) >got
    jq -r 'to_entries[] | "\(.key),\(.value)"' \
        "$FWRUN_SOURCE_ROOT/tests/reference/regcf_counts.json" | sort >want
    [ -s want ]
    diff want got
}

@test "real filings: amounts raised agree with the labels set by hand" {
    filings
    fw 0 "$FWRUN_SOURCE_ROOT/tests/e2e/regcf/checks.cfg" "${sets[@]}" raised
    [ "$(tail -n +2 raised.csv | wc -l)" -eq 2 ]
}

@test "real filings: an amount that is wrong is found by the check" {
    filings
    sed 's/^\([^,]*,[^,]*\),[0-9.]*,/\1,1,/' \
        "$FWRUN_SOURCE_ROOT/tests/reference/regcf_raised_labels.csv" >labels.csv
    ! cmp -s labels.csv "$FWRUN_SOURCE_ROOT/tests/reference/regcf_raised_labels.csv"
    fw 1 "$FWRUN_SOURCE_ROOT/tests/e2e/regcf/checks.cfg" "${sets[@]}" raised \
        --set "stages.raised.in.labels=$PWD/labels.csv"
    grep -q 'precision' err
}

@test "real filings: the freeze's tables are those that pandas makes" {
    filings
    fw 0 "$FWRUN_SOURCE_ROOT/tests/e2e/regcf/freeze.cfg" "${sets[@]}"
    "$FWRUN_PYTHON" "$FWRUN_SOURCE_ROOT/tests/reference/regcf_freeze.py" "$filings" "$PWD" >tables
    says tables 'features: 10070 rows, 573990 values agree' 'offers_weekly: 9791 rows' \
        'edgar_monthly: 8928 rows' 'day_to_stage: 10123 rows'
    # It can fail: one amount of one week.
    sed -i '2s/,[0-9.]*\(,[^,]*\)$/,1\1/' offers_weekly.csv
    run "$FWRUN_PYTHON" "$FWRUN_SOURCE_ROOT/tests/reference/regcf_freeze.py" "$filings" "$PWD"
    [ "$status" -eq 1 ]
    [[ $output == *'offers_weekly: '*'funding_goal_usd is 1.0, pandas has '* ]]
}

@test "real filings: features, weeks, months and stages are those that pandas works out" {
    filings
    fw 0 "$FWRUN_SOURCE_ROOT/tests/e2e/regcf/filings.cfg" "${sets[@]}" totals
    [ "$(tail -n +2 checked.csv | wc -l)" -eq 245 ]
}

@test "real filings: a sum that is wrong is found by the check" {
    filings
    sed '/^features,ema_cash_recent_usd,/s/[0-9.]*$/1.5/' \
        "$FWRUN_SOURCE_ROOT/tests/reference/filings_regcf.csv" >golden.csv
    ! cmp -s golden.csv "$FWRUN_SOURCE_ROOT/tests/reference/filings_regcf.csv"
    fw 1 "$FWRUN_SOURCE_ROOT/tests/e2e/regcf/filings.cfg" "${sets[@]}" totals \
        --set "stages.totals.in.golden=$PWD/golden.csv"
    grep -q 'features.ema_cash_recent_usd: 10070 values' err
}
