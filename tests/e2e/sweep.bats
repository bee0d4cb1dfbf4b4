#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# threshold_sweep as a user runs it, on predictions of a real table.
load lib.bash

predictions=$FWRUN_SOURCE_ROOT/tests/reference/sweep_predictions.csv

sweep() { # [PARAMETER...]: writes sweep.cfg
    export FWRUN_PLUGIN_PATH=
    pipeline sweep "sweep: { use = \"threshold_sweep\"; in: { predictions = \"p.csv\"; }; params: { $* }; };"
}

made=runs/sweep/stages/sweep

@test "sweep: every output is there, and the figures are scikit-learn's" {
    cp "$predictions" p.csv
    sweep 'grid = "auto"; source = "breast cancer, Wisconsin";'
    fw 0 sweep.cfg
    for file in sweep.parquet sweep.csv operating_points.parquet summary.parquet threshold_sweep_results.json \
        threshold_sweep.md plots/all_30.svg plots/first_2.svg; do
        [ -s "$made/$file" ]
    done
    jq -e --slurpfile golden "$FWRUN_SOURCE_ROOT/tests/reference/sweep_golden.json" '
        [.experiments[] | .experiment as $e | .splits | to_entries[]
         | {is: .value, should: $golden[0][$e + "/" + .key]}
         | (.is.auc - .should.auc, .is.average_precision - .should.average_precision, .is.log_loss - .should.log_loss)
         | fabs] | length == 12 and max < 1e-12' "$made/threshold_sweep_results.json" >max
    "$FWRUN_PYTHON" -c 'import sys, xml.dom.minidom as dom
for path in sys.argv[1:]: dom.parse(path)' "$made"/plots/*.svg
    says "$made/plots/all_30.svg" 'breast cancer, Wisconsin'
    says "$made/threshold_sweep.md" 'Data: breast cancer, Wisconsin.'
    fw 0 verify sweep.cfg
}

@test "sweep: stopped after any step, it ends with the same bytes" {
    cp "$predictions" p.csv
    sweep 'grid = "auto";'
    fw 0 sweep.cfg
    mv runs whole
    local got=75 n=0
    while [ "$got" -eq 75 ] && [ "$n" -lt 100 ]; do
        got=0
        n=$((n + 1))
        "$FWRUN" sweep.cfg --stop-after-steps 1 >out 2>err || got=$?
    done
    [ "$got" -eq 0 ]
    [ "$n" -gt 5 ]
    diff -r -x MANIFEST.json "whole/sweep/stages" runs/sweep/stages
}

@test "sweep: a prediction that is none fails the stage with file and line" {
    sed '5s/[^,]*$/1.2/' "$predictions" >p.csv
    sweep 'select_on = "train"; report_on = "";'
    fw 1 sweep.cfg
    says err 'p.csv:5'
    says err 'p is 1.2'
    [ ! -e "$made/MANIFEST.json" ]
}

@test "sweep: a cell that is missing is an error, or listed" {
    grep -v '^first_2,test' "$predictions" >p.csv
    sweep ''
    fw 1 sweep.cfg
    says err 'first_2/test'
    sweep 'on_missing = "skip";'
    fw 0 sweep.cfg
    says err 'first_2/test'
    [ "$(jq -c '.missing' "$made/threshold_sweep_results.json")" = '[{"experiment":"first_2","split":"test"}]' ]
    says "$made/threshold_sweep.md" 'first_2, split test'
}
