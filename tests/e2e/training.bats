#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# train as a user runs it: the toy at full length, its variants, and what happens to a run on the way.
load lib.bash

config=$FWRUN_SOURCE_ROOT/configs/training_toy.cfg

toy() { # CODE ARGUMENT...: runs in ./runs
    fw "$1" "$config" --set "run_root=$PWD/runs" "${@:2}"
}

# Records without what depends on the clock.
records() { # METRICS.JSONL
    jq -c 'del(.t) | .metrics |= with_entries(select(.key | test("^sys/|/wall_s$") | not))' "$1"
}

# A run of seconds, as $1.cfg.
small() { # NAME [PARAMETER...]
    pipeline "$1" "train: { use = \"train\"; params: {
        size = 8; n_train = 256; n_val = 64; classes = 4; noise = 0.5; base_width = 4; min_channels = 2;
        stages = 2; blocks = 1; batch_size = 32; epochs = 4; warmup_epochs = 1; turn = 0.5; seed = 0;
        callbacks = [ \"loss_slope\", \"grad\", \"noise\", \"curvature\", \"sink\" ];
        callback_options = [ \"curvature.every_n_steps=8\", \"curvature.probes=10\", \"curvature.eig_products=6\" ];
        ${*:2} }; };"
}

# All that two runs of the same must share.
same_outputs() { # RUN RUN
    local file
    for file in result.json report.md training.svg answers.npz model.ckpt run/best-{1,2,3}.ckpt run/last.ckpt; do
        cmp "$1/stages/train/$file" "$2/stages/train/$file"
    done
    cmp <(records "$1/stages/train/metrics.jsonl") <(records "$2/stages/train/metrics.jsonl")
}

