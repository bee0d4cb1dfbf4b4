#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# scripts/export-predictor.py: models of Keras, out of their archives and through the predictor.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    python=$(command -v /usr/bin/python3 || echo python3)
    source_root=$FWRUN_SOURCE_ROOT
    "$python" -c 'import h5py, numpy' 2>/dev/null ||
        skip "SKIPPED: python3-h5py is not there: apt-get install python3-h5py"
    "$python" "$source_root/tests/scripts/keras_archives.py" .
}

check() { # MODEL TARGET: the exported net answers as the set says
    run -0 "$python" "$source_root/scripts/export-predictor.py" "$1" "$2"
    cat >"$2.cfg" <<CFG
name = "$2";
stages: { compare: {
    use = "compare_models";
    in: { data = "set.npz"; models = "$2/model.json"; };
    params: { task = "regression"; target = "$2"; arms = ["exported=weights"]; n_bootstrap = 100; };
}; };
CFG
    "$FWRUN" "$2.cfg" || return
    run -0 jq '[.metrics[] | select(.metric == "rmse").value] | length == 1 and .[0] < 1e-6' \
        "runs/$2/stages/compare/result.json"
    [ "$output" = true ]
}

@test "a chain from an .h5 file answers as it did" {
    check chain.h5 chain
}

@test "a graph from a .keras archive answers as it did" {
    check graph.keras graph
}

@test "what would have to be executed is refused by name" {
    run -1 "$python" "$source_root/scripts/export-predictor.py" odd.h5 odd
    [[ $output == *"layer own (Lambda): this kind of layer is not handled"* ]]
    [ ! -e odd ]
}

@test "weights without a configuration are told from a model" {
    "$python" -c 'import h5py; h5py.File("bare.h5", "w")["w"] = 1'
    run -1 "$python" "$source_root/scripts/export-predictor.py" bare.h5 bare
    [[ $output == *"no model_config"* ]]
}
