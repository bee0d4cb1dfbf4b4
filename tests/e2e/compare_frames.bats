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

@test "compare_reconstructions: many groups take no more memory than few" {
    local few many
    frames 50 32
    fw 0 frames.cfg --set 'run_root="few"'
    fw 0 frames.cfg --set 'run_root="many"' --set stages.scan.params.images=20000
    few=$(peak few)
    many=$(peak many)
    # Frames and answers are 60 MB; what is kept of a group and of its images are some 200 bytes.
    [ "$((many - few))" -lt 12000000 ] || failed "$few bytes with 50 groups, $many with 20000"
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
