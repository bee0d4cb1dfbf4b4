#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# link.sh LIBRARY STAMP NAME...: a folder, STAMP without its .stamp, in which LIBRARY has these names. A
# libcudnn.so.9 that is not among them is there as a file that cannot be opened: without it one
# that is installed would be found.
set -euo pipefail
library=$(realpath "$1") stamp=$2
shift 2
folder=${stamp%.stamp}
mkdir -p "$folder"
rm -f "$folder/libcudnn.so.9"
: >"$folder/libcudnn.so.9"
for name; do ln -sf "$library" "$folder/$name"; done
: >"$stamp"
