#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

command -v shellcheck >/dev/null || unchecked "no shellcheck; apt-get install shellcheck"
list=$(files '*.sh' 'scripts/*' '.ci/*' | xargs -r grep -lE '^#!.*\b(ba)?sh$|shellcheck shell=' || true)
while IFS=: read -r file line _ rest; do
    finding "$file:$line" "${rest# }" "https://www.shellcheck.net/wiki says how"
done < <(xargs -r shellcheck --severity=warning --format=gcc <<<"$list" || true)
verdict "$(grep -c . <<<"$list") scripts"
