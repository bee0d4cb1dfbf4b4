#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a person sees who watches a run on a terminal.
load lib.bash

on_terminal() { # CHECK ARGUMENT...: leaves what was seen in `out`
    TERM=${terminal-xterm} "${FWRUN_PYTHON:-python3}" "$FWRUN_SOURCE_ROOT/tests/e2e/terminal.py" \
        "$1" "$FWRUN" "${@:2}" >out 2>err || failed "$1"
}

nap() { # STEPS
    pipeline nap "before: { use = \"t_count\"; params: { n = 10; }; };
        nap: { use = \"t_sleep\"; params: { steps = $1; ms = 100; }; in: { in = \"@before.out\"; }; };
        other: { use = \"t_sleep\"; params: { steps = 5; ms = 100; }; in: { in = \"@before.out\"; }; };"
}

@test "a bar per running stage, with memory, rate and time left, and nothing of it at the end" {
    nap 30
    on_terminal draws nap.cfg
    says out 'status 0' 'nap: executed in' 'done after' '3 executed'
}

@test "lines that are printed meanwhile are whole" {
    nap 30
    on_terminal whole_lines nap.cfg --set heartbeat_s=0.05
    says out 'nap: running for'
}

@test "a failure is told below all that" {
    unset FWRUN_PLUGIN_PATH
    pipeline bad 'a: { use = "exec"; out: { x = "x.txt"; };
        params: { argv = ["sh", "-c", "sleep 1; echo \"bad thing\" >&2; exit 3", "$${out.x}"]; }; };'
    on_terminal drawer_killed bad.cfg
    says out 'status 1' 'failed after' 'fwrun: stage "a"' '(exit 1)'
}

@test "a terminal that cannot move its cursor gets plain lines" {
    nap 5
    for terminal in dumb ''; do
        on_terminal plain nap.cfg --force nap
        says out 'status 0' 'done after'
    done
    terminal=xterm
    on_terminal plain nap.cfg --force nap --quiet
    fw 0 nap.cfg --force nap
    never_says err $'\033'
}

@test "the run does not need what draws: killed, it is not missed" {
    nap 30
    on_terminal drawer_killed nap.cfg
    says out 'status 0' 'nap: executed in' 'done after'
}

@test "the run does not need what draws: hanging, it is not waited for" {
    nap 30
    on_terminal drawer_hangs nap.cfg
    says out 'status 0' 'nap: executed in' 'done after'
}

@test "what draws goes with a run that is killed" {
    nap 50
    on_terminal run_killed nap.cfg
    says out 'status -9'
}

@test "Ctrl-C stops the run, which tells its verdict" {
    nap 50
    on_terminal interrupted nap.cfg
    says out 'status 130' 'stopping at the next step: signal 2' 'interrupted after' '(exit 130)'
    fw 0 nap.cfg --set stages.nap.params.ms=100
}

@test "Ctrl-Z gives the terminal back, fg draws again" {
    nap 40
    on_terminal put_aside nap.cfg
    says out 'status 0' 'done after'
}

@test "a terminal that gets smaller has smaller bars" {
    nap 30
    on_terminal resized nap.cfg
    says out 'status 0'
}

@test "status --watch on a terminal shows the same bars, and the whole table at the end" {
    nap 30
    fw 0 --detach nap.cfg
    on_terminal watched status --watch
    says out 'status 0' 'before  executed' 'other   executed'
    nap 100
    fw 0 --detach nap.cfg
    on_terminal watched_and_left status --watch
    fw 0 stop --now
}

@test "what draws is not for people" {
    fw 2 bars runs/nap
    says err 'fwrun status --watch'
}
