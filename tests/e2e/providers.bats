#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Which provider of a service a stage gets.
load lib.bash

which() { # SETTINGS: what the stage got
    export FWRUN_PLUGIN_PATH=$FWRUN_BUILD_ROOT/tests/fixtures/providers
    pipeline which "w: { use = \"p_which\"; $1 };" "${@:2}"
    fw 0 which.cfg
    cat runs/which/stages/w/which.txt
}

@test "compute names the device, a stage's own before the pipeline's" {
    [ "$(which 'resources: { compute = "cpu"; };')" = "cpu: cpu cuda odd" ]
    [ "$(which 'resources: { compute = "cuda"; };')" = "cuda: cpu cuda odd" ]
    [ "$(which '' 'resources: { compute = "odd"; };')" = "odd: cpu cuda odd" ]
    [ "$(which 'resources: { compute = "cpu"; };' 'resources: { compute = "odd"; };')" = "cpu: cpu cuda odd" ]
}

@test "without a wish a device that is there computes, else the processor" {
    device=cpu
    [ ! -e /dev/nvidiactl ] || device=cuda
    [ "$(which '')" = "$device: cpu cuda odd" ]
    [ "$(which 'resources: { compute = "auto"; };')" = "$device: cpu cuda odd" ]
}

@test "a device that no provider is for is told with the name" {
    which '' >/dev/null
    fw 3 which.cfg --set 'resources.compute="abacus"'
    says err 'stage type "p_which" needs the service "fw.kernels/1": to compute on "abacus": no plugin has'
}

@test "another device is another key, and so is one more provider of those that are bound together" {
    mkdir plugins
    cp "$FWRUN_BUILD_ROOT"/tests/fixtures/providers/p_{cpu,cuda,which}.so plugins
    export FWRUN_PLUGIN_PATH=$PWD/plugins
    pipeline which 'w: { use = "p_which"; };' 'resources: { compute = "cpu"; };'
    fw 0 which.cfg
    fw 0 which.cfg
    says err '0 executed, 1 reused'
    fw 0 which.cfg --set 'resources.compute="cuda"'
    says err '1 executed'
    FWRUN_KERNELS_ISA=v1 fw 0 which.cfg --set 'resources.compute="cuda"'
    says err '1 executed'
    cp "$FWRUN_BUILD_ROOT/tests/fixtures/providers/p_odd.so" plugins
    fw 0 which.cfg --set 'resources.compute="cuda"'
    says err '1 executed'
    [ "$(cat runs/which/stages/w/which.txt)" = "cuda: cpu cuda odd" ]
}

@test "a library that may be missing is part of the key where it is there" {
    which '' >/dev/null
    run -0 jq -rc '.preimage.services."fw.kernels/1".libraries | keys' runs/which/stages/w/MANIFEST.json
    [ "$output" = '["libc.so.6?"]' ]
    FWRUN_PLUGIN_PATH=$FWRUN_BUILD_ROOT/tests/fixtures/providers fw 0 doctor
}
