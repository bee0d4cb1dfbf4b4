#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# make install: complete, movable, and independent of the tree it came from.
load lib.bash

setup_file() {
    install_moved
}

# Runs a command where the source and the build tree are out of sight.
without_the_sources() { # COMMAND...
    # shellcheck disable=SC2016
    unshare --mount bash -c 'for tree in "$1" "$2"; do
        [ ! -d "$tree" ] || mount -t tmpfs none "$tree" || exit 99
    done; shift 2; "$@"' _ "$FWRUN_SOURCE_ROOT" "$FWRUN_BUILD_ROOT" "$@"
}

@test "an installed tree, moved, runs the demo with the sources gone" {
    unshare --mount mount -t tmpfs none /mnt 2>mount.err || skip "cannot mount: $(cat mount.err)"
    use_installed
    without_the_sources "$FWRUN" "$prefix/share/fwrun/configs/demo_freeze.cfg" \
        --set "run_root=$PWD/runs" --set stages.crawl.params.rows=2000 >out 2>err ||
        failed "exit $?"
    says err ' executed, 0 reused, 0 failed, 0 skipped' "plugin $prefix/"
    [ -n "$(find runs/demo_freeze/stages/daily -name '*.parquet')" ]
    without_the_sources "$FWRUN" verify runs/demo_freeze >out 2>err || failed "exit $?"
}

@test "every tool, plugin and header of the build is installed" {
    local path
    for path in "$FWRUN_BUILD_ROOT"/core/tools/fwrun-*; do
        [ -d "$path" ] || [ -x "$prefix/libexec/fwrun/${path##*/}" ] || failed "no ${path##*/}"
    done
    for path in "$FWRUN_BUILD_ROOT"/plugins/*/*.so; do
        [ -e "$(dirname "$pc")/fwrun/v1/${path##*/}" ] || failed "no ${path##*/}"
    done
    diff -r "$FWRUN_SOURCE_ROOT/configs" "$prefix/share/fwrun/configs"
    diff -r -x man "$FWRUN_SOURCE_ROOT/docs" "$prefix/share/doc/fwrun/docs"
    diff -r "$FWRUN_SOURCE_ROOT/examples" "$prefix/share/doc/fwrun/examples"
    for path in man1/fwrun.1 man5/fwrun.cfg.5 man7/fw-plugin.7; do
        cmp "$FWRUN_SOURCE_ROOT/docs/man/${path#*/}" "$prefix/share/man/$path"
    done
    cmp "$FWRUN_SOURCE_ROOT/completion/fwrun" "$prefix/share/bash-completion/completions/fwrun"
    cmp "$FWRUN_SOURCE_ROOT/LICENSE" "$prefix/share/doc/fwrun/LICENSE"
    [ -e "$prefix/share/doc/fwrun/README.md" ]
    [ -e "$prefix/include/fwrun/fw/sdk.h" ]
}

@test "the installed program finds its own plugins and verbs" {
    use_installed
    fw 0 list --json
    jq -e --arg folder "$(dirname "$pc")/fwrun/v1" '.folders == [$folder]' out
    jq -e '[.plugins[].state] | length > 4 and all(. == "ok")' out
    fw 0 inspect daily
    fw 2 no-such-verb
}

@test "nothing that is installed has a run path to somewhere else" {
    local path
    while read -r path; do
        ! readelf -d "$path" 2>/dev/null | grep -E 'R(UN)?PATH' | grep -v '\[\$ORIGIN/\.\.\]' ||
            failed "$path"
    done < <(find "$prefix" -name '*.so' -o -path '*/bin/*' -o -path '*/libexec/*' -type f)
}

@test "pkg-config finds the moved tree by itself" {
    use_installed
    [ "$(realpath "$(pkg-config --variable=plugindir fw-sdk)")" = "$(dirname "$pc")/fwrun/v1" ]
    [ -e "$(pkg-config --variable=duckdb_plugin fw-sdk)" ]
    [ -e "$(pkg-config --variable=version_script fw-sdk)" ]
    # shellcheck disable=SC2046
    cc -std=c11 $(pkg-config --cflags fw-sdk) -I"$FWRUN_SOURCE_ROOT/tests/fixtures" -shared -fPIC \
        -o x.so "$FWRUN_SOURCE_ROOT/tests/fixtures/good/t_noop.c" $(pkg-config --libs fw-sdk)
    fw 0 inspect "$PWD/x.so"
}

@test "a tree below PKG_CONFIG_SYSROOT_DIR is found too" {
    local root=$BATS_FILE_TMPDIR
    export PKG_CONFIG_PATH=$pc PKG_CONFIG_SYSROOT_DIR=$root
    # shellcheck disable=SC2046
    echo '#include "fw/sdk.h"' | cc $(pkg-config --cflags fw-sdk) -fsyntax-only -x c -
}
