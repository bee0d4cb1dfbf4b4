#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# `fwrun run --watch-plugins`: a rebuilt plugin takes over between two steps, or the one that runs goes on; the
# bytes are the same in any case. The stage waits half-way for the file ./gate.
load lib.bash

eval "common_$(declare -f setup)"
setup() {
    common_setup
    unset FWRUN_KEEP_LOADED
    builds=$FWRUN_BUILD_ROOT/tests/fixtures/swap
    mkdir plugins
    build old
    touch gate
    pipeline p "s: { use = \"t_swap\"; params: { n = 1000; per_step = 100; gate = \"$PWD/gate\"; }; };"
    fw 0 p.cfg --plugin-dir plugins --set "run_root=$PWD/plain"
    rm gate
}

build() { # NAME: what a linker does: the old file goes, a new one comes
    cp "$builds/$1.so" next.so
    mv next.so plugins/t_swap.so
}

begin() { # [OPTION]: until the stage waits, with half of its numbers written
    local tries
    rm -f err
    start run p.cfg "${1:---watch-plugins}" --plugin-dir plugins
    for ((tries = 0; tries < 3000; tries++)); do
        [ "$(wc -l 2>/dev/null <runs/p/stages/s/.numbers.csv.partial)" != 501 ] || return 0
        sleep 0.02
    done
    failed 'it has not written 500 numbers within a minute'
}

finish() { # as the run without watching
    touch gate
    ends 0
    cmp plain/p/stages/s/numbers.csv runs/p/stages/s/numbers.csv
    fw 0 verify runs/p --plugin-dir plugins
}

taken() { # N: so many generations have taken over
    local tries
    for ((tries = 0; tries < 3000; tries++)); do
        [ "$(grep -c ': a new build' err)" -lt "$1" ] || return 0
        sleep 0.02
    done
    failed "not $1 builds were taken within a minute"
}

refuses() { # BUILD TEXT
    build "$1"
    until_says err "$2"
}

manifest() { # FILTER
    jq -c "$1" runs/p/stages/s/MANIFEST.json
}

@test "a rebuilt plugin takes over, and the manifest says which build made which steps" {
    local name
    begin
    build alt
    taken 1
    finish
    [ "$(manifest '[.generations[].generation]')" = '[1,2]' ]
    [ "$(manifest '.generations | .[0].from_step == 1 and .[1].from_step > 1 and .[0].digest != .[1].digest')" = true ]
    for name in $(manifest '.generations[1] | keys[]' | tr -d '"'); do
        says "$FWRUN_SOURCE_ROOT/docs/reference/records.md" "\`$name\`"
    done
    [ "$(manifest '.generations[1] | [.worker, .pause_us > 0, .state_bytes]')" = '["same",true,24]' ]
}

@test "what two builds have made is nobody's: the next run makes it again" {
    begin
    build alt
    taken 1
    finish
    build old
    fw 0 p.cfg --plugin-dir plugins
    summary '1 executed, 0 reused'
    fw 0 p.cfg --plugin-dir plugins
    summary '0 executed, 1 reused'
}

@test "several builds one after another" {
    begin
    build alt
    taken 1
    build old
    taken 2
    build alt
    taken 3
    finish
    [ "$(manifest '[.generations[].generation]')" = '[1,2,3,4]' ]
}

@test "a candidate that crashes is rolled back, wherever it does" {
    begin
    refuses create_crashes 'it crashed with signal 11 in create'
    refuses restore_crashes 'it crashed with signal 11 in restore'
    refuses step_crashes 'it crashed with signal 11 in step (step 1 after the restore)'
    refuses later_crashes 'it crashed with signal 11 in step (step 2 after the restore)'
    finish
    [ "$(manifest '[(.generations | length), (.refused | length)]')" = '[1,4]' ]
    fw 0 p.cfg --plugin-dir plugins --set stages.s.params.n=1001 # the run before is believed as it is
}

@test "a candidate that cannot take over, or writes something else, is rolled back" {
    begin
    refuses restore_refuses 'its restore failed with status -10: the state is of another version'
    refuses babbles 'it writes something else to '
    refuses other_ports 'it declares 2 outputs, expected 1'
    refuses other_stage 'it has no stage "t_swap"'
    refuses no_checkpoint 'does not declare FW_CAP_CHECKPOINT'
    finish
    [ "$(manifest '[(.generations | length), (.refused | length)]')" = '[1,5]' ]
}

