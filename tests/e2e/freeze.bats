#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The freeze as a whole: ten steps, three gates, the pointer and the gate of its readers.
load lib.bash

stamp=20260203_225620

demo() { # CODE ARGUMENT...: the demo with few rows, runs in ./runs
    fw "$1" "$FWRUN_SOURCE_ROOT/configs/demo_freeze.cfg" --set stages.crawl.params.rows=600 \
        --set stages.filings.params.rows=600 --set "run_root=$PWD/runs" "${@:2}"
}

# Small raw tables where the reference has them: Delta, with nested columns and a checkpoint.
raw_tables() {
    pipeline raw 'crawl: { use = "synth_offers"; params: { rows = 600; }; out: { raw = "data/raw/offers"; }; };
        filings: { use = "synth_filings"; params: { rows = 600; }; in: { offers = "@crawl.raw"; };
            out: { raw = "data/raw/edgar/accessions"; }; };'
    fw 0 raw.cfg
    ls data/raw/offers/_delta_log/*.checkpoint.parquet
}

wide() { # CODE ARGUMENT...: the reference's layout below this folder
    fw "$1" "$FWRUN_SOURCE_ROOT/configs/wide_freeze.cfg" --set "root=$PWD" \
        --set preflight.min_free=1MB --set preflight.min_memory=1MB "${@:2}"
}

verify() { # CODE ARGUMENT...: may the freeze of the wide layout be used?
    fw "$1" "$FWRUN_SOURCE_ROOT/configs/verify_freeze.cfg" --set "root=$PWD" "${@:2}"
}

@test "real filings: ten steps, three gates pass, the pointer is written, and a gate that fails writes none" {
    local filings=${FWRUN_SHARED:-$FWRUN_SOURCE_ROOT/../shared}/data/edgar_regcf pointer config
    [ -d "$filings" ] || skip "no filings in $filings; FWRUN_SHARED names the folder that has data/"
    config=("$FWRUN_SOURCE_ROOT/configs/regcf_freeze.cfg" --set "vars.filings=$filings" --set "run_root=$PWD/runs")
    fw 0 "${config[@]}"
    says err 'gate columns: true' 'gate cardinality: true: 10456 raw rows, 10123 entity-days' 'gate offer_day: true'
    pointer=runs/regcf_freeze/stages/freeze/FULL_SCALE_POINTER.yaml
    says "$pointer" 'stamp: regcf_freeze' 'dir: runs/regcf_freeze/stages/daily'
    fw 0 verify runs/regcf_freeze
    cp "$pointer" before
    fw 7 "${config[@]}" --set stages.audit_cardinality.params.min_raw_rows=999999999
    says err 'gate cardinality: false' '10456' '999999999'
    [ "$(state .stages.freeze.state)" = skipped ]
    cmp before "$pointer"
    jq -e '.gate_passed == false' runs/regcf_freeze/stages/audit_cardinality/raw_cardinality_coverage.json
    # The gate is asked again, passes, and the pointer is good as it stands.
    fw 0 "${config[@]}"
    cmp before "$pointer"
}

@test "a contract that asks for a column that no table has writes no pointer" {
    printf 'offers_core_daily:\n  must_keep: [entity_id, no_such_column]\n' >asks.yaml
    demo 7 --set "stages.audit_columns.in.contract=$PWD/asks.yaml"
    [ "$(state .stages.freeze.state)" = skipped ]
    says err 'gate columns: false: column no_such_column of the contract is in no table'
    jq -e '.must_keep_missing == ["no_such_column"]' runs/demo_freeze/stages/audit_columns/column_manifest.json
    says runs/demo_freeze/stages/audit_columns/column_manifest.md '- no_such_column'
    [ ! -e runs/demo_freeze/stages/freeze/FULL_SCALE_POINTER.yaml ]
}

@test "the reference's layout: every product with its manifest; readers may use it until it changes" {
    raw_tables
    wide 0
    for product in offers_core_full_snapshot offers_core_full_daily edgar_feature_store_full_daily multiscale_full \
        offers_text; do
        jq -e .built_at "runs/${product}_wide_$stamp/MANIFEST.json"
    done
    says configs/FULL_SCALE_POINTER.yaml "stamp: '$stamp'" "dir: runs/multiscale_full_wide_$stamp"
    never_says configs/FULL_SCALE_POINTER.yaml "$PWD"
    verify 0
    says err 'gate verify_freeze: true'
    verify 7 --set vars.stamp=20260101_000000
    says err "the pointer's stamp is $stamp, expected 20260101_000000"
    rm "runs/multiscale_full_wide_$stamp/edgar_weekly.parquet"
    verify 7 --force verify_freeze
    says err 'multiscale_full: ' 'edgar_weekly.parquet is not there'
    jq -e '.all_gates_pass == false' "runs/verify_freeze_$stamp/stages/verify_freeze/verify_report.json"
}

@test "two stamps: each pointer names one alone, and keeps the one before it" {
    local other=20260301_000000
    raw_tables
    wide 0
    [ ! -e configs/FULL_SCALE_POINTER.yaml.prev ]
    wide 0 --set "vars.stamp=$other"
    says configs/FULL_SCALE_POINTER.yaml "stamp: '$other'"
    says configs/FULL_SCALE_POINTER.yaml.prev "stamp: '$stamp'"
    # Written again, the pointer is not its own predecessor.
    wide 0 --set "vars.stamp=$other" --force freeze
    says configs/FULL_SCALE_POINTER.yaml.prev "stamp: '$stamp'"
    cp configs/FULL_SCALE_POINTER.yaml before
    wide 1 --set "stages.freeze.in.multiscale=runs/multiscale_full_wide_$other/offers_weekly.parquet"
    says err 'no pointer is written: multiscale_full is not of the stamp'
    cmp before configs/FULL_SCALE_POINTER.yaml
    # Over a snapshot that is there, from daily on.
    rm -r "runs/offers_core_full_daily_wide_$stamp" "runs/multiscale_full_wide_$stamp"
    wide 0 --from daily
    [ "$(started snapshot)" -eq 2 ] # once for each stamp
    grep -o 'runs/[^ ]*' configs/FULL_SCALE_POINTER.yaml >paths
    [ "$(wc -l <paths)" -eq 12 ]
    [ "$(grep -c "$stamp" paths)" -eq 12 ]
    says configs/FULL_SCALE_POINTER.yaml.prev "stamp: '$other'"
    verify 0
}

products() { # STAGE...: what these made, and its digests
    (cd runs/demo_freeze/stages && find "$@" -type f -not -name MANIFEST.json -exec sha256sum {} +) | sort -k 2
}

@test "a step that runs again replaces what it made, and adds nothing, however often it is saved" {
    local again=(snapshots_index edgar_features multiscale audit_cardinality audit_offer_day)
    demo 0
    products "${again[@]}" >before
    [ "$(wc -l <before)" -gt 13 ]
    demo 0 --checkpoint-every 1steps "${again[@]/#/--force=}"
    says err '5 executed'
    products "${again[@]}" >after
    diff before after
}

@test "an unreadable row group of the crawl fails the run and is named" {
    raw_tables
    local file
    file=$(find data/raw/offers -name '*.parquet' -not -path '*_delta_log*' -size +8k | sort | head -n 1)
    dd if=/dev/urandom of="$file" bs=1000 seek=1 count=3 conv=notrunc 2>dd.err
    wide 1 --to snapshot
    says err "$(basename "$file")"
    [ ! -e configs/FULL_SCALE_POINTER.yaml ]
}

# What the pointer and its reports say are paths and times; everything before them is compared.
bytes_of() { # RUN
    (cd "$1/demo_freeze/stages" && find . -type f -not -name MANIFEST.json -not -path './crawl/*' \
        -not -path './filings/*' -not -path './freeze/*' -exec sha256sum {} +) | sort -k 2
}

@test "order of files, threads and chunks leave every byte of the whole chain alike" {
    local stage log chunks=()
    demo 0 --set resources.threads=2
    mv runs first
    cp -r first/demo_freeze/stages/crawl/raw first/demo_freeze/stages/filings/filings .
    for log in {raw,filings}/_delta_log/*.json; do # the files of a commit, last first
        tac "$log" >reversed
        mv reversed "$log"
    done
    for stage in snapshot daily offers_text snapshots_index edgar_features multiscale audit_cardinality audit_offer_day; do
        chunks+=(--set "stages.$stage.params.chunk_rows=257")
    done
    demo 0 --set resources.threads=1 "${chunks[@]}" --set "vars.raw_offers=$PWD/raw" --set "vars.raw_filings=$PWD/filings"
    bytes_of first >before
    bytes_of runs >after
    [ "$(wc -l <before)" -gt 30 ]
    diff before after
}

@test "every test that the page on the freeze names is there" {
    local page=$FWRUN_SOURCE_ROOT/docs/pipelines/freeze.md n=0 name file title
    sed -n '/^## What could go wrong/,$p' "$page" >named
    grep -oE '`[a-z_]+/[a-z_0-9]+`' named | tr -d '`' | sort -u >claims
    grep -oE '"[^"]+"' named | tr -d '"' | sort -u >titles
    while IFS=/ read -r file name; do
        # Written down, and in the list of what is run.
        [ "$(grep -cw "$name" "$FWRUN_SOURCE_ROOT/tests/plugins/test_$file.c")" -ge 2 ] || {
            echo "test_$file.c has no $name"
            n=$((n + 1))
        }
    done <claims
    while read -r title; do
        grep -qF "@test \"$title\"" "$FWRUN_SOURCE_ROOT/tests/e2e/freeze.bats" || {
            echo "freeze.bats has no \"$title\""
            n=$((n + 1))
        }
    done <titles
    [ "$(wc -l <claims)" -gt 40 ]
    [ "$n" -eq 0 ]
}
