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
    SECONDS=0
    misbehaves ignores_cancel
    [ "$SECONDS" -lt 50 ]
}
