#!/bin/sh
# SPDX-License-Identifier: MIT
# alter.sh FILE EXPRESSION: prints the file as sed changes it, and fails if that changes nothing.
set -eu
sed -e "$2" -- "$1"
! sed -e "$2" -- "$1" | cmp -s - "$1" || {
    echo "alter.sh: $2 changes nothing in $1" >&2
    exit 1
}
