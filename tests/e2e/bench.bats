#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# `fwrun bench`: what is measured, what is said about it, and what it must not touch. How fast a busy machine is must not
# matter: where times decide they are far apart, or written by hand.
load lib.bash

eval "common_$(declare -f setup)"
setup() {
    common_setup
    builds=$FWRUN_BUILD_ROOT/tests/fixtures/bench
    mkdir plugins
    cp "$builds/even.so" plugins/t_spin.so
    export FWRUN_PLUGIN_PATH=$good:$PWD/plugins
    pipeline p 's: { use = "t_spin"; params: { steps = 4; us = 300; }; };'
}

# A run directory with one stage, as far as --compare reads it: the times of its steps, in microseconds.
recorded() { # DIR TIMES... [FILTER of jq]
    mkdir -p "$1/stages/s"
    jq -n --argjson times "[$2]" '{format: 1, stage: "s", steps: ($times | length), items: 10,
        inputs: [{port: "in", paths: ["x"], sha256: "aa"}],
        step_us: {total: ($times | add), longest: ($times | max), steps_each: 1, times: $times}}' |
        jq "${3:-.}" >"$1/stages/s/MANIFEST.json"
}

around() { # MICROSECONDS: twenty times within 1 %
    awk -v mean="$1" 'BEGIN { for (i = 0; i < 20; i++) printf "%s%f", i ? ", " : "", mean * (1 + 0.01 * sin(i * 7.3)) }'
}

result() { # FILTER: of the newest result file
    jq -r "$1" "$(ls runs/.bench/p/*.json | tail -n 1)"
}

# With so much room for the noise of a busy machine that only the grossest change is one.
versus() { # CODE OLD.so
    local got=0
    "$FWRUN" bench p.cfg --set stages.s.params.us=2000 --vs-plugin "$2" --reps 9 --margin 100 >out 2>err || got=$?
    [ "$got" != 9 ] || skip "this machine is too busy even for that: $(grep INCONCLUSIVE out)"
    [ "$got" = "$1" ] || failed "exit $got, expected $1"
}

