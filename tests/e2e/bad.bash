# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Runs a fixture of tests/fixtures/bad/ and holds the host to what the comment on top of it says:
#   Does: what is wrong with it                  Exit: the run's exit code
#   Says: a piece of what is said, one a line, on stderr or in the stage's log
#   Use: the stage, where it is not bad_NAME     Stage:, Pipeline:, Options: what the run needs
#   First: options of a run before it, which leaves a checkpoint
fixtures=$FWRUN_SOURCE_ROOT/tests/fixtures/bad

fact() { # FIXTURE FIELD: its lines
    sed -n "s/^\( \*\|#\)\? \?$2: //p" "$fixtures/$1".*
}

# The bad stage `s` stands among others: `first` before it, `after` that needs it, `reader` that
# reads what `first` left, and `beside` that has nothing to do with it.
bad_pipeline() { # FIXTURE
    export FWRUN_PLUGIN_PATH=$good:$bad
    printf 'a,b\n1,2\n3,4\n' >data.csv
    local use
    use=$(fact "$1" Use)
    pipeline bad "first: { use = \"t_noop\"; };
        s: { use = \"${use:-bad_$1}\"; after = \"first\"; $(fact "$1" Stage) };
        after: { use = \"t_noop\"; in: { in = \"@s.out\"; }; };
        reader: { use = \"t_copy\"; in: { in = \"@first.out\"; }; after = \"s\"; };
        beside: { use = \"t_noop\"; params: { text = \"beside\"; }; };" \
        'on_error = "continue";' "$(fact "$1" Pipeline)"
}

misbehaves() { # FIXTURE
    local code options text
    bad_pipeline "$1"
    code=$(fact "$1" Exit)
    read -ra options < <(fact "$1" First) || true
    [ ${#options[@]} -eq 0 ] || fw 75 bad.cfg "${options[@]}"
    read -ra options < <(fact "$1" Options) || true
    fw "$code" bad.cfg "${options[@]}"
    cat err runs/bad/logs/s.log >said 2>/dev/null || true
    while IFS= read -r text; do
        says said "$text"
    done < <(fact "$1" Says)
    says err "(exit $code)"
    # The verdict stands in all three places.
    case $code in
    4) nothing_ran ;;
    *)
        jq -es --argjson code "$code" 'last | .type == "run_end" and .exit_code == $code' runs/bad/events.jsonl
        [ "$(state .exit_code)" = "$code" ]
        whole first ok
        whole beside beside
        ;;
    esac
    case $code in
    0) whole s done && whole after ok && whole reader ok ;;
    4) ;;
    *) undone s && undone after ;;
    esac
}

nothing_ran() {
    grep -qE 'nothing (was run|ran)' err || failed 'does not say that nothing ran'
    [ "$(find runs -name MANIFEST.json -o -path '*/stages/*' 2>/dev/null)" = '' ]
}

whole() { # STAGE LINE: it is done and its output is what it should be
    fw 0 verify bad.cfg "$1"
    [ "$(cat runs/bad/stages/"$1"/[!Mk]*.*)" = "$2" ] || failed "stage $1 left something else"
}

undone() { # STAGE: nothing of it is believed, and nothing of it stands where a user would look
    [ "$(find runs/bad/stages/"$1" -mindepth 1 ! -name '.*' 2>/dev/null)" = '' ] || failed "$(ls -A runs/bad/stages/"$1")"
    fw 7 verify bad.cfg "$1"
    says out "stage \"$1\" has not been completed"
}
