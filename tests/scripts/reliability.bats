#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# docs/explanation/reliability.md names tests: each is there.

# FILE, a tab and the NAME of a test in it ("" for the file alone), one a line.
named() {
    grep -oE '`tests/[^`]+`( "[^"]+")*' | while IFS= read -r reference; do
        file=${reference#\`}
        file=${file%%\`*}
        printf '%s\t\n' "$file"
        grep -oE '"[^"]+"' <<<"$reference" | sed "s|^\"\(.*\)\"$|$file\t\1|"
    done
}

missing() { # reads the page; prints what it names and is not there
    named | while IFS=$'\t' read -r file name; do
        if [ ! -e "$file" ]; then
            echo "no $file"
        elif [ -n "$name" ] && ! grep -qF -e "@test \"$name\"" -e "static void $name(" "$file"; then
            echo "no test \"$name\" in $file"
        fi
    done
}

setup() { cd "$BATS_TEST_DIRNAME/../.." || return; }

@test "every test that the page of reliability names is there" {
    page=docs/explanation/reliability.md
    [ "$(named <"$page" | wc -l)" -gt 50 ]
    run missing <"$page"
    echo "$output"
    [ -z "$output" ]
}

@test "a test or a file that is not there is found" {
    run missing <<<'held by `tests/e2e/kill.bats` "no such claim", `tests/e2e/nothing.bats`'
    [ "$output" = $'no test "no such claim" in tests/e2e/kill.bats\nno tests/e2e/nothing.bats' ]
}