@test "a stage is measured: a table, a result file, a line of history, and nothing else stays" {
    fw 0 bench p.cfg --stage s --reps 5 --set stages.s.params.us=10000
    says out 'bench p, 5 repetitions, warm' 'host ' 'governor' 'stage  steps' 'p95' 's: ' 'org.fwrun.test.spin 1.0.0' 'noise: '
    [ "$(result '[.repetitions, .stages[0].now.steps, .stages[0].now.rows, (.stages[0].now.seconds | length)] | @csv')" = 5,4,4,5 ]
    [ "$(result '.stages[0].now | .seconds_median >= 0.04 and .step_us.median >= 10000 and .user_s + .system_s > 0 and .peak_rss_bytes > 0
        and .elapsed_s > .seconds_median and .framework_us_per_step > 0')" = true ]
    [ "$(result '.stages[0].share')" = 1 ]
    [ "$(wc -l <"runs/.bench/$(result .host.fingerprint).jsonl")" = 1 ]
    [ ! -e runs/p ]
    [ ! -e runs/.bench/p/s-now ]
    fw 0 bench p.cfg --reps 2 --json
    [ "$(jq -r '.stages[0].history.n' out)" = 1 ]
    [ "$(wc -l <"runs/.bench/$(result .host.fingerprint).jsonl")" = 2 ]
    [ "$(jq -r '.host.fingerprint, .program_sha256, .stages[0].now.plugin_digest | length' out | xargs)" = '12 64 64' ]
}

@test "inputs are those of the last run; without one they are made once, beside it" {
    count_and_copy
    fw 0 bench chain.cfg --stage copy --reps 2
    says err 'count: executed' 'kept there'
    [ "$(jq -r '.stages[0].share < 1' runs/.bench/chain/*.json)" = true ]
    fw 0 bench chain.cfg --stage copy --reps 2
    never_says err 'count: '
    rm -r runs
    fw 0 chain.cfg
    fw 0 bench chain.cfg --reps 2
    [ ! -e runs/.bench/chain/inputs ]
    says out 'count: ' 'copy: '
    fw 0 chain.cfg
    summary '0 executed, 2 reused, 0 failed, 0 skipped'
}

@test "an input whose producer left it out is left out here too, and what only waits is not an input" {
    export FWRUN_PLUGIN_PATH=$FWRUN_PLUGIN_PATH:$PWD/swap
    mkdir swap
    cp "$FWRUN_BUILD_ROOT/tests/fixtures/swap/other_ports.so" swap/t_swap.so
    pipeline p 'w: { use = "t_swap"; params: { n = 100; }; };
        s: { use = "t_spin"; in: { in = "@w.more"; }; after = ["w"]; params: { steps = 2; us = 300; }; };'
    fw 0 bench p.cfg --stage s --reps 2
    [ "$(result '.stages[0].now | .steps, .input_bytes' | xargs)" = '2 0' ]
}

@test "a stage in this process is measured like the others" {
    pipeline p 's: { use = "t_spin"; isolate = "none"; params: { steps = 4; us = 300; }; };'
    fw 0 bench p.cfg --reps 3
    [ "$(result '.stages[0].now | .isolated, .steps, (.seconds | length)' | xargs)" = 'false 4 3' ]
}

@test "it writes neither where out says nor where a copy of the manifest is wanted" {
    pipeline p 'a: { use = "t_spin"; params: { steps = 1; }; out: { out = "a.txt"; }; manifest = "a.json"; };
        s: { use = "t_spin"; in: { in = "@a.out"; }; params: { steps = 1; }; out: { out = "kept.txt"; }; manifest = "s.json"; };'
    echo mine >kept.txt
    fw 0 bench p.cfg --reps 2
    [ "$(cat kept.txt)" = mine ]
    [ ! -e a.txt ]
    [ ! -e a.json ]
    [ ! -e s.json ]
}

@test "another build of the plugin takes turns; twenty times the time is SLOWER, the other way FASTER" {
    versus 0 "$builds/twenty.so"
    says out FASTER '  compared with' 'n 9'
    [ "$(result '.stages[0] | .now.plugin_digest != .old.plugin_digest and .comparison.change < -0.5')" = true ]
    [ "$(result '.stages[0].comparison.p < 0.01')" = true ]
    cp "$builds/twenty.so" plugins/t_spin.so
    versus 8 "$builds/even.so"
    says out SLOWER
    says err 'slower: s (+' '(exit 8)'
}

@test "processor time can be compared instead" {
    fw 0 bench p.cfg --cpu --reps 3 --set stages.s.params.us=20000
    says out 'by processor time'
    [ "$(result '.cpu, (.stages[0].now | (.seconds | length), .seconds_median >= 0.08, .steps_s >= 0.08)' | xargs)" = 'true 3 true true' ]
}

@test "the same build against itself is never called different" {
    cp "$builds/even.so" same.so
    local got=0
    "$FWRUN" bench p.cfg --vs-plugin same.so --reps 9 --margin 30 >out 2>err || got=$?
    [ "$got" = 0 ] || [ "$got" = 9 ] || failed "exit $got"
    grep -qE 'SAME|INCONCLUSIVE' out
}

@test "noise above the limit stops it before anything is compared" {
    fw 9 bench p.cfg --vs-plugin "$builds/twenty.so" --reps 9 --margin 0.0001
    says out 'INCONCLUSIVE: the noise is above the limit' 'larger --margin'
    says err 'it cannot be told yet: s (exit 9)'
    never_says err 'in turns'
    [ "$(result '.stages[0].old, .stages[0].comparison.n' | xargs)" = 'null 0' ]
}

@test "an earlier result is compared with, where it is of the same host, data and cache" {
    pipeline p 's: { use = "t_spin"; params: { steps = 4; us = 5000; }; };'
    fw 0 bench p.cfg --reps 9 --json
    jq '.stages[0].now.seconds |= map(. / 20)' out >fast.json
    jq '.host.fingerprint = "000000000000"' fast.json >host.json
    jq '.stages[0].now.data_sha256 = "00"' fast.json >data.json
    jq '.cold = true' fast.json >cold.json
    jq '.stages[0].stage = "other"' fast.json >other.json
    fw 8 bench p.cfg --vs fast.json --reps 9 --margin 100
    says out SLOWER
    fw 9 bench p.cfg --vs host.json --reps 2
    says out 'on another host (000000000000'
    fw 9 bench p.cfg --vs data.json --reps 2
    says out 'its data are not those of data.json'
    fw 9 bench p.cfg --vs cold.json --reps 2
    says out 'measured cold'
    fw 9 bench p.cfg --vs fast.json --reps 2 --cpu
    says out 'of processor time'
    fw 9 bench p.cfg --vs other.json --reps 2
    says out 'other.json has not measured it'
}

@test "step times that two runs recorded are compared: SLOWER, FASTER, SAME" {
    recorded a "$(around 1000)"
    recorded b "$(around 1050)"
    recorded c "$(around 1002)"
    fw 8 bench --compare a b
    says out 'SLOWER: +5.0 % [+' 'n 20'
    says err 'slower: s (+5.0 %) (exit 8)'
    fw 0 bench --compare b a
    says out 'FASTER: -4.8 %'
    fw 0 bench --compare a c
    says out 'SAME: +0.2 %'
    fw 0 bench --compare a b --margin 10
    says out 'SAME: +5.0 %'
    fw 8 bench --compare a b --json
    [ "$(jq -c '.compare, .stages[0].comparison.verdict, .stages[0].now.steps' out | xargs)" = '[a,b] SLOWER 20' ]
}

@test "step times that say nothing about each other get no verdict" {
    recorded a "$(around 1000)"
    recorded few '1, 2, 3' '.steps = 20'
    recorded steps "$(around 2000), 5"
    recorded data "$(around 2000)" '.inputs[0].sha256 = "bb"'
    fw 9 bench --compare a few
    says out INCONCLUSIVE 'about 9 are needed'
    fw 9 bench --compare a steps
    says out 'it took 20 steps in one run and 21 in the other'
    fw 9 bench --compare a data
    says out 'its input "in" is not the same in both runs'
    recorded old "$(around 2000)" 'del(.step_us.times)'
    fw 12 bench --compare a old
    says err 'old, stage "s": the run has not recorded the times of its steps'
}

@test "p-values are adjusted to the number of stages" {
    recorded a "$(around 1000)"
    recorded b "$(around 1050)"
    fw 8 bench --compare a b --json
    local alone
    alone=$(jq '.stages[0].comparison.p' out)
    for dir in a b; do cp -r "$dir/stages/s" "$dir/stages/t"; done
    recorded b "$(around 1000)"
    fw 8 bench --compare a b --json
    [ "$(jq -c --argjson p "$alone" '.stages | map([.stage, .comparison.verdict]), (.[1].comparison.p / $p | round)' out | xargs)" = \
        '[[s,SAME],[t,SLOWER]] 2' ]
}

@test "real runs can be compared" {
    fw 0 p.cfg
    cp -r runs/p before
    fw 0 p.cfg --force s --set stages.s.params.us=20000
    fw 9 bench --compare before runs/p
    says out 's' INCONCLUSIVE 'about 9 are needed'
    fw 0 p.cfg --set stages.s.params.steps=20 --set stages.s.params.us=100
    rm -r before && cp -r runs/p before
    fw 0 p.cfg --force s --set stages.s.params.steps=20 --set stages.s.params.us=20000
    fw 8 bench --compare before runs/p --margin 50
    says out SLOWER 'n 20'
}

@test "a cold start says how far it was one" {
    seq 100000 >input.txt
    pipeline p 's: { use = "t_copy"; in: { in = "input.txt"; }; };'
    fw 0 bench p.cfg --cold --reps 2
    grep -qE 'cold: [0-9]+ % of its input had left the page cache' out
    [ "$(result '.cold, (.stages[0].now | .input_bytes, .cold_share >= 0, .cold_share <= 1)' | xargs)" = 'true 588895 true true' ]
}

@test "scratch on disk is what a stage had there at most" {
    pipeline p 's: { use = "exec"; out: { x = "x.txt"; };
        params: { argv = ["sh", "-c", "head -c 3000000 /dev/urandom >$TMPDIR/big; sleep 0.3; rm $TMPDIR/big; echo x >$0", "$${out.x}"]; }; };'
    unset FWRUN_PLUGIN_PATH
    fw 0 bench p.cfg --reps 1
    [ "$(result '.stages[0].now.spilled_bytes >= 3000000 and .stages[0].now.spilled_bytes < 4000000')" = true ]
}

