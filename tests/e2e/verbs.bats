#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The verbs beside run: results on stdout, what is wrong on stderr.
load lib.bash

@test "plan says what a run would do and leaves nothing behind" {
    count_and_copy
    fw 0 plan chain.cfg
    says out "run directory $PWD/runs/chain" 'it has not been completed yet' '"count" runs before it'
    [ ! -e runs ]
    fw 0 chain.cfg
    fw 0 plan chain.cfg
    [ "$(grep -c ' reuse ' out)" = 2 ]
    fw 0 chain.cfg --plan
    [ "$(grep -c ' reuse ' out)" = 2 ]
    [ "$(started count)" = 1 ]
}

@test "plan shows where code, inputs and outputs of what would run are" {
    echo 1 >seen.txt
    pipeline two "a: { use = \"t_count\"; params: { n = 10; }; };
        b: { use = \"t_copy\"; in: { in = \"@a.out\"; }; };
        c: { use = \"t_copy\"; in: { in = \"seen.txt\"; }; out: { out = \"elsewhere.txt\"; }; };"
    fw 0 plan two.cfg
    says out "plugin $good/t_count.so" 'out    out = stages/a/' 'in     in = @a.out' "in     in = $PWD/seen.txt" \
        "out    out = $PWD/elsewhere.txt"
    fw 0 two.cfg
    says err "plugin $good/t_count.so"
    fw 0 two.cfg
    never_says err "plugin $good"
}

@test "plan --json and run --plan --json are one document" {
    count_and_copy
    fw 0 plan chain.cfg --json --set stages.count.params.n=5
    jq -e '.run_dir == $dir + "/runs/chain" and (.stages | length) == 2' --arg dir "$PWD" out
    jq -e '.stages[0] | .name == "count" and .state == "run" and .params.n == 5 and .plugin_version == "1.0.0"' out
    jq -e '.stages[0].plugin_path == $path' --arg path "$good/t_count.so" out
    jq -e '.stages[1] | .state == "waiting" and .inputs[0].from == "count" and (.key | not)' out
    jq -e '.stages[1].outputs == [{"port": "out", "kind": "file", "path": $path}]' \
        --arg path "$PWD/runs/chain/stages/copy/copy.bin" out
    cp out plan.json
    fw 0 chain.cfg --plan --json --set stages.count.params.n=5
    cmp out plan.json
    [ ! -e runs ]
}

@test "why names the parameter, both values and the line" {
    count_and_copy
    fw 0 chain.cfg
    fw 0 why chain.cfg count
    says out 'count is up to date'
    sed -i 's/n = 1000/n = 5/' chain.cfg
    fw 0 why chain.cfg count
    says out 'count would run' 'params.n: 1000 -> 5 (chain.cfg:5)'
    fw 0 why chain.cfg count --json
    jq -e '.reuse == false and .differences == ["params.n: 1000 -> 5 (chain.cfg:5)"]' out
    fw 0 why chain.cfg copy
    says out 'copy would run: "count" runs before it'
    sed -i 's/n = 5; //' chain.cfg
    fw 0 why chain.cfg count
    says out 'params.n: 1000 -> 10 (default)'
    fw 0 why chain.cfg count --set stages.count.params.n=6
    says out 'params.n: 1000 -> 6 (cli:1)'
    fw 2 why chain.cfg nothing
    says err 'there is no stage "nothing"'
}

@test "why tells two runs apart" {
    pipeline one 's: { use = "t_noop"; };'
    fw 0 one.cfg
    fw 0 one.cfg --set run_root=other --set stages.s.params.text=x
    fw 0 why one.cfg s --vs other/one
    says out 'params.text: x -> ok'
    fw 2 why one.cfg s --vs nowhere
    says err 'nowhere holds no completed stage "s"'
}

@test "why names an input and a plugin that changed" {
    cp "$good/t_copy.so" "$good/t_noop.so" .
    export FWRUN_PLUGIN_PATH=$PWD
    pipeline in 'copy: { use = "t_copy"; in: { in = "data.txt"; }; };'
    echo one >data.txt
    fw 0 in.cfg
    echo two >data.txt
    fw 0 why in.cfg copy
    says out 'inputs.in'
    echo one >data.txt
    fw 0 why in.cfg copy
    says out 'copy is up to date'
}

@test "verify reads everything again, and names the file with another byte" {
    count_and_copy
    fw 0 chain.cfg
    fw 0 verify chain.cfg
    says out 'PASS 2 stages, 2 files read'
    file=runs/chain/stages/copy/copy.bin
    cp -p "$file" kept
    printf X | dd of="$file" bs=1 seek=9 conv=notrunc status=none
    touch -r kept "$file"
    fw 7 verify chain.cfg
    says out "FAIL $PWD/$file has other content than recorded"
    says err "$PWD/$file"
    fw 7 verify chain.cfg --json
    jq -e '.ok == false and (.problems | length) == 1' out
    fw 0 verify chain.cfg count
    rm "$file"
    fw 7 verify runs/chain
    says out "FAIL $PWD/$file is missing"
    fw 0 chain.cfg
    fw 0 verify chain.cfg
}

@test "verify says which stage has not been completed, and which manifest is damaged" {
    count_and_copy
    fw 7 verify chain.cfg
    says out 'stage "count" has not been completed' 'stage "copy" has not been completed'
    [ ! -e runs ]
    fw 0 chain.cfg
    echo '{"outputs": [' >runs/chain/stages/copy/MANIFEST.json
    fw 7 verify chain.cfg
    says out 'stages/copy/MANIFEST.json'
}

@test "doctor passes where everything is there, one line for each check" {
    count_and_copy
    fw 0 doctor chain.cfg
    says out 'limits     memory budgets are held by sampling: every 20 ms' 'no cgroup is made for a stage'
    says out 'PASS  pipeline' 'PASS  loading' 'PASS  run root'
    [ "$(grep -cv '^PASS  ' out)" = 0 ]
    [ ! -e runs ]
    fw 0 doctor chain.cfg --json
    jq -e '.ok and all(.checks[]; .ok)' out
    fw 0 doctor
}

@test "doctor fails with a remedy for a plugin that is bad and a pipeline that is wrong" {
    export FWRUN_PLUGIN_PATH=$bad
    fw 7 doctor
    says out 'bad_text_file.so: is not a shared object' 'rebuild it against this SDK'
    export FWRUN_PLUGIN_PATH=$good
    pipeline wrong 's: { use = "t_noop"; params: { txet = "a"; }; };'
    fw 7 doctor wrong.cfg
    says out 'FAIL  pipeline'
    says err 'did you mean "text"?'
    export FWRUN_PLUGIN_PATH=$bad
    pipeline odd 's: { use = "bad_undefined_symbol"; };'
    fw 7 doctor odd.cfg
    says out 'FAIL  loading' 'undefined symbol: fwrun_test_nowhere'
}

@test "exit-codes lists each code once, in order" {
    fw 0 exit-codes
    [ "$(awk '{ print $1 }' out | paste -sd ' ')" = '0 1 2 3 4 5 6 7 8 9 10 11 12 75 128+n' ]
    fw 0 exit-codes --json
    [ "$(jq -c 'map(.code)' out)" = '[0,1,2,3,4,5,6,7,8,9,10,11,12,75,128]' ]
}

@test "version says the program's and the plugin interface's" {
    fw 0 version
    [[ $(cat out) == "fwrun "*" (plugin ABI 1.0"*")" ]]
    fw 0 --version
    [[ $(cat out) == "fwrun "* ]]
    fw 0 version --json
    jq -e '.abi_major == 1' out
}

@test "help explains every verb that it names" {
    fw 0 help
    for verb in $(awk '/^  [a-z]/ { print $1 }' out); do
        fw 0 "$verb" --help
        says out "usage: fwrun $verb"
    done
    fw 0 --help
    fw 2 help nothing
}

@test "help explains the verbs that are programs of their own, too" {
    fw 0 help verify
    says out 'usage: fwrun verify TARGET'
    fw 2 help verfy
    says err 'no verb "verfy"' 'did you mean "verify"?'
}

@test "a wrong command line ends with 2 and says what is right" {
    count_and_copy
    fw 2
    says err 'name a pipeline or a verb'
    fw 2 paln chain.cfg
    says err 'there is no verb "paln"' 'did you mean "plan"?'
    fw 2 run
    says err 'usage: fwrun run PIPELINE.cfg [STAGE...]'
    fw 2 chain.cfg --froce count
    says err 'did you mean --force?'
    fw 2 chain.cfg --set
    says err '--set needs a value'
    fw 2 chain.cfg --force nothing
    says err '--force: there is no stage "nothing"'
    fw 2 chain.cfg --time-budget soon
    says err 'soon'
    fw 2 chain.cfg --stop-after-steps few
    says err 'expected a number of steps'
    fw 2 chain.cfg --sigterm-exit 0
    says err 'expected an exit code from 1 to 255'
    fw 2 why chain.cfg
    says err 'usage: fwrun why TARGET STAGE'
    [ ! -e runs ]
}

@test "a target that is not there is said to be so" {
    fw 3 nothing.cfg
    says err 'nothing.cfg: cannot open this file: No such file or directory'
    mkdir empty
    fw 2 run empty
    says err 'empty is no run directory'
    fw 2 plan empty
    fw 3 verify nowhere
}

@test "runs a program named fwrun-VERB for a verb of its own" {
    mkdir path
    printf '#!/bin/sh\necho "greets $*"\nexit 42\n' >path/fwrun-greet
    chmod +x path/fwrun-greet
    PATH=$PWD/path:$PATH fw 42 greet the world
    says out 'greets the world'
}

@test "results that cannot be written are an error" {
    count_and_copy
    got=0
    "$FWRUN" plan chain.cfg --json >/dev/full 2>err || got=$?
    [ "$got" = 1 ]
    says err 'cannot write the result to stdout: No space left on device'
    got=0
    "$FWRUN" version >&- 2>err || got=$?
    [ "$got" = 1 ]
    says err 'cannot write the result to stdout'
}
