#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Parts of a pipeline: --from and --to; copies of the manifest; what must hold before a run.
load lib.bash

# raw -> a -> b -> c, and d beside them
three() {
    seq 5 >raw.txt
    pipeline three 'a: { use = "t_copy"; in: { in = "raw.txt"; }; };
        b: { use = "t_copy"; in: { in = "@a.out"; }; };
        c: { use = "t_copy"; in: { in = "@b.out"; }; };
        d: { use = "t_noop"; };'
}

@test "--to ends there, as naming the stage does" {
    three
    fw 0 three.cfg --to b
    says err '2 executed'
    [ ! -e runs/three/stages/c/MANIFEST.json ] && [ ! -e runs/three/stages/d/MANIFEST.json ]
    fw 2 three.cfg --to nowhere
    says err 'there is no stage "nowhere"'
}

@test "--from takes what stands before it as it is, whatever became of its inputs" {
    three
    fw 0 three.cfg
    seq 9 >raw.txt
    fw 0 plan three.cfg
    says out 'a      run' 'inputs.in: '
    fw 0 three.cfg --from b
    says err '3 reused'
    fw 0 three.cfg --from b --force b
    says err '1 executed, 2 reused'
    [ "$(wc -l <runs/three/stages/c/copy.bin)" = 5 ]
    fw 0 three.cfg
    [ "$(wc -l <runs/three/stages/c/copy.bin)" = 9 ]
}

@test "--from refuses what is not complete, or not as it was" {
    three
    fw 6 three.cfg --from b
    says err 'stage "a" stands before --from and cannot be taken as it is: it has not been completed yet'
    fw 0 three.cfg
    echo more >>runs/three/stages/a/copy.bin
    fw 6 three.cfg --from c --force c
    says err 'stage "a" stands before --from and cannot be taken as it is' 'bytes'
    fw 2 three.cfg --from nowhere
    says err '--from: there is no stage "nowhere"'
}

@test "--from and --to cut out the middle" {
    three
    fw 0 three.cfg
    fw 0 three.cfg --from b --to b --force b
    says err '1 executed, 1 reused'
    fw 3 three.cfg --from b --to a
    says err 'zero stages to run' 'none of those that were asked for is "b" or needs it'
}

@test "a copy of the manifest goes where the stage says, and is wanted there" {
    pipeline copied 'a: { use = "t_noop"; out: { out = "product/out.txt"; }; manifest = "product/MANIFEST.json"; };'
    fw 0 copied.cfg
    cmp product/MANIFEST.json runs/copied/stages/a/MANIFEST.json
    fw 0 copied.cfg
    says err '1 reused'
    rm product/MANIFEST.json
    fw 0 plan copied.cfg
    says out "a copy of its manifest is wanted at $PWD/product/MANIFEST.json"
    fw 0 copied.cfg
    jq -e '.stage == "a"' product/MANIFEST.json
}

@test "a reader of an output finds the old file or the new one" {
    pipeline swap 'a: { use = "t_noop"; params: { text = "one"; }; out: { out = "here.txt"; }; };'
    fw 0 swap.cfg
    (while [ ! -e enough ]; do cat here.txt >/dev/null 2>>missing || true; done) &
    for i in 1 2 3 4 5 6 7 8 9 10; do
        fw 0 swap.cfg --set stages.a.params.text="\"$i\""
    done
    touch enough
    wait
    [ ! -s missing ]
    [ "$(cat here.txt)" = 10 ]
}

@test "a preflight that holds is on record, one that does not ends with 6 before anything runs" {
    pipeline checked 'a: { use = "t_noop"; };' 'preflight: { min_free = "1MB"; min_memory = "1MB"; };'
    fw 0 checked.cfg
    jq -e '.ok and .disks[0].free_bytes > 1e6 and .wanted.min_free_bytes == 1e6' runs/checked/preflight.json
    rm -r runs
    fw 6 checked.cfg --set preflight.min_free='"900TB"' --set preflight.min_memory='"900TB"'
    says err 'preflight.min_free' 'preflight.min_memory' 'expected at least' '(exit 6)'
    jq -e '.ok == false' runs/checked/preflight.json
    [ ! -e runs/checked/stages/a/MANIFEST.json ]
    fw 3 checked.cfg --set preflight.min_fre='"1TB"'
    says err 'min_free'
}

@test "a preflight may want a clean git tree" {
    command -v git >/dev/null || skip "no git; apt-get install git"
    pipeline tracked 'a: { use = "t_noop"; };' 'preflight: { clean_git = true; };'
    GIT_CEILING_DIRECTORIES=${PWD%/*} fw 6 tracked.cfg
    says err 'lies in no git repository'
    git init -q .
    printf 'runs\nout\nerr\n' >.gitignore
    git add tracked.cfg .gitignore
    git -c user.name=t -c user.email=t@example.org commit -qm t
    fw 0 tracked.cfg
    jq -e --arg head "$(git rev-parse HEAD)" '.git_head == $head and .git_clean' runs/tracked/preflight.json
    echo >>tracked.cfg
    fw 6 tracked.cfg
    says err 'has changes, the first: " M tracked.cfg"'
}

@test "a checkpoint every so many steps" {
    count_and_copy
    fw 0 chain.cfg --checkpoint-every 3steps
    [ "$(jq -s '[.[] | select(.type == "checkpoint")] | map(.steps) | . == [3, 6, 9]' runs/chain/events.jsonl)" = true ]
    fw 2 chain.cfg --checkpoint-every 3step
}
