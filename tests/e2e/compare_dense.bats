#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The comparison of reconstructions: four jobs on generated scans, and their report.
load lib.bash

config=$FWRUN_SOURCE_ROOT/configs/compare_dense.cfg

dense() { # CODE ROOT ARGUMENT...
    fw "$1" "$config" --set "run_root=$PWD/$2" "${@:3}"
}

jobs_of() { # ROOT
    echo "$1/compare_dense/stages"
}

@test "compare_dense: a job runs singly by its name, and its answers are good" {
    dense 0 runs train_debug
    [ ! -e "$(jobs_of runs)/train" ]
    [ "$(jq -r '[.arms[] | .status] | unique | join(",")' "$(jobs_of runs)/train_debug/result.json")" = ok ]
    jq -e '.arms[] | select(.name == "PtychoPINN") | .amplitude.mae < 0.01 and .phase.ms_ssim > 0.99' \
        "$(jobs_of runs)/train_debug/result.json"
}

@test "compare_dense: a few steps at a time give the same bytes, and the whole verifies" {
    local code=75 times=0 file
    dense 0 whole
    fw 0 verify whole/compare_dense
    while [ "$code" -eq 75 ]; do
        code=0
        "$FWRUN" "$config" --set "run_root=$PWD/parts" --stop-after-steps 10 >out 2>err || code=$?
        times=$((times + 1))
    done
    [ "$code" -eq 0 ] || failed "exit $code"
    [ "$times" -ge 4 ] || failed "it took $times runs"
    for file in train/result.json test/comparison_metrics.csv test/reconstructions_aligned.npz report/metrics_summary.json; do
        cmp "$(jobs_of whole)/$file" "$(jobs_of parts)/$file"
    done
    [ "$(wc -l <"$(jobs_of whole)/report/metrics_delta_highlights.txt")" -eq 4 ]
}

@test "compare_dense: an arm that lies too far off ends the run, and its report is not made" {
    dense 7 runs train_debug --set stages.train_debug.params.max_shift=0.001
    says err 'arm PtyChi lies'
    [ -e "$(jobs_of runs)/train_debug/result.json" ]
}

@test "compare_dense: a job keeps the contract of a plugin" {
    ! nm -D "$FWRUN" | grep -q __asan_ || skip "a sanitizer's runtime gives the plugin symbols and constructors"
    fw 0 "$config" train_debug --set "run_root=$PWD/runs"
    fw 0 check-plugin --json "$FWRUN_BUILD_ROOT/plugins/compare_models/compare_models.so" "$config" train_debug --set "run_root=$PWD/runs"
    jq -e '.findings == []' out
    jq -e '[.exercised[].what] | any(startswith("saved, and restored"))' out
}

@test "compare_dense: each job is planned alone, with its own scan" {
    local job
    for job in train_debug test_debug train test; do
        dense 0 runs "$job" --plan --json
        [ "$(jq -r '[.stages[] | select(.state != "left_out") | .name] | sort | join(" ")' out)" = "$(printf '%s\n' "scan_$job" "$job" | sort | xargs)" ] || failed "$job"
    done
    [ ! -e runs/compare_dense/stages/train ]
}

@test "compare_dense: collecting runs nothing, verifying changes nothing, an archived run is whole" {
    local before
    fw 0 plan "$config" --set "run_root=$PWD/runs"
    [ ! -e runs/compare_dense/stages ]
    dense 0 runs train_debug
    before=$(find runs -type f -printf '%p %s %T@\n' | sort)
    fw 0 verify runs/compare_dense scan_train_debug train_debug
    [ "$(find runs -type f -printf '%p %s %T@\n' | sort)" = "$before" ]
    mkdir archive
    mv runs/compare_dense archive/compare_dense_20240101T000000Z
    fw 0 verify archive/compare_dense_20240101T000000Z scan_train_debug train_debug
    dense 0 runs train_debug
    says err '2 executed'
    cmp "archive/compare_dense_20240101T000000Z/stages/train_debug/result.json" "$(jobs_of runs)/train_debug/result.json"
    echo ' ' >>archive/compare_dense_20240101T000000Z/stages/train_debug/result.json
    fw 7 verify archive/compare_dense_20240101T000000Z scan_train_debug train_debug
}

mistaken() { # CODE SAYS ARGUMENT...: not a step of the job is made
    rm -rf runs
    dense "$1" runs "${@:3}"
    says err "$2"
    [ ! -e runs/compare_dense/events.jsonl ] || jq -es '[.[] | select(.type == "step" and .stage == "train_debug")] == []' runs/compare_dense/events.jsonl
    [ ! -e runs/compare_dense/stages/train_debug/result.json ]
}

@test "compare_dense: an unknown job, an arm without a file, an odd crop or one too large: not a step is made" {
    local job=stages.train_debug
    mistaken 2 nobody nobody
    mistaken 3 'nothing was run' --set 'stages.report.in.metrics=[]'
    mistaken 3 'nothing was run' --set 'stages.report.params.jobs=[]'
    mistaken 3 'nothing was run' train_debug --set "$job.params.arms=[]"
    mistaken 3 'nothing was run' train_debug --set "$job.in.data=\"nowhere.npz\""
    mistaken 3 'nothing was run' train_debug --set "$job.in.models=[]"
    mistaken 1 'there are 3 arms with a model and 1 models' train_debug --set "$job.in.models=[\"@scan_train_debug.fine\"]"
    mistaken 1 'set stitch_crop to an even number' train_debug --set "$job.params.stitch_crop=7"
    mistaken 1 'patches of 70 out of 32 pixels' train_debug --set "$job.params.stitch_crop=70"
}
