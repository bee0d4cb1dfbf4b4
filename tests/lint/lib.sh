# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the lints share. Each is called with the root of a tree and leaves with 0 (clean), 1 (each
# finding printed as file:line: what; remedy) or 77 (cannot be checked here, and why).
set -euo pipefail
LC_ALL=C.UTF-8
export LC_ALL

root=${1:?usage: $0 ROOT}
cd "$root"
findings=0

finding() { # FILE:LINE WHAT REMEDY
    printf '%s: %s; %s\n' "$1" "$2" "$3"
    findings=$((findings + 1))
}

verdict() { # WHAT-WAS-CHECKED
    if [ "$findings" -gt 0 ]; then
        echo "$(basename "$0" .sh): $findings findings"
        exit 1
    fi
    echo "$(basename "$0" .sh): clean, $1"
}

unchecked() {
    echo "$(basename "$0" .sh): not checked: $*"
    exit 77
}

# The files of the tree, those not yet added included, whose names match one of the patterns.
files() { # PATTERN...
    if [ -e .git ]; then
        git ls-files --cached --others --exclude-standard -- "$@" | while read -r file; do
            [ ! -f "$file" ] || echo "$file"
        done
    else
        local name tests=()
        for name in "$@"; do
            case $name in
            */*) tests+=(-o -path "./$name") ;;
            *) tests+=(-o -name "$name") ;;
            esac
        done
        find . -path ./build\* -prune -o -path ./.deps -prune -o -type f \( "${tests[@]:1}" \) -print |
            sed 's|^\./||'
    fi | sort -u
}
