#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# scripts/setup in a tree of its own. apt-get, npm and sudo are impostors that write down how they
# were called; nothing here touches the machine or the network.

setup() {
    root=$BATS_TEST_DIRNAME/../..
    tree=$BATS_TEST_TMPDIR/tree
    bin=$BATS_TEST_TMPDIR/bin
    calls=$BATS_TEST_TMPDIR/calls
    mkdir -p "$tree/scripts" "$bin"
    : >"$calls"
    cp "$root/scripts/setup" "$tree/scripts/"
    # Everything that this machine has, but for a tool that is then missing.
    ln -s /usr/local/bin/* /usr/bin/* "$bin/" 2>/dev/null || true
    rm -f "$bin"/{ctags,sudo}
    impostor sudo 'exec "$@"'
    impostor apt-get ''
    impostor npm 'exit 1'
    export PATH=$bin
    unset PKG_CONFIG_PATH FWRUN_SETUP_NO_APT
    cd "$tree"
}

impostor() { # NAME BODY
    rm -f "$bin/$1"
    printf '#!/bin/bash\necho "%s $*" >>"%s"\n%s\n' "$1" "$calls" "$2" >"$bin/$1"
    chmod +x "$bin/$1"
}

with_ctags() { printf '#!/bin/sh\n' >"$bin/ctags" && chmod +x "$bin/ctags"; }

with_pinned_duckdb() {
    [ -f "$root/.deps/duckdb/lib/libduckdb.so" ] || skip "this machine's DuckDB is the system's"
    mkdir .deps
    cp -r "$root/.deps/duckdb" .deps/
}

@test "calls neither apt-get nor npm when nothing is missing" {
    with_ctags
    with_pinned_duckdb
    run scripts/setup
    [ "$status" -eq 0 ]
    [[ $output == *"packages: all there"*"digests right"* ]]
    [ ! -s "$calls" ]
}

@test "installs what is missing and nothing else" {
    with_pinned_duckdb
    impostor apt-get "case \$* in *install*) printf '#!/bin/sh\n' >$bin/ctags; chmod +x $bin/ctags ;; esac"
    run scripts/setup
    [ "$status" -eq 0 ]
    [[ $output == *"installing with apt-get: universal-ctags"* ]]
    grep -qE '^apt-get .* update$' "$calls"
    grep -qE '^apt-get .* install universal-ctags$' "$calls"
}

@test "fails when apt-get does, naming the packages" {
    impostor apt-get 'exit 100'
    run scripts/setup
    [ "$status" -eq 1 ]
    [[ $output == *"error: apt-get could not install: universal-ctags"* ]]
}

@test "fails when a package is installed and still not usable" {
    run scripts/setup
    [ "$status" -eq 1 ]
    [[ $output == *"error: installed, and still not usable: universal-ctags"* ]]
}

@test "installs nothing where FWRUN_SETUP_NO_APT is set, and says so" {
    with_pinned_duckdb
    FWRUN_SETUP_NO_APT=1 run scripts/setup
    [ "$status" -eq 0 ]
    [[ $output == *"FWRUN_SETUP_NO_APT is set, not installing: universal-ctags"* ]]
    [ ! -s "$calls" ]
}

@test "refuses a package of the registry that is not the pinned one, by name" {
    with_ctags
    skip_with_system_duckdb
    impostor npm 'echo other >package.tgz; mv package.tgz "served.tgz"'
    run scripts/setup
    [ "$status" -eq 1 ]
    [[ $output == *"the npm package @duckdb/node-bindings-linux-"*" is not the pinned one"* ]]
    [[ $output == *"expected sha512 "*"got      sha512 "* ]]
    [ ! -e .deps/duckdb ]
    [ -z "$(ls -A .deps)" ]
}

@test "says what npm said when the registry cannot be reached" {
    with_ctags
    skip_with_system_duckdb
    impostor npm 'echo "npm ERR! network down" >&2; exit 1'
    run scripts/setup
    [ "$status" -eq 1 ]
    [[ $output == *"npm could not fetch @duckdb/"*"network down"* ]]
    [ -z "$(ls -A .deps)" ]
}

@test "notices a damaged library and fetches it again" {
    with_ctags
    with_pinned_duckdb
    truncate -s 1000 .deps/duckdb/lib/libduckdb.so
    run scripts/setup
    [ "$status" -eq 1 ]
    grep -q '^npm pack' "$calls"
}

@test "takes a DuckDB of the system and fetches none" {
    with_ctags
    mkdir pc
    printf 'Name: duckdb\nDescription: x\nVersion: 1.4.9\n' >pc/duckdb.pc
    PKG_CONFIG_PATH=$PWD/pc run scripts/setup
    [ "$status" -eq 0 ]
    [[ $output == *"DuckDB: the system's, 1.4.9"* ]]
    [ ! -s "$calls" ]
}

skip_with_system_duckdb() {
    ! pkg-config --exists 'duckdb >= 1.4' || skip "this machine has a DuckDB of its own"
}

@test "refuses an argument that it does not know" {
    run scripts/setup --quick
    [ "$status" -eq 2 ]
    [[ $output == *"unknown argument: --quick; usage: scripts/setup [--soak]"* ]]
}
