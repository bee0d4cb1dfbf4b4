#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Every mistake in one run, each with its line; nothing is created.
load lib.bash

@test "thirty mistakes are reported together" {
    cat >many.cfg <<'END'
# one mistake a line, or two
name = "many mistakes";
sead = 1;
on_error = "ignore";
durability = "none";
heartbeat_s = 60;
resources: { threads = 0; memory = "lots"; treads = 1; };
stages:
{
    count:
    {
        use = "t_count";
        params: { n = -1; per_step = "ten"; m = 3; };
        isolate = "thread";
    };
    copy:
    {
        use = "t_copy";
        in: { in = "@cuont.out"; from = "x"; };
        params: { chunk = "12 parsecs"; };
    };
    absent: { use = "t_copy"; in: { in = "missing.txt"; }; };
    pattern: { use = "t_noop"; in: { in = "data/*.csv"; }; params: { text = 5; }; };
    port: { use = "t_copy"; in: { in = "@count.output"; }; out: { outt = "x"; }; };
    nothing: { use = "t_copy"; };
    a: { use = "t_noop"; in: { in = "@b.out"; }; };
    b: { use = "t_noop"; in: { in = "@c.out"; }; };
    c: { use = "t_noop"; in: { in = "@a.out"; }; };
    unknown: { use = "t_nop"; };
    useless: { params: { }; };
    after: { use = "t_noop"; after = "count2"; allow_empty = "yes"; };
    same1: { use = "t_noop"; out: { out = "same.txt"; }; };
    same2: { use = "t_noop"; out: { out = "same.txt"; }; };
    itself: { use = "t_noop"; in: { in = "@itself.out"; }; };
    several: { use = "t_copy"; in: { in = ("many.cfg", "many.cfg"); }; };
    big: { use = "t_count"; params: { n = 3000000000; }; };
};
END
    fw 3 many.cfg
    cat >expected <<END
many.cfg:2: name = "many mistakes": expected at most 64 letters
many.cfg:3: sead = 1: unknown setting; did you mean "seed"?
many.cfg:4: on_error = "ignore": expected "stop" or "continue"
many.cfg:5: durability = "none": expected "rename" or "fsync"
many.cfg:6: heartbeat_s = 60: expected 0.05 to 30 seconds
many.cfg:7: resources.memory = "lots": "lots" is no size
many.cfg:7: resources.threads = 0: expected an integer from 1 to 4096
many.cfg:7: resources.treads = 1: unknown setting; did you mean "threads"?
many.cfg:13: stages.count.params.m = 3: unknown setting; known here: n, per_step
many.cfg:13: stages.count.params.n = -1: expected an integer of at least 0
many.cfg:13: stages.count.params.per_step = "ten": expected an integer of at least 1
many.cfg:14: stages.count.isolate = "thread": expected "none" or "process"
many.cfg:19: stages.copy.in.from = "x": unknown setting; known here: in
many.cfg:19: stages.copy.in.in = "@cuont.out": there is no stage "cuont"; did you mean "count"?
many.cfg:20: stages.copy.params.chunk = "12 parsecs": expected a size such as "64KiB" or "8GB"
many.cfg:22: stages.absent.in.in = "missing.txt": input not found: $PWD/missing.txt
many.cfg:23: stages.pattern.in.in = "data/*.csv": no file matches $PWD/data/*.csv
many.cfg:23: stages.pattern.params.text = 5: expected a string
many.cfg:24: stages.port.in.in = "@count.output": stage "count" has no output "output"
many.cfg:24: stages.port.out.outt = "x": unknown setting; did you mean "out"?
many.cfg:25: stages.nothing: input "in" is missing
many.cfg:26: stages.a: a cycle: "a" waits for "b", which waits for "c", which waits for "a"
many.cfg:29: stages.unknown.use = "t_nop": no plugin has the stage 't_nop'; did you mean 't_noop'
many.cfg:30: stages.useless: the setting "use" is missing
many.cfg:31: stages.after.after = "count2": there is no stage "count2"; did you mean "count"?
many.cfg:31: stages.after.allow_empty = "yes": expected a boolean, found a string
many.cfg:33: stages.same2.out.out = "same.txt": $PWD/same.txt is already the output "out" of stage "same1"
many.cfg:34: stages.itself.in.in = "@itself.out": the stage refers to itself
many.cfg:35: stages.several.in.in: input "in" takes one path, 2 were given
many.cfg:36: stages.big.params.n = 3000000000: does not fit in 32 bits: add the suffix L, as in 3000000000L
END
    says err 'fwrun: 30 mistakes in many.cfg; nothing was run (exit 3)'
    sed '1d;$d' err >reported
    [ "$(wc -l <reported)" = 30 ]
    while IFS= read -r -u 5 wanted && IFS= read -r -u 6 got; do
        [[ $got == "$wanted"* ]] || failed "wanted: $wanted
got: $got"
    done 5<expected 6<reported
    [ "$(ls)" = "$(printf '%s\n' err expected many.cfg out reported | sort)" ]
}

@test "the same mistakes are reported by plan, why, verify and doctor" {
    pipeline wrong 's: { use = "t_noop"; params: { txet = "a"; }; };'
    for verb in plan verify 'why wrong.cfg s --set a=1 #' doctor; do
        # shellcheck disable=SC2086
        case $verb in
        why*) fw 3 why wrong.cfg s ;;
        doctor) fw 7 doctor wrong.cfg ;;
        *) fw 3 $verb wrong.cfg ;;
        esac
        says err 'wrong.cfg:5: stages.s.params.txet = "a": unknown setting; did you mean "text"?'
    done
    [ ! -e runs ]
}

@test "a mistake of the syntax has its line" {
    printf 'name = "x";\nstages:\n{\n  s: { use "t_noop"; };\n};\n' >syntax.cfg
    fw 3 syntax.cfg
    says err 'syntax.cfg:4: syntax error'
}

@test "a mistake in a base is reported with the base's file, one of --set as the command line's" {
    pipeline base 's: { use = "t_noop"; params: { txet = "a"; }; };'
    echo 'extends = "base.cfg"; name = "over"; seed = "many";' >over.cfg
    fw 3 over.cfg --set stages.s.params.text=5 --set nonsense
    says err 'base.cfg:5: stages.s.params.txet' 'over.cfg:1: seed = "many"' \
        'cli:1: stages.s.params.text = 5: expected a string' 'cli:2: --set nonsense: expected PATH=VALUE'
}

@test "two cycles are two mistakes, and what only depends on one is none" {
    pipeline loops 'a: { use = "t_noop"; after = "b"; }; b: { use = "t_noop"; after = "a"; };
        c: { use = "t_noop"; after = "d"; }; d: { use = "t_noop"; after = "c"; };
        e: { use = "t_noop"; after = ("a", "c"); };'
    fw 3 loops.cfg
    says err '"a" waits for "b", which waits for "a"' '"c" waits for "d", which waits for "c"' '2 mistakes'
}

@test "a service that nothing provides is a mistake of the stage that needs it" {
    mkdir alone
    cp "$good/t_ask.so" alone
    export FWRUN_PLUGIN_PATH=$PWD/alone
    pipeline ask 'q: { use = "t_ask"; };'
    fw 3 ask.cfg
    says err 'ask.cfg:5: stages.q: stage type "t_ask" needs the service'
    [ ! -e runs ]
}
