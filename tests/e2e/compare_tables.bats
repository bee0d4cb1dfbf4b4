#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The comparison on a table: on a generated series, and on the real one where the shared data are.
load lib.bash

config=$FWRUN_SOURCE_ROOT/configs/demo_compare_tables.cfg

demo() { # CODE ROOT ARGUMENT...
    fw "$1" "$config" --set "run_root=$PWD/$2" "${@:3}"
}

stage() { # ROOT [STAGE]
    echo "$1/demo_compare_tables/stages/${2:-compare}"
}

@test "compare tables: runs, says that the series is generated, is reused as a whole, and verifies" {
    demo 0 runs
    summary '10 executed, 0 reused, 0 failed, 0 skipped'
    says err 'gate answers: true: 3 models answered for all 584 samples'
    says "$(stage runs)/result.json" 'GENERATED random walk, no market'
    says "$(stage runs)/comparison.md" 'GENERATED random walk, no market'
    demo 0 runs
    summary '0 executed, 10 reused, 0 failed, 0 skipped (exit 0)'
    fw 0 verify runs/demo_compare_tables
    says out 'PASS 10 stages'
}

# What the training itself found on its test part, by its own reading of other files.
@test "compare tables: a checkpoint is worth on the table's rows what it was where it was trained" {
    demo 0 runs
    jq -es '.[0].test_metrics as $own | [.[1].metrics[] | select(.arm == "net") | {(.metric): .value}] | add |
        (.auc - $own.auc | fabs) < 1e-12 and (.log_loss - $own.loss | fabs) < 1e-6 and .accuracy == $own.accuracy' \
        "$(stage runs net)/result.json" "$(stage runs)/result.json"
}

@test "compare tables: two steps at a time, for one thread and two, in chunks or whole, the bytes are the same" {
    local code=75 times=0
    demo 0 whole --set resources.threads=1
    demo 0 parts --set resources.threads=2 --to days
    while [ "$code" -eq 75 ]; do
        code=0
        "$FWRUN" "$config" --set "run_root=$PWD/parts" --set resources.threads=2 --set stages.compare.params.chunk=100 \
            --stop-after-steps 2 >out 2>err || code=$?
        times=$((times + 1))
    done
    [ "$code" -eq 0 ] || failed "exit $code"
    [ "$times" -ge 9 ] || failed "it took $times runs"
    diff -r -x MANIFEST.json "$(stage whole)" "$(stage parts)"
}

@test "compare tables: killed again and again, it goes on from its checkpoints to the same bytes" {
    local slow=(--set stages.compare.params.chunk=1 --checkpoint-every 1ms) pid before kills=0
    demo 0 whole
    demo 0 runs --to days
    demo 0 runs --to line
    demo 0 runs --to rule
    demo 0 runs --to net
    until [ "$kills" -eq 3 ] || [ -e "$(stage runs)/result.json" ]; do
        before=$(stat -c %Y.%i runs/demo_compare_tables/checkpoints/compare 2>/dev/null || true)
        start "$config" --set "run_root=$PWD/runs" "${slow[@]}"
        while kill -0 "$pid" 2>/dev/null &&
            [ "$(stat -c %Y.%i runs/demo_compare_tables/checkpoints/compare 2>/dev/null || true)" = "$before" ]; do
            sleep 0.002
        done
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" || true
        kills=$((kills + 1))
    done
    # A quick machine may be done at the third kill, or the second; not at the first, a step of 1,752.
    if [ -e "$(stage runs)/result.json" ]; then
        [ "$kills" -gt 1 ] || failed 'it was done before it was killed'
        demo 0 runs --set stages.compare.params.chunk=1
    else
        before=$(wc -l <runs/demo_compare_tables/events.jsonl)
        demo 0 runs --set stages.compare.params.chunk=1
        tail -n "+$((before + 1))" runs/demo_compare_tables/events.jsonl |
            jq -es '[.[] | select(.type == "step" and .stage == "compare") | .steps] | min > 1'
    fi
    diff -r -x MANIFEST.json "$(stage whole)" "$(stage runs)"
}

@test "compare tables: a net of other features is refused before anything is compared" {
    demo 1 runs --set stages.compare.params.include_ohlcv=true
    says err 'arm net: the model takes 20 numbers a sample (1 x 1 x 20), the table has 25 columns of features: Open, High'
    says err 'name the columns that the model was fitted on, in their order'
    demo 1 runs --set 'stages.compare.params.split=exam'
    says err 'no row has "exam" in the column "split"; there are: test, train, val'
}

# A copy of the tree with the real series in it, as get-data lays it.
@test "compare tables: on the S&P 500 a rule of one number is better calibrated than a net" {
    local shared=${FWRUN_SHARED:-$FWRUN_SOURCE_ROOT/../shared}
    [ -d "$shared/data/market" ] || skip "no $shared/data/market: set FWRUN_SHARED to the folder that holds data/"
    mkdir tree
    cp -r "$FWRUN_SOURCE_ROOT/configs" "$FWRUN_SOURCE_ROOT/scripts" tree/
    FWRUN_DATA_MIRROR=$shared/data tree/scripts/get-data market >laid
    fw 0 tree/configs/compare_tables.cfg
    fw 0 verify tree/configs/compare_tables.cfg
    jq -e '.pairs[] | select(.a == "net" and .b == "rule" and .metric == "log_loss") | .better == "rule"' \
        tree/runs/compare_tables/stages/compare/result.json
}
