#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# headers.sh INCLUDE-DIR[:INCLUDE-DIR...] COMPILER STANDARD...: each SDK header alone, and included
# twice.
set -euo pipefail
IFS=: read -ra folders <<<"$1"
compiler=$2
shift 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

compile() { # FLAG... : the standard input
    "$compiler" -x "$language" "$@" -Wall -Wextra -pedantic -Werror -Wno-unused-function \
        "${folders[@]/#/-I}" -fsyntax-only - 2>"$scratch/errors" && return
    sed "s/^/# /" "$scratch/errors"
    return 1
}

headers=$(find "${folders[@]}" -name '*.h' -printf '%P\n' | sort)
[ -n "$headers" ] || { echo "Bail out! no headers in ${folders[*]}"; exit 1; }
echo "1..$(($# * $(wc -l <<<"$headers")))"
n=0 failed=0
for standard in "$@"; do
    case $standard in c++*) language=c++ ;; *) language=c ;; esac
    while read -r header; do
        n=$((n + 1)) verdict=ok
        printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
            compile "-std=$standard" || { verdict='not ok' failed=1; }
        echo "$verdict $n - $header as $standard"
    done <<<"$headers"
done
exit $failed
