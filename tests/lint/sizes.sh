#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A house stays livable while its rooms are small. The limits, and who may exceed them and why:
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly FILE_LINES=600 FUNCTION_LINES=60 PARAMETERS=6 SDK_HEADER_LINES=150 ENGINE_STATEMENTS=5000

# `file` or `file:function`, a tab, the reason.
waivers() {
    cat <<'TABLE'
TABLE
}

waived() { waivers | cut -f1 | grep -qxF -- "$1"; }

check_files() {
    local file lines
    while read -r file; do
        lines=$(wc -l <"$file")
        checked=$((checked + 1))
        if [ "$lines" -gt "$FILE_LINES" ] && ! waived "$file"; then
            finding "$file:$FILE_LINES" "$lines lines, the limit is $FILE_LINES" "split it along its nouns"
        fi
        case $file in
        sdk/include/*)
            if [ "$lines" -gt "$SDK_HEADER_LINES" ] && ! waived "$file"; then
                finding "$file:$SDK_HEADER_LINES" "$lines lines, an SDK header has at most $SDK_HEADER_LINES" \
                    "give the second subject a header of its own"
            fi
            ;;
        esac
    done < <(files '*.c' '*.h' '*.cu' '*.cpp')
}

check_functions() {
    local name file line length parameters
    while IFS=$'\t' read -r name file line length parameters; do
        if [ "$length" -gt "$FUNCTION_LINES" ] && ! waived "$file:$name"; then
            finding "$file:$line" "$name has $length lines, the limit is $FUNCTION_LINES" \
                "give a part of it a name of its own"
        fi
        if [ "$parameters" -gt "$PARAMETERS" ] && ! waived "$file:$name"; then
            finding "$file:$line" "$name takes $parameters parameters, the limit is $PARAMETERS" \
                "pass a struct"
        fi
    done < <(functions)
}

# name, file, line, lines, parameters of each function that is defined.
functions() {
    files '*.c' '*.h' '*.cu' '*.cpp' |
        ctags -L - --languages=C,C++,CUDA --kinds-C=f --kinds-C++=f --fields=+neS --sort=no -f - |
        awk -F'\t' '
            {
                line = end = 0; signature = ""
                for (i = 4; i <= NF; i++) {
                    if ($i ~ /^line:/) line = substr($i, 6)
                    if ($i ~ /^end:/) end = substr($i, 5)
                    if ($i ~ /^signature:/) signature = substr($i, 11)
                }
                if (end) printf "%s\t%s\t%d\t%d\t%d\n", $1, $2, line, end - line + 1, parameters(signature)
            }
            # A comma between the parentheses of a function pointer separates nothing here.
            function parameters(text,   n, depth, i, c) {
                text = substr(text, 2, length(text) - 2)
                if (text ~ /^[ ]*(void)?[ ]*$/) return 0
                n = 1; depth = 0
                for (i = 1; i <= length(text); i++) {
                    c = substr(text, i, 1)
                    if (c == "(") depth++
                    if (c == ")") depth--
                    if (c == "," && depth == 0) n++
                }
                return n
            }'
}

# The code of the files, comments stripped by the preprocessor, which does nothing else here.
code() {
    local file
    while read -r file; do
        gcc -x c -fpreprocessed -dD -E -P "$file" 2>/dev/null
    done
}

# Semicolons outside strings. Lines would count how the formatter breaks them, says
# docs/explanation/adr/0002-engine-size.md; their number is shown beside.
statements() { sed -E 's/"([^"\\]|\\.)*"//g; s/'"';'"'//g' | tr -cd ';' | wc -c; }

engine_files() { files "$@" | grep '^core/' | grep -v '^core/tools/'; }

check_engine() {
    engine=$(engine_files 'core/*.c' | code | statements)
    engine_lines=$(engine_files 'core/*.c' 'core/*.h' | code | grep -c '[^[:space:]]' || true)
    if [ "$engine" -gt "$ENGINE_STATEMENTS" ]; then
        finding "core:1" "the engine has $engine statements, the limit is $ENGINE_STATEMENTS" \
            "what outgrows it becomes a tool (core/tools/) or a plugin"
    fi
}

command -v ctags >/dev/null || unchecked "no ctags; apt-get install universal-ctags"
checked=0
check_files
check_functions
check_engine
verdict "$checked files, engine $engine of $ENGINE_STATEMENTS statements, $engine_lines lines of code"
