#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The SDK as a third party meets it: through pkg-config alone.

setup() {
    scratch=$(mktemp -d)
}

teardown() {
    rm -rf "$scratch"
}

build_with() { # PKG-CONFIG-DIR : a fixture becomes $scratch/t_noop.so
    export PKG_CONFIG_PATH=$1
    # shellcheck disable=SC2046
    cc -std=c11 -I"$FWRUN_SOURCE_ROOT/tests/fixtures" $(pkg-config --cflags fw-sdk) -Wall -Werror \
        -shared -fPIC -o "$scratch/t_noop.so" "$FWRUN_SOURCE_ROOT/tests/fixtures/good/t_noop.c" \
        $(pkg-config --libs fw-sdk)
}

exported() {
    nm -D --defined-only "$scratch/t_noop.so" | awk '{ print $3 }'
}

@test "a plugin builds against the build tree" {
    build_with "$FWRUN_BUILD_ROOT/meson-uninstalled"
    [ "$(exported)" = fw_plugin_v1 ]
}

@test "a plugin builds against the installed SDK, which has every header" {
    DESTDIR=$scratch/root meson install -C "$FWRUN_BUILD_ROOT" --no-rebuild --quiet --tags devel
    pc=$(find "$scratch/root" -name fw-sdk.pc)
    [ -n "$pc" ]
    # A build folder that is older than pkgconfig.relocatable in the top meson.build keeps without it.
    sed -i 's|^prefix=/.*|prefix=${pcfiledir}/../../..|' "$pc"
    export PKG_CONFIG_SYSROOT_DIR=$scratch/root
    build_with "$(dirname "$pc")"
    [ "$(exported)" = fw_plugin_v1 ]
    installed=$(dirname "$(find "$scratch/root" -name sdk.h)")
    # And those of the test kit beside them.
    cp -r "$FWRUN_SOURCE_ROOT/sdk/include/fw" "$scratch/all"
    cp "$FWRUN_SOURCE_ROOT"/sdk/testkit/include/fw/*.h "$scratch/all"
    diff -r "$scratch/all" "$installed"
}

@test "an undefined symbol does not link" {
    export PKG_CONFIG_PATH=$FWRUN_BUILD_ROOT/meson-uninstalled
    # shellcheck disable=SC2046
    run cc -std=c11 -I"$FWRUN_SOURCE_ROOT/tests/fixtures" $(pkg-config --cflags fw-sdk) \
        -DNAME='"x"' -shared -fPIC -o "$scratch/x.so" \
        "$FWRUN_SOURCE_ROOT/tests/fixtures/bad/undefined_symbol.c" $(pkg-config --libs fw-sdk)
    [ "$status" -ne 0 ]
    [[ $output == *"undefined reference to"*fwrun_test_nowhere* ]]
}

@test "the plugin folder is known to pkg-config" {
    export PKG_CONFIG_PATH=$FWRUN_BUILD_ROOT/meson-uninstalled
    [ "$(pkg-config --variable=plugindir fw-sdk)" = "$FWRUN_BUILD_ROOT/plugins" ]
    [ "$(pkg-config --variable=sdkincludedir fw-sdk)" = "$FWRUN_SOURCE_ROOT/sdk/include" ]
}
