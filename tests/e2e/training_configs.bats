#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The training pipelines beside the toy: what each changes, and that they hold together.
load lib.bash

configs=$FWRUN_SOURCE_ROOT/configs

setup_file() {
    [ -s "$FWRUN_SOURCE_ROOT/data/market/prices.csv" ] && [ -s "$FWRUN_SOURCE_ROOT/data/fashion/train.npz" ] || skip "no data/market or data/fashion: run scripts/lay-data"
}

@test "phase6c: twelve cells with a reduced budget, the reference's own, and no other" {
    fw 0 plan "$configs/phase6c_train.cfg"
    [ "$(grep -c 's1_[01][0-9] *run' out)" -eq 12 ]
    fw 0 plan "$configs/phase6c_train.cfg" --set vars.budget=full
    fw 3 plan "$configs/phase6c_train.cfg" --set vars.budget=ful
    says err 'there is no variable "epochs_2m_ful"; did you mean "epochs_2m_full"?'
}

@test "phase6c: each variant of the second stage is one change" {
    local name
    for name in wide deep heads16 drop03 drop07 lr5e5; do
        fw 0 plan "$configs/phase6c_s2_$name.cfg"
        says out 'samples = @samples.samples'
    done
    fw 3 plan "$configs/phase6c_s2_heads16.cfg" --set stages.train.params.hedas=3
    says err 'did you mean "heads"?'
}

@test "phase6c: a small model goes from prices to thresholds" {
    fw 0 "$configs/phase6c_s2_lr5e5.cfg" --set "run_root=$PWD/runs" --set vars.epochs_reduced=1 --set stages.train.params.d_model=16 \
        --set stages.train.params.d_ff=32 --set stages.train.params.layers=1 --set stages.train.params.heads=2 \
        --set stages.train.params.batch_size=512
    jq -e '.num_features == 105 and .architecture.d_model == 16 and .hyperparameters.lr == 5e-5 and .training.epochs[0].val_auc != null' \
        runs/phase6c_s2_lr5e5/stages/train/result.json
    jq -e '.experiments | length > 0' runs/phase6c_s2_lr5e5/stages/threshold_sweep/threshold_sweep_results.json
    fw 0 verify runs/phase6c_s2_lr5e5
}

@test "fashion: a net is trained, compared with pixels, and tested on what it never saw" {
    fw 0 "$configs/training_fashion.cfg" --set "run_root=$PWD/runs" --set stages.net.params.epochs=2 --set stages.net.params.base_width=4 \
        --set stages.net.params.warmup_epochs=0 --set stages.net.params.min_channels=4
    jq -e '.test_metrics.n_samples > 0 and .test_metrics.accuracy > 0.15' runs/training_fashion/stages/net/result.json
    jq -e '[.arms[].name] == ["net", "checkpoint", "pixels"] and .samples > 0' runs/training_fashion/stages/compare/result.json
    jq -e '[.metrics[] | select(.arm == "net") | .value] == [.metrics[] | select(.arm == "checkpoint") | .value]' runs/training_fashion/stages/compare/result.json
}

@test "loss_slope: the four variants run one batch of each kind on images of CIFAR-10" {
    local shared=${FWRUN_SHARED:-$FWRUN_SOURCE_ROOT/../shared} name
    [ -s "$shared/data/imgcls/cifar10_dev_1500.bin" ] || skip 'no CIFAR-10 records beside the project'
    mkdir cifar10
    cp "$shared/data/imgcls/cifar10_dev_1500.bin" cifar10
    for name in base bn_off narrow adamw; do
        fw 0 "$configs/loss_slope_$name.cfg" --set "run_root=$PWD/runs" --set "vars.data=$PWD/cifar10" --set stages.train.params.fast_dev_run=true \
            --set stages.train.params.base_width=8 --set stages.train.params.blocks=1 --set stages.train.params.batch_size=8
        jq -e . "runs/loss_slope_$name/stages/train/result.json" >"$name"
    done
    jq -e '.hyperparameters.norm == "none" and .hyperparameters.clip_norm == 1' bn_off
    jq -e '.hyperparameters.width_mult == 0.5' narrow
    jq -e '.hyperparameters.optimiser == "adamw"' adamw
    [ "$(jq .param_count narrow)" -lt "$(jq .param_count base)" ]
}
