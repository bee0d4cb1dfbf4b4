#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tidy.sh ROOT BUILD: clang-tidy over everything that the build compiles. Takes minutes, hence not
# among the tests.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build=${2:?usage: $0 ROOT BUILD}
command -v clang-tidy >/dev/null || unchecked "no clang-tidy; apt-get install clang-tidy"
jq -r '.[].file' "$build/compile_commands.json" | sort -u |
    (cd "$build" && xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p . 2> >(grep -v 'warnings\? generated' >&2))
