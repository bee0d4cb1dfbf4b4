#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Commands as stages of a pipeline.
load lib.bash

a_command() { # ARGV [PORTS-AND-MORE]: p.cfg with one stage that runs it
    pipeline p "cmd: { use = \"exec\"; $2 params: { argv = [$1]; $3 }; };"
}

@test "a script runs between ports and is part of the key" {
    echo 'sort "$1" >"$2"' >sort.sh
    printf 'b\na\n' >in.txt
    a_command '"sh", "$${in.script}", "$${in.data}", "$${out.sorted}"' \
        'in: { script = "sort.sh"; data = "in.txt"; }; out: { sorted = "sorted.txt"; };'
    fw 0 p.cfg
    [ "$(cat sorted.txt)" = $'a\nb' ]
    fw 0 p.cfg
    summary '0 executed, 1 reused'
    echo 'sort -r "$1" >"$2"' >sort.sh
    fw 0 p.cfg
    summary '1 executed, 0 reused'
    [ "$(cat sorted.txt)" = $'b\na' ]
}

@test "env is part of the key and pass is not" {
    a_command '"sh", "-c", "echo $A >\"$1\"", "sh", "$${out.o}"' 'out: { o = "o.txt"; };' \
        'env = ["A=1"]; pass = ["B"];'
    B=1 fw 0 p.cfg
    B=2 fw 0 p.cfg
    summary '0 executed, 1 reused'
    sed -i 's/A=1/A=2/' p.cfg
    B=2 fw 0 p.cfg
    summary '1 executed, 0 reused'
    [ "$(cat o.txt)" = 2 ]
}

@test "a failing command fails its stage, and what it said is kept" {
    a_command '"sh", "-c", "echo to-stdout; echo to-stderr >&2; exit 3", "$${out.o}"' \
        'out: { o = "o.txt"; };'
    fw 1 p.cfg
    says err 'sh ended with exit code 3; it said last: to-stderr; its log is'
    says runs/p/logs/cmd.log 'to-stdout' 'to-stderr'
    never_says out 'to-stdout'
    [ ! -e o.txt ]
    # Not what an earlier attempt said, nor what fwrun itself writes there.
    a_command '"sh", "-c", "exit 3", "$${out.o}"' 'out: { o = "o.txt"; };'
    fw 1 p.cfg
    says err 'sh ended with exit code 3; it said nothing; its log is'
    a_command '"sh", "-c", "printf \"  the one\\\\n\\\\n \"; kill -9 $$", "$${out.o}"' 'out: { o = "o.txt"; };'
    fw 1 p.cfg
    says err 'sh was killed by signal 9 (Killed); it said last: the one;'
}

@test "the command dies with fwrun, however fwrun dies" {
    a_command '"sh", "-c", "echo $$ >\"$0\"; exec sleep 600", "'"$PWD"'/pid", "$${out.o}"' \
        'out: { o = "o.txt"; };'
    for signal in TERM KILL; do
        rm -f pid
        start p.cfg
        for ((tries = 0; tries < 500; tries++)); do [ ! -s pid ] || break; sleep 0.02; done
        [ -s pid ] || failed "the command does not start within 10 s"
        kill -"$signal" "$pid"
        wait "$pid" || true
        gone "$(cat pid)"
    done
}
