#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The formatter decides. Its versions disagree, so only one of them gates.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly VERSION=14
formatter=$(command -v clang-format-$VERSION || command -v clang-format || true)
[ -n "$formatter" ] || unchecked "no clang-format; apt-get install clang-format-$VERSION"
"$formatter" --version | grep -q "version $VERSION\." ||
    unchecked "$("$formatter" --version), version $VERSION is the one that gates"

list=$(files '*.c' '*.h' '*.cu' '*.cpp')
while IFS=: read -r file line _; do
    finding "$file:$line" "not as the formatter writes it" "clang-format -i $file"
done < <(xargs -r "$formatter" --dry-run -Werror --style=file <<<"$list" 2>&1 |
    grep -E '^[^ ]+:[0-9]+:[0-9]+: error' | sort -t: -k1,1 -u)
verdict "$(grep -c . <<<"$list") files"
