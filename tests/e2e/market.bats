#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The market's pipeline: on a generated series, and on the real one where the shared data are.
load lib.bash

config=$FWRUN_SOURCE_ROOT/configs/demo_market.cfg

demo() { # CODE ARGUMENT...: runs in ./runs
    fw "$1" "$config" --set "run_root=$PWD/runs" "${@:2}"
}

@test "market: runs, is reused as a whole the second time, and verifies" {
    local n
    demo 0
    n=$(state '.stages | length')
    summary "$n executed, 0 reused, 0 failed, 0 skipped"
    demo 0
    summary "0 executed, $n reused, 0 failed, 0 skipped (exit 0)"
    fw 0 verify runs/demo_market
    says out "PASS $n stages"
}

@test "market: every document and plot says that the series is generated, and all tiers have the same days" {
    local tier file n=0
    demo 0
    while read -r file; do
        says "$file" 'GENERATED random walk'
        n=$((n + 1))
    done < <(find runs/demo_market/stages \( -name '*.json' -o -name '*.md' -o -name '*.svg' \) ! -name MANIFEST.json)
    [ "$n" -ge 19 ]
    for tier in a20 a50 a100; do
        jq -c '[.experiments[] | [.horizon, .train.samples, .val.samples, .test.samples]]' \
            "runs/demo_market/stages/baseline_$tier/model.json" >"days_$tier"
        [ "$(jq '[.experiments[].train.without_features] | add' "runs/demo_market/stages/baseline_$tier/model.json")" -eq 0 ]
    done
    [ "$(jq length days_a20)" -eq 4 ]
    cmp days_a20 days_a50
    cmp days_a20 days_a100
}

@test "market: gives the same bytes for one thread and two" {
    demo 0 --set resources.threads=1 --set "run_root=$PWD/one"
    demo 0 --set resources.threads=2 --set "run_root=$PWD/two"
    [ "$(find one/demo_market/stages -name '*.parquet' | wc -l)" -ge 10 ]
    diff -r -x MANIFEST.json one/demo_market/stages two/demo_market/stages
}

@test "market: the page of the pipeline names every column of every table" {
    local page=$FWRUN_SOURCE_ROOT/docs/pipelines/market.md column
    demo 0
    jq -r '.columns[].name' runs/demo_market/stages/features_a100/MANIFEST.json >columns
    [ "$(wc -l <columns)" -eq 100 ]
    while read -r column; do
        says "$page" "| \`$column\` |"
    done <columns
    jq -r '[paths | map(select(type == "string"))[]] | unique[]' runs/demo_market/stages/baseline_a20/model.json >members
    while read -r column; do
        says "$page" "\`$column\`"
    done <members
}

# A copy of the tree with the real series in it, as get-data lays it.
@test "market: runs on the S&P 500" {
    local shared=${FWRUN_SHARED:-$FWRUN_SOURCE_ROOT/../shared}
    [ -d "$shared/data/market" ] || skip "no $shared/data/market: set FWRUN_SHARED to the folder that holds data/"
    mkdir tree
    cp -r "$FWRUN_SOURCE_ROOT/configs" "$FWRUN_SOURCE_ROOT/scripts" tree/
    FWRUN_DATA_MIRROR=$shared/data tree/scripts/get-data market >laid
    says laid 'This copy: S&P 500 1990-2022'
    fw 0 tree/configs/market.cfg
    says err '1963 days after the warm-up have an undefined column and were left out'
    [ "$(jq '.rows_written' tree/runs/market/stages/features_a100/MANIFEST.json)" -eq 5896 ]
    says tree/runs/market/stages/baseline_a100/model.json 'Stock.Indicators'
}

@test "market: says where the series is to come from when it is not there" {
    mkdir tree
    cp -r "$FWRUN_SOURCE_ROOT/configs" tree/
    fw 3 tree/configs/market.cfg
    says err 'tree/configs/market.cfg:13: cannot include tree/'
    sed -n 13p tree/configs/market.cfg | grep -q 'scripts/get-data market'
}

# The reference's two raw files, of 1,300 weekdays; the index ends 25 days before the prices.
raw_files() {
    cat >raw.cfg <<'CFG'
name = "raw";
vars: {
    days = "SELECT i, DATE '2021-06-07' + (i // 5 * 7 + i % 5)::INTEGER AS \"Date\", 400 + 40 * sin(i / 90.0) + ((i * 7919) % 211) / 30.0 AS c, ((i * 104729) % 97) / 24.0 AS u, ((i * 31) % 89) / 22.0 AS d FROM range(1300) r(i)";
};
stages: {
    spy: {
        use = "sql";
        out: { table = "data/raw/SPY.parquet"; };
        params: { query = "SELECT \"Date\", c AS \"Open\", c + u AS \"High\", c - d AS \"Low\", c + (u - d) / 3 AS \"Close\", 1000000 + i AS \"Volume\" FROM (${days}) ORDER BY i"; };
    };
    vix: {
        use = "sql";
        out: { table = "data/raw/VIX.parquet"; };
        params: { query = "SELECT \"Date\" + TIME '06:00' AS \"Date\", 15 + u AS \"Close\" FROM (${days}) WHERE i < 1275 ORDER BY i"; };
    };
};
CFG
    fw 0 raw.cfg
}

