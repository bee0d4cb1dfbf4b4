#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bytes and words that have no place in a source file. Data under tests/ is what it is.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

all() { # every text that people write here
    files '*.c' '*.h' '*.cu' '*.cpp' '*.sh' '*.bats' '*.py' '*.cfg' '*.md' '*.map' '*meson.build' \
        'meson_options.txt' 'scripts/*' '.ci/*' 'Makefile' '*.1' '*.5' '*.7'
}

# WHAT REMEDY GREP-OPTION... : one finding for each line that matches.
forbid() {
    local what=$1 remedy=$2 file line
    shift 2
    while IFS=: read -r file line _; do
        finding "$file:$line" "$what" "$remedy"
    done < <(xargs -r grep -nHI "$@" <<<"$list" || true)
}

check_licence() {
    local file first
    while read -r file; do
        case $file in *.md | *.cfg | meson_options.txt | *.[157] | *.map) continue ;; esac
        first=1
        [ "$(head -c 2 "$file")" != '#!' ] || first=2
        sed -n "${first}p" "$file" | grep -q 'SPDX-License-Identifier: MIT' ||
            finding "$file:$first" "does not name its licence" "put 'SPDX-License-Identifier: MIT' there, in a comment"
    done <<<"$list"
}

check_last_line() {
    local file
    while read -r file; do
        [ ! -s "$file" ] || [ -z "$(tail -c 1 "$file")" ] ||
            finding "$file:$(wc -l <"$file")" "the last line has no end" "add the newline"
    done <<<"$list"
}

list=$(all)
without_makefile=$(grep -v '^Makefile$' <<<"$list" || true)

forbid "trailing blanks" "delete them" -E '[[:blank:]]+$'
forbid "a carriage return" "sed -i 's/\\r\$//' FILE" -P '\r'
forbid "an invisible character (zero-width, bidi, BOM, no-break space)" "delete it" \
    -P '[\x{00A0}\x{00AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{2066}-\x{2069}\x{FEFF}]'
# Brackets keep these patterns from finding themselves.
forbid "a path of somebody's machine" "make it relative, or a variable" \
    -E '(^|[^A-Za-z0-9_.$}])/(wor[k]|roo[t]|far[m]|hom[e])/[A-Za-z.]'
forbid "a note of something owed" "do it, or open an issue and say what holds meanwhile" \
    -wE 'TO[D]O|FIX[M]E|X[X]X'
list=$without_makefile
forbid "a tab" "indent with spaces" -P '\t'
check_licence
check_last_line
verdict "$(grep -c . <<<"$list") files"
