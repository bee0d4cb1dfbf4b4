#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# symbols.sh ROOT BUILD: what each built plugin shows to the world, and what it runs when loaded.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build=${2:?usage: $0 ROOT BUILD}

# The toolchain puts one function into each of the two arrays of a C library.
one_pointer() { case $(uname -m) in x86_64 | aarch64) echo 8 ;; *) echo 4 ;; esac; }

section_bytes() { # FILE SECTION
    local size
    size=$(readelf -SW "$1" | sed 's/\[ *[0-9]*\]//' | awk -v section="$2" '$1 == section { print $5 }')
    echo $((16#${size:-0}))
}

check_plugin() {
    local so=$1 symbols section bytes
    symbols=$(nm -D --defined-only "$so" | awk '{ print $NF }' | sort | xargs)
    [ "$symbols" = fw_plugin_v1 ] ||
        finding "$so:1" "exports '$symbols'" "a plugin exports fw_plugin_v1 (FW_PLUGIN) and nothing else: make the rest static or hidden"
    for section in .init_array .fini_array .ctors .dtors; do
        bytes=$(section_bytes "$so" "$section")
        [ "$bytes" -le "$(one_pointer)" ] ||
            finding "$so:1" "$section holds code of the plugin ($bytes bytes)" \
                "no constructors or destructors: work begins in create()"
    done
    if readelf -d "$so" | grep TEXTREL >/dev/null; then
        finding "$so:1" "has text relocations" "compile all of it with -fPIC"
    fi
}

[ -d "$build/plugins" ] || unchecked "$build/plugins is not there; make build"
mapfile -t plugins < <(find "$build/plugins" -mindepth 2 -maxdepth 2 -name '*.so' | sort)
if [ ${#plugins[@]} -gt 0 ] && nm -D "${plugins[@]}" | grep __asan_ >/dev/null; then
    unchecked "a sanitizer's runtime adds symbols and constructors of its own"
fi
for so in "${plugins[@]}"; do check_plugin "$so"; done
[ ${#plugins[@]} -gt 0 ] || finding "$build/plugins:1" "holds no plugin" "make build"
verdict "${#plugins[@]} plugins"
