#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# plan --estimate: what a run is likely to take, and where that is known from.
load lib.bash

sleepers() { # NAME STEPS: two side by side, then one
    pipeline "$1" "a: { use = \"t_sleep\"; params: { steps = $2; ms = 100; }; in: { in = \"data.txt\"; }; };
        b: { use = \"t_sleep\"; params: { steps = $2; ms = 100; }; in: { in = \"data.txt\"; }; };
        c: { use = \"t_copy\"; in: { in = \"@a.out\"; }; };" 'resources: { threads = 2; memory = "1GB"; };'
}

estimate() { # FILTER: of `plan --estimate --json`
    jq -e "$1" out || failed "$1: $(cat out)"
}

@test "what was never run is unknown, and said to be" {
    seq 10 >data.txt
    sleepers new 3
    fw 0 plan new.cfg --estimate
    says out 'a        unknown  no run of "t_sleep" was measured here or beside here' \
        'at least 0.0 s with 2 threads and 953.7 MiB' 'nothing is known of 3 stages'
    fw 0 plan new.cfg --estimate --json
    estimate '.estimate.unknown == 3 and all(.stages[]; .estimate.known == false)'
    [ ! -e runs ]
}

@test "its own last run is what a stage is told from, stages side by side counted once" {
    seq 10 >data.txt
    sleepers own 5
    fw 0 own.cfg
    fw 0 plan own.cfg --estimate
    says out 'a      reused' 'about 0.0 s with'
    fw 0 plan own.cfg --estimate --set seed=7
    says out 'from its run of 20'
    fw 0 plan own.cfg --estimate --json --set seed=7
    estimate '.stages[0].estimate | .known and .scaled and .same_params and .input_ratio == 1 and .elapsed_s >= 0.5'
    estimate '.stages[0].estimate.peak_rss_bytes > 1000000 and .stages[2].estimate.output_bytes > 0'
    # The two take their time at once: both would be at least a second.
    estimate '.estimate | .sequential_s >= 1 and .elapsed_s < .sequential_s - 0.4 and .unknown == 0'
    fw 0 plan own.cfg --estimate --json --set seed=7 --set resources.threads=1
    estimate '.estimate | (.sequential_s - .elapsed_s) < 0.001'
}

@test "twice the input takes twice the time, in what reads it and in what reads that" {
    head -c 1000 /dev/zero >data.txt
    pipeline two 'a: { use = "t_copy"; in: { in = "data.txt"; }; };
        b: { use = "t_copy"; in: { in = "@a.out"; }; };'
    fw 0 two.cfg
    jq -e '.input_bytes == 1000' runs/two/stages/a/MANIFEST.json
    head -c 2000 /dev/zero >data.txt
    fw 0 plan two.cfg --estimate --json
    estimate 'all(.stages[]; .estimate | .scaled and .input_ratio == 2 and .output_bytes == 2000)'
    took=$(jq .elapsed_s runs/two/stages/a/MANIFEST.json)
    estimate "(.stages[0].estimate.elapsed_s / $took - 2) | fabs < 0.001"
    fw 0 plan two.cfg --estimate
    says out 'times 2 for the size of its input'
}

@test "a run beside it tells too: the one with the same parameters, then the nearest input" {
    head -c 1000 /dev/zero >data.txt
    pipeline small 'x: { use = "t_copy"; in: { in = "data.txt"; }; };'
    fw 0 small.cfg
    head -c 9000 /dev/zero >data.txt
    sed s/small/large/ small.cfg >large.cfg
    fw 0 large.cfg
    head -c 8000 /dev/zero >data.txt
    sed s/small/now/ small.cfg >now.cfg
    fw 0 plan now.cfg --estimate
    says out "from $PWD/runs/large/stages/x, times 0.889 for the size of its input"
    head -c 1100 /dev/zero >data.txt
    fw 0 plan now.cfg --estimate
    says out "from $PWD/runs/small/stages/x, times 1.1"
    pipeline count 'c: { use = "t_count"; params: { n = 10; }; };'
    fw 0 count.cfg
    pipeline count2 'c: { use = "t_count"; params: { n = 20; }; };'
    fw 0 plan count2.cfg --estimate
    says out "$PWD/runs/count/stages/c, which had other parameters"
}

@test "the time of a stage that was resumed is that of all its steps" {
    pipeline nap 'nap: { use = "t_sleep"; params: { steps = 10; ms = 100; }; };'
    fw 75 nap.cfg --stop-after-steps 8
    fw 0 plan nap.cfg --estimate --set name='"other"'
    says out 'unknown'
    fw 0 nap.cfg
    took=$(jq .elapsed_s runs/nap/stages/nap/MANIFEST.json) # of two steps
    fw 0 plan nap.cfg --estimate --json --set seed=7
    estimate "(.stages[0].estimate.elapsed_s / $took - 5) | fabs < 0.001"
    fw 75 nap.cfg --set seed=7 --stop-after-steps 2
    fw 0 plan nap.cfg --estimate --set seed=7
    says out 'less, if it goes on from its checkpoint'
}

@test "a damaged record beside it does not stop the estimate" {
    seq 10 >data.txt
    sleepers own 1
    fw 0 own.cfg
    mkdir -p runs/odd/stages/a
    echo '{' >runs/odd/stages/a/MANIFEST.json
    fw 0 plan own.cfg --estimate --set name='"fresh"'
    says out "$PWD/runs/own/stages/a"
}

@test "many stages beside a run of many are told at once" {
    many() { # NAME: two thousand stages
        printf 'name = "%s"; stages = (' "$1"
        seq -f '{ name = "s%g"; use = "t_noop"; isolate = "none"; }' -s ', ' 2000
        printf ');\n'
    }
    many one >one.cfg
    many two >two.cfg
    fw 0 one.cfg --quiet
    timeout 60 "$FWRUN" plan two.cfg --estimate >out 2>err || failed "exit $?"
    (($(grep -c "from $PWD/runs/one/stages/s" out) == 2000))
}
