# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the tests of the command line share. Each test works in a folder of its own.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    good=$FWRUN_BUILD_ROOT/tests/fixtures/good
    bad=$FWRUN_BUILD_ROOT/tests/fixtures/bad
    export FWRUN_PLUGIN_PATH=$good
    unset LD_LIBRARY_PATH # the test runner names the folder of every library that it built
    # A crash must look like one under the address sanitizer too.
    export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0:handle_abort=0
}

teardown() {
    local pid
    for pid in $(jobs -p); do
        kill -KILL "$pid" 2>/dev/null || true
    done
    [ -z "${cell:-}" ] || leave_cell
    ! mountpoint -q "$BATS_TEST_TMPDIR/disk" || umount -l "$BATS_TEST_TMPDIR/disk"
}

pipeline() { # NAME STAGES [TOP-LEVEL...]: writes NAME.cfg
    printf 'name = "%s";\n%s\nstages:\n{\n%s\n};\n' "$1" "${*:3}" "$2" >"$1.cfg"
}

# A chain of two whose bytes are easy to tell.
count_and_copy() { # [SETTING-OF-COUNT...]
    pipeline chain "count: { use = \"t_count\"; params: { n = 1000; per_step = 100; }; $* };
        copy: { use = \"t_copy\"; in: { in = \"@count.out\"; }; };"
}

fw() { # CODE ARGUMENT...: runs it, keeps what it says in `out` and `err`, expects that exit code
    local want=$1 got=0
    shift
    "$FWRUN" "$@" >out 2>err || got=$?
    [ "$got" -eq "$want" ] || failed "fwrun $*: exit $got, expected $want"
}

start() { # ARGUMENT...: the same in the background; sets `pid`
    "$FWRUN" "$@" >out 2>err 3>&- 4>&- &
    pid=$!
}

ends() { # CODE: waits for what `start` began
    local got=0
    wait "$pid" || got=$?
    [ "$got" -eq "$1" ] || failed "exit $got, expected $1"
}

failed() { # MESSAGE: shows everything that may explain it
    echo "$1"
    [ ! -e out ] || sed 's/^/out: /' out
    [ ! -e err ] || sed 's/^/err: /' err
    return 1
}

says() { # FILE TEXT...: every TEXT stands in FILE
    local file=$1 text
    shift
    for text in "$@"; do
        grep -qF -- "$text" "$file" || failed "$file does not say: $text"
    done
}

never_says() { # FILE TEXT
    ! grep -qF -- "$2" "$1" || failed "$1 says: $2"
}

until_says() { # FILE TEXT: waits up to a minute
    local tries
    for ((tries = 0; tries < 3000; tries++)); do
        ! grep -qsF -- "$2" "$1" || return 0
        sleep 0.02
    done
    failed "$1 does not say within a minute: $2"
}

gone() { # PID: within 5 s
    local tries
    for ((tries = 0; tries < 250; tries++)); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.02
    done
    failed "process $1 is still there"
}

# Numbers of the last run's summary: executed reused failed skipped.
summary() { # TEXT
    local last
    last=$(grep -E '^(done|failed|interrupted) after ' err | tail -n 1)
    [[ $last == *": $1"* ]] || failed "the summary is \"$last\", expected \"$1\""
}

started() { # STAGE: how often the event logs say that it was started
    cat runs/*/events.jsonl | jq -rc "select(.type == \"stage_start\" and .stage == \"$1\")" | wc -l
}

state() { # FILTER: of the run's record
    jq -r "$1" runs/*/run.json
}

# A small disk at ./disk; teardown takes it away.
disk() { # SIZE
    mkdir disk
    mount -t tmpfs -o "size=$1" tmpfs disk 2>mount.err || skip "cannot mount a tmpfs: $(cat mount.err)"
}

# A memory cgroup whose limit the kernel holds, below this shell's own; `start_in_cell` runs in it.
cell() { # BYTES
    local own
    own=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
    [ -n "$own" ] || skip 'no memory cgroup of version 1 on this machine'
    cell=/sys/fs/cgroup/memory${own%/}/fwrun-test-$$-$SRANDOM
    mkdir "$cell" 2>cell.err || { cell= && skip "cannot make a memory cgroup: $(cat cell.err)"; }
    echo "$1" >"$cell/memory.limit_in_bytes"
}

start_in_cell() { # ARGUMENT...
    (echo "$BASHPID" >"$cell/cgroup.procs" && exec "$FWRUN" "$@") >out 2>err 3>&- 4>&- &
    pid=$!
}

leave_cell() {
    local tries
    for ((tries = 0; tries < 250; tries++)); do
        rmdir "$cell" 2>/dev/null && return
        sleep 0.02
    done
    failed "$cell is still in use"
}
