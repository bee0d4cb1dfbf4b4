#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Inputs that are not what they seem, that vanish or change, and that cannot be read.
load lib.bash

three_rows() { # three.parquet, and an empty folder `in`
    FWRUN_PLUGIN_PATH=$FWRUN_BUILD_ROOT/plugins
    export FWRUN_PLUGIN_PATH
    pipeline make 's: { use = "sql"; out: { table = "three.parquet"; };
        params: { query = "SELECT unnest([1, 2, 3]) AS a"; }; };'
    fw 0 make.cfg
    mkdir in
}

copy_of() { # INPUT
    pipeline c "s: { use = \"t_copy\"; in: { in = \"$1\"; }; };"
}

@test "an input that is not there is said so before anything runs" {
    ln -s nowhere dangling
    ln -s loop loop
    for input in nowhere.txt dangling loop; do
        copy_of $input
        fw 3 c.cfg
        says err "input not found: $PWD/$input" 'nothing was run'
        [ ! -e runs/c/stages ]
    done
}

@test "an input that is neither a file nor a folder is refused and never waited for" {
    mkfifo fifo
    mkdir folder
    echo 1 >folder/a
    mkfifo folder/b
    for input in fifo folder /dev/zero /dev/null; do
        copy_of $input
        code=0
        timeout 60 "$FWRUN" c.cfg >out 2>err || code=$?
        [ $code = 1 ] || failed "$input: exit $code"
        says err "$input" 'is neither a file nor a folder'
    done
}

@test "a folder where a file is wanted, and a file where a table is wanted, are named" {
    export FWRUN_PLUGIN_PATH=$good:$FWRUN_BUILD_ROOT/plugins
    mkdir folder
    copy_of folder
    fw 1 c.cfg
    says err 'Is a directory' "$PWD/folder"
    echo text >notes.md
    for input in folder notes.md; do
        pipeline c "s: { use = \"sql\"; in: { t = \"$input\"; }; params: { query = \"FROM t\"; }; };"
        fw 1 c.cfg
        says err "$PWD/$input"
    done
}

@test "names with quotes, newlines, patterns and of every length are plain names" {
    three_rows
    pipeline c 's: { use = "sql"; in: { t = "in"; }; out: { table = "sum.csv"; };
        params: { query = "SELECT sum(a)::INTEGER AS s FROM t"; }; };'
    for name in $'new\nline' "it's \"quoted\" \$x ; -- *" 'glob*[a]?{1,2}' "$(printf 'x%.0s' {1..240})" \
        'über ☃' '-rf' '%41 %'; do
        rm -rf in runs/c sum.csv
        mkdir in
        cp three.parquet "in/$name.parquet"
        fw 0 c.cfg
        diff sum.csv <(printf 's\n6\n')
        fw 0 verify c.cfg
    done
}

@test "a name that is not UTF-8 is refused with advice" {
    three_rows
    cp three.parquet "in/$(printf 'bad \xff\xfe').parquet"
    pipeline c 's: { use = "sql"; in: { t = "in"; }; params: { query = "FROM t"; }; };'
    fw 1 c.cfg
    says err 'name is not UTF-8' 'rename'
}

@test "an input that vanishes between the plan and its stage fails that stage by name" {
    echo a >data.txt
    pipeline c 'w: { use = "t_sleep"; params: { steps = 60; ms = 20; }; };
        s: { use = "t_copy"; in: { in = "data.txt"; }; };' 'resources: { threads = 1; };'
    start c.cfg
    until_says runs/c/events.jsonl '"step"'
    rm data.txt
    ends 1
    says err 'stage "s":' "$PWD/data.txt"
    [ ! -e runs/c/stages/s/MANIFEST.json ]
    echo a >data.txt
    fw 0 c.cfg
    summary '1 executed, 1 reused, 0 failed, 0 skipped (exit 0)'
}

reader() {
    pipeline in 's: { use = "t_sleep"; params: { steps = 60; ms = 20; }; in: { in = "data.txt"; }; };'
    printf one >data.txt
    touch -d '2020-01-01' data.txt
    start in.cfg
    until_says runs/in/events.jsonl '"step"'
}

