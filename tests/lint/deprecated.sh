#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# deprecated.sh ROOT BUILD: streaming results exist only in calls that DuckDB marks deprecated. One
# file may see these, so that the next DuckDB breaks in one place.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly MACRO=DUCKDB_API_NO_DEPRECATED
build=${2:?usage: $0 ROOT BUILD}
[ -f "$build/compile_commands.json" ] || unchecked "$build/compile_commands.json is not there; make build"

# Each C file of the plugin, and whether its compiler command hides the deprecated calls.
commands() {
    jq -r --arg flag "-D$MACRO" '.[]
        | select(.file | test("(^|/)plugins/duckdb/[^/]*\\.c$"))
        | [(.file | sub("^.*plugins/duckdb/"; "plugins/duckdb/")), (.command | contains($flag))] | @tsv' \
        "$build/compile_commands.json" | sort -u
}

sees_them=()
checked=0
while IFS=$'\t' read -r file hidden; do
    checked=$((checked + 1))
    if grep -qE "^[[:space:]]*#[[:space:]]*undef[[:space:]]+$MACRO" "$file"; then
        hidden=false
    elif grep -qE "^[[:space:]]*#[[:space:]]*define[[:space:]]+$MACRO" "$file"; then
        hidden=true
    fi
    [ "$hidden" = true ] || sees_them+=("$file")
done < <(commands)

[ "$checked" -gt 0 ] || finding "plugins/duckdb:1" "no C file of it is compiled" "build it, or drop this lint with it"
if [ "${#sees_them[@]}" -gt 1 ]; then
    for file in "${sees_them[@]}"; do
        finding "$file:1" "one of ${#sees_them[@]} files that see DuckDB's deprecated calls" \
            "build all but the one with streaming results with -D$MACRO"
    done
fi
verdict "$checked files, deprecated calls only in ${sees_them[0]:-none}"
