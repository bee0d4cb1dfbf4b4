#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# `fwrun swap-test`: another build of a stage's plugin is equal, different, or not safe to swap to.
load lib.bash

eval "common_$(declare -f setup)"
setup() {
    common_setup
    builds=$FWRUN_BUILD_ROOT/tests/fixtures/swap
    mkdir plugins
    cp "$builds/old.so" plugins/t_swap.so
    pipeline p 's: { use = "t_swap"; params: { n = 1000; per_step = 100; }; };'
}

swap_test() { # CODE BUILD [ARGUMENT...]
    fw "$1" swap-test p.cfg --plugin-dir plugins --with "$builds/$2.so" "${@:3}"
}

unsafe() { # BUILD TEXT...
    swap_test 7 "$1"
    [ "$(tail -n 1 out)" = UNSAFE ]
    says out "${@:2}"
}

# Sanitizers keep the original files mapped, memory that was freed, and threads of their own.
unless_sanitized() {
    ! nm -D "$builds/old.so" | grep -qE '__[at]san_' || skip 'plugins are not unloaded under a sanitizer'
}

@test "the same source in another build is EQUAL, swapped half-way and after every step" {
    swap_test 0 alt
    says out 'new         equal' 'old -> new  equal' 'swapped     41 times in 10 steps'
    [ "$(tail -n 1 out)" = EQUAL ]
    swap_test 0 alt --at every
    says out 'swapped     9 times in 10 steps'
    swap_test 0 alt --at 9 --json
    [ "$(jq -r '.verdict, .swap.at' out | xargs)" = 'EQUAL 9' ]
}

@test "one value that differs is DIFFERENT, with its row, column and both values" {
    local name
    swap_test 7 wrong
    says out 'differs in output out: row 701, column number' 'old  700' 'new  701'
    [ "$(tail -n 1 out)" = DIFFERENT ]
    says err 'swap-test of stage "s": DIFFERENT (exit 7)'
    swap_test 7 wrong --json
    for name in $(jq -r 'keys[], (.swap | keys[]), (.difference | keys[])' out); do
        says "$FWRUN_SOURCE_ROOT/docs/how-to/qualify-a-build.md" "\`$name\`"
    done
    [ "$(jq -c '.difference | [.run, .row, .column, .old, .new]' out)" = '["alone",701,"number","700","701"]' ]
}

@test "without a provider of fw.sql/1 it is the first byte that differs" {
    local got=0
    cp "$FWRUN_BUILD_ROOT/core/tools/fwrun-swap-test" . # which finds no plugins but those named
    FWRUN_PLUGIN_PATH= ./fwrun-swap-test p.cfg --plugin-dir plugins --with "$builds/wrong.so" >out 2>err || got=$?
    [ "$got" = 7 ] || failed "exit $got"
    says out 'the bytes differ from offset' 'line 702' "no plugin has the service 'fw.sql/1'"
}

@test "a stage that is equal within rounding may round otherwise, and no more" {
    cp "$builds/tolerant_old.so" plugins/t_swap.so
    swap_test 0 tolerant_alt
    swap_test 7 tolerant_alt --tolerance 0
    says out 'row 2, column half'
    swap_test 7 tolerant_wrong
    says out 'row 701, column number'
}

@test "what crashes is UNSAFE, and is said to crash where it did" {
    unsafe create_crashes 'the new build alone: stage "s": crashed with signal 11'
    unsafe restore_crashes 'after step 5 and 0 swaps, in restore of the new build' 'signal 11'
    unsafe step_crashes 'after step 5 and 41 swaps, in step of the new build'
    unsafe later_crashes 'after step 6 and 41 swaps, in step of the new build'
}

@test "what cannot take over is UNSAFE" {
    unsafe restore_refuses 'restore failed with status -10: the state is of another version'
    unsafe no_checkpoint 'the new build does not declare FW_CAP_CHECKPOINT'
    unsafe other_ports 'it declares 2 outputs, expected 1'
    unsafe other_params 'it declares 6 parameters, expected 5'
    unsafe other_stage 'it has no stage "t_swap"'
    head -c 3000 "$builds/alt.so" >half.so
    fw 7 swap-test p.cfg --plugin-dir plugins --with half.so
    says out 'it is no plugin that can be loaded'
}

@test "a build that hangs is UNSAFE after the longest silence" {
    fw 7 swap-test p.cfg --plugin-dir plugins --with "$builds/step_hangs.so" --timeout 1s
    says out 'UNSAFE'
}

@test "what a swap leaves behind is UNSAFE" {
    unless_sanitized
    unsafe leaks_descriptors 'each swap leaves 0.5 more descriptors behind'
    unsafe leaks_mappings 'more mappings behind'
    unsafe leaks_threads
}

@test "code that cannot be unloaded is said to stay" {
    unless_sanitized
    swap_test 0 stays
    says out 'its code stays mapped, so a live swap replaces the worker'
}

@test "10,000 swaps in one run leave nothing behind" {
    unless_sanitized
    swap_test 0 alt --at every --json --set stages.s.params.n=10001 --set stages.s.params.per_step=1
    [ "$(jq -c '.swap | [.swaps, .unloads, .growth.mappings, .growth.descriptors, .growth.threads]' out)" = '[10000,true,0,0,0]' ]
    # The list of pauses itself is eight bytes each.
    [ "$(jq '.swap.growth.rss_bytes < 32' out)" = true ] || failed 'it grows'
}

@test "arrays that another plugin still holds keep their generation" {
    unless_sanitized
    cp "$builds/arrays_old.so" plugins/t_arrays.so
    cp "$builds/keeper.so" plugins/t_keeper.so
    pipeline p 's: { use = "t_arrays"; params: { n = 100; }; };'
    swap_test 0 arrays_alt --at every
    says out 'up to 7 generations waited for arrays' 'mappings 0'
}

@test "nothing is left of it, and the pipeline's own run is not touched" {
    fw 0 p.cfg --plugin-dir plugins
    find runs/p -type f -printf '%p %T@ %s\n' | sort >before
    swap_test 0 alt
    find runs/p -type f -printf '%p %T@ %s\n' | sort | diff before -
    [ -z "$(find runs/.swap-test -type f)" ]
}

@test "wrong usage says what to write" {
    fw 2 swap-test p.cfg
    says err 'name the other build of the plugin: --with NEW.so'
    swap_test 2 alt --at 10
    says err '--at 10: the stage has 10 steps here'
    swap_test 2 alt --at soon
    says err 'expected a number of steps from 1 on, or every'
    swap_test 2 alt --stage x
    says err 'there is no stage "x"'
    fw 2 swap-test p.cfg --with nowhere.so
    says err 'nowhere.so cannot be read'
    fw 2 swap-test --atx
    says err 'did you mean --at?'
    swap_test 2 alt --tolerance 2
    fw 0 swap-test --help
    says out '--tolerance R'
}

@test "daily of the demo, whose inputs are made first" {
    unless_sanitized
    local build
    for build in alt:0 wrong:7 no_restore:7; do
        fw "${build#*:}" swap-test "$FWRUN_SOURCE_ROOT/configs/demo_freeze.cfg" --stage daily \
            --with "$FWRUN_BUILD_ROOT/tests/daily_${build%:*}.so" --set "run_root=$PWD/runs" \
            --set stages.crawl.params.rows=4000
        cp out "${build%:*}"
    done
    [ "$(tail -qn 1 alt wrong no_restore | xargs)" = 'EQUAL DIFFERENT UNSAFE' ]
    says wrong 'output core, file part-00000.parquet: row ' 'column delta_funding_raised'
    says no_restore 'the checkpoint is not one of this stage'
}
