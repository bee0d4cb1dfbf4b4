#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A pipeline that works: what runs, what is reused, what is said.
load lib.bash

course() { # the starts and ends of stages, in their order
    jq -r 'select(.type | startswith("stage_")) | .type' runs/*/events.jsonl | paste -sd ' '
}

@test "runs a chain, in order, and says what it did" {
    count_and_copy
    fw 0 chain.cfg
    [ ! -s out ]
    [[ $(head -n 1 err) == "fwrun "*", pid "*", in $PWD: run chain.cfg" ]]
    says err "run directory $PWD/runs/chain" 'count: executed' 'copy: executed'
    summary '2 executed, 0 reused, 0 failed, 0 skipped (exit 0)'
    seq 0 999 | cmp - runs/chain/stages/count/numbers.txt
    cmp runs/chain/stages/count/numbers.txt runs/chain/stages/copy/copy.bin
    [ "$(state .state)" = done ]
    [ "$(state .exit_code)" = 0 ]
    [ -s runs/chain/plan.json ] && [ -s runs/chain/stages/copy/MANIFEST.json ]
    [ -e runs/chain/logs/count.log ]
    [ ! -e runs/chain/lease ] && [ ! -e runs/chain/tmp ]
    [ -z "$(find runs -name '*.partial')" ]
}

@test "reuses everything the second time, to the byte" {
    count_and_copy
    fw 0 chain.cfg
    find runs/chain/stages -type f -exec sha256sum {} + | sort >before
    fw 0 chain.cfg
    summary '0 executed, 2 reused, 0 failed, 0 skipped (exit 0)'
    find runs/chain/stages -type f -exec sha256sum {} + | sort | cmp before -
    [ "$(started count)" = 1 ]
}

@test "runs again what a parameter changed, and only that" {
    pipeline two 'a: { use = "t_noop"; params: { text = "a"; }; }; b: { use = "t_noop"; };'
    fw 0 two.cfg
    fw 0 two.cfg --set stages.a.params.text=other
    says err 'params.text: a -> other'
    summary '1 executed, 1 reused, 0 failed, 0 skipped (exit 0)'
    [ "$(cat runs/two/stages/a/out.txt)" = other ]
}

@test "does not run again for a parameter that changes no byte, nor for threads, memory or temp" {
    count_and_copy
    fw 0 chain.cfg
    fw 0 chain.cfg --set stages.count.params.per_step=7 --set resources.threads=1 \
        --set resources.memory=1GB --set resources.temp=scratch --set stages.copy.params.chunk=1kB
    summary '0 executed, 2 reused, 0 failed, 0 skipped (exit 0)'
}

@test "stops a change that leaves the bytes alone at the first stage that it leaves alone" {
    pipeline cut 'first: { use = "t_count"; };
        second: { use = "t_noop"; in: { in = "@first.out"; }; };
        third: { use = "t_copy"; in: { in = "@second.out"; }; };'
    fw 0 cut.cfg
    fw 0 cut.cfg --set stages.first.params.n=11
    summary '2 executed, 1 reused, 0 failed, 0 skipped (exit 0)'
    says err 'third: reused'
    fw 0 cut.cfg --force second --set stages.first.params.n=11
    summary '1 executed, 2 reused, 0 failed, 0 skipped (exit 0)'
}

@test "runs a stage again when asked to" {
    count_and_copy
    fw 0 chain.cfg
    fw 0 chain.cfg --force count
    says err 'it was asked for with --force'
    summary '1 executed, 1 reused, 0 failed, 0 skipped (exit 0)'
}

@test "runs only what the named stages need" {
    pipeline three 'a: { use = "t_noop"; }; b: { use = "t_noop"; in: { in = "@a.out"; }; }; c: { use = "t_noop"; };'
    fw 0 three.cfg b
    summary '2 executed, 0 reused, 0 failed, 0 skipped, 1 left_out (exit 0)'
    [ ! -e runs/three/stages/c/out.txt ]
    fw 2 three.cfg d
    says err 'there is no stage "d"'
}

@test "notices an input of another content, whatever its time, and not one of another time" {
    pipeline in 'copy: { use = "t_copy"; in: { in = "data.txt"; }; };'
    echo one >data.txt
    fw 0 in.cfg
    touch -d '2001-01-01' data.txt
    fw 0 in.cfg
    summary '0 executed, 1 reused, 0 failed, 0 skipped (exit 0)'
    echo two >data.txt
    touch -d '2001-01-01' data.txt
    fw 0 in.cfg
    summary '1 executed, 0 reused, 0 failed, 0 skipped (exit 0)'
    [ "$(cat runs/in/stages/copy/copy.bin)" = two ]
}

@test "runs again when an output was changed or taken away" {
    count_and_copy
    fw 0 chain.cfg
    echo more >>runs/chain/stages/copy/copy.bin
    fw 0 chain.cfg
    says err "copy.bin has 3895 bytes, 3890 are recorded"
    summary '1 executed, 1 reused, 0 failed, 0 skipped (exit 0)'
    rm runs/chain/stages/count/numbers.txt
    fw 0 chain.cfg
    says err "numbers.txt is missing"
    summary '1 executed, 1 reused, 0 failed, 0 skipped (exit 0)'
}

@test "puts an output where the pipeline says, and moves it by running again" {
    pipeline away 'a: { use = "t_noop"; out: { out = "results/deep/a.txt"; }; };'
    fw 0 away.cfg
    [ "$(cat results/deep/a.txt)" = ok ]
    fw 0 away.cfg
    summary '0 executed, 1 reused, 0 failed, 0 skipped (exit 0)'
    fw 0 away.cfg --set stages.a.out.out=results/b.txt
    says err 'output "out" is wanted at'
    [ "$(cat results/b.txt)" = ok ]
}

@test "runs independent stages side by side" {
    pipeline wide 'a: { use = "t_sleep"; params: { steps = 5; ms = 60; }; };
        b: { use = "t_sleep"; params: { steps = 5; ms = 60; }; };' 'resources: { threads = 2; };'
    fw 0 wide.cfg
    [ "$(course)" = 'stage_start stage_start stage_end stage_end' ]
}

@test "does not start more than the budget allows" {
    pipeline wide 'a: { use = "t_sleep"; params: { steps = 2; ms = 20; }; };
        b: { use = "t_sleep"; params: { steps = 2; ms = 20; }; };' 'resources: { threads = 1; };'
    fw 0 wide.cfg
    [ "$(course)" = 'stage_start stage_end stage_start stage_end' ]
}

@test "makes the same bytes in this process as in one of their own" {
    count_and_copy
    fw 0 chain.cfg --set run_root=apart
    fw 0 chain.cfg --set run_root=inside --set stages.count.isolate=none --set stages.copy.isolate=none
    summary '2 executed, 0 reused, 0 failed, 0 skipped (exit 0)'
    cmp apart/chain/stages/copy/copy.bin inside/chain/stages/copy/copy.bin
    cmp <(jq .key apart/chain/stages/copy/MANIFEST.json) <(jq .key inside/chain/stages/copy/MANIFEST.json)
}

@test "gives a service to the stage that needs it, the same in both kinds of isolation" {
    pipeline ask 'q: { use = "t_ask"; };' 'seed = 7;'
    fw 0 ask.cfg --set run_root=apart
    fw 0 ask.cfg --set run_root=inside --set stages.q.isolate=none
    cmp apart/ask/stages/q/answer.txt inside/ask/stages/q/answer.txt
    fw 0 ask.cfg --set run_root=apart --set seed=8
    ! cmp apart/ask/stages/q/answer.txt inside/ask/stages/q/answer.txt
}

@test "writes events, one JSON object a line, with --json" {
    count_and_copy
    fw 0 chain.cfg --json
    jq -es 'length > 4 and all(.[]; type == "object" and has("type"))' out
    [ "$(tail -n 1 out | jq -c '[.type, .exit_code, .stages.executed]')" = '["run_end",0,2]' ]
    cmp <(jq -c 'del(.time)' out) <(jq -c 'del(.time)' runs/chain/events.jsonl)
    summary '2 executed, 0 reused, 0 failed, 0 skipped (exit 0)'
}

@test "says less with --quiet, never nothing" {
    count_and_copy
    fw 0 chain.cfg --quiet
    never_says err 'count: start'
    summary '2 executed, 0 reused, 0 failed, 0 skipped (exit 0)'
}

@test "takes a run directory for the pipeline that it is of, overrides included" {
    count_and_copy
    fw 0 chain.cfg --set stages.count.params.n=5
    mkdir here && cd here
    fw 0 run ../runs/chain
    summary '0 executed, 2 reused, 0 failed, 0 skipped (exit 0)'
}

@test "takes a run directory without the word run" {
    count_and_copy
    fw 0 chain.cfg
    fw 0 runs/chain
    summary '0 executed, 2 reused, 0 failed, 0 skipped (exit 0)'
}

@test "believes a run directory that was moved or copied" {
    count_and_copy
    fw 0 chain.cfg
    mv runs/chain elsewhere
    fw 0 run elsewhere
    summary '0 executed, 2 reused, 0 failed, 0 skipped (exit 0)'
    cp -r elsewhere copied
    fw 0 run copied
    summary '0 executed, 2 reused, 0 failed, 0 skipped (exit 0)'
    fw 0 verify copied
    says out 'PASS 2 stages, 2 files read'
}

@test "keeps a stage's stdout and stderr in its log, away from its own" {
    export FWRUN_PLUGIN_PATH=$bad
    pipeline talk 's: { use = "bad_prints_to_stdout"; };'
    fw 0 talk.cfg
    [ ! -s out ]
    says runs/talk/logs/s.log 'a line on stdout' 'a line on stderr'
}

@test "takes paths from the folder of the configuration, not from where it is called" {
    mkdir -p here/data
    echo text >here/data/in.txt
    pipeline rel 'copy: { use = "t_copy"; in: { in = "data/in.txt"; }; };'
    mv rel.cfg here
    fw 0 here/rel.cfg
    [ "$(cat here/runs/rel/stages/copy/copy.bin)" = text ]
    [ ! -e runs ]
}