@test "a stage that fails ends it, with its reason; its log stays" {
    unset FWRUN_PLUGIN_PATH
    pipeline p 's: { use = "exec"; out: { x = "x.txt"; }; params: { argv = ["sh", "-c", "echo why >&2; exit 3", "$${out.x}"]; }; };'
    fw 1 bench p.cfg
    says err 'repetition 1 of "s" with ' '(exit 1)'
    says runs/.bench/p/s-now/logs/s.log why
    [ -z "$(ls runs/.bench/p/*.json 2>/dev/null)" ]
}

@test "a signal ends it without a result" {
    pipeline p 's: { use = "t_spin"; params: { steps = 2000; us = 10000; }; };'
    start bench p.cfg
    until_says runs/.bench/p/s-now/events.jsonl '"type":"step"'
    kill -TERM "$pid"
    ends 143
    says err 'stopped by a signal; no result is written'
    [ -z "$(ls runs/.bench/p/*.json 2>/dev/null)" ]
}

@test "two at once are kept apart" {
    pipeline p 's: { use = "t_spin"; params: { steps = 2000; us = 10000; }; };'
    start bench p.cfg
    until_says runs/.bench/p/s-now/events.jsonl '"type":"step"'
    fw 6 bench p.cfg
    says err 's-now'
    kill -TERM "$pid"
    ends 143
}

