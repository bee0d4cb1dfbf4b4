#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Frames of a scan through a net, in groups of four: memory, and kills between and inside chunks.
load lib.bash

# The net of the references with one of its outputs: 16 × 16 pixels, four images at a time.
net() {
    local cases=$FWRUN_SOURCE_ROOT/tests/reference/net_cases/u_shape
    mkdir net
    cp "$cases/weights.npz" net/
    jq '.outputs |= .[:1]' "$cases/model.json" >net/model.json
}

frames() { # IMAGES CHUNK: frames.cfg
    net
    unset FWRUN_PLUGIN_PATH
    pipeline frames "
        scan: { use = \"synth_scan\"; params: { images = $1; side = 16; step = 1; }; };
        answers: { use = \"compare_reconstructions\"; in: { data = \"@scan.data\"; models = [\"@scan.fine\", \"$PWD/net/model.json\"]; };
            params: { arms = [\"made=npz\", \"net=weights\"]; gridsize = 2; stitch_crop = 8; registration = \"none\";
                two_outputs = \"amp_phase\"; chunk = $2; batch = 16; }; };"
}

peak() { # ROOT: bytes that the comparison took
    jq -s '[.[] | select(.type == "attempt_end" and .stage == "answers") | .peak_rss_bytes] | max' "$1/frames/events.jsonl"
}

@test "compare_reconstructions: 50,000 groups take no more memory than 50" {
    local few many
    frames 50 32
    fw 0 frames.cfg --set 'run_root="few"'
    fw 0 frames.cfg --set 'run_root="many"' --set stages.scan.params.images=2000 --set stages.answers.params.n_groups=50000 --set stages.answers.params.oversampling=true
    [ "$(jq .groups many/frames/stages/answers/result.json)" -eq 50000 ]
    few=$(peak few)
    many=$(peak many)
    # A group's four frames and what the net makes of them are 12 kB; its members, and where they lie, some 110 bytes.
    [ "$((many - few))" -lt 8000000 ] || failed "$few bytes with 50 groups, $many with 50000"
}

@test "compare_reconstructions: many frames take no more memory than few" {
    local few many
    frames 50 32
    fw 0 frames.cfg --set 'run_root="few"'
    fw 0 frames.cfg --set 'run_root="many"' --set stages.scan.params.images=20000
    few=$(peak few)
    many=$(peak many)
    # Frames and answers are 60 MB; what is kept of a group and of its images are some 200 bytes.
    [ "$((many - few))" -lt 12000000 ] || failed "$few bytes with 50 groups, $many with 20000"
}

# A model that kills its process and the parent at a sample, and lists the samples that it is asked for.
deadly() { # deadly.cfg: four chunks of 32 samples, four batches each
    unset FWRUN_PLUGIN_PATH
    echo dies >model
    pipeline deadly "
        scan: { use = \"synth_scan\"; params: { images = 128; side = 16; step = 2; }; };
        answers: { use = \"compare_reconstructions\"; in: { data = \"@scan.data\"; models = [\"$PWD/model\"]; };
            params: { arms = [\"odd=patches\"]; stitch_crop = 8; registration = \"none\"; chunk = 32; batch = 8; }; };"
}

@test "compare_reconstructions: killed at each chunk's beginning and within it, no finished chunk is made again" {
    local at code least plugins=(--plugin-dir "$FWRUN_BUILD_ROOT/tests/fixtures/predictors" --checkpoint-every 1steps)
    deadly
    fw 0 deadly.cfg "${plugins[@]}" --set 'run_root="whole"'
    for at in 0 8 32 40 64 79 96 127; do
        rm -f model.trace
        echo "$at" >model.die
        code=0
        "$FWRUN" deadly.cfg "${plugins[@]}" >out 2>err || code=$?
        [ "$code" -eq 137 ] || failed "exit $code at $at"
        [ ! -e model.die ] || failed "it was not asked for sample $at"
        # Of the chunk that the kill before this one struck, or of a later one.
        [ "$(sort -n model.trace | head -1)" -ge "${least:-0}" ] || failed "asked again for less than $least"
        least=$((at / 32 * 32))
    done
    rm -f model.trace
    fw 0 deadly.cfg "${plugins[@]}"
    [ "$(cat model.trace)" = "$(seq 96 8 127)" ]
    diff -r -x MANIFEST.json whole/deadly/stages/answers runs/deadly/stages/answers
}

@test "compare_reconstructions: killed between and inside chunks, it gives the same bytes" {
    local round began
    frames 4000 16
    fw 0 frames.cfg --set 'run_root="whole"'
    fw 0 frames.cfg --to scan
    for round in 1 2 3; do
        began=$(stat -c %y runs/frames/checkpoints/answers* 2>/dev/null || true)
        start frames.cfg --checkpoint-every 1ms
        until [ "$(stat -c %y runs/frames/checkpoints/answers* 2>/dev/null || true)" != "$began" ]; do
            kill -0 "$pid" || failed 'it ended before it wrote a checkpoint'
            sleep 0.002
        done
        sleep "0.0$((RANDOM % 5))" # anywhere in a later chunk
        kill -KILL "$pid"
        wait "$pid" || true
        [ ! -e runs/frames/stages/answers/MANIFEST.json ] || failed "it was done before it could be killed ($round)"
    done
    began=$(wc -l <runs/frames/events.jsonl)
    fw 0 frames.cfg
    tail -n "+$((began + 1))" runs/frames/events.jsonl |
        jq -es '[.[] | select(.type == "step" and .stage == "answers") | .steps] | min > 1'
    [ -e runs/frames/stages/answers/panels/comparison.png ]
    diff -r -x MANIFEST.json whole/frames/stages/answers runs/frames/stages/answers
}

# --- frames that were measured ---

measured() { # CODE ROOT ARGUMENT...: configs/compare_frames.cfg on the shared copy of the scan
    local folder=${FWRUN_SHARED:-$FWRUN_SOURCE_ROOT/../shared}/data/ptycho
    [ -d "$folder" ] || skip "no $folder: set FWRUN_SHARED to the folder that holds data/"
    unset FWRUN_PLUGIN_PATH
    fw "$1" "$FWRUN_SOURCE_ROOT/configs/compare_frames.cfg" --set "vars.folder=$(realpath "$folder")" --set "run_root=$PWD/$2" "${@:3}"
    mosaic=$2/compare_frames/stages/mosaic
}

@test "compare_frames: measured frames agree where the geometry is right, and nothing is measured against" {
    local way right
    measured 0 right
    jq -e '.has_truth == false and .images == 150 and .masked_pixels == 5 and ([.arms[] | .status] | unique == ["ok"])' "$mosaic/result.json"
    [ -s "$mosaic/panels/comparison.png" ]
    [ ! -e "$mosaic/comparison_metrics.csv" ]
    right=$(jq '."contrast_amplitude.png".white' "$mosaic/panels/limits.json")
    # Frames that do not lie where they belong blur each other: bright pixels become fewer.
    for way in 'mirror="x"' 'mirror="y"' 'mirror="xy"' swap_xy=true pixel_size=2.5e-7; do
        measured 0 wrong --set "stages.mosaic.params.$way"
        jq -e --argjson right "$right" '."contrast_amplitude.png".white < $right - 0.03' "$mosaic/panels/limits.json" ||
            failed "$way is as bright as $right"
    done
}

@test "compare_frames: a step at a time gives the same bytes" {
    local code=75 file
    measured 0 whole --set stages.mosaic.params.chunk=40
    measured 75 parts --stop-after-steps 1 --set stages.mosaic.params.chunk=70
    while [ "$code" -eq 75 ]; do
        code=0
        "$FWRUN" "$FWRUN_SOURCE_ROOT/configs/compare_frames.cfg" --set "vars.folder=$(realpath "${FWRUN_SHARED:-$FWRUN_SOURCE_ROOT/../shared}/data/ptycho")" \
            --set "run_root=$PWD/parts" --set stages.mosaic.params.chunk=70 --stop-after-steps 1 >out 2>err || code=$?
    done
    [ "$code" -eq 0 ] || failed "exit $code"
    for file in result.json reconstructions.npz panels/comparison.png panels/limits.json; do
        cmp "whole/compare_frames/stages/mosaic/$file" "parts/compare_frames/stages/mosaic/$file"
    done
}