@test "training: the toy learns, and its monitors say so" {
    local made=runs/training_toy/stages
    toy 0
    jq -e '.training.epochs | length == 16 and (.[0].train_loss - 2.32 | fabs) <= 0.15 and .[15].train_loss < 0.2' \
        "$made/train/result.json" >losses
    jq -e '.val_metrics.accuracy > 0.9 and .param_count == 19954 and .training.steps == 512' "$made/train/result.json" >found
    jq -e '[.callbacks[].disabled] | length == 5 and (any | not)' "$made/train/result.json" >callbacks
    jq -se '[.[].metrics] as $m
        | ([$m[]["val/loss_nats"] // empty] | length == 64)
        and ([$m[]["train/loss_nats"] // empty] | length == 512)
        and ([$m[]["loss_slope/knee_epoch"] // empty] | last as $knee | $knee >= 2 and $knee <= 7)
        and ([$m[]["loss_slope/alpha_5_15"] // empty] | last < 0 and last > -0.15)
        and ([$m[]["curvature/hutchinson_trace"] | select(. != null)] | length == 5)
        and ([$m[]["curvature/lambda_max"] | select(. != null)] | length == 5 and all(. > 0))
        and ([$m[]["noise/gradient_variance"] | select(. != null)] | length == 8)' "$made/train/metrics.jsonl" >records
    jq -e '.runs | length == 1' "$made/callbacks/callbacks.json" >page
    says "$made/train/report.md" 'GENERATED gratings'
    "$FWRUN_PYTHON" -c 'import sys, xml.dom.minidom as dom
for path in sys.argv[1:]: dom.parse(path)' "$made/train/training.svg" "$made/callbacks/plots/toy.svg"
    fw 0 verify runs/training_toy
}

@test "training: without norms, narrow, and by AdamW all is finite and counted, and the first two learn" {
    local variant made
    for variant in bn_off narrow adamw; do
        fw 0 "$FWRUN_SOURCE_ROOT/configs/training_toy_$variant.cfg" --set "run_root=$PWD/runs" --to train
        made=runs/training_toy_$variant/stages/train
        jq -se '[.[].metrics] as $m
            | ([$m[]["train/loss_nats"] // empty] | length == 512)
            and ([$m[]["val/loss_nats"] // empty] | length == 64)
            and ([$m[]["curvature/hutchinson_trace"] | select(. != null)] | length == 5)
            and ([$m[]["curvature/lambda_max"] | select(. != null)] | length == 5 and all(. > 0))
            and ([$m[]["noise/gradient_variance"] | select(. != null)] | length == 8)
            and ([$m[]["loss_slope/alpha_5_15"] // empty] | last < 0 and last > -0.15)
            and all(.[]; .nonfinite // [] | all(test("^(train|val)/") | not))' "$made/metrics.jsonl" >"$variant.records"
        jq -e '.training.nonfinite_losses == 0' "$made/result.json" >"$variant.losses"
        [ "$variant" = adamw ] || jq -e '.training.epochs[15].train_loss < 0.2 and .val_metrics.accuracy > 0.9' "$made/result.json" >"$variant.learned"
    done
    jq -e .param_count runs/training_toy_bn_off/stages/train/result.json | grep -qx 19786
    jq -e .param_count runs/training_toy_narrow/stages/train/result.json | grep -qx 5214
}

@test "training: stopped after any step, it ends with the same bytes" {
    local got=75 n=0
    small whole
    small parts
    sed -i 's/name = "parts"/name = "whole"/' parts.cfg
    fw 0 whole.cfg
    mv runs before
    while [ "$got" -eq 75 ] && [ "$n" -lt 100 ]; do
        got=0
        n=$((n + 1))
        "$FWRUN" parts.cfg --stop-after-steps 1 >out 2>err || got=$?
    done
    [ "$got" -eq 0 ] || failed "exit $got after $n runs"
    [ "$n" -gt 16 ]
    same_outputs before/whole runs/whole
}

@test "training: killed at any moment, it ends with the same bytes" {
    local n
    small whole
    fw 0 whole.cfg
    mv runs before
    for n in 1 2 3; do
        start whole.cfg --checkpoint-every 1steps
        for _ in $(seq 200); do
            [ "$(find runs/whole/stages/train* -name 'step-*.ckpt' 2>/dev/null | wc -l)" -lt "$n" ] || break
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.02
        done
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" || true
    done
    fw 0 whole.cfg
    same_outputs before/whole runs/whole
}

@test "training: a net that was trained is compared by its file and by its answers" {
    pipeline arms 'shapes: { use = "synth_images"; params: { train = 800; test = 80; }; };
        train: { use = "train"; in: { train = "@shapes.train"; test = "@shapes.test"; };
            params: { source = "npz"; base_width = 4; min_channels = 4; stages = 2; blocks = 1; batch_size = 32;
                epochs = 8; lr = 0.1; warmup_epochs = 1; seed = 0; }; };
        compare: { use = "compare_models"; in: { data = "@shapes.test"; models = [ "@train.model", "@train.answers" ]; };
            params: { arms = [ "file=checkpoint", "answers=npz" ]; n_bootstrap = 100; }; };'
    fw 0 arms.cfg
    jq -e '[.metrics[] | select(.arm == "file") | .value] as $file | [.metrics[] | select(.arm == "answers") | .value] as $answers
        | $file == $answers and $file[0] > 0.3' runs/arms/stages/compare/result.json >same ||
        failed "$(jq -c .metrics runs/arms/stages/compare/result.json)"
}

@test "training: another seed is another training" {
    small one
    sed 's/seed = 0/seed = 1/; s/name = "one"/name = "two"/' one.cfg >two.cfg
    fw 0 one.cfg
    fw 0 two.cfg
    run ! cmp -s runs/one/stages/train/run/best-1.ckpt runs/two/stages/train/run/best-1.ckpt
    [ "$(records runs/one/stages/train/metrics.jsonl | wc -l)" -eq "$(records runs/two/stages/train/metrics.jsonl | wc -l)" ]
}

@test "training: what cannot be is said before anything runs, or with the file that is wrong" {
    small bad 'callbacks_ = 1;'
    fw 3 bad.cfg
    small kind
    sed -i 's/"curvature", "sink"/"curvatur", "sink"/' kind.cfg
    fw 1 kind.cfg || fw 3 kind.cfg
    says err 'curvatur'
    small owners
    sed -i 's/"grad", "noise"/"same=grad", "same=noise"/' owners.cfg
    fw 1 owners.cfg
    says err 'two callbacks have this name' 'same=noise'
    [ ! -s runs/owners/stages/train/result.json ]
    small lost 'nan_policy = "stop"; lr = 1e30;'
    sed -i 's/warmup_epochs = 1/warmup_epochs = 0/' lost.cfg
    fw 1 lost.cfg
    says err 'nan loss in three steps in a row'
    jq -e '.state == "failed"' "$(find runs/lost -name status.json | head -1)" >state
}
