#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# kill -9 at random moments: the same command completes, the bytes are those of an undisturbed run,
# and what was finished is not run again.
load lib.bash
load strike.bash

# PIPELINE ROUNDS [OPTION...]: so often a run is struck and run again.
survives() {
    local pipeline=$1 rounds=$2 round
    seed
    undisturbed "$pipeline" "${@:3}"
    for ((round = 0; round < rounds; round++)); do
        rm -rf runs
        strike $((took * RANDOM / 32768)) "$pipeline" --set "run_root=\"$PWD/runs\"" "${@:3}"
        fw 0 "$pipeline" --set "run_root=\"$PWD/runs\"" "${@:3}" --json
        never_again
        same_as_undisturbed
    done
}

@test "a chain survives being killed at random moments" {
    chain
    survives chain.cfg "$kills" --checkpoint-every 20ms
}

@test "a chain in this process survives being killed at random moments" {
    chain 'isolate = "none";'
    survives chain.cfg $((kills / 2)) --checkpoint-every 20ms
}

@test "the demo survives being killed at random moments" {
    unset FWRUN_PLUGIN_PATH
    survives "$FWRUN_SOURCE_ROOT/configs/demo_freeze.cfg" $((kills / 2)) daily \
        --set stages.crawl.params.rows=600
}

@test "a run survives being killed again and again, and gets on each time" {
    chain
    seed
    undisturbed chain.cfg --checkpoint-every 20ms
    local round before=0 now
    for ((round = 0; round < kills; round++)); do
        strike $((took * (50 + RANDOM % 50) / 100)) chain.cfg --checkpoint-every 20ms
        now=$(wc -w <<<"$finished")
        [ "$now" -ge "$before" ]
        before=$now
    done
    fw 0 chain.cfg
    same_as_undisturbed
}

@test "what a kill left of a document is cleared when the stage runs again" {
    pipeline one 'a: { use = "t_noop"; };'
    mkdir -p runs/one/stages/a
    echo '{"half' >runs/one/stages/a/.MANIFEST.json.123-abc.tmp
    fw 0 one.cfg
    [ ! -e runs/one/stages/a/.MANIFEST.json.123-abc.tmp ]
}
