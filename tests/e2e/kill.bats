#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# kill -9 at random moments: the same command completes, the bytes are those of an undisturbed run,
# and what was finished is not run again. FWRUN_TEST_SEED repeats the moments of an earlier run, FWRUN_TEST_KILLS is how many.
load lib.bash
kills=${FWRUN_TEST_KILLS:-10}

# PIPELINE ROUNDS [OPTION...]: so often a run is killed, its parent or a worker, and run again.
survives() {
    local pipeline=$1 rounds=$2 seed=${FWRUN_TEST_SEED:-$SRANDOM} round begin took
    echo "# FWRUN_TEST_SEED=$seed" >&3
    RANDOM=$seed
    begin=${EPOCHREALTIME/./}
    fw 0 "$pipeline" --set "run_root=\"$PWD/whole\"" "${@:3}"
    took=$((${EPOCHREALTIME/./} - begin))
    for ((round = 0; round < rounds; round++)); do
        rm -rf runs
        strike $((took * RANDOM / 32768)) "$pipeline" --set "run_root=\"$PWD/runs\"" "${@:3}"
        fw 0 "$pipeline" --set "run_root=\"$PWD/runs\"" "${@:3}" --json
        never_again
        diff -r -x MANIFEST.json -x key.json whole/*/stages runs/*/stages
    done
}

strike() { # MICROSECONDS ARGUMENT...: after that time one of the run's processes is killed
    local victim got=0
    start "${@:2}"
    sleep "$(($1 / 1000000)).$(printf %06d $(($1 % 1000000)))"
    victim=$pid
    if ((RANDOM % 2)); then
        read -r victim _ <"/proc/$pid/task/$pid/children" || true
    fi
    kill -KILL "${victim:-$pid}" || true
    wait "$pid" || got=$?
    # 0: it was done. 4: the worker that tries the plugins was struck. 5: one that runs a stage.
    [[ $got =~ ^(0|4|5|137)$ ]] || failed "a killed run ended with $got"
    finished=$(find runs -name MANIFEST.json -printf '%h\n' 2>/dev/null | xargs -r -n 1 basename)
}

never_again() { # the second run started nothing that was finished
    local stage
    for stage in $finished; do
        never_says out "{\"type\":\"stage_start\",\"stage\":\"$stage\""
    done
}

chain() { # SETTING...
    pipeline chain "
        count: { use = \"t_count\"; params: { n = 50000; per_step = 500; }; $* };
        nap: { use = \"t_sleep\"; params: { steps = 20; ms = 10; }; in: { in = \"@count.out\"; }; $* };
        copy: { use = \"t_copy\"; params: { chunk = \"4kB\"; }; in: { in = \"@count.out\"; }; $* };
        last: { use = \"t_copy\"; in: { in = \"@nap.out\"; }; after = \"copy\"; $* };"
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
    survives "$FWRUN_SOURCE_ROOT/configs/demo_freeze.cfg" "$kills" --set stages.crawl.params.rows=600
}

@test "what a kill left of a document is cleared when the stage runs again" {
    pipeline one 'a: { use = "t_noop"; };'
    mkdir -p runs/one/stages/a
    echo '{"half' >runs/one/stages/a/.MANIFEST.json.123-abc.tmp
    fw 0 one.cfg
    [ ! -e runs/one/stages/a/.MANIFEST.json.123-abc.tmp ]
}
