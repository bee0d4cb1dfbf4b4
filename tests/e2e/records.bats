#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# docs/reference/records.md names every field that a run writes.
load lib.bash

page() { sed -n "/^## $1/,/^## /p" "$FWRUN_SOURCE_ROOT/docs/reference/records.md"; }

documented() { # SECTION NAME...: each stands in it as `NAME`, alone or at the end of a path
    local section=$1 name missing=
    shift
    for name in "$@"; do
        page "$section" | grep -qE "\`([A-Z_a-z.]*\.)?$name\`" || missing+=" $name"
    done
    [ -z "$missing" ] || failed "docs/reference/records.md, $section, does not name:$missing"
}

# Two stages with nearly everything on record: a gate, a stop and a resume, a failed attempt.
recorded() {
    seq 9 >in.txt
    pipeline recorded 'audit: { use = "t_gate"; }; count: { use = "t_count"; params: { n = 1000; per_step = 100; }; };
        copy: { use = "t_copy"; in: { in = ["@count.out"]; }; };' \
        'preflight: { min_free = "1kB"; }; resources: { temp = "."; };'
    fw 75 recorded.cfg --stop-after-steps 2
    fw 0 recorded.cfg
    cd runs/recorded
}

@test "run.json" {
    recorded
    documented run.json $(jq -r 'keys[], (.stages[] | keys[])' run.json)
    documented run.json $(jq -r '[.stages[].attempts // [] | .[] | keys[]] | unique[]' run.json)
}

@test "plan.json" {
    recorded
    documented plan.json $(jq -r 'keys[], (.stages[] | keys[], (.inputs[] | keys[]), (.outputs[] | keys[]))' plan.json | sort -u)
}

@test "MANIFEST.json" {
    recorded
    for manifest in stages/*/MANIFEST.json; do
        documented MANIFEST.json $(jq -r 'keys[], (.step_us | keys[]), (.outputs[] | keys[], (.files[] | keys[])),
            (.gates // {} | .[] | keys[])' "$manifest" | sort -u)
    done
}

@test "events.jsonl" {
    recorded
    documented events.jsonl $(jq -r 'select(.type != "attempt_end" and .type != "stage_start") | .type, keys[]' events.jsonl |
        sort -u)
    documented events.jsonl attempt_end stage_start
}

@test "preflight.json" {
    recorded
    documented preflight.json $(jq -r 'keys[], (.disks[] | keys[]), (.wanted | keys[])' preflight.json | sort -u)
}

@test "every file of a run directory" {
    recorded
    for file in *; do
        grep -qE "^\| \`$file(/|\`)" "$FWRUN_SOURCE_ROOT/docs/reference/records.md" || failed "$file is not in the list of files"
    done
}
