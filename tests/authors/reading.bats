#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What people read or press TAB for: man pages, the API reference, completion.
load ../e2e/lib.bash

@test "the man pages are without a fault" {
    command -v mandoc >/dev/null || skip "no mandoc; apt-get install mandoc"
    mandoc -T lint -W warning "$FWRUN_SOURCE_ROOT"/docs/man/* >out 2>&1 || failed "mandoc complains"
}

@test "fwrun(1) has every verb, every option of a run and every exit code" {
    local word
    fw 0 help
    for word in $(sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' out); do
        grep -q "^\.It Cm ${word}\b" "$FWRUN_SOURCE_ROOT/docs/man/fwrun.1" || failed "no verb $word"
    done
    fw 0 run --help
    for word in $(grep -oE -- '^  --[a-z-]+' out); do
        grep -q "^\.It Fl ${word#-}\b" "$FWRUN_SOURCE_ROOT/docs/man/fwrun.1" || failed "no option $word"
    done
    fw 0 exit-codes --json
    for word in $(jq -r '.. | .code? // empty' out); do
        grep -q "^\.It $word$" "$FWRUN_SOURCE_ROOT/docs/man/fwrun.1" || [ "$word" -ge 128 ] || failed "no code $word"
    done
}

@test "every verb explains itself, in options that are written down" {
    local verb option
    fw 0 help
    for verb in $(sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' out); do
        "$FWRUN" "$verb" --help >help.txt 2>err || failed "$verb --help: exit $?"
        [ ! -s err ] || failed "$verb --help complains"
        grep -q "^usage: fwrun $verb\b" help.txt || failed "$verb --help: no usage"
        "$FWRUN" help "$verb" | cmp - help.txt || failed "fwrun help $verb says something else"
        grep -oE -- '^  --[a-z-]+' help.txt | tr -d ' ' >options.txt
        while read -r option; do
            grep -rqE -- "(Fl -|--)${option#--}\b" "$FWRUN_SOURCE_ROOT/docs" ||
                failed "$verb takes $option, which nothing in docs/ explains"
        done <options.txt
        cat options.txt >>known.txt
    done
    for option in $(grep -hoE '^\.It Fl -[a-z-]+' "$FWRUN_SOURCE_ROOT/docs/man/fwrun.1" | sed 's/.*Fl -/--/'); do
        grep -qxF -- "$option" known.txt || failed "fwrun(1) has $option, which no verb takes"
    done
    (($(wc -l <known.txt) > 40))
}

@test "fwrun.cfg(5) has every key of the configuration reference" {
    local key
    while read -r key; do
        grep -q "^\.It Ic $key$" "$FWRUN_SOURCE_ROOT/docs/man/fwrun.cfg.5" || failed "no key $key"
    done < <(sed -n 's/^| `\([a-z_]*\)` |.*/\1/p' "$FWRUN_SOURCE_ROOT/docs/reference/configuration.md")
}

@test "the API reference builds without a warning" {
    command -v doxygen >/dev/null || skip "no doxygen; apt-get install doxygen"
    cd "$FWRUN_SOURCE_ROOT"
    (cat docs/reference/Doxyfile; echo "OUTPUT_DIRECTORY=$BATS_TEST_TMPDIR") | doxygen - \
        >"$BATS_TEST_TMPDIR/out" 2>&1 || { cd - && failed "doxygen complains"; }
    grep -q fw_stage "$BATS_TEST_TMPDIR"/html/structfw__stage.html
}

complete_line() { # WORD...: what TAB offers for the last of them
    # shellcheck source=../../completion/fwrun
    . "$FWRUN_SOURCE_ROOT/completion/fwrun"
    COMP_WORDS=("$FWRUN" "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _fwrun
    printf '%s\n' "${COMPREPLY[@]}" >offered
}

offers() { # TEXT...
    local text
    for text in "$@"; do
        grep -qxF -- "$text" offered || failed "does not offer $text but: $(xargs <offered)"
    done
}

@test "completion knows verbs, pipelines, options and stages" {
    count_and_copy
    mkdir folder
    touch other.txt
    complete_line ''
    offers run plan status new-plugin chain.cfg folder
    never_says offered other.txt
    complete_line sta
    [ "$(cat offered)" = status ]
    complete_line chain.cfg --ti
    [ "$(cat offered)" = --time-budget ]
    complete_line why --v
    [ "$(cat offered)" = --vs ]
    complete_line new-plugin --ki
    [ "$(cat offered)" = --kind ]
    complete_line new-plugin x --kind s
    [ "$(cat offered)" = sql ]
    complete_line run chain.cfg co
    offers count copy
    complete_line chain.cfg --force c
    offers count copy
    never_says offered chain
    complete_line bench chain.cfg --stage co
    offers count copy
    touch before.json build.so
    complete_line bench chain.cfg --vs ''
    offers before.json folder
    never_says offered build.so
    complete_line bench chain.cfg --vs-plugin ''
    offers build.so folder
    never_says offered before.json
    complete_line run chain.cfg --plugin-dir fo
    [ "$(cat offered)" = folder ]
    complete_line help in
    offers inspect
}
