# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Kills a run at a random moment. FWRUN_TEST_SEED repeats the moments of an earlier run, FWRUN_TEST_KILLS
# is how many there are.
kills=${FWRUN_TEST_KILLS:-10}

seed() {
    local seed=${FWRUN_TEST_SEED:-$SRANDOM}
    echo "# FWRUN_TEST_SEED=$seed" >&3
    RANDOM=$seed
}

tree() { # PID: it and all that descends from it
    local child children=
    echo "$1"
    read -ra children < <(cat /proc/"$1"/task/*/children 2>/dev/null) || true
    for child in "${children[@]}"; do
        tree "$child"
    done
}

# MICROSECONDS ARGUMENT...: after that time the run's parent is killed, or a worker, or both, or all
# its processes in one blow. Sets `finished` to the stages that were done.
strike() {
    local victims got=0
    start "${@:2}"
    sleep "$(($1 / 1000000)).$(printf %06d $(($1 % 1000000)))"
    mapfile -t victims < <(tree "$pid")
    case $((RANDOM % 4)) in
    0) victims=("$pid") ;;
    1) victims=("${victims[1]:-$pid}") ;;
    2) victims=("${victims[@]:0:2}") ;;
    esac
    kill -KILL "${victims[@]}" 2>/dev/null || true
    wait "$pid" || got=$?
    # 0: it was done. 4: the worker that tries the plugins was struck. 5: one that runs a stage.
    [[ $got =~ ^(0|4|5|137)$ ]] || failed "a killed run ended with $got"
    # shellcheck disable=SC2034
    finished=$(find runs -name MANIFEST.json -printf '%h\n' 2>/dev/null | xargs -r -n 1 basename)
}

never_again() { # the second run started nothing that was finished
    local stage
    for stage in $finished; do
        never_says out "{\"type\":\"stage_start\",\"stage\":\"$stage\""
    done
}

chain() { # SETTING...
    pipeline chain "
        count: { use = \"t_count\"; params: { n = 50000; per_step = 500; }; $* };
        nap: { use = \"t_sleep\"; params: { steps = 20; ms = 10; }; in: { in = \"@count.out\"; }; $* };
        copy: { use = \"t_copy\"; params: { chunk = \"4kB\"; }; in: { in = \"@count.out\"; }; $* };
        last: { use = \"t_copy\"; in: { in = \"@nap.out\"; }; after = \"copy\"; $* };"
}

# PIPELINE OPTION...: the undisturbed run, in whole/; sets `took` in microseconds
undisturbed() {
    local begin=${EPOCHREALTIME/./}
    fw 0 "$1" --set "run_root=\"$PWD/whole\"" "${@:2}"
    took=$((${EPOCHREALTIME/./} - begin))
}

same_as_undisturbed() { diff -r -x MANIFEST.json whole/*/stages runs/*/stages; }
