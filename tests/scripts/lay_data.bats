#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# scripts/lay-data, the end of `make build`, in a tree of its own where nothing can be fetched.

setup() {
    local command
    cd "$BATS_TEST_TMPDIR" || return
    mkdir tree bin
    cp -r "$FWRUN_SOURCE_ROOT/scripts" "$FWRUN_SOURCE_ROOT/configs" tree/
    for command in npm curl; do
        printf '#!/bin/sh\nexit 1\n' >"bin/$command"
        chmod +x "bin/$command"
    done
    export FWRUN_DATA_MIRROR=$PWD/mirror PATH=$PWD/bin:$PATH
    cd tree || return
}

lay() { # [BUILD]
    run scripts/lay-data "${1:-$FWRUN_BUILD_ROOT}"
    [ "$status" -eq 0 ]
}

@test "generates what cannot be had, says so, and leaves it alone the second time" {
    lay
    [ "${lines[0]}" = 'data: market: generated, the real one cannot be had now; later: scripts/get-data market' ]
    [ "${lines[1]}" = 'data: fashion: generated, the real one cannot be had now; later: scripts/get-data fashion' ]
    [ "${#lines[@]}" -eq 2 ]
    [ "$(find data -type f | sort | xargs)" = "data/fashion/source.cfg data/fashion/test.npz data/fashion/train.npz \
data/market/prices.csv data/market/source.cfg data/market/vix.csv" ]
    [ "$(head -n 1 data/market/vix.csv)" = Date,Close ]
    cp -rp data before
    lay
    [ "${lines[1]}" = 'data: fashion: there (GENERATED shapes, no photographs)' ]
    diff -r before data
}

@test "pipelines on what was generated run, and their outputs say what it is" {
    lay
    "$FWRUN" configs/compare_models.cfg --set stages.pixels.params.max_iterations=10 \
        --set stages.filters.params.max_iterations=10 2>err || { cat err && false; }
    grep -q '600 samples of GENERATED shapes' runs/compare_models/stages/compare/comparison.md
    "$FWRUN" configs/market.cfg --to baseline_a20 2>err || { cat err && false; }
    grep -q 'GENERATED random walk' runs/market/stages/baseline_a20/model.json
}

@test "touches nothing that it does not understand" {
    mkdir -p data/market
    echo mine >data/market/prices.csv
    lay
    [[ ${lines[0]} == 'data: market: data/market is not whole, and is left alone;'* ]]
    [ "$(cat data/market/prices.csv)" = mine ]
    [ "$(ls -A data/market)" = prices.csv ]
}

@test "never fails a build" {
    lay "$BATS_TEST_TMPDIR/nowhere"
    [[ ${lines[0]} == 'data: market: could be neither fetched nor generated: '*'nowhere/fwrun'* ]]
    [ ! -e data/market ]
}
