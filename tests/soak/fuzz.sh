#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tests/soak/fuzz.sh BUILD [TARGET...]: the fuzzers of tests/fuzz for ten minutes in all, with libFuzzer under the
# address and undefined-behaviour sanitizers. What they learn is kept beside BUILD in build-fuzz/corpus; what they
# find is in build-fuzz/found.
#   FWRUN_FUZZ_SECONDS   how long instead of 600
set -euo pipefail
build=$(cd "${1:?usage: tests/soak/fuzz.sh BUILD [TARGET...]}" && pwd)
shift
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
fuzz_build=$(dirname "$build")/build-fuzz
seconds=${FWRUN_FUZZ_SECONDS:-600}

"$root/scripts/setup" --soak
export PKG_CONFIG_PATH=$root/.deps/duckdb/lib/pkgconfig:${PKG_CONFIG_PATH:-}
[ -f "$fuzz_build/build.ninja" ] ||
    CC='clang -fsanitize=fuzzer-no-link' CXX=clang++ meson setup "$fuzz_build" "$root" -Dfuzzer=true \
        -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
ninja -C "$fuzz_build" --quiet fuzz

if [ $# -eq 0 ]; then
    for folder in "$root"/tests/fuzz/corpus/*/; do set -- "$@" "$(basename "$folder")"; done
fi
each=$((seconds / $# > 0 ? seconds / $# : 1))
export ASAN_OPTIONS=allocator_may_return_null=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export LSAN_OPTIONS=print_suppressions=0:suppressions=$root/tests/lsan.supp
found=()
for target in "$@"; do
    corpus=$fuzz_build/corpus/$target
    mkdir -p "$corpus" "$fuzz_build/found"
    [ "$target" != elf ] || cp -u "$build"/tests/fixtures/good/*.so "$corpus/"
    options=()
    [ ! -f "$root/tests/fuzz/$target.dict" ] || options+=("-dict=$root/tests/fuzz/$target.dict")
    log=$fuzz_build/$target.log
    "$fuzz_build/tests/fuzz/fuzz_$target" -max_total_time="$each" -timeout=20 -rss_limit_mb=4096 -max_len=65536 \
        -artifact_prefix="$fuzz_build/found/$target-" "${options[@]}" "$corpus" "$root/tests/fuzz/corpus/$target" \
        >"$log" 2>&1 || found+=("$target")
    printf 'fuzz: %-15s %s\n' "$target" "$(grep -E '^Done|SUMMARY|does not hold' "$log" | tail -1)"
done
if [ ${#found[@]} -gt 0 ]; then
    for target in "${found[@]}"; do tail -30 "$fuzz_build/$target.log"; done
    echo "fuzz: found something: ${found[*]}; repeat: build-fuzz/tests/fuzz/fuzz_TARGET build-fuzz/found/FILE" >&2
    exit 1
fi
