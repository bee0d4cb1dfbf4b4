#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Runs that nobody watches: --detach, status, wait, stop.
load lib.bash

teardown() {
    [ ! -e runs/nap/run.json ] || "$FWRUN" stop --now runs/nap >/dev/null 2>&1 || true
}

nap() { # STEPS: a run of that many tenths of a second
    pipeline nap "before: { use = \"t_count\"; params: { n = 10; }; };
        nap: { use = \"t_sleep\"; params: { steps = $1; ms = 100; }; in: { in = \"@before.out\"; }; };"
}

@test "--detach says pid, log and run directory at once, and the run goes on" {
    nap 10
    fw 0 --detach nap.cfg
    says out "log $PWD/runs/nap/run.log" "run directory $PWD/runs/nap"
    pid=$(sed -n 's/^pid //p' out)
    [ "$(ps -o sid= "$pid" | xargs)" = "$pid" ] # a session of its own: no hangup reaches it
    fw 0 wait runs/nap
    says out 'runs/nap: done'
    says runs/nap/run.log 'done after' '2 executed'
}

@test "--detach --json is a document" {
    nap 1
    fw 0 --detach nap.cfg --json
    jq -e --arg dir "$PWD/runs/nap" '.pid > 1 and .run_dir == $dir and .log == $dir + "/run.log"' out
    fw 0 wait
}

@test "what is wrong before the run begins is said in the foreground" {
    pipeline wrong 'a: { use = "nothing_like_it"; };'
    fw 4 --detach wrong.cfg
    says err 'nothing_like_it'
    nap 30
    fw 0 --detach nap.cfg
    fw 6 --detach nap.cfg
    says err 'the run ended before any stage did' 'runs/nap/run.log says why'
    says runs/nap/run.log 'is held by process'
}

@test "status tells what runs and how far it is, as a text and as a document" {
    nap 30
    fw 0 --detach nap.cfg
    until_says runs/nap/events.jsonl '"unit":"steps"'
    fw 0 status
    says out 'runs/nap: running, process' 'before  executed' 'nap     running' 'of 30 steps' ' left'
    fw 0 status nap.cfg --json
    jq -e '.state == "running" and .stages[0].state == "executed" and .stages[1].step.total == 30' out
}

@test "status --watch ends with the run, and shows every second of it" {
    nap 15
    fw 0 --detach nap.cfg
    fw 0 status --watch --json
    jq -es 'length >= 2 and first.state != "done" and last.state == "done"' out
}

@test "wait ends with the run's own code, or with 9 when its time is over" {
    nap 20
    fw 0 --detach nap.cfg
    fw 9 wait --timeout 100ms
    says err 'still so after 0.1 s'
    fw 0 wait
    pipeline fails "a: { use = \"t_count\"; params: { n = 0; }; };"
    fw 0 --detach fails.cfg
    fw 1 wait fails.cfg
    says err 'runs/fails: failed: stage "a"'
    fw 75 nap.cfg --set stages.nap.params.steps=19 --stop-after-steps 2
    fw 75 wait runs/nap
}

@test "stop lets the run save its state, and the same command goes on" {
    nap 50
    fw 0 --detach nap.cfg
    until_says runs/nap/events.jsonl '"unit":"steps"'
    fw 0 stop
    says out 'interrupted: stopped; the same command goes on from here'
    fw 143 wait
    [ -e runs/nap/checkpoints/nap ]
    fw 0 stop
    says out 'nothing to stop'
}

@test "stop --now kills a stage that does not listen" {
    pipeline nap 'deaf: { use = "t_sleep"; params: { steps = 1; ms = 60000; }; };'
    fw 0 --detach nap.cfg
    until_says runs/nap/events.jsonl '"stage_start"'
    SECONDS=0
    fw 0 stop --now
    ((SECONDS < 10))
    fw 143 wait
}

@test "a run whose process is gone is said to be lost, and goes on with the same command" {
    nap 10
    fw 0 --detach nap.cfg
    until_says runs/nap/events.jsonl '"unit":"steps"'
    kill -KILL "$(sed -n 's/^pid //p' out)"
    fw 0 status
    says out 'runs/nap: lost: process' 'is gone and gave no verdict' 'nap     lost'
    fw 5 wait
    fw 0 --detach nap.cfg
    fw 0 wait
    says runs/nap/run.log 'took over'
}

@test "a run that was killed before its first record is lost, not what the run before it was" {
    nap 1
    fw 0 nap.cfg
    fw 0 --detach nap.cfg --set stages.nap.params.steps=30
    kill -KILL "$(sed -n 's/^pid //p' out)"
    cp runs/nap/run.json record
    jq '.state = "done" | .exit_code = 0 | .pid = 1' record >runs/nap/run.json
    fw 5 wait
    fw 0 status --json
    jq -e '.state == "lost" and (has("exit_code") | not)' out
}

@test "without a run there is nothing to tell" {
    for verb in status wait stop; do
        fw 2 "$verb"
        says err 'no run is found at runs'
    done
    mkdir runs
    fw 2 status
    says err 'no run is found in runs; name a pipeline or a run directory'
    nap 1
    fw 2 status nap.cfg
    says err 'nap.cfg has not been run'
}

@test "the newest run is meant where none is named" {
    nap 1
    fw 0 nap.cfg
    pipeline later 'a: { use = "t_count"; params: { n = 1; }; };'
    fw 0 later.cfg
    fw 0 status
    says out 'runs/later: done'
}
