#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Stages that neither go on nor answer: the slowest of all, so they have a file of their own.
load lib.bash
load bad.bash

@test "hangs" {
    SECONDS=0
    misbehaves hangs
    [ "$SECONDS" -lt 40 ]
}

@test "ignores_cancel" {
    bad_pipeline ignores_cancel
    start bad.cfg
    until_says runs/bad/events.jsonl '"type":"progress"'
    kill -TERM "$pid"
    ends "$(fact ignores_cancel Exit)"
    says err "$(fact ignores_cancel Says)"
    undone s
    whole first ok
}
