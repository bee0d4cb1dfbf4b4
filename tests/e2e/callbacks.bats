#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# callbacks as a user runs it: the demo, and a log that no fwrun wrote.
load lib.bash

config=$FWRUN_SOURCE_ROOT/configs/demo_callbacks.cfg

demo() { # CODE ARGUMENT...: runs in ./runs
    fw "$1" "$config" --set "run_root=$PWD/runs" "${@:2}"
}

@test "callbacks: the demo finds the exponents that its runs were drawn with" {
    local made=runs/demo_callbacks/stages/callbacks
    demo 0
    jq -e '[.runs[] | .metrics["loss_slope/power_law_slope"]] as [$base, $off, $narrow, $adamw]
        | [$base + 0.45, $off + 0.30, $narrow + 0.38, $adamw + 0.40 | fabs] | max < 0.005' "$made/callbacks.json" >max
    jq -e 'all(.runs[]; .absent == null and .nonfinite_losses == 0)' "$made/callbacks.json" >whole
    "$FWRUN_PYTHON" -c 'import sys, xml.dom.minidom as dom
for path in sys.argv[1:]: dom.parse(path)' "$made"/plots/{base,bn_off,narrow,adamw}.svg
    says "$made/callbacks.md" 'GENERATED power laws with noise, no training'
    says "$made/plots/base.svg" 'GENERATED power laws with noise, no training'
    fw 0 verify runs/demo_callbacks
}

@test "callbacks: stopped after any step, it ends with the same bytes" {
    demo 0
    mv runs whole
    local got=75 n=0
    while [ "$got" -eq 75 ] && [ "$n" -lt 100 ]; do
        got=0
        n=$((n + 1))
        "$FWRUN" "$config" --set "run_root=$PWD/runs" --stop-after-steps 1 >out 2>err || got=$?
    done
    [ "$got" -eq 0 ]
    [ "$n" -gt 4 ]
    diff -r -x MANIFEST.json whole/demo_callbacks/stages runs/demo_callbacks/stages
}

@test "callbacks: logs of two folders are called after them, and a loss that is lost is said" {
    export FWRUN_PLUGIN_PATH=
    local name step
    mkdir wide deep
    for step in $(seq 40); do
        for name in wide deep; do
            echo "{\"step\": $step, \"epoch\": $((step / 4)), \"loss\": 0.5}" >>"$name/metrics.jsonl"
        done
    done
    sed -i '31,$s/0.5/NaN/' wide/metrics.jsonl
    pipeline mine 'callbacks: { use = "callbacks"; in: { runs = [ "wide/metrics.jsonl", "deep/metrics.jsonl" ]; }; };'
    fw 0 mine.cfg
    jq -e '[.runs[] | .run, .lost_at_step] == ["wide", 31, "deep", null]' runs/mine/stages/callbacks/callbacks.json >names
    says err 'wide: nan loss: 10 losses are not finite, three in a row from step 31 on'
}

@test "callbacks: a value that is no number fails the stage with file and record" {
    export FWRUN_PLUGIN_PATH=
    printf 'step,loss\n1,0.5\n2,oops\n' >log.csv
    pipeline bad 'callbacks: { use = "callbacks"; in: { runs = "log.csv"; }; };'
    fw 1 bad.cfg
    says err 'log.csv'
    says err 'record 2: the column "loss" is "oops"'
    [ ! -e runs/bad/stages/callbacks/MANIFEST.json ]
}