# What the reference's 36 models left behind: results.json, and the predictions of each tier.
model_files() {
    local budget horizon i=0 tier
    for horizon in 1 2 3 5; do
        for budget in 2m 20m 200m; do
            i=$((i + 1))
            results "outputs/phase6a_final/phase6a_${budget}_h$horizon" "0.70$i"
            if [ $horizon = 1 ]; then
                results "outputs/phase6c/s1_0${i}_${budget}_h1_a50" "0.69$i"
            else
                results "outputs/phase6c/s2_horizon_${budget}_h${horizon}_a50" "0.69$i"
            fi
            results "outputs/phase6c_a100/$(printf 's1_%02d_%s_h%d' $i $budget $horizon)" "0.65$i"
        done
    done
    cat >models.cfg <<'CFG'
name = "models";
vars: {
    rows = "SELECT tier || '_' || budget || '_h' || h AS experiment, split, DATE '2023-01-02' + (i + 800 * (split = 'test')::INTEGER)::INTEGER AS date, ((i * 7919 + h) % 101 < 40)::INTEGER AS y, ((i * 7919 + h) % 101 + (i * 31 + length(tier || budget)) % 89) / 190.0 AS p FROM range(300) r(i), (VALUES ('2M'), ('20M'), ('200M')) b(budget), (VALUES (1), (2), (3), (5)) h(h), (VALUES ('val'), ('test')) s(split)";
};
stages: {
    a20: { use = "sql"; out: { table = "outputs/phase6a_final/predictions.parquet"; };
        params: { query = "${rows}, (SELECT 'a20' AS tier)"; }; };
    a50: { use = "sql"; out: { table = "outputs/phase6c/predictions.parquet"; };
        params: { query = "${rows}, (SELECT 'a50' AS tier)"; }; };
    a100: { use = "sql"; out: { table = "outputs/phase6c_a100/predictions.parquet"; };
        params: { query = "${rows}, (SELECT 'a100' AS tier)"; }; };
};
CFG
    fw 0 models.cfg
}

results() { # FOLDER AUC
    mkdir -p "$1"
    printf '{"num_features": 105, "hyperparameters": {"batch_size": 128}, "val_metrics": {"auc": %s}}\n' "$2" >"$1/results.json"
}

phase6c() { # CODE CONFIG ARGUMENT...: with this folder as the place of the reference's files
    fw "$1" "$FWRUN_SOURCE_ROOT/configs/$2.cfg" --set "root=$PWD" "${@:3}"
}

@test "market: lays the reference's files where the reference has them, and registers them" {
    local tier v1=data/processed/v1 outputs=outputs/phase6c_a100
    raw_files
    model_files
    phase6c 0 phase6c
    [ "$(jq '.experiments | length' $outputs/threshold_sweep_results.json)" -eq 12 ]
    [ "$(jq '.thresholds | length' $outputs/threshold_sweep_results.json)" -eq 14 ]
    [ "$(jq '.comparisons | length' $outputs/statistical_validation_results.json)" -eq 72 ]
    [ "$(jq '[.cells[] | select(.status == "ok")] | length' $outputs/tier_comparison.json)" -eq 36 ]
    [ "$(jq '.missing | length' $outputs/tier_comparison.json)" -eq 0 ]
    [ "$(find $outputs/threshold_sweep_plots -name '*.svg' | wc -l)" -eq 16 ]
    [ "$(jq '.rows_written' runs/phase6c/stages/features_a20/MANIFEST.json)" -eq 1101 ]
    for tier in a50 a100; do
        [ "$(jq '.rows_written' "runs/phase6c/stages/features_$tier/MANIFEST.json")" -eq 1023 ]
        [ "$(jq '.rows_dropped.no_vix_trailing' "runs/phase6c/stages/features_$tier/MANIFEST.json")" -eq 25 ]
    done
    for tier in a20 a50 a100; do
        [ -s $v1/SPY_dataset_$tier.parquet ]
        [ -s $v1/SPY_dataset_${tier}_combined.parquet ]
    done
    jq -r '.entries[] | [.dataset, .path, .rows, .cols] | @tsv' data/processed/manifest.json >entries
    [ "$(wc -l <entries)" -eq 6 ]
    says entries "$(printf 'SPY.dataset.a100_combined\tdata/processed/v1/SPY_dataset_a100_combined.parquet\t1023\t106')"
    [ "$(jq -r '.entries[0].md5' data/processed/manifest.json)" = "$(md5sum <$v1/SPY_dataset_a20.parquet | cut -d' ' -f1)" ]
    [ "$(jq -r '.entries[0].source_raw_md5s[1]' data/processed/manifest.json)" = "$(md5sum <data/raw/VIX.parquet | cut -d' ' -f1)" ]
}

@test "market: registers what changed a second time, and finds a file that is not the registered one" {
    raw_files
    model_files
    phase6c 0 phase6c --to register
    phase6c 0 verify_processed
    says err '6 files are what the manifest says'
    phase6c 0 phase6c --to register --set vars.compat=fixed
    [ "$(jq '.entries | length' data/processed/manifest.json)" -gt 6 ]
    phase6c 0 verify_processed
    printf x >>data/processed/v1/SPY_dataset_a50.parquet
    phase6c 7 verify_processed --force verify_processed_manifest
    says err 'SPY_dataset_a50.parquet: checksum mismatch'
}

# OpenBLAS has one number of threads for a whole process: two models at once must not change it for each other.
@test "market: a model shares nothing with another one in the same process" {
    ! nm -D "$FWRUN" | grep -q __asan_ || skip "a sanitizer's runtime gives the plugin symbols and constructors"
    demo 0
    fw 0 check-plugin "$FWRUN_BUILD_ROOT/plugins/logistic_regression/logistic_regression.so" "$config" baseline_a20 \
        --set "run_root=$PWD/runs"
    says out '0 findings'
}
