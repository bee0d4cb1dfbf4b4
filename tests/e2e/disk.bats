#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A disk that fails at every single write, in turn: the right code and sentence each time, nothing
# half-written is believed, and the same command goes on when there is room again.
load lib.bash

need_shim() {
    ! nm "$FWRUN" | grep -q __asan_ || skip "the address sanitizer wants to be loaded before the fault shim"
}

# FW_FAULT_* of tests/support/fault_shim.c. What it counted is in `counter`.
faulty() { # AT ERRNO ONCE COMMAND...
    local at=$1 errno=$2 once=$3
    shift 3
    : >"$BATS_TEST_TMPDIR/counter"
    truncate -s 512 "$BATS_TEST_TMPDIR/counter"
    env FW_FAULT_ROOT="$PWD" FW_FAULT_COUNTER="$BATS_TEST_TMPDIR/counter" FW_FAULT_AT="$at" \
        FW_FAULT_ERRNO="$errno" ${once:+FW_FAULT_ONCE=1} LD_PRELOAD="$FWRUN_FAULT_SHIM" "$@"
}

operations() {
    od -An -tu4 -N4 "$BATS_TEST_TMPDIR/counter" | tr -d ' '
}

# Runs FILE.cfg in a folder of its own with a fault at each of its writes. CHECK must find the
# outputs right. Codes that are fine are 6, 10 and 12; 0 too when one write alone fails, as what
# saves time only (digests, probed plugins) may go missing. STRIDE passes over writes, to save time;
# FWRUN_EVERY_WRITE=1 takes each of them.
each_write() { # STRIDE FILE CHECK WORDS ONCE [ARGUMENT...]
    local stride=${FWRUN_EVERY_WRITE:-$1} cfg=$2 check=$3 words=$4 once=$5 n total code
    local errno=28 # ENOSPC
    shift 5
    mkdir -p work
    cp "$cfg" work/
    cd work
    faulty 0 0 '' "$FWRUN" "$cfg" "$@" >../out 2>../err || failed "without a fault: exit $?"
    total=$(operations)
    [ "$total" -gt 20 ]
    for ((n = 1; n <= total; n += stride)); do
        rm -rf runs
        code=0
        faulty "$n" "$errno" "$once" "$FWRUN" "$cfg" "$@" >../out 2>../err || code=$?
        what="write $n of $total, exit $code: $(tail -c +5 ../counter | tr -d '\0')"
        case $code in
        6 | 10 | 12) grep -qF "$words" ../err || failed "$what: not said: $words" ;;
        0) [ -n "$once" ] || [ "$n" -gt $((total - 8)) ] || failed "$what" ;;
        *) failed "$what" ;;
        esac
        [ "$code" -ne 0 ] || $check || failed "$what: a wrong output is taken for right"
        "$FWRUN" "$cfg" >../out 2>../err || failed "$what, and again: exit $?"
        $check || failed "$what: the outputs are wrong afterwards"
    done
    "$FWRUN" verify "$cfg" >../out 2>../err || failed "verify: exit $?"
    cd ..
}

chain_is_right() {
    cmp runs/chain/stages/count/numbers.txt <(seq 0 999) &&
        cmp runs/chain/stages/copy/copy.bin <(seq 0 999)
}

@test "a disk that is full from any write on" {
    need_shim
    count_and_copy
    each_write 1 chain.cfg chain_is_right 'No space left on device' ''
}

@test "a disk that fails one write alone" {
    need_shim
    count_and_copy
    each_write 1 chain.cfg chain_is_right 'No space left on device' once
}

@test "a disk that is full from any write on, with checkpoints and synced files" {
    need_shim
    pipeline chain 'count: { use = "t_count"; params: { n = 1000; per_step = 250; }; };
        copy: { use = "t_copy"; in: { in = "@count.out"; }; };' 'durability = "fsync";'
    each_write 3 chain.cfg chain_is_right 'No space left on device' '' --checkpoint-every 1ms
}

table_is_right() {
    [ "$(wc -l <runs/table/stages/t/table.csv)" = 2 ] &&
        diff runs/table/stages/t/table.csv <(printf 'n,s\n5000,12497500\n')
}

@test "a disk that is full from any write of the engine on" {
    need_shim
    export FWRUN_PLUGIN_PATH=$FWRUN_BUILD_ROOT/plugins
    pipeline table 's: { use = "sql"; params: { query = "SELECT range AS a, md5(range::VARCHAR) AS b FROM range(5000)"; }; };
        t: { use = "sql"; in: { t = "@s.table"; }; out: { table = "runs/table/stages/t/table.csv"; };
            params: { query = "SELECT count(*) AS n, sum(a) AS s FROM t"; }; };'
    each_write 5 table.cfg table_is_right 'No space left on device' ''
}
