# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What authors of plugins meet: an installed tree, somewhere, and nothing of this one.
load ../e2e/lib.bash

# An installed tree at $prefix, moved away from where it was installed to, for all tests of a file.
install_moved() {
    local staged
    prefix=$BATS_FILE_TMPDIR/opt/fwrun
    DESTDIR=$BATS_FILE_TMPDIR/stage meson install -C "$FWRUN_BUILD_ROOT" --no-rebuild --quiet
    staged=$(find "$BATS_FILE_TMPDIR/stage" -type d -name bin)
    mkdir -p "$BATS_FILE_TMPDIR/opt"
    mv "${staged%/bin}" "$prefix"
    pc=$(dirname "$(find "$prefix" -name fw-sdk.pc)")
    # A build folder that is older than pkgconfig.relocatable in the top meson.build keeps without it.
    sed -i 's|^prefix=/.*|prefix=${pcfiledir}/../../..|' "$pc"/*.pc
    export prefix pc
}

# From here on fwrun and the SDK are the installed ones.
use_installed() {
    export FWRUN=$prefix/bin/fwrun PKG_CONFIG_PATH=$pc PATH=$prefix/bin:$PATH
    unset FWRUN_PLUGIN_PATH
}

# The same for those of the build tree.
use_built() {
    export PKG_CONFIG_PATH=$FWRUN_BUILD_ROOT/meson-uninstalled PATH=$FWRUN_BUILD_ROOT:$PATH
    unset FWRUN_PLUGIN_PATH
}

# Configures, builds without a warning, and tests the project here.
build_project() {
    meson setup --optimization 0 -Dwerror=true b >meson.log || failed "$(cat meson.log)"
    meson test -C b >meson.log || failed "$(cat meson.log b/meson-logs/testlog.txt)"
}