refuses_what_it_read() {
    ends 1
    says err 'stage "s":' "$PWD/data.txt"
    [ ! -e runs/in/stages/s/slept.txt ] && [ ! -e runs/in/stages/s/MANIFEST.json ]
}

@test "an input that vanishes while it is read fails its stage" {
    reader
    rm data.txt
    refuses_what_it_read
}

@test "an input that grows while it is read fails its stage, even with its old date" {
    reader
    printf more >>data.txt
    touch -d '2020-01-01' data.txt
    refuses_what_it_read
    fw 0 in.cfg
}

@test "an input that another file of its size and date takes the place of fails its stage" {
    reader
    printf two >other
    touch -r data.txt other
    mv other data.txt
    refuses_what_it_read
    fw 0 in.cfg
}

@test "an input that is overwritten and set back to its size and date is read again by the next run" {
    reader
    printf two >data.txt
    touch -d '2020-01-01' data.txt
    ends 0
    fw 0 in.cfg
    summary '1 executed, 0 reused, 0 failed, 0 skipped (exit 0)'
}

@test "an input of which a read fails is named, and the same command completes later" {
    ! nm "$FWRUN" | grep -q __asan_ || skip "the address sanitizer wants to be loaded before the fault shim"
    printf data >data.txt
    copy_of data.txt
    export FW_FAULT_READ=$PWD/data.txt FW_FAULT_ERRNO=5
    LD_PRELOAD=$FWRUN_FAULT_SHIM fw 1 c.cfg
    says err "$PWD/data.txt" 'Input/output error'
    [ ! -e runs/c/stages/s/MANIFEST.json ]
    fw 0 c.cfg
}

@test "an output folder on a read-only disk is refused before anything runs" {
    disk 1m
    mount -o remount,ro disk
    pipeline ro 's: { use = "t_noop"; out: { out = "disk/place"; }; };'
    fw 6 ro.cfg
    says err 'stage "s", output "out"' "$PWD/disk" 'Read-only file system'
    [ ! -e runs/ro/stages/s/MANIFEST.json ]
    mount -o remount,rw disk
    fw 0 ro.cfg
}

@test "a temporary folder on a read-only disk ends the run as unwritable" {
    disk 1m
    mount -o remount,ro disk
    pipeline ro 's: { use = "t_noop"; };' 'resources: { temp = "disk/tmp"; };'
    fw 12 ro.cfg
    says err "$PWD/disk/tmp" 'Read-only file system'
    mount -o remount,rw disk
    fw 0 ro.cfg
}

# Any text as a configuration: refused with its line, or read; never a crash, and nothing runs.
refused_as_configuration() { # FILE
    local code=0
    timeout 60 "$FWRUN" plan "$1" >out 2>err || code=$?
    [ "$code" = 3 ] || failed "$1: exit $code"
    says err "$1" 'nothing was run'
    grep -qE ":[0-9]+: |there are no stages|cannot read" err || failed "$1: no line"
}

@test "every file of libconfig's own tests is refused with its line, or lacks stages" {
    local shared=${FWRUN_SHARED:-$FWRUN_SOURCE_ROOT/../shared}/data/libconfig n=0
    [ -d "$shared" ] || skip "no $shared"
    while read -r file; do
        refused_as_configuration "$file"
        n=$((n + 1))
    done < <(find "$shared" -name '*.cfg' -o -name '*.txt')
    [ $n -ge 30 ]
}

@test "texts that are no configuration at all are refused as such" {
    local shared=${FWRUN_SHARED:-$FWRUN_SOURCE_ROOT/../shared}/data/json/test_parsing n=0
    [ -d "$shared" ] || skip "no $shared"
    while read -r file; do
        refused_as_configuration "$file"
        n=$((n + 1))
    done < <(find "$shared" -name 'n_structure*.json' -o -name 'i_string*.json')
    [ $n -ge 40 ]
}