@test "a damaged line of history is said and passed over" {
    fw 0 bench p.cfg --reps 1
    local history
    history=runs/.bench/$(result .host.fingerprint).jsonl
    echo '{"half' >>"$history"
    fw 0 bench p.cfg --reps 1
    says err 'warning: passed over: ' "line 2"
    says out 'history: 1 result on this host'
}

@test "what makes no sense is refused with a remedy" {
    fw 2 bench
    says err 'takes one pipeline'
    fw 2 bench p.cfg --rep 0
    says err '--reps 0: expected a number of repetitions from 1'
    fw 2 bench p.cfg --colt
    says err 'did you mean --cold'
    fw 2 bench p.cfg --margin 0
    says err 'a percentage above 0'
    fw 2 bench p.cfg --vs a.json --vs-plugin b.so
    says err 'one comparison at a time'
    fw 2 bench p.cfg --vs p.cfg
    says err 'no result of fwrun bench'
    fw 2 bench p.cfg --stage t
    says err 'there is no stage "t"'
    fw 2 bench p.cfg --vs-plugin "$good/t_noop.so"
    says err 'has no stage "t_spin"'
    fw 4 bench p.cfg --vs-plugin p.cfg
    says err 'p.cfg cannot be used'
    fw 2 bench --compare p.cfg
    says err 'two run directories'
    fw 2 bench --compare "$PWD" "$PWD"
    says err 'holds no completed stage'
    mkdir none
    recorded a 1
    fw 2 bench --compare a none
    says err 'none holds no completed stage "s"'
    fw 0 bench --help
    says out 'usage: fwrun bench TARGET' '--vs-plugin'
}
