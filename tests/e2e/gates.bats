#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A stage that checks gives a verdict, and only a true one lets the pipeline go on.
load lib.bash

checked() { # VERDICT: a gate, and a stage that needs its report
    pipeline checked "audit: { use = \"t_gate\"; params: { verdict = $1; }; };
        after: { use = \"t_copy\"; in: { in = \"@audit.report\"; }; };"
}

@test "true gates let the pipeline go on and are on record" {
    checked 1
    fw 0 checked.cfg
    says err 'audit: gate whole: true: 4 of 4 rows are there' 'audit: gate coverage: true'
    jq -e '.gates == {"whole": {"verdict": true, "reason": "4 of 4 rows are there"},
        "coverage": {"verdict": true, "reason": "3 of 4 days are there"}}' runs/checked/stages/audit/MANIFEST.json
    jq -es '[.[] | select(.type == "gate")] | last | .name == "coverage" and .verdict and .stage == "audit"' \
        runs/checked/events.jsonl
    fw 0 checked.cfg
    says err '2 reused'
}

@test "a false gate ends with 7, keeps its report, and nothing after it runs" {
    checked 0
    fw 7 checked.cfg
    says err 'stage "audit": gate "coverage" is false: 3 of 4 days are there' '1 failed, 1 skipped'
    [ "$(cat runs/checked/stages/audit/report.txt)" = "3 of 4" ]
    jq -e '.gates.coverage.verdict == false' runs/checked/stages/audit/MANIFEST.json
    [ ! -e runs/checked/stages/after/MANIFEST.json ]
    fw 7 verify checked.cfg audit
    says out 'stage "audit": gate "coverage" is false: 3 of 4 days are there'
}

@test "a gate that was false is asked again, and then the pipeline goes on" {
    checked 0
    fw 7 checked.cfg
    fw 0 plan checked.cfg
    says out 'its gate "coverage" is false'
    fw 7 checked.cfg
    checked 1
    fw 0 checked.cfg
    says err '2 executed'
}

@test "an undecided gate is no pass" {
    checked 2
    fw 7 checked.cfg
    says err 'gate "coverage" is undecided: 3 of 4 days are there'
    jq -e '.gates.coverage | has("verdict") and .verdict == null' runs/checked/stages/audit/MANIFEST.json
}

@test "a verdict that there is none of is the plugin's fault" {
    checked 9
    fw 1 checked.cfg
    says err 'a gate was given a verdict that there is none of' 'FW_GATE_UNDECIDED'
}
