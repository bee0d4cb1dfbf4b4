#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The market's pipeline: on a generated series, and on the real one where the shared data are.
load lib.bash

config=$FWRUN_SOURCE_ROOT/configs/demo_market.cfg

demo() { # CODE ARGUMENT...: runs in ./runs
    fw "$1" "$config" --set "run_root=$PWD/runs" "${@:2}"
}

@test "market: runs, is reused as a whole the second time, and verifies" {
    local n
    demo 0
    n=$(state '.stages | length')
    summary "$n executed, 0 reused, 0 failed, 0 skipped"
    demo 0
    summary "0 executed, $n reused, 0 failed, 0 skipped (exit 0)"
    fw 0 verify runs/demo_market
    says out "PASS $n stages"
}

@test "market: every model says that the series is generated, and all tiers have the same days" {
    local tier
    demo 0
    for tier in a20 a50 a100; do
        says "runs/demo_market/stages/baseline_$tier/model.json" 'GENERATED random walk'
        jq -c '[.experiments[] | [.horizon, .train.samples, .val.samples, .test.samples]]' \
            "runs/demo_market/stages/baseline_$tier/model.json" >"days_$tier"
        [ "$(jq '[.experiments[].train.without_features] | add' "runs/demo_market/stages/baseline_$tier/model.json")" -eq 0 ]
    done
    [ "$(jq length days_a20)" -eq 4 ]
    cmp days_a20 days_a50
    cmp days_a20 days_a100
}

@test "market: gives the same bytes for one thread and two" {
    demo 0 --set resources.threads=1 --set "run_root=$PWD/one"
    demo 0 --set resources.threads=2 --set "run_root=$PWD/two"
    [ "$(find one/demo_market/stages -name '*.parquet' | wc -l)" -ge 10 ]
    diff -r -x MANIFEST.json one/demo_market/stages two/demo_market/stages
}

# A copy of the tree with the real series in it, as get-data lays it.
@test "market: runs on the S&P 500" {
    local shared=${FWRUN_SHARED:-$FWRUN_SOURCE_ROOT/../shared}
    [ -d "$shared/data/market" ] || skip "no $shared/data/market: set FWRUN_SHARED to the folder that holds data/"
    mkdir tree
    cp -r "$FWRUN_SOURCE_ROOT/configs" "$FWRUN_SOURCE_ROOT/scripts" tree/
    FWRUN_DATA_MIRROR=$shared/data tree/scripts/get-data market >laid
    says laid 'This copy: S&P 500 1990-2022'
    fw 0 tree/configs/market.cfg
    says err '1963 days after the warm-up have an undefined column and were left out'
    [ "$(jq '.rows_written' tree/runs/market/stages/features_a100/MANIFEST.json)" -eq 5896 ]
    says tree/runs/market/stages/baseline_a100/model.json 'Stock.Indicators'
}

@test "market: says where the series is to come from when it is not there" {
    mkdir tree
    cp -r "$FWRUN_SOURCE_ROOT/configs" tree/
    fw 3 tree/configs/market.cfg
    says err 'tree/configs/market.cfg:13: cannot open include file'
    sed -n 13p tree/configs/market.cfg | grep -q 'scripts/get-data market'
}
