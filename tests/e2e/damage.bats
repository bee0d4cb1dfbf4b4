#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Full and read-only disks, files that were cut or changed: clear words, nothing half believed.
load lib.bash

@test "a manifest that was cut off makes its stage run again, and is said to be damaged" {
    count_and_copy
    fw 0 chain.cfg
    truncate -s 100 runs/chain/stages/copy/MANIFEST.json
    fw 0 chain.cfg
    says err "$PWD/runs/chain/stages/copy/MANIFEST.json"
    summary '1 executed, 1 reused, 0 failed, 0 skipped (exit 0)'
    : >runs/chain/stages/copy/MANIFEST.json
    fw 0 chain.cfg
    summary '1 executed, 1 reused, 0 failed, 0 skipped (exit 0)'
    echo '{"key": 5}' >runs/chain/stages/copy/MANIFEST.json
    fw 0 chain.cfg
    says err 'its manifest is damaged'
    summary '1 executed, 1 reused, 0 failed, 0 skipped (exit 0)'
}

@test "a preimage that was lost is said to be, and why does not fail for it" {
    count_and_copy
    fw 0 chain.cfg
    local manifest=runs/chain/stages/count/MANIFEST.json
    jq 'del(.preimage)' "$manifest" >less.json && cp less.json "$manifest"
    fw 0 chain.cfg
    summary '0 executed, 2 reused, 0 failed, 0 skipped (exit 0)'
    fw 0 why chain.cfg count --set stages.count.params.n=5
    says out 'its key changed, and the record of the old one is gone'
    fw 0 chain.cfg --set stages.count.params.n=5
    says err 'its key changed, and the record of the old one is gone'
}

@test "records of a run that was cut off do not harm the next" {
    count_and_copy
    fw 0 chain.cfg
    printf '{"type": "step", "do' >>runs/chain/events.jsonl
    printf '{"state": "run' >runs/chain/run.json
    printf 'nonsense\n\0\377' >runs/.digests
    printf 'nonsense' >runs/.probed
    fw 12 run runs/chain
    says err 'run.json'
    fw 0 chain.cfg
    summary '0 executed, 2 reused, 0 failed, 0 skipped (exit 0)'
    [ "$(jq -R 'fromjson? | .type' runs/chain/events.jsonl | tail -n 1)" = '"run_end"' ]
    [ "$(jq -R 'try (fromjson | empty) catch 1' runs/chain/events.jsonl | wc -l)" = 1 ]
    fw 0 run runs/chain
}

@test "a checkpoint that was cut off costs its work, and is said to be damaged" {
    count_and_copy
    fw 75 chain.cfg --stop-after-steps 5
    truncate -s -1 runs/chain/checkpoints/count
    fw 0 chain.cfg
    says err "count: begins anew: checkpoint $PWD/runs/chain/checkpoints/count is damaged"
    seq 0 999 | cmp - runs/chain/stages/count/numbers.txt
}

@test "a checkpoint of other parameters is not used" {
    count_and_copy
    fw 75 chain.cfg --stop-after-steps 5
    fw 0 chain.cfg --set stages.count.params.n=400
    says err 'count: begins anew: checkpoint' 'is of other parameters, inputs or plugins'
    seq 0 399 | cmp - runs/chain/stages/count/numbers.txt
}

@test "a checkpoint without the output that it goes on in is not used" {
    count_and_copy
    fw 75 chain.cfg --stop-after-steps 5
    rm runs/chain/stages/count/.numbers.txt.partial
    fw 0 chain.cfg
    says err 'count: begins anew: output "out" is not what it was at the checkpoint'
    seq 0 999 | cmp - runs/chain/stages/count/numbers.txt
}

@test "an output longer than its checkpoint knows is cut to what it knows" {
    count_and_copy
    fw 75 chain.cfg --stop-after-steps 5
    echo more >>runs/chain/stages/count/.numbers.txt.partial
    fw 0 chain.cfg
    seq 0 999 | cmp - runs/chain/stages/count/numbers.txt
}

@test "a full disk is said to be full, gives its space back, and nothing is believed" {
    disk 1m
    pipeline full 's: { use = "t_count"; params: { n = 1000000; }; };' 'run_root = "disk";'
    fw 10 full.cfg
    says err 'stage "s": No space left on device' '.numbers.txt.partial' 'free some space, or set run_root'
    [ "$(find disk -name '*.partial')" = '' ]
    [ ! -e disk/full/stages/s/numbers.txt ] && [ ! -e disk/full/stages/s/MANIFEST.json ]
    [ "$(jq -r .state disk/full/run.json)" = failed ]
    fw 7 verify full.cfg
    fw 0 full.cfg --set stages.s.params.n=1000
}

@test "a full disk keeps the checkpoint and goes on when there is room" {
    disk 1m
    pipeline full 's: { use = "t_count"; params: { n = 200000; per_step = 1000; }; };' 'run_root = "disk";'
    fw 75 full.cfg --stop-after-steps 50
    fw 10 full.cfg
    mount -o remount,size=8m disk
    fw 0 full.cfg
    never_says err 'begins anew'
    jq -e '.steps == 200' disk/full/stages/s/MANIFEST.json
    seq 0 199999 | cmp - disk/full/stages/s/numbers.txt
}

@test "a run directory that cannot be written is refused before anything" {
    disk 1m
    mount -o remount,ro disk
    pipeline ro 's: { use = "t_noop"; };' 'run_root = "disk/runs";'
    fw 12 ro.cfg
    says err "run directory $PWD/disk/runs/ro" 'Read-only file system' '(exit 12)'
}

@test "a run directory that becomes unwritable ends the run at once" {
    disk 1m
    pipeline ro 's: { use = "t_sleep"; params: { steps = 400; ms = 20; }; };' 'run_root = "disk"; heartbeat_s = 0.1;'
    start ro.cfg
    until_says disk/ro/events.jsonl '"heartbeat"'
    dd if=/dev/zero of=disk/filler bs=4k 2>dd.err || true
    ends 12
    says err 'disk/ro' 'No space left on device'
    rm disk/filler
    fw 75 ro.cfg --stop-after-steps 1
}

@test "an input that changes while it is read fails the stage, whose outputs are not kept" {
    pipeline in 's: { use = "t_sleep"; params: { steps = 60; ms = 20; }; in: { in = "data.txt"; }; };'
    echo one >data.txt
    start in.cfg
    until_says runs/in/events.jsonl '"step"'
    echo two >data.txt
    ends 1
    says err "stage \"s\": input $PWD/data.txt changed while the stage read it; its outputs are not kept"
    [ ! -e runs/in/stages/s/slept.txt ] && [ ! -e runs/in/stages/s/MANIFEST.json ]
    fw 0 in.cfg
}

@test "a file that joins an input folder while it is read fails the stage too" {
    mkdir data
    echo one >data/a.txt
    pipeline in 's: { use = "t_sleep"; params: { steps = 60; ms = 20; }; in: { in = "data"; }; };'
    start in.cfg
    until_says runs/in/events.jsonl '"step"'
    echo two >data/b.txt
    ends 1
    says err 'had 1 files when the stage began and has 2 now'
}

@test "an output that somebody else put in the place of a folder is replaced" {
    pipeline away 's: { use = "t_noop"; out: { out = "place"; }; };'
    mkdir -p place/with
    echo more >place/with/files
    fw 0 away.cfg
    [ "$(cat place)" = ok ]
}
