#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A stage that neither goes on nor answers: the slowest of all, so it has a file of its own.
load lib.bash

@test "a stage that does not answer when it is stalled is killed" {
    export FWRUN_PLUGIN_PATH=$bad
    pipeline stuck 's: { use = "bad_hangs"; };' 'stall_s = 1;' 'heartbeat_s = 1;'
    SECONDS=0
    fw 1 stuck.cfg
    [ "$SECONDS" -lt 40 ]
    says err 's: no sign of progress for 1' 'made no progress for 1 s (stall_s) and did not stop when asked; it was killed'
}
