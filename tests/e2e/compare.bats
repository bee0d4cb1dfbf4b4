#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The comparison of classifiers: on generated images, and on real ones where the shared data are.
load lib.bash

config=$FWRUN_SOURCE_ROOT/configs/demo_compare_models.cfg

# The demo, quick: few images, and a fit that ends early.
small=(--set stages.shapes.params.train=300 --set stages.shapes.params.test=200 --set stages.pixels.params.max_iterations=20
    --set stages.filters.params.max_iterations=20 --set stages.compare.params.chunk=50 --set stages.compare.params.batch=50)

demo() { # CODE ROOT ARGUMENT...
    fw "$1" "$config" --set "run_root=$PWD/$2" "${small[@]}" "${@:3}"
}

result() { # ROOT
    echo "$1/demo_compare_models/stages/compare/result.json"
}

@test "compare: runs, is reused as a whole the second time, and verifies" {
    demo 0 runs
    summary '4 executed, 0 reused, 0 failed, 0 skipped'
    says err 'gate answers: true: 2 models answered for all 200 samples'
    demo 0 runs
    summary '0 executed, 4 reused, 0 failed, 0 skipped (exit 0)'
    fw 0 verify runs/demo_compare_models
    says out 'PASS 4 stages'
}

@test "compare: every document says that the images are generated" {
    local file n=0
    demo 0 runs
    for file in runs/demo_compare_models/stages/*/{fit,result}.json runs/demo_compare_models/stages/*/*.md; do
        [ -e "$file" ] || continue
        says "$file" 'GENERATED shapes, no photographs'
        n=$((n + 1))
    done
    [ "$n" -eq 4 ]
}

@test "compare: two steps at a time, for one thread and two, the bytes are the same" {
    local code=75 times=0
    demo 0 whole --set resources.threads=1
    while [ "$code" -eq 75 ]; do
        code=0
        "$FWRUN" "$config" --set "run_root=$PWD/parts" "${small[@]}" --set resources.threads=2 --stop-after-steps 2 \
            >out 2>err || code=$?
        times=$((times + 1))
    done
    [ "$code" -eq 0 ] || failed "exit $code"
    [ "$times" -ge 5 ] || failed "it took $times runs"
    diff -r -x MANIFEST.json whole/demo_compare_models/stages parts/demo_compare_models/stages
}

@test "compare: killed amid the comparison, it goes on from its checkpoint to the same bytes" {
    local slow=(--set stages.compare.params.chunk=1 --set stages.compare.params.n_bootstrap=20000) pid before
    demo 0 whole --set stages.compare.params.n_bootstrap=20000
    demo 0 runs --to pixels
    demo 0 runs --to filters
    start "$config" --set "run_root=$PWD/runs" "${small[@]}" "${slow[@]}" --checkpoint-every 1ms
    until [ -e runs/demo_compare_models/checkpoints/compare ]; do
        kill -0 "$pid" || failed 'it ended before its first checkpoint'
        sleep 0.002
    done
    kill -KILL "$pid"
    wait "$pid" || true
    [ ! -e "$(result runs)" ] || failed 'it was done before it could be killed'
    before=$(wc -l <runs/demo_compare_models/events.jsonl)
    demo 0 runs "${slow[@]}"
    tail -n "+$((before + 1))" runs/demo_compare_models/events.jsonl |
        jq -es '[.[] | select(.type == "step" and .stage == "compare") | .steps] | min > 1'
    cmp "$(result whole)" "$(result runs)"
}

@test "compare: answers that are all zero end it with exit code 7 and a note, and no table" {
    local compare=runs/demo_compare_models/stages/compare
    python3 - <<'PY'
import struct, zipfile
text = repr({"descr": "<f4", "fortran_order": False, "shape": (200, 10)})
text += " " * (-(len(text) + 11) % 64) + "\n"
with zipfile.ZipFile("zero.npz", "w") as archive:
    archive.writestr("p.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + bytes(8000))
PY
    demo 7 runs --set "stages.compare.in.models=[\"$PWD/zero.npz\", \"@filters.model\"]" \
        --set 'stages.compare.params.arms=["pixels=npz/logits", "filters=weights"]'
    says "$compare/comparison.md" '**Blocked: all_zero.**'
    [ "$(find $compare/red -name 'blocked_*_all_zero.md' | wc -l)" -eq 1 ]
    [ ! -s $compare/comparison_metrics.csv ]
}

# A copy of the tree with the real images in it, as get-data lays them.
@test "compare: random filters beat pixels on Fashion-MNIST" {
    local shared=${FWRUN_SHARED:-$FWRUN_SOURCE_ROOT/../shared}
    [ -d "$shared/data/imgcls" ] || skip "no $shared/data/imgcls: set FWRUN_SHARED to the folder that holds data/"
    mkdir tree
    cp -r "$FWRUN_SOURCE_ROOT/configs" "$FWRUN_SOURCE_ROOT/scripts" tree/
    FWRUN_DATA_MIRROR=$shared/data tree/scripts/get-data fashion >laid
    never_says laid 'note: not the images'
    fw 0 tree/configs/compare_models.cfg
    fw 0 verify tree/configs/compare_models.cfg
    jq -e '.pairs | length == 6 and all(.better == "filters")' tree/runs/compare_models/stages/compare/result.json
    jq -e '.metrics[] | select(.arm == "filters" and .metric == "accuracy") | .value > 0.82 and .value < 0.87' \
        tree/runs/compare_models/stages/compare/result.json
    jq -es 'all(.converged)' tree/runs/compare_models/stages/{pixels,filters}/fit.json
}

@test "compare: says where the images are to come from when they are not there" {
    local line
    mkdir tree
    cp -r "$FWRUN_SOURCE_ROOT/configs" tree/
    fw 3 tree/configs/compare_models.cfg
    line=$(grep -n '@include' tree/configs/compare_models.cfg)
    says err "tree/configs/compare_models.cfg:${line%%:*}: cannot include tree/"
    [[ $line == *'scripts/get-data fashion'* ]]
}

@test "a model in ONNX's format is an arm like any other" {
    data=${FWRUN_SHARED:-$FWRUN_SOURCE_ROOT/../shared}/data/onnx
    [ -d "$data" ] || skip "SKIPPED: the shared data $data is not there"
    [ -e "$FWRUN_SOURCE_ROOT/.deps/onnxruntime/libonnxruntime.so.1" ] ||
        skip "SKIPPED: ONNX Runtime is not there: scripts/setup --with-onnx"
    export FWRUN_PLUGIN_PATH=
    # What the same net answered in double precision is the other arm.
    python=$(command -v /usr/bin/python3 || echo python3)
    "$python" -c "import numpy as np; np.save('given.npy', np.load('$data/ort_examples_mnist_vectors.npz')['output'])"
    cat >onnx.cfg <<CFG
name = "onnx";
stages: { compare: {
    use = "compare_models";
    in: { data = "$data/ort_examples_mnist_vectors.npz"; models = ["$data/ort_examples_mnist.onnx", "given.npy"]; };
    params: { arms = ["net=onnx/logits", "given=npz/logits"]; inputs = ["input"]; target = "label"; n_bootstrap = 100; };
}; };
CFG
    fw 0 onnx.cfg
    result=runs/onnx/stages/compare/result.json
    run -0 jq -r '.metrics[] | select(.metric == "accuracy") | .value' "$result"
    [ "$(sort -u <<<"$output" | wc -l)" -eq 1 ]
    run -0 jq '[.pairs[] | select(.metric == "log_loss") | .difference | fabs] | length == 1 and .[0] < 1e-4' "$result"
    [ "$output" = true ]
}
