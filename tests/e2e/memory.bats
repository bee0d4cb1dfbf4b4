#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Memory that runs out: the ladder, what is remembered of it, who is killed and by whom.
load lib.bash

# A stage that holds AMOUNT under a budget of MEMORY.
hold() { # AMOUNT MEMORY THREADS [PARAMS...]
    pipeline hold "s: { use = \"t_mem\"; params: { amount = \"$1\"; ${*:4} };
        resources: { memory = \"$2\"; threads = $3; }; };" 'resources: { threads = 8; };'
}

# The same, and it can save.
hoard() { # AMOUNT MEMORY [PARAMS...]
    hold "$1" "$2" 1 "${@:3}"
    sed -i 's/t_mem/t_hoard/' hold.cfg
}

attempts() { # FIELD: of each attempt of stage s in the run's record
    state "[.stages.s.attempts[].$1] | join(\" \")"
}

starts() { # FIELD: of each start of stage s that the event log has
    jq -r "select(.type == \"stage_start\" and .stage == \"s\") | .$1" runs/*/events.jsonl | paste -sd ' '
}

reaches() { # RUNG: waits for the stage to start on it, at most 10 s
    until_says runs/hold/events.jsonl "\"rung\":$1,"
}

@test "half the threads, then one with small row groups, then four times the partitions" {
    hold 4GiB 150MB 8
    fw 10 hold.cfg
    [ "$(attempts outcome)" = 'over_memory over_memory over_memory over_memory' ]
    [ "$(attempts rung)" = '0 1 2 3' ]
    [ "$(attempts threads)" = '8 4 1 1' ]
    [ "$(attempts small_row_groups)" = '0 0 1 1' ]
    [ "$(attempts partition_factor)" = '1 1 1 4' ]
    [ "$(attempts engine_bytes)" = '82500000 49500000 29700000 17820000' ]
    [ "$(starts threads)" = '8 4 1 1' ]
    says err 's: attempt 1: was killed at' 's: start, 4 threads, 143.1 MiB, attempt 2 on a lower rung' \
        'on every rung of the ladder (4 attempts); raise resources.memory of the stage or of the pipeline (exit 10)'
}

@test "an engine's own out-of-memory leaves its limit as it is" {
    hold 4GiB 150MB 4 'report = true;'
    fw 10 hold.cfg
    [ "$(attempts outcome)" = 'out_of_memory out_of_memory out_of_memory out_of_memory' ]
    [ "$(attempts threads)" = '4 2 1 1' ]
    [ "$(attempts engine_bytes)" = '82500000 82500000 82500000 82500000' ]
}

@test "a library that ends the process for lack of memory is no crash" {
    hold 4GiB 150MB 1 'ends = true;'
    fw 10 hold.cfg
    [ "$(attempts outcome)" = 'out_of_memory out_of_memory out_of_memory' ]
    says err 's: attempt 1: ended by itself for lack of memory' 'on every rung'
}

@test "a stage that is killed goes on from its checkpoint on the rung that it had reached" {
    hoard 512MiB 220MB 'ms = 60;'
    start hold.cfg --checkpoint-every 1ms
    reaches 3
    : >runs/hold/events.jsonl
    until_says runs/hold/events.jsonl '"checkpoint"'
    kill -KILL "$pid"
    ends 137
    fw 0 hold.cfg
    [ "$(starts rung)" = 3 ]
    [ "$(attempts outcome)" = done ]
    [ "$(attempts attempt)" = 3 ]
    says err 'attempt 3 on a lower rung, which it had reached before'
    [ "$(starts recalled)" = true ]
    [ "$(state '.stages.s.attempts[0].engine_bytes')" = 43560000 ]
}

@test "a stage that cannot save starts over on the rung that it had reached" {
    hold 512MiB 220MB 1 'ms = 60;'
    start hold.cfg
    reaches 3
    kill -KILL "$pid"
    ends 137
    : >runs/hold/events.jsonl
    fw 0 hold.cfg
    [ "$(starts rung)" = 3 ]
}

@test "a stop leaves the rung as it is" {
    local rung
    hoard 512MiB 220MB 'ms = 90;'
    start hold.cfg
    reaches 2
    kill -TERM "$pid"
    ends 143
    rung=$(starts rung)
    : >runs/hold/events.jsonl
    fw 0 hold.cfg
    [[ $(starts rung) == "${rung##* }"* ]] || failed "rungs $rung, then $(starts rung)"
}

@test "other resources or parameters start at the top of the ladder" {
    hold 512MiB 220MB 1 'ms = 60;'
    start hold.cfg
    reaches 2
    kill -KILL "$pid"
    ends 137
    cp -r runs before
    for other in stages.s.resources.memory=230MB stages.s.resources.threads=2 stages.s.params.amount=511MiB; do
        rm -rf runs
        cp -r before runs
        : >runs/hold/events.jsonl
        fw 0 hold.cfg --set $other --set stages.s.params.ms=0
        [[ $(starts rung) == '0 '* ]] || failed "rungs $(starts rung) with $other"
    done
}

@test "a stage that was done, or failed on every rung, starts at the top again" {
    hold 512MiB 220MB 1
    fw 0 hold.cfg
    : >runs/hold/events.jsonl
    fw 0 hold.cfg --force s
    [ "$(starts rung)" = '0 2 3' ]
    hold 4GiB 100MB 1
    fw 10 hold.cfg
    : >runs/hold/events.jsonl
    fw 10 hold.cfg
    [ "$(starts rung)" = '0 2 3' ]
}

@test "a stage that leaks is stopped at its budget and named" {
    hold 4GiB 300MB 1 'ms = 40;'
    fw 10 hold.cfg
    grep -qE 'stage "s": was killed at [0-9]+ MiB, above its memory budget of 286 MiB; it grew step by step \([0-9]+ MiB at step [0-9]+, [0-9]+ MiB at step [0-9]+, [0-9]+ MiB at step [0-9]+\), so it leaks' err ||
        failed 'the leak is not named'
}

# A command that starts a process, which leaves its group, its session and its parent, writes its
# number and then runs CODE.
runaway() { # CODE MEMORY [REST]
    cat >runaway.py <<PY
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open("$PWD/pid.new", "w") as out:
            out.write(str(os.getpid()))
        os.rename("$PWD/pid.new", "$PWD/pid")
        $1
    os._exit(0)
os.wait()
${3:-time.sleep(60)}
PY
    pipeline hold "s: { use = \"exec\"; in: { script = \"runaway.py\"; }; out: { o = \"o.txt\"; };
        params: { argv = [\"python3\", \"\$\${in.script}\", \"\$\${out.o}\"]; };
        resources: { memory = \"$2\"; threads = 1; }; };"
}

# Takes 16 MiB every 20 ms, MIB in all; and as a child that knows of the ladder, a quarter on its last rung.
readonly allocate='held = []
for i in range(int(sys.argv[2]) // 16 // int(sys.argv[3])):
    held.append(bytearray(b"x" * (16 << 20)))
    time.sleep(0.02)
open(sys.argv[1], "w").write("held\n")'

python_holds() { # MIB MEMORY
    printf 'import sys, time\n%s\n' "$allocate" >hold.py
    pipeline hold "s: { use = \"exec\"; in: { script = \"hold.py\"; }; out: { o = \"o.txt\"; };
        params: { argv = [\"python3\", \"\$\${in.script}\", \"\$\${out.o}\", \"$1\", \"\$\${partition_factor}\"]; };
        resources: { memory = \"$2\"; threads = 2; }; };"
}

@test "a command that takes too much walks the ladder as a stage does" {
    python_holds 480 250MB
    fw 0 hold.cfg
    [ "$(attempts outcome)" = 'over_memory over_memory over_memory done' ]
    [ "$(attempts threads)" = '2 1 1 1' ]
    [ "$(attempts partition_factor)" = '1 1 1 4' ]
    [ "$(cat o.txt)" = held ]
    [ "$(state '.stages.s.attempts | all(.peak_rss_bytes < 400000000)')" = true ]
    [ "$(jq -r 'select(.type == "attempt_end") | .outcome' runs/hold/events.jsonl | paste -sd ' ')" = "$(attempts outcome)" ]
}

@test "a process that left its group, its session and its parent is counted" {
    runaway 'held = bytearray(b"x" * (400 << 20)); time.sleep(60)' 200MB
    fw 10 hold.cfg
    says err 'above its memory budget of 191 MiB'
    gone "$(cat pid)"
}

@test "what left its group, its session and its parent ends with the stage" {
    runaway 'time.sleep(60)' 200MB 'open(sys.argv[1], "w").write("done\n"); time.sleep(0.2)'
    fw 0 hold.cfg
    gone "$(cat pid)"
    rm pid
    runaway 'time.sleep(60)' 200MB 'time.sleep(0.2); os.kill(os.getppid(), 11)'
    fw 5 hold.cfg
    gone "$(cat pid)"
}

@test "the kernel's kill is told from a crash, and walks the ladder" {
    hold 512MiB 2GB 1
    cell 200M
    start_in_cell hold.cfg --set resources.memory=2GB
    ends 0
    [ "$(attempts outcome)" = 'over_memory over_memory done' ]
    [ "$(attempts engine_bytes)" = '1100000000 660000000 396000000' ]
    says err 's: attempt 1: was killed by the kernel for lack of memory'
}

@test "a SIGKILL from outside is a crash, in a memory cgroup too" {
    hold 1GiB 2GB 1 'ms = 100;'
    cell 1G
    start_in_cell hold.cfg
    until_says runs/hold/events.jsonl '"stage_start"'
    kill -KILL "$(starts pid)"
    ends 5
    [ "$(attempts outcome)" = crashed ]
    says err 'stage "s": crashed with signal 9 (Killed)'
}

# Stages a and b that hold 96 MiB for half a second each, under a pipeline's budget.
two() { # MEMORY-OF-EACH
    local stage="{ use = \"t_mem\"; params: { amount = \"96MiB\"; ms = 80; };
        resources: { memory = \"$1\"; threads = 1; }; };"
    pipeline two "a: $stage b: $stage" 'resources: { memory = "300MB"; threads = 2; };'
    fw 0 two.cfg
    order=$(jq -r 'select(.type == "stage_start" or .type == "stage_end") | .type[6:]' runs/two/events.jsonl | paste -sd ' ')
}

@test "two stages share the pipeline's memory side by side, or one waits for the other" {
    two 150MB
    [ "$order" = 'start start end end' ]
    rm -r runs
    two 151MB
    [ "$order" = 'start end start end' ]
}

@test "a stage that asks for more than the pipeline has gets what the pipeline has" {
    pipeline big 's: { use = "t_mem"; resources: { memory = "1TB"; }; };' 'resources: { memory = "300MB"; };'
    fw 0 big.cfg
    [ "$(attempts memory_bytes)" = 300000000 ]
}

# A query on data that it makes itself, of which DuckDB can spill nothing.
query() { # ROWS-PER-THREAD MEMORY THREADS
    unset FWRUN_PLUGIN_PATH
    pipeline hold "s: { use = \"sql\"; params: { query = \"SELECT count(*) AS n FROM (
            SELECT i % 1000 AS k, string_agg(md5(i::VARCHAR), ',') AS s
            FROM range($1 * current_setting('threads')::BIGINT) r(i) GROUP BY k) WHERE length(s) > 0\"; };
        resources: { memory = \"$2\"; threads = $3; }; };" 'resources: { threads = 4; };'
}

@test "DuckDB's own out-of-memory leads to a rung on which the query is done, with the same bytes" {
    query 120000 2GB 4
    fw 0 hold.cfg
    [ "$(attempts outcome)" = done ]
    mv runs plenty
    query 120000 60MB 4
    fw 0 hold.cfg
    [[ "$(attempts outcome)" =~ ^((out_of_memory|over_memory)\ )+done$ ]] || failed "$(attempts outcome)"
    says err 's: attempt 1: Out of Memory Error: ' 'give the stage more memory or fewer threads'
    [ "$(attempts outcome)" = "$(jq -r 'select(.type == "attempt_end") | .outcome' runs/hold/events.jsonl | paste -sd ' ')" ]
    [ "$(state '.stages.s.attempts[-1].threads')" -lt 4 ]
    cmp {plenty,runs}/hold/stages/s/table.parquet
}

@test "DuckDB's own out-of-memory on every rung ends with 10 and says what to raise" {
    query 600000 60MB 1
    fw 10 hold.cfg
    [ "$(attempts rung)" = '0 2 3' ]
    [ "$(attempts outcome)" = 'out_of_memory out_of_memory out_of_memory' ]
    says err 'Out of Memory Error' 'on every rung of the ladder (3 attempts); raise resources.memory'
}

@test "a snapshot whose budget is too small walks the ladder and says what to raise" {
    unset FWRUN_PLUGIN_PATH
    fw 10 "$FWRUN_SOURCE_ROOT/configs/demo_freeze.cfg" --set "run_root=\"$PWD/runs\"" \
        --set stages.crawl.params.rows=600 --set stages.snapshot.resources.memory=30MB
    says err 'stage "snapshot": ' 'on every rung of the ladder' 'raise resources.memory'
    [ "$(state '.stages.snapshot.attempts | length')" -ge 3 ]
    [ "$(state .stages.daily.state)" = skipped ]
}

@test "a job of the shell that became fwrun is not taken for a stage's" {
    export FWRUN_PLUGIN_PATH=$bad
    pipeline hold 's: { use = "bad_step_crashes"; };'
    sh -c 'sleep 60 & echo $! >job; exec "$0" hold.cfg' "$FWRUN" >out 2>err 3>&- 4>&- || true
    says err 'crashed with signal'
    kill -0 "$(cat job)"
    kill "$(cat job)"
}
