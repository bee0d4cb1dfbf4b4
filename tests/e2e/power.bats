#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The power goes: all processes are gone, and every file has lost what was not synced
# (power_cut.py). With durability = "fsync" nothing that was finished is lost; with "rename" it may be,
# but the damage is seen: no run goes on from it and the same command makes it good.
load lib.bash
load strike.bash

lives_on() { # PIPELINE DURABILITY ROUNDS [OPTION...]
    local round lost=0
    local run=("$1" --set "durability=$2" --set "run_root=\"$PWD/runs\"" "${@:4}")
    [ "$(grep -c __asan <(nm -D "$FWRUN"))" = 0 ] || skip "the sanitizer does not let another library in before it"
    seed
    undisturbed "$1" "${@:4}"
    export POWER_LOG=$PWD/power.log POWER_ROOT=$PWD/runs
    for ((round = 0; round < $3; round++)); do
        rm -rf runs power.log
        mkdir runs
        LD_PRELOAD=$FWRUN_BUILD_ROOT/tests/support/power_cut.so strike $((took * RANDOM * 3 / 65536)) "${run[@]}"
        lost=$((lost + $("$FWRUN_PYTHON" "$BATS_TEST_DIRNAME/power_cut.py" power.log runs)))
        fw 0 "${run[@]}" --json
        [ "$2" = rename ] || never_again
        same_as_undisturbed
    done
    [ "$lost" -gt 0 ] || failed 'no file lost anything, which tests nothing'
}

@test "what was finished with durability = fsync survives a power cut" {
    chain
    lives_on chain.cfg fsync "$kills" --checkpoint-every 20ms
}

@test "the demo with durability = fsync survives a power cut" {
    unset FWRUN_PLUGIN_PATH
    lives_on "$FWRUN_SOURCE_ROOT/configs/demo_freeze.cfg" fsync $((kills / 5)) daily \
        --set stages.crawl.params.rows=600
}

@test "damage by a power cut is not believed with durability = rename" {
    chain
    lives_on chain.cfg rename "$kills" --checkpoint-every 20ms
}

@test "the demo with durability = rename makes good what a power cut took" {
    unset FWRUN_PLUGIN_PATH
    lives_on "$FWRUN_SOURCE_ROOT/configs/demo_freeze.cfg" rename $((kills / 5)) --checkpoint-every 50ms daily \
        --set stages.crawl.params.rows=600
}

@test "a file of the right size and time with other bytes is found by verify" {
    count_and_copy
    fw 0 chain.cfg
    touch -r runs/chain/stages/copy/copy.bin stamp
    dd if=/dev/zero of=runs/chain/stages/copy/copy.bin bs=100 count=1 conv=notrunc 2>dd.err
    touch -r stamp runs/chain/stages/copy/copy.bin
    fw 7 verify chain.cfg
    says out 'stages/copy/copy.bin has other content than recorded'
}