@test "a file that is overwritten or cut off does no harm, and a good one is taken after that" {
    begin
    head -c 5000 "$builds/alt.so" >plugins/t_swap.so # in place: the inode is the same
    until_says err 'is not taken'
    : >plugins/t_swap.so
    rm plugins/t_swap.so
    build alt
    taken 1
    : >plugins/t_swap.so # the build that runs
    touch gate
    ends 0
    cmp plain/p/stages/s/numbers.csv runs/p/stages/s/numbers.csv
}

@test "code that cannot be unloaded takes over in a new process" {
    begin
    build stays
    until_says err 'in a new process'
    build alt
    taken 2
    finish
    [ "$(manifest '[.generations[].worker]')" = '[null,"replaced","same"]' ]
    [ "$(manifest '.steps > 10')" = true ]
}

@test "a stage that is not the same to the byte is tried for its steps alone" {
    build tolerant_old
    begin
    build tolerant_alt
    taken 1
    touch gate
    ends 0
    [ "$(manifest '.generations | length')" = 2 ]
}

@test "a checkpoint of several builds is used by none of them" {
    begin
    build alt
    taken 1
    kill -TERM "$pid"
    ends 143
    touch gate
    fw 0 p.cfg --plugin-dir plugins
    cmp plain/p/stages/s/numbers.csv runs/p/stages/s/numbers.csv
    [ "$(manifest '[.steps, .generations]')" = '[10,null]' ]
}

@test "a stop ends a trial, and the same command goes on" {
    begin
    build step_hangs
    until ls runs/p/tmp/s/trial/job.json >/dev/null 2>&1; do
        kill -0 "$pid" || failed 'it has ended'
        sleep 0.02
    done
    kill -TERM "$pid"
    ends 143
    build old
    touch gate
    fw 0 p.cfg --plugin-dir plugins
    cmp plain/p/stages/s/numbers.csv runs/p/stages/s/numbers.csv
}

@test "an abbreviated option is the option" {
    begin --watch-pl
    build alt
    taken 1
    finish
}

serve() { # NAME
    cp "$builds/$1.so" next.so
    mv next.so plugins/t_serves.so
}

begin_served() { # until the stage waits, half-way
    rm plugins/t_swap.so
    cp "$builds/served.so" plugins/t_served.so
    serve serves_old
    pipeline p "s: { use = \"t_served\"; params: { gate = \"$PWD/gate\"; }; };"
    start run p.cfg --watch-plugins --plugin-dir plugins
    until [ "$(wc -l 2>/dev/null <runs/p/stages/s/.served.txt.partial)" = 10 ]; do
        kill -0 "$pid" || failed 'it has ended'
        sleep 0.02
    done
}

@test "a rebuilt provider of a service takes over in a new process" {
    local name
    begin_served
    serve serves_alt
    until_says err 'serves the steps from'
    grep -q 'org.fwrun.test.serves: a new build, [0-9a-f]*, serves' err
    touch gate
    ends 0
    [ "$(sort runs/p/stages/s/served.txt | uniq -c | tr -s ' \n' ' ')" = ' 10 1 10 2 ' ]
    [ "$(manifest '[.generations[] | [.provider, .worker]]')" = '[[null,null],["org.fwrun.test.serves","replaced"]]' ]
    for name in $(manifest '.generations[1] | keys[]' | tr -d '"'); do
        says "$FWRUN_SOURCE_ROOT/docs/reference/records.md" "\`$name\`"
    done
    fw 0 p.cfg --plugin-dir plugins
    summary '1 executed, 0 reused'
    [ "$(uniq runs/p/stages/s/served.txt)" = 2 ]
}

@test "a provider that crashes, or is another one, is not taken, and a good one is after that" {
    begin_served
    serve serves_crash
    until_says err 'it crashed with signal 11 in step (step 1 after the restore)'
    serve serves_another
    until_says err 'org.fwrun.test.serves: it does not provide "org.fwrun.test.number/1"'
    serve serves_stranger
    until_says err 'it is the plugin "org.fwrun.test.stranger", expected "org.fwrun.test.serves"'
    serve serves_alt
    until_says err 'serves the steps from'
    serve serves_old
    until [ "$(grep -c 'serves the steps from' err)" = 2 ]; do sleep 0.02; done
    touch gate
    ends 0
    [ "$(uniq runs/p/stages/s/served.txt)" = 1 ]
    [ "$(manifest '[(.generations | length), (.refused | length)]')" = '[3,3]' ]
}
